"""What "separated", "disentangled" and "connected" mean, as numbers (DESIGN §7).

Counts are pooled over all images, and 0/0 is 0. A position is (row, column) in pixels. scipy is imported where it is
used: importing atomic_lib costs little more than torch and numpy.
"""

import math
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from .data.spikes import Sample, Spikes
from .devices import device_of
from .errors import check_range
from .gaussians import energies, fit_gaussians, pairs
from .images import pad_to
from .model.autoencoder import decomposed

DETECTION = 0.25  # an atom of at least this amplitude says "a spike is here": half the smallest one
ACTIVE = 0.01  # an atom is active with at least this share of its image's energy


def evaluate(model, data, count: int, seed=0, k: int | None = None, progress=False, refine: int = 0) -> dict:
    """Every metric of a model on `count` held-out images of `data`, as a flat dict of numbers.

    Spikes: fresh ones, at 128×128 always of the default set, whatever the model was trained on, else of its own; or a
    `Sample` made elsewhere. Digits: MNIST's test set; pictures: those held out. `k`: blocks a pursuit may use.
    `refine`: how many steps of `model.refine` the latents are given first.
    """
    check_range("seed", seed, 0, 2**31 - 1)
    check_range("count", count, 1, 100_000)
    with torch.inference_mode(), tqdm(total=count, desc="evaluate", unit="image", disable=not progress) as bar:
        detection = DETECTION
        if isinstance(data, Spikes):
            data = Spikes() if data.size == 128 else data
            data, detection = data.held_out(count, seed), data.amplitude[0] / 2
        if isinstance(data, Sample):
            sigma = model.recipe.data.sigma
            return spike_metrics(model, data, sigma, k=k, refine=refine, tick=bar.update, detection=detection)
        return stroke_metrics(model, data.held_out(count, seed), k=k, refine=refine, tick=bar.update)


def spike_metrics(
    model, sample: Sample, sigma: float, batch=64, k=None, refine=0, tick=lambda n: None, detection=DETECTION
) -> dict:
    """How well blocks hold one spike each: jaccard, precision, recall, rmse_px, amplitude_error, purity and nmse of a
    model on images whose truth is known. An atom of at least the amplitude `detection` counts."""
    found, lost, truth, purities = Matches(), 0.0, 0.0, []
    for start in range(0, len(sample.images), batch):
        images, amplitudes, positions = (part[start : start + batch] for part in sample)
        _, used, atoms = decomposed(model, images, k, refine)
        images = pad_to(images, model.size)
        lost += (model.combined(atoms) - images).square().sum().item()
        truth += images.square().sum().item()
        atoms = atoms.squeeze(2)
        a, p = (torch.zeros(*used.shape, *tail) for tail in ((), (2,)))
        a[used], p[used] = fit_gaussians(atoms[used], sigma)
        for i in range(len(images)):
            there, detected = amplitudes[i] > 0, a[i] >= detection
            true = amplitudes[i][there], positions[i][there]
            found += match(a[i][detected], p[i][detected], *true, radius=sigma)
            purities.append(purity(energies(atoms[i][used[i]], *true, sigma)))
        tick(len(images))
    purities = np.concatenate(purities)
    return {
        "jaccard": _ratio(found.true, found.true + found.false + found.missed),
        "precision": _ratio(found.true, found.true + found.false),
        "recall": _ratio(found.true, found.true + found.missed),
        "rmse_px": math.sqrt(_ratio(found.squared_distance, found.true)),
        "amplitude_error": _ratio(found.amplitude_error, found.true),
        "purity": _ratio(purities.sum(), len(purities)),
        "nmse": _ratio(lost, truth), "images": len(sample.images),
        "true_positives": found.true, "false_positives": found.false, "false_negatives": found.missed,
    }  # fmt: skip


class Matches(NamedTuple):
    """Counts of matched, invented and missed spikes, and sums over the matched pairs."""

    true: int = 0
    false: int = 0
    missed: int = 0
    squared_distance: float = 0.0
    amplitude_error: float = 0.0

    def __add__(self, other: "Matches") -> "Matches":
        return Matches(*(a + b for a, b in zip(self, other, strict=True)))


def match(amplitudes, positions, true_amplitudes, true_positions, radius: float) -> Matches:
    """Match detections (m,), (m, 2) one to one with true spikes (n,), (n, 2).

    As many pairs as possible within `radius` px, and among those the least total distance.
    """
    matched = pairs(positions, true_positions, radius)
    errors = [abs(float(amplitudes[i] / true_amplitudes[j]) - 1) for i, j in matched]
    squares = sum(float((positions[i] - true_positions[j]).double().square().sum()) for i, j in matched)
    false, missed = len(amplitudes) - len(matched), len(true_amplitudes) - len(matched)
    return Matches(len(matched), false, missed, squares, sum(errors))


def purity(energy: np.ndarray) -> np.ndarray:
    """For each true spike, (n,): does one block hold it, and nothing else?

    maxᵢ min(E_ij/Σ_i′ E_i′j, E_ij/Σ_j′ E_ij′), from `energies` (k, n).
    """
    if not energy.size:
        return np.zeros(energy.shape[1])
    of_spike, of_block = energy.sum(axis=0, keepdims=True), energy.sum(axis=1, keepdims=True)
    return np.minimum(_ratio(energy, of_spike), _ratio(energy, of_block)).max(axis=0)


def stroke_metrics(model, images: Tensor, batch: int = 64, k=None, refine=0, tick=lambda n: None) -> dict:
    """Whether atoms are strokes: connected, active_blocks, largest_share, negative_energy, spread, nmse and psnr_db
    of a model on images (B, 1, N, N)."""
    lost, truth, active_blocks, largest, strokes = 0.0, 0.0, [], [], []
    for start in range(0, len(images), batch):
        x = images[start : start + batch]
        atoms = decomposed(model, x, k, refine).atoms.squeeze(2)
        x = pad_to(x, model.size).squeeze(1)
        lost += (atoms.sum(dim=1) - x).square().sum().item()
        truth += x.square().sum().item()
        share = energy_shares(atoms, x)
        active_blocks += (share >= ACTIVE).sum(dim=1).tolist()
        largest += share.max(dim=1).values.tolist()
        whole = radius_of_gyration(x)
        for i, j in (share >= ACTIVE).nonzero().tolist():
            atom = atoms[i, j]
            negative = atom.clamp(max=0).square().sum() / atom.square().sum()
            spread = radius_of_gyration(atom) / whole[i].clamp(min=1e-9)
            strokes.append((is_connected(atom), float(negative), float(spread)))
        tick(len(x))
    connected, negative, spread = np.array(strokes, dtype=float).reshape(-1, 3).T
    nmse, mse = _ratio(lost, truth), lost / (len(images) * model.size**2)
    return {
        "connected": _ratio(connected.sum(), len(connected)), "active_blocks": float(np.mean(active_blocks)),
        "largest_share": float(np.mean(largest)), "negative_energy": _ratio(negative.sum(), len(negative)),
        "spread": _ratio(spread.sum(), len(spread)),
        "nmse": nmse, "psnr_db": -10 * math.log10(max(mse, 1e-12)), "images": len(images),
    }  # fmt: skip


def energy_shares(atoms: Tensor, images: Tensor) -> Tensor:
    """The energy of atoms (B, k, N, N) over that of their images (B, N, N): (B, k), ≥ `ACTIVE` for active ones."""
    return atoms.square().sum(dim=(2, 3)) / images.square().sum(dim=(1, 2))[:, None].clamp(min=1e-12)


def coordinate_effects(model, image: Tensor) -> Tensor:
    """∂x̂/∂z_ij of one image (1, 1, N, N), for every coordinate of its blocks in use: (C, N, N)."""
    with torch.no_grad():
        z, used = model.encode(image.to(device_of(model)))
        return model.jacobian(z[used]).flatten(0, 1).cpu()


def coordinate_spread(model, images: Tensor) -> float:
    """How much of a digit one latent coordinate moves: the radius of gyration of ∂x̂/∂z_ij over the digit's.

    Near 1, a coordinate moves the whole digit; near 0, one place. Mean over the coordinates of an image (B, 1, N, N)
    whose effect ‖∂x̂/∂z_ij‖² is at least 1 % of the strongest there, then over images that have any.
    """
    spreads = []
    for image in images[:, None]:
        effects = coordinate_effects(model, image)
        energy = effects.square().sum(dim=(1, 2))
        if energy.sum() > 0:
            counted = radius_of_gyration(effects[energy >= ACTIVE * energy.max()])
            spreads.append(float(counted.mean() / radius_of_gyration(image[0, 0]).clamp(min=1e-9)))
    return _ratio(sum(spreads), len(spreads))


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


def _ratio(part, whole):
    """part/whole, where 0/0 is 0; of numbers or of arrays."""
    safe = np.where(whole == 0, 1, whole)
    return np.where(whole == 0, 0, part / safe) if np.ndim(whole) else float(part / safe)
