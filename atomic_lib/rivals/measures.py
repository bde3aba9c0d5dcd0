"""What any decoder can be asked, whoever trained it: does one coordinate, and one part of the code, move one thing?

A `System` is whatever encodes images to codes z (B, m) and decodes them. Nothing here needs blocks, atoms or sums, and
nothing pairs coordinates with factors over the whole set: where parts may change places no such pair exists. Energies
are pooled over images, and coordinates are told in units of their own standard deviation over the images, so that no
measure changes if a coordinate is scaled. 0/0 is 0.
"""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.func import jvp

from ..data.sample import Sample
from ..errors import BadInput, check_range
from ..gaussians import fit_gaussians
from ..images import LARGEST_VALUE
from ..metrics import is_connected, radius_of_gyration, ratio
from ..model.decomposition import ACTIVE
from .readout import read, scored
from .systems import Rotated, System, Truth, batches, drawn, encoded
from .walks import walk

WHOLE, LOOKS, DRAWN = 256, 64, 512  # images that are encoded; looked at closely, at most; drawn for that, about


@torch.no_grad()
def measure(system: System, data: Any, seed: int = 0) -> dict:
    """All that is measured of a system on held-out images of `data`, in a few seconds: numbers by name, and a `walk`.

    data: what has `held_out(count, seed)`, or a `Sample`. nmse: Σ‖D(E(x)) − x‖²/Σ‖x‖². What else is there, see
    `of_spikes`, where θ is known; `of_strokes`, where not; `recombined` and `movers`, of both. `…_control`: of the same
    system with its code turned; `…_truth`: of the spikes' own θ. Raises `BadInput` without images.
    """
    check_range("seed", seed, 0, 2**31 - 1)
    sample = data[:WHOLE] if isinstance(data, Sample) else data.held_out(WHOLE, seed)
    if not len(sample):
        raise BadInput("there is no image to measure; give at least one.")
    z = encoded(system, sample.images)
    turned = Rotated(system, z, seed)
    found = {"nmse": nmse(system, sample.images, z), "images": len(sample), "latents": z.shape[1]}
    found["parts"], found["used_latents"] = len(system.parts), effective(system, z)
    of_kind = of_strokes if sample.theta is None else of_spikes
    found |= of_kind(system, sample, z)
    control = of_kind(turned, sample, (z - turned.mean) / turned.std.clamp(min=1e-9) @ turned.turn)
    found |= {f"{name}_control": value for name, value in control.items()}
    if sample.theta is not None:
        found |= {f"{name}_truth": value for name, value in of_truth(system, sample).items()}
    if sample.theta is not None and hasattr(data, "sample"):
        found |= {f"{name}_readout": value for name, value in read(system, data, seed).items()}
    return {**found, **recombined(system, z, seed), "walk": walk(system, sample, z)}


def nmse(system: System, images: Tensor, z: Tensor) -> float:
    """Σ‖D(z) − x‖²/Σ‖x‖² of images (B, 1, N, N)."""
    lost = sum(float((system.decode(one) - image).square().sum()) for one, image in batches(system, z, images))
    return ratio(lost, float(images.square().sum()))


def moves(system: System, z: Tensor) -> Tensor:
    """∂D/∂z_c at codes z (B, m): what each coordinate moves, (B, m, N, N), by forward differentiation."""
    count, m = z.shape
    along = torch.eye(m, dtype=z.dtype).repeat(count, 1)
    points = z.repeat_interleave(m, dim=0)
    parts = [jvp(system.decode, (point,), (one,))[1] for point, one in batches(system, points, along)]
    return torch.cat(parts).view(count, m, system.size, system.size)


def looked_at(system: System, sample: Sample, z: Tensor) -> Iterator[tuple[int, Tensor]]:
    """Of some images, the most crowded ones of spikes, their number and their `moves` per standard deviation."""
    order = torch.arange(len(z)) if sample.theta is None else sample.number.argsort(descending=True, stable=True)
    scale = z.std(dim=0)[:, None, None]
    for i in order[: some(z.shape[1])].tolist():
        yield i, scale * moves(system, z[[i]])[0]


def some(each: int) -> int:
    """How many images can be looked at closely, if each costs so many drawings."""
    return min(LOOKS, max(4, DRAWN // each))


def effective(system: System, z: Tensor) -> float:
    """How many coordinates move anything: the participation number (ΣE)²/ΣE² of E_c = ‖∂D/∂z_c‖² per deviation."""
    energy = z.var(dim=0) * moves(system, z[:4]).square().sum(dim=(2, 3)).mean(dim=0)
    return ratio(float(energy.sum() ** 2), float(energy.square().sum()))


def of_spikes(system: System, sample: Sample, z: Tensor) -> dict:
    """Does a coordinate move one spike, does a part hold one?

    exclusivity: of what coordinates move along the true spikes' tangents, the share that is along each one's favourite
    spike; from 1/n, all alike, to 1. on_set: of all that they move, the share that is along those tangents. movers:
    `movers`. jaccard, precision, recall, rmse_px, amplitude_error: of the spikes fitted to `part_images`, as
    `metrics.spike_metrics` has them.
    """
    _, sigma, _ = sample.known()
    sums = torch.zeros(6, dtype=torch.float64)
    for i, moved in looked_at(system, sample, z):
        energy, along = along_spikes(moved, sample.truth(i), sigma)
        favourite = energy.max(dim=1).values.sum()
        sums += torch.stack([favourite, energy.sum(), along.sum(), moved.square().sum(), *movers(moved, system.parts)])
    fitted = fit_gaussians(part_images(system, z[: some(len(system.parts))], reference(system, z)), sigma)
    return {
        "exclusivity": ratio(float(sums[0]), float(sums[1])), "on_set": ratio(float(sums[2]), float(sums[3])),
        "movers": ratio(float(sums[4]), float(sums[5])), **scored(fitted, sample),
    }  # fmt: skip


def along_spikes(moved: Tensor, truth: Tensor, sigma: float) -> tuple[Tensor, Tensor]:
    """How much of what coordinates move, (C, N, N), is along the tangents of each true spike θ (n, 3): E (C, n); and of
    all of them together: (C,).

    Each effect is fitted by all 3n tangents ∂x/∂(a, row, column) together, J_c ≈ Σ_j T_jβ_cj; E_cj = ‖T_jβ_cj‖².
    """
    spikes = Truth(len(truth), moved.shape[-1], sigma)
    tangents = moves(spikes, truth.flatten()[None])[0].flatten(1).double()
    gram = tangents @ tangents.T
    seen = moved.flatten(1).double() @ tangents.T
    weights = torch.linalg.lstsq(gram, seen.T, driver="gelsd").solution.T
    blocks = weights.unflatten(1, (-1, 3))
    own = gram.unflatten(1, (-1, 3)).unflatten(0, (-1, 3)).diagonal(dim1=0, dim2=2)  # (3, 3, n): a Gram matrix a spike
    energy = torch.einsum("cni,ijn,cnj->cn", blocks, own, blocks)
    return energy, (weights * seen).sum(dim=1)


def movers(moved: Tensor, parts: Sequence[Sequence[int]]) -> Tensor:
    """Two sums whose ratio is how many parts move a pixel: Σ_p(Σ_i n_ip)² and Σ_pΣ_i n_ip², n_ip = ‖J_i(p)‖.

    1 where each pixel has one mover, the number of parts where all have all. Normalised per pixel, it is the
    compositional contrast of Brady et al. (2023): Σ_{i<j} n_i n_j = (Σn)²(1 − 1/movers)/2.
    """
    norms = torch.stack([moved[list(part)].square().sum(dim=0).sqrt() for part in parts])
    return torch.stack([norms.sum(dim=0).square().sum(), norms.square().sum()])


def reference(system: System, z: Tensor) -> Tensor:
    """The code (m,) in which no part says anything: all absent, or else the mean of the codes z (B, m)."""
    return z.mean(dim=0) if system.absent is None else system.absent.repeat(len(system.parts)).to(z)


def part_images(system: System, z: Tensor, absent: Tensor) -> Tensor:
    """What each part adds to images of codes z (B, m): D(z) − D(z with that part as in `absent`), (B, K, N, N).

    Where images are sums of parts it is the part's own image, less that of its absent code.
    """
    without = z[:, None].repeat(1, len(system.parts), 1)
    for i, part in enumerate(system.parts):
        without[:, i, list(part)] = absent[list(part)]
    rest = drawn(system, without.flatten(0, 1)).unflatten(0, (len(z), len(system.parts)))
    return drawn(system, z)[:, None] - rest


def of_strokes(system: System, sample: Sample, z: Tensor) -> dict:
    """Does a coordinate move one place, is a part one piece? Of images whose truth is not known.

    locality: radius of gyration of what a coordinate moves over the image's; participation: the number of pixels it
    moves, (ΣJ²)²/ΣJ⁴, over the image's; means over coordinates, weighted by what they move. movers: `movers`.
    connected: share of `part_images`, of 1 % of their image's energy or more, that are one piece.
    """
    sums = torch.zeros(5, dtype=torch.float64)
    for i, moved in looked_at(system, sample, z):
        energy, image = moved.square().sum(dim=(1, 2)), sample.images[i, 0]
        local = radius_of_gyration(moved) / radius_of_gyration(image).clamp(min=1e-9)
        few = touched(moved) / touched(image)
        sums += torch.stack([(energy * local).sum(), (energy * few).sum(), energy.sum(), *movers(moved, system.parts)])
    parts = part_images(system, z[: some(len(system.parts))], reference(system, z))
    shares = parts.square().sum(dim=(2, 3)) / sample.images[: len(parts)].square().sum(dim=(2, 3)).clamp(min=1e-9)
    pieces = [is_connected(one) for one in parts[shares >= ACTIVE]]
    return {
        "locality": ratio(float(sums[0]), float(sums[2])), "participation": ratio(float(sums[1]), float(sums[2])),
        "movers": ratio(float(sums[3]), float(sums[4])), "connected": ratio(sum(pieces), len(pieces)),
    }  # fmt: skip


def touched(images: Tensor) -> Tensor:
    """How many pixels of images (…, N, N) hold their energy: the participation ratio (ΣJ²)²/ΣJ⁴, (…)."""
    energy = images.square()
    return energy.sum(dim=(-2, -1)).square() / energy.square().sum(dim=(-2, -1)).clamp(min=1e-30)


def of_truth(system: System, sample: Sample) -> dict:
    """`of_spikes` of the θ that drew the images, in parts as the system has them: blocks, or lone numbers."""
    theta, sigma, _ = sample.known()
    apart = max(len(part) for part in system.parts) == 1
    truth = Truth(theta.shape[1], system.size, sigma, apart)
    return of_spikes(truth, sample, theta.flatten(1))


def recombined(system: System, z: Tensor, seed: int = 0) -> dict:
    """Are codes put together from two images good codes?

    recombination: one part of each code is replaced by that of another image; the image that is drawn then, encoded and
    drawn again, is off by this relative error (the decoder consistency of Wiedemer et al. 2024). interaction: how much
    the change that a part makes hangs on another part, ‖Δ_iΔ_jD‖/√(‖Δ_iD‖‖Δ_jD‖); 0 for whatever is a sum over parts.
    """
    generator = torch.Generator().manual_seed(seed)
    z = z[: 2 * LOOKS]
    other = z[torch.randperm(len(z), generator=generator)]
    order = torch.stack([torch.randperm(len(system.parts), generator=generator)[:2] for _ in z])
    one, two = (exchanged(system, z, other, order[:, column]) for column in (0, -1))
    both = exchanged(system, one, other, order[:, -1])
    before, first, second, whole = (drawn(system, code)[:, None] for code in (z, one, two, both))
    seen = first.clamp(-LARGEST_VALUE, LARGEST_VALUE)  # what an encoder takes at all
    again = drawn(system, encoded(system, seen))[:, None]
    changes = [(first - before).flatten(1).norm(dim=1), (second - before).flatten(1).norm(dim=1)]
    mixed = (whole - first - second + before).square().sum()
    return {
        "recombination": ratio(float((again - seen).square().sum()), float(seen.square().sum())),
        "interaction": math.sqrt(ratio(float(mixed), float((changes[0] * changes[1]).sum()))),
    }


def exchanged(system: System, z: Tensor, other: Tensor, which: Tensor) -> Tensor:
    """Codes z (B, m) with one part, `which` (B,) of them, as in the codes `other` (B, m)."""
    chosen = torch.zeros_like(z, dtype=torch.bool)
    for row, i in zip(chosen, which.tolist(), strict=True):
        row[list(system.parts[i])] = True
    return torch.where(chosen, other, z)
