"""Why a spike was not found: nobody drew it, several blocks share it, one block holds several, or it lies elsewhere."""

from collections import Counter
from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from ..data.sample import Sample
from ..gaussians import energies, pairs
from ..metrics import fits, taken_apart
from ..model.autoencoder import AtomicAutoencoder
from .spots import whole_energy

LOST = {  # what became of a true spike that was not found
    "missed": "nobody drew it",
    "split": "several blocks share it",
    "merged": "in a block with another",
    "misplaced": "in a block of its own, but elsewhere or too faint",
}
EXTRA = {"twice": "of a spike that is found already", "invented": "where nothing is"}  # detections without a spike
KINDS = ("found", *LOST, *EXTRA)
DRAWN = 0.25  # a spike of which less energy than this is drawn was missed
ALONE = 0.7  # the share of a spike that one block must have, and of a block that one spike must have


def fault_counts(model: AtomicAutoencoder, sample: Sample) -> dict[str, int]:
    """True spikes by what became of them, and detections too many, over a sample.

    found: matched within one σ, as in `evaluate`. Of those not found: *missed*, drawn by nobody; *split*, shared by
    several blocks; *merged*, in a block with another spike; *misplaced*, drawn by a block of its own but over σ away or
    too weak. Detections without a spike: *twice*, within σ of one that is found already; *invented*, nowhere near.
    """
    counts, (_, sigma, detection) = Counter(dict.fromkeys(KINDS, 0)), sample.known()
    for batch, some in taken_apart(model, sample):
        theta = fits(batch, sigma)
        for i in range(len(batch)):
            truth, detected = some.truth(i), theta[i][theta[i, :, 0] >= detection]
            energy = energies(batch.atoms[i, batch.used[i], 0], truth, sigma)
            counts.update(_faults(energy, detected[:, 1:], truth, sigma))
    return dict(counts)


def fault_rows(counts: Mapping[str, Mapping[str, int]]) -> list[dict]:
    """`fault_counts` of several models, by name, as the rows of a table: sums, and below each what it is made of."""
    parts = {"not found": LOST, "claimed too often": EXTRA}
    rows = [{"spikes": "found", **{name: count["found"] for name, count in counts.items()}}]
    for title, kinds in parts.items():
        rows.append({"spikes": title, **{name: sum(count[kind] for kind in kinds) for name, count in counts.items()}})
        for kind, why in kinds.items():
            rows.append({"spikes": f"– {why}", **{name: count[kind] for name, count in counts.items()}})
    return rows


def _faults(energy: np.ndarray, detected: Tensor, truth: Tensor, sigma: float) -> list[str]:
    """The kind of each true spike (n, 3) and of each detection (m, 2) without one; energy: (k, n), of each in each."""
    positions = truth[:, 1:]
    matched = pairs(detected, positions, sigma)
    found, useful = {j for _, j in matched}, {i for i, _ in matched}
    whole = whole_energy(truth, sigma)
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
