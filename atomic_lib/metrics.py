"""What "separated", "disentangled" and "connected" mean, as numbers.

Measuring takes a model and data; the width σ of the spikes and the amplitude from which on an atom is a detection
belong to the data. Counts are pooled over all images, and 0/0 is 0. A position is (row, column) in pixels.
"""

import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from .data.sample import Sample
from .data.spikes import Spikes
from .errors import BadInput, check, check_range
from .gaussians import energies, fit_gaussians, pairs
from .model.autoencoder import AtomicAutoencoder
from .model.decomposition import Decomposition

USUAL_SPIKES, USUAL_DIGITS = 512, 10_000  # images that are measured, unless told otherwise


def evaluate(
    model: Any,
    data: Any = None,
    count: int | None = None,
    seed: int = 0,
    k: int | None = None,
    progress: bool = False,
    refine: int = 0,
) -> dict:
    """Every metric of a model on held-out images, a flat dict of numbers; without atoms, what its `measure` says.

    data: `Spikes`, `Digits` or `Pictures`, of which `count` held-out images are drawn by `seed`; or a `Sample`, of
    which the first `count` are taken; None means the model's own `usual_data`. count: 512 of spikes, all 10,000 test
    digits, unless told otherwise. k: blocks a pursuit may use; its own k or, where there may be more spikes, as many as
    those, unless told otherwise. refine: how many steps the latents are improved first. Raises `BadInput` for what
    cannot be measured.
    """
    check_range("seed", seed, 0, 2**31 - 1)
    check_range("count", 1 if count is None else count, 1, 100_000)
    atomic = not hasattr(model, "measure")
    if atomic:
        check("model", model, AtomicAutoencoder)
    sample = _drawn(usual_data(model) if data is None else data, count, seed)
    with tqdm(total=len(sample), desc="evaluate", unit="image", disable=not progress) as bar:
        if not atomic:
            return model.measure(sample, k=k, refine=refine, tick=bar.update)
        if k is None and sample.theta is not None and getattr(model.encoder, "stops", False):
            k = max(model.k, sample.theta.shape[1])
        measure = stroke_metrics if sample.theta is None else spike_metrics
        return measure(model, sample, k=k, refine=refine, tick=bar.update)


def usual_data(model: Any) -> Any:
    """What a model is measured on when nobody says: so that numbers compare, all spikes of 128×128 on the default set,
    whatever they were trained on; else the model's own data. Raises `BadInput` for a model without a recipe."""
    if model.recipe is None:
        raise BadInput("this model has no recipe that says what it is for: give the data to measure it on.")
    data = model.recipe.data
    return Spikes() if isinstance(data, Spikes) and data.size == 128 else data


def _drawn(data: Any, count: int | None, seed: int) -> Sample:
    if isinstance(data, Sample):
        sample = data[:count]
    elif hasattr(data, "held_out"):
        sample = data.held_out(count or (USUAL_SPIKES if isinstance(data, Spikes) else USUAL_DIGITS), seed)
    else:
        raise BadInput(f"data of type {type(data).__name__}; expected Spikes, Digits, Pictures or a Sample of images.")
    if not len(sample):
        raise BadInput("there is no image to measure; give at least one.")
    return sample


def spike_metrics(model: AtomicAutoencoder, sample: Sample, **how: Any) -> dict:
    """How well blocks hold one spike each, on images whose truth, σ and threshold are known.

    jaccard, precision, recall, rmse_px, amplitude_error: of detections matched one to one within σ. purity: mean over
    true spikes of `purity`. nmse: Σ‖x̂ − x‖²/Σ‖x‖². how: as of `taken_apart`. Raises `BadInput` for a sample without a
    truth or a σ.
    """
    _, sigma, detection = sample.known()
    found, lost, energy, purities = Matches(), 0.0, 0.0, []
    for batch, some in taken_apart(model, sample, **how):
        lost += (batch.output - batch.images).square().sum().item()
        energy += batch.images.square().sum().item()
        theta = fits(batch, sigma)
        for i in range(len(batch)):
            truth, atoms = some.truth(i), batch.atoms[i, batch.used[i], 0]
            found += match(theta[i][theta[i, :, 0] >= detection], truth, radius=sigma)
            purities.append(purity(energies(atoms, truth, sigma)))
    pure = np.concatenate(purities)
    return {
        **found.scores(),
        "purity": ratio(pure.sum(), len(pure)),
        "nmse": ratio(lost, energy), "images": len(sample),
        "true_positives": found.true, "false_positives": found.false, "false_negatives": found.missed,
    }  # fmt: skip


def taken_apart(
    model: AtomicAutoencoder,
    sample: Sample,
    k: int | None = None,
    refine: int = 0,
    tick: Callable[[int], Any] = lambda n: None,
) -> Iterator[tuple[Decomposition, Sample]]:
    """A sample taken apart, batch by batch, each with what is known of its images.

    k, refine: as of `evaluate`. tick: is told how many images were done.
    """
    start = 0
    for batch in model.decompositions(sample.images, k, refine):
        yield batch, sample[start : start + len(batch)]
        start += len(batch)
        tick(len(batch))


def fits(found: Decomposition, sigma: float) -> Tensor:
    """The spike nearest to each atom, from its peak: θ (B, k, 3), an amplitude of 0 for blocks that are not used."""
    theta = torch.zeros(*found.used.shape, 3)
    theta[found.used] = fit_gaussians(found.atoms[found.used].squeeze(1), sigma)
    return theta


class Matches(NamedTuple):
    """Counts of matched, invented and missed spikes, and sums over the matched pairs."""

    true: int = 0
    false: int = 0
    missed: int = 0
    squared_distance: float = 0.0
    amplitude_error: float = 0.0

    def __add__(self, other: "Matches") -> "Matches":  # type: ignore[override]  # not a longer tuple
        return Matches(*(a + b for a, b in zip(self, other, strict=True)))  # type: ignore[arg-type]

    def scores(self) -> dict[str, float]:
        """jaccard, precision, recall; rmse_px and amplitude_error of the matched pairs; 0/0 is 0."""
        return {
            "jaccard": ratio(self.true, self.true + self.false + self.missed),
            "precision": ratio(self.true, self.true + self.false),
            "recall": ratio(self.true, self.true + self.missed),
            "rmse_px": math.sqrt(ratio(self.squared_distance, self.true)),
            "amplitude_error": ratio(self.amplitude_error, self.true),
        }


def match(found: Tensor, truth: Tensor, radius: float) -> Matches:
    """Match detections θ (m, 3) one to one with true spikes θ (n, 3).

    As many pairs as possible within `radius` px, and among those the least total distance.
    """
    matched = pairs(found[:, 1:], truth[:, 1:], radius)
    errors = [abs(float(found[i, 0] / truth[j, 0]) - 1) for i, j in matched]
    squares = sum(float((found[i, 1:] - truth[j, 1:]).double().square().sum()) for i, j in matched)
    return Matches(len(matched), len(found) - len(matched), len(truth) - len(matched), squares, sum(errors))


def purity(energy: np.ndarray) -> np.ndarray:
    """For each true spike, (n,): does one block hold it, and nothing else?

    maxᵢ min(E_ij/Σ_i′ E_i′j, E_ij/Σ_j′ E_ij′), from `energies` (k, n).
    """
    if not energy.size:
        return np.zeros(energy.shape[1])
    of_spike, of_block = energy.sum(axis=0, keepdims=True), energy.sum(axis=1, keepdims=True)
    return np.minimum(ratio(energy, of_spike), ratio(energy, of_block)).max(axis=0)


def stroke_metrics(model: AtomicAutoencoder, sample: Sample, **how: Any) -> dict:
    """Whether atoms are strokes, on images of any kind.

    active_blocks: atoms with 1 % or more of their image's energy, a mean over images; connected: share of them whose
    half-maximum set is one piece; negative_energy: mean share of their energy below zero; spread: mean radius of
    gyration over the image's; largest_share: mean over images of the largest atom's energy over the image's; nmse and
    psnr_db of the reconstruction. how: as of `taken_apart`.
    """
    lost, energy, active_blocks, largest, strokes = 0.0, 0.0, [], [], []
    for batch, _ in taken_apart(model, sample, **how):
        lost += (batch.output - batch.images).square().sum().item()
        energy += batch.images.square().sum().item()
        active_blocks += batch.active.sum(dim=1).tolist()
        largest += batch.shares.amax(dim=1).tolist()
        whole = radius_of_gyration(batch.images.squeeze(1)).clamp(min=1e-9)
        for i, j in batch.active.nonzero().tolist():
            atom = batch.atoms[i, j, 0]
            negative = atom.clamp(max=0).square().sum() / atom.square().sum()
            strokes.append((is_connected(atom), float(negative), float(radius_of_gyration(atom) / whole[i])))
    connected, below, spread = np.array(strokes, dtype=float).reshape(-1, 3).T
    mse = lost / (len(sample) * model.size**2)
    return {
        "connected": ratio(connected.sum(), len(connected)), "active_blocks": float(np.mean(active_blocks)),
        "largest_share": float(np.mean(largest)), "negative_energy": ratio(below.sum(), len(below)),
        "spread": ratio(spread.sum(), len(spread)),
        "nmse": ratio(lost, energy), "psnr_db": -10 * math.log10(max(mse, 1e-12)), "images": len(sample),
    }  # fmt: skip


def is_connected(atom: Tensor) -> bool:
    """Whether the half-maximum set of an atom (N, N) is one piece; specks under 10 % don't count."""
    from scipy import ndimage

    if atom.max() <= 0:
        return False
    pieces, count = ndimage.label((atom >= atom.max() / 2).numpy())
    areas = np.bincount(pieces.ravel())[1:]
    return int((areas >= 0.1 * areas.sum()).sum()) == 1


def radius_of_gyration(images: Tensor) -> Tensor:
    """Root mean squared distance, px, of the energy of images (…, N, N) from its centre: (…)."""
    energy = images.square()
    total = energy.sum(dim=(-2, -1)).clamp(min=1e-12)
    variance = torch.zeros_like(total)
    for axis in (-1, -2):
        marginal = energy.sum(dim=axis) / total[..., None]
        pixels = torch.arange(marginal.shape[-1], dtype=images.dtype, device=images.device)
        mean = (marginal * pixels).sum(dim=-1)
        variance = variance + (marginal * (pixels - mean[..., None]) ** 2).sum(dim=-1)
    return variance.sqrt()


def ratio(part, whole):
    """part/whole, where 0/0 is 0; of numbers or of arrays."""
    safe = np.where(whole == 0, 1, whole)
    return np.where(whole == 0, 0, part / safe) if np.ndim(whole) else float(part / safe)
