"""Why a spike was not found: nobody drew it, several blocks share it, one block holds several, or it lies elsewhere."""

from collections import Counter

import numpy as np
import torch

from ..data.spikes import Sample
from ..gaussians import energies, fit_gaussians, pairs
from ..metrics import DETECTION
from ..model.autoencoder import decomposed

KINDS = ("found", "missed", "split", "merged", "misplaced", "twice", "invented")
DRAWN = 0.25  # a spike of which less energy than this is drawn was missed
ALONE = 0.7  # the share of a spike that one block must have, and of a block that one spike must have


def fault_counts(model, sample: Sample, batch: int = 64) -> dict[str, int]:
    """True spikes by what became of them, and detections too many, over a sample.

    found: matched within one σ (DESIGN §7). Of the others: *missed*, not drawn; *split*, shared by several blocks;
    *merged*, in a block with another spike; *misplaced*, drawn by a block of its own but over σ away or too weak.
    Detections without a spike: *twice*, within σ of one that is found already; *invented*, nowhere near.
    """
    sigma, counts = model.recipe.data.sigma, Counter(dict.fromkeys(KINDS, 0))
    for start in range(0, len(sample.images), batch):
        images, amplitudes, positions = (part[start : start + batch] for part in sample)
        _, used, atoms = decomposed(model, images)
        for i in range(len(images)):
            there, drawn = amplitudes[i] > 0, atoms[i, used[i], 0]
            a, p = fit_gaussians(drawn, sigma)
            truth = amplitudes[i][there], positions[i][there]
            counts.update(_faults(energies(drawn, *truth, sigma), p[a >= DETECTION], *truth, sigma))
    return dict(counts)


def _faults(energy: np.ndarray, detected, amplitudes, positions, sigma: float) -> list[str]:
    """The kind of each true spike (n,) and of each detection (m, 2) without one; energy: (k, n), `metrics.energies`."""
    matched = pairs(detected, positions, sigma)
    found, useful = {j for _, j in matched}, {i for i, _ in matched}
    whole = torch.pi * sigma**2 * amplitudes.square()  # ‖a·G‖²
    kinds = ["found"] * len(found)
    for j in set(range(len(positions))) - found:
        drawn = energy[:, j].sum()
        if drawn < DRAWN * whole[j]:
            kinds.append("missed")
        elif energy[:, j].max() < ALONE * drawn:
            kinds.append("split")
        elif energy[:, j].max() < ALONE * energy[energy[:, j].argmax()].sum():
            kinds.append("merged")
        else:
            kinds.append("misplaced")
    distance = torch.cdist(detected, positions) if len(positions) else torch.full((len(detected), 1), torch.inf)
    return kinds + ["twice" if distance[i].min() <= sigma else "invented" for i in set(range(len(detected))) - useful]
