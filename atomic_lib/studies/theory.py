"""What Section II states of ideal atomic autoencoders, measured on trained ones (the book's chapter *Theory*).

Lemma II.1 and the paper's two facts say what a perfectly trained model does near a code, in the whole latent box, with
a part of the blocks and with their order; each function here takes one of these statements to a model.
"""

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ..data.sample import Sample
from ..data.spikes import Spikes
from ..errors import BadInput, check_range
from ..gaussians import IdealDecoder, energies, fit_gaussians, render
from ..metrics import is_connected, ratio, taken_apart
from ..model.autoencoder import AtomicAutoencoder
from ..model.decomposition import Decomposition
from ..model.inference import refine
from ..model.layers import bound_of
from ..recipes import training_range
from .spots import beyond, whole_energy

FLOOR = 0.1  # a coordinate moved by half its box should change its atom by a tenth of the atom's norm, or more
IN_SIGMA = 0.01  # an image is in Σ, as far as a network can draw it, if 99 % of its energy is


class Nearest(NamedTuple):
    """Images of Σ near given ones: theta (B, k, 3), their amplitudes, rows and columns; distance (B,), what they leave
    of the given images' energy, as a share."""

    theta: Tensor
    distance: Tensor


@torch.no_grad()
def nearest(images: Tensor, start: Tensor, data: Spikes, steps: int = 4) -> Nearest:
    """The element of Σ (Equation (4)) nearest to each image (B, 1, N, N), searched from θ = `start` (B, k, 3).

    The ideal decoder φ(θ) = Σᵢ ψ(θᵢ) is fitted like any other (`refine`), then amplitudes below 0 are set to 0,
    so that the distance is one to Σ, and at worst too large. It is a share of the image's energy or, where that is
    less than the energy of the faintest spike of `data`, of the latter: no spike at all is in Σ too.
    """
    theta = refine(IdealDecoder(data.size, data.sigma), images, start, steps)
    theta = torch.cat([theta[..., :1].clamp(min=0), theta[..., 1:]], dim=2)
    faintest = data.amplitude[0] ** 2 * torch.pi * data.sigma**2
    there = render(theta, data.size, data.sigma)
    left, energy = (x.square().flatten(1).sum(1) for x in (images - there, images))
    return Nearest(theta, left / energy.clamp(min=faintest))


@torch.no_grad()
def active_blocks(model: AtomicAutoencoder, images: Tensor) -> tuple[Tensor, Tensor]:
    """The blocks z (M, d0) of images (B, 1, N, N) that draw at least 1 % of their image's energy, and their atoms
    (M, 1, N, N). Raises `BadInput` when an image has none."""
    found = _active(model, images)
    return found.z[found.active], found.atoms[found.active]


def box_of(model: AtomicAutoencoder, count: int = 256, seed: int = 0) -> Tensor:
    """The box (d0, 2) of codes: that of bounded latents; of free ones the range that `count` training images take."""
    free = bound_of(model.encoder.latents) == math.inf
    return model.box(training_range(model, count, seed) if free else None)


class Bijection(NamedTuple):
    """Singular values of ∂f_D/∂z at encoded images: blocks (M, d0), of each active block alone, falling; joint (B,),
    the smallest for all active blocks of an image together."""

    blocks: Tensor
    joint: Tensor


@torch.no_grad()
def bijection(model: AtomicAutoencoder, images: Tensor, ranges: Tensor | None = None) -> Bijection:
    """Is f_D one to one near the codes of images (B, 1, N, N)? Its derivative must not lose a direction.

    Coordinates are measured in half sides of their box, or of `ranges` (d0, 2), and what they change in norms of the
    block's own atom: a value of 1 is a direction in which half the box changes as much as there is. `joint` is never
    more than the smallest of the image's blocks; what it is less, blocks have in common. Raises `BadInput` when an
    image has no active block.
    """
    low, high = model.box(ranges).T
    found = _active(model, images)
    z, active, atoms = found.z, found.active, found.atoms
    norms = atoms[active].flatten(1).norm(dim=1).clamp(min=1e-12)
    columns = torch.cat([model.jacobian(part.to(model.device)).cpu() for part in z[active].split(64)]).flatten(2)
    columns = columns * ((high - low) / 2)[:, None] / norms[:, None, None]
    owner = active.nonzero()[:, 0]
    joint = [_singular(columns[owner == i].flatten(0, 1)[None])[0, -1] for i in range(len(images))]
    return Bijection(_singular(columns), torch.stack(joint))


def _singular(columns: Tensor) -> Tensor:
    """Singular values (M, n), falling, of (M, n, pixels)."""
    gram = columns.double() @ columns.double().transpose(1, 2)
    return torch.linalg.eigvalsh(gram).clamp(min=0).sqrt().flip(1)


class Neighbourhood(NamedTuple):
    """One block of each image moved by Δ. distance (R, B): of the decoded image to Σ. outside (R, B): share of the
    change that lies beyond 3σ of where the block's spike was and is. inside (R, B): whether the code is in its box."""

    distance: Tensor
    outside: Tensor
    inside: Tensor


@torch.no_grad()
def neighbourhood(
    model: AtomicAutoencoder,
    images: Tensor,
    data: Spikes,
    radii: list[float],
    generator: torch.Generator,
    ranges: Tensor | None = None,
) -> Neighbourhood:
    """Lemma II.1: how far does Σ, that of `data`, reach around the codes of images (B, 1, N, N) of spikes?

    In each image one active block is moved in one direction, both drawn by the generator, by ‖Δ‖ = each of the R radii,
    in half sides of the box, or of `ranges` (d0, 2).
    """
    check_known(data)
    one = _active(model, images)
    z, active, atoms = one.z, one.active, one.atoms
    rows, block = torch.arange(len(z)), torch.multinomial(active.float(), 1, generator=generator)[:, 0]
    direction = torch.nn.functional.normalize(torch.randn(len(z), model.d0, generator=generator), dim=1)
    start, before, (low, high) = fit_gaussians(atoms.squeeze(2), data.sigma), atoms[rows, block], model.box(ranges).T
    found = []
    for radius in radii:
        moved = z[rows, block] + radius * direction * (high - low) / 2
        after = model.g(moved.to(model.device)).cpu()
        theta = start.clone()
        theta[rows, block] = fit_gaussians(after[:, 0], data.sigma)
        distance = nearest(one.output - before + after, theta, data).distance
        places = torch.stack([start[rows, block, 1:], theta[rows, block, 1:]], dim=1)
        change = (after - before)[:, 0]
        outside = beyond(change, places, 3 * data.sigma) / change.square().sum(dim=(1, 2)).clamp(min=1e-12)
        found.append((distance, outside, ((moved >= low) & (moved <= high)).all(dim=1)))
    return Neighbourhood(*(torch.stack(parts) for parts in zip(*found, strict=True)))


def reach(radii: list[float], holds: Tensor) -> Tensor:
    """The largest radius up to which a statement `holds` (R, B) without a gap, radii rising: (B,), 0 if never."""
    unbroken = holds.int().cumprod(dim=0).sum(dim=0)
    return torch.tensor([0.0, *radii])[unbroken]


def coverage(z: Tensor, box: Tensor, bins: int = 20) -> Tensor:
    """How evenly each coordinate of blocks z (M, d0) fills its side of the box (d0, 2): (d0,).

    e to the entropy of its histogram, over the number of bins: 1 if all are equally full, 1/bins if all is in one.
    """
    from scipy.stats import entropy

    counts = np.stack([np.histogram(column, bins, (0, 1))[0] for column in _unit(z, box).T])
    return torch.from_numpy(np.exp(entropy(counts, axis=1)) / bins)


def discrepancies(z: Tensor, box: Tensor) -> Tensor:
    """L² star discrepancy of each pair of coordinates of z (M, d0) in the box (d0, 2): (d0, d0), the diagonal 0.

    0 is even; M independent uniform points have about √(5/36M). Coordinates that hang together, or leave a corner
    empty, show here though each alone may cover its side.
    """
    from scipy.stats import qmc

    unit, d0 = _unit(z, box), z.shape[1]
    found = torch.zeros(d0, d0)
    for i in range(d0):
        for j in range(i):
            found[i, j] = found[j, i] = qmc.discrepancy(unit[:, [i, j]], method="L2-star")
    return found


class Validity(NamedTuple):
    """Images (count, 1, N, N) of random codes, and the elements of Σ nearest to them: theta (count, blocks, 3) and
    distance (count,)."""

    images: Tensor
    theta: Tensor
    distance: Tensor


@torch.no_grad()
def validity(
    model: AtomicAutoencoder,
    data: Spikes,
    count: int,
    generator: torch.Generator,
    blocks: int = 1,
    ranges: Tensor | None = None,
) -> Validity:
    """Assumption II.1: is what codes uniform in the box, or in `ranges` (d0, 2), decode to in Σ, that of `data`?

    The valid share is that of distances of at most `IN_SIGMA`. Separation is not asked for: independent blocks cannot
    respect it. Amplitudes are free; `theta` has them.
    """
    check_known(data)
    atoms = model.atoms(model.random_codes(count, generator, blocks, ranges)).cpu()
    images = model.combined(atoms)
    return Validity(images, *nearest(images, fit_gaussians(atoms.squeeze(2), data.sigma), data))


@torch.no_grad()
def connectedness(model: AtomicAutoencoder, images: Tensor, codes: int, generator: torch.Generator) -> dict:
    """Assumption II.1 where Σ is not known: are the atoms of random codes strokes, as those of images are?

    encoded: the share of the active atoms of images (B, 1, N, N) that are one piece (`metrics.is_connected`); random:
    the same of `codes` atoms whose code is uniform in the box.
    """
    kinds = {
        "encoded": active_blocks(model, images)[1],
        "random": model.atoms(model.random_codes(codes, generator, 1))[:, 0].cpu(),
    }
    return {name: ratio(sum(is_connected(atom[0]) for atom in atoms), len(atoms)) for name, atoms in kinds.items()}


@torch.no_grad()
def partial_sums(model: AtomicAutoencoder, images: Tensor, generator: torch.Generator) -> Iterator[tuple[int, Tensor]]:
    """A part of the active blocks of each image (B, 1, N, N), drawn by the generator, for every size of a part.

    Pairs (size, atoms (n, k, 1, N, N)), of the n images that have so many; blocks left out draw nothing. Parts grow: a
    larger one has the blocks of the smaller. Raises `BadInput` when an image has no active block.
    """
    found = _active(model, images)
    active, atoms = found.active, found.atoms
    order = torch.rand(active.shape, generator=generator).masked_fill(~active, 2.0).argsort(dim=1).argsort(dim=1)
    for size in range(1, int(active.sum(dim=1).max()) + 1):
        enough = active.sum(dim=1) >= size
        yield size, atoms[enough] * (order[enough] < size)[:, :, None, None, None]


@torch.no_grad()
def subsums(model: AtomicAutoencoder, images: Tensor, generator: torch.Generator) -> list[tuple[int, float]]:
    """Does a part of an image's blocks decode to an image that is encoded as the same atoms?

    Of images (B, 1, N, N), their `partial_sums`. Pairs (size, error): Σ‖g(z′ᵢ) − g(zᵢ)‖² / Σ‖g(zᵢ)‖² with the best
    matching of the re-encoded blocks z′ with those of the part; what has no partner is compared with nothing. 0 if the
    same atoms are found, 2 if others instead.
    """
    found = []
    for size, kept in partial_sums(model, images, generator):
        again = model.decompose(model.combined(kept)).atoms
        found += [(size, recoding_error(one, other)) for one, other in zip(kept, again, strict=True)]
    return found


def by_size(found: list[tuple[int, float]], least: int = 1) -> dict[int, Tensor]:
    """The errors of `subsums` by the size of the part, of sizes that at least `least` parts have."""
    sizes = sorted({size for size, _ in found})
    errors = {size: torch.tensor([error for at, error in found if at == size]) for size in sizes}
    return {size: values for size, values in errors.items() if len(values) >= least}


def recoding_error(atoms: Tensor, again: Tensor) -> float:
    """Energy by which atoms (m, …) differ from others (n, …), matched one to one as well as can be, over their own."""
    from scipy.optimize import linear_sum_assignment

    one, other = atoms.flatten(1).double(), again.flatten(1).double()
    side = len(one) + len(other)  # so that any atom may stay alone
    one, other = (torch.cat([x, x.new_zeros(side - len(x), x.shape[1])]) for x in (one, other))
    cost = one.square().sum(1)[:, None] + other.square().sum(1) - 2 * one @ other.T
    matched = linear_sum_assignment(cost.numpy())
    return float(cost[matched].sum() / one.square().sum().clamp(min=1e-12))


def exchange(data: Spikes, frames: int, ranks: bool = False) -> Sample:
    """A film of `frames` images in which two spikes change places, while a third stands by (k ≥ 3).

    Opposite each other on a circle of N/10 px they go half a way round, until the image is the first again: along such
    a film no encoder that separates them is continuous. For `ranks` they stay, and the fainter becomes the brighter:
    only an encoder that goes by brightness has to jump.
    """
    check_range("k", data.k, 3, 1024)
    check_range("frames", frames, 2, 10_000)
    middle, radius, share = (data.size - 1) / 2, data.size / 10, torch.linspace(0, 1, frames)
    angle = torch.full_like(share, 0.3) if ranks else 0.3 + torch.pi * share
    low, high = data.amplitude
    theta, way = torch.zeros(frames, data.k, 3), torch.stack([angle.sin(), angle.cos()], dim=1) * radius
    theta[:, 0, 1:], theta[:, 1, 1:], theta[:, 2, 1:] = middle + way, middle - way, middle + 2.5 * radius
    theta[:, :3, 0] = (low + high) / 2
    if ranks:
        theta[:, 0, 0], theta[:, 1, 0] = low + (high - low) * share, high - (high - low) * share
    return Sample(render(theta, data.size, data.sigma), theta, data.sigma, data.detection)


def owners(model: AtomicAutoencoder, sample: Sample) -> Tensor:
    """The block that holds each true spike of a sample, (B, n), −1 where none has half its energy or more."""
    every, sigma, _ = sample.known()
    found, there = [], (every[..., 0] > 0).all(dim=0)
    for batch, some in taken_apart(model, sample):
        for atoms, theta in zip(batch.atoms.squeeze(2), some.known()[0][:, there], strict=True):
            energy, whole = energies(atoms, theta, sigma), whole_energy(theta, sigma).numpy()
            found.append(np.where(energy.max(axis=0) >= whole / 2, energy.argmax(axis=0), -1))
    return torch.from_numpy(np.stack(found))


def handovers(held: Tensor) -> tuple[float, int]:
    """What became of spikes along a film, from their `owners` (B, n): the share of frames in which each is held by a
    block, and how often blocks changed from one such frame to the next."""
    whole = (held >= 0).all(dim=1)
    changed = (held[1:] != held[:-1]).any(dim=1) & whole[1:] & whole[:-1]
    return float(whole.double().mean()), int(changed.sum())


def _active(model: AtomicAutoencoder, images: Tensor) -> Decomposition:
    """Images taken apart; raises `BadInput` when one of them has no active block."""
    found = model.decompose(images)
    if not found.active.any(dim=1).all():
        raise BadInput("no block is active in some of these images: leave out the empty ones.")
    return found


def _unit(z: Tensor, box: Tensor) -> np.ndarray:
    """Blocks (M, d0) in units of their box (d0, 2), within [0, 1]."""
    low, high = box.T
    return ((z.cpu() - low) / (high - low)).clamp(0, 1).double().numpy()


def check_known(data: Spikes) -> None:
    """Raise `BadInput` for data whose Σ nobody knows."""
    if type(data) is not Spikes:  # `OtherSpikes` have other atoms
        raise BadInput("Σ is known exactly for spikes only: take a model of spikes.")
