"""The two knobs, k blocks of d0 coordinates: what becomes of true spikes in the blocks of a model of given k and d0.

A block *holds* a true spike if it has at least half of the spike's energy. So a spike is held alone, held together with
another one, split over several blocks, or lost.
"""

import base64
import zlib
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from ..data.sample import Sample
from ..data.spikes import Spikes
from ..errors import BadInput
from ..gaussians import energies, fit_gaussians, profiles, render
from ..metrics import taken_apart
from ..model.autoencoder import AtomicAutoencoder
from ..model.decoders import Untied
from ..model.encoders import PursuitEncoder
from ..recipes import training_range
from .spots import whole_energy
from .theory import IN_SIGMA, bijection, validity

HOLDS = 0.5  # share of a spike's energy that the block which holds it has
THERE = 0.7  # share of a spike's amplitude that blocks must have together, or it is lost
UNSEEN = 0.01  # a coordinate that changes its atom by less than this, of the atom's norm, changes nothing
FATES = ("alone", "together", "split", "lost")
PAIRINGS = ("true pair", "mixed pair", "one spike", "more", "parts")


@torch.no_grad()
def measure(model: AtomicAutoencoder, count: int = 512, seed: int = 0) -> dict:
    """All that the chapter *Knobs* asks of one model, on `count` held-out images of the spikes it was trained on.

    `found`: see `contents`. `spectrum`: see `spectrum`. `neighbours`: see `local_dimension`, of the codes of active
    blocks. `fading`: see `fading`, for the leading directions of the spectrum. `valid`: see `valid`; where Σ is not
    that of spikes, nothing. `example`: see `example`. Raises `BadInput` for a model of anything but spikes.
    """
    data = model.recipe.data
    if not isinstance(data, Spikes):
        raise BadInput("what blocks hold is known for images of spikes only: take a model of spikes.")
    model.eval()
    sample = data.held_out(count, seed)
    found: dict[str, Any] = {"found": contents(model, sample), "example": example(model, sample)}
    if not isinstance(model.g, Untied):
        low, high = training_range(model).clone().T
        ranges = torch.stack([low, high.maximum(low + 1e-6)], dim=1)  # also of a coordinate that is always the same
        z = active_codes(model, data.held_out(4 * count, seed).images)
        falling = spectrum(model, sample, ranges)
        found |= {
            "ranges": _rounded(ranges), "spectrum": falling,
            "fading": fading(model, z[:96], ranges, dimension(falling)),
            "neighbours": {"points": len(z), "dimension": local_dimension(z.numpy())},
        }  # fmt: skip
        if type(data) is Spikes:
            found["valid"] = valid(model, ranges, seed)
    return found


class Held(NamedTuple):
    """What the k blocks of a model hold of one image with n spikes, as arrays.

    truth: (n, 3), amplitude, row and column. share: (k, n), of each spike's energy in each block. active, used: (k,).
    fitted: (n, 3), the Gaussian in the block with most of each spike. summed: (n,), amplitudes in the reconstruction.
    lost, energy, atoms, output: squared norms of the error, the image, all atoms together, and the image they make.
    """

    truth: np.ndarray
    share: np.ndarray
    active: np.ndarray
    used: np.ndarray
    fitted: np.ndarray
    summed: np.ndarray
    lost: float
    energy: float
    atoms: float
    output: float


def contents(model: AtomicAutoencoder, sample: Sample) -> dict:
    """What the blocks of a model hold, on images of known spikes.

    `fates`: [n][fate], how many spikes of images with n of them met each of the `FATES`. `faint`: the same for three
    classes of amplitude, the faintest first. `active`, `used`: [n][m], how many images with n spikes have m active
    blocks, or blocks in use. `held`: [m], how many active blocks hold m spikes. `repeated`: how many spikes are held by
    more than one block. `pairs`: what the active blocks hold where true atoms are pairs, see `PAIRINGS`. `by_block`:
    share of images in which each of the k blocks is active. `lost`, `energy`: [n], squared error and energy, summed.
    `cancelled`: energy of all atoms over that of the image they make. `kept`: share of the variance of a spike's
    amplitude, row and column that the Gaussian fitted to the block with most of it explains; `kept_in_sum`: of its
    amplitude, by the reconstruction as a whole.
    """
    images, most = list(held(model, sample)), sample.known()[0].shape[1]
    n, active, used = np.array([(len(one.truth), one.active.sum(), one.used.sum()) for one in images]).T
    truth, fitted, summed, fate = (
        np.concatenate(parts)
        for parts in zip(
            *((one.truth, one.fitted, one.summed, fate_of(one.share, model.combine)) for one in images), strict=True
        )
    )
    faint, bright = model.recipe.data.amplitude
    classes = np.digitize(truth[:, 0], np.linspace(faint, bright, 4)[1:-1])
    holds = [row for one in images if len(one.truth) for row in (one.share >= HOLDS)[one.active]]
    pairs = [pairing(row) for row in holds] if getattr(model.recipe.data, "pairs", "none") != "none" else []
    return {
        "fates": _counts((most + 1, 4), np.repeat(n, n), fate), "faint": _counts((3, 4), classes, fate),
        "repeated": sum(int(((one.share >= HOLDS).sum(axis=0) > 1).sum()) for one in images),
        "held": _counts((most + 1,), [row.sum() for row in holds]), "pairs": _counts((len(PAIRINGS),), pairs),
        "active": _counts((most + 1, model.k + 1), n, active), "used": _counts((most + 1, model.k + 1), n, used),
        "by_block": _rounded(np.mean([one.active for one in images], axis=0)),
        "lost": _rounded(np.bincount(n, [one.lost for one in images], most + 1)),
        "energy": _rounded(np.bincount(n, [one.energy for one in images], most + 1)),
        "cancelled": sum(one.atoms for one in images) / max(sum(one.output for one in images), 1e-12),
        "kept": _rounded(explained(fitted, truth)), "kept_in_sum": float(explained(summed, truth[:, 0])),
    }  # fmt: skip


def held(model: AtomicAutoencoder, sample: Sample) -> Iterator[Held]:
    """What the blocks hold of each image of a sample."""
    _, sigma, _ = sample.known()
    for batch, some in taken_apart(model, sample):
        theta = fit_gaussians(batch.atoms.squeeze(2), sigma)
        for i in range(len(batch)):
            truth, atoms, image, output = some.truth(i), batch.atoms[i, :, 0], batch.images[i, 0], batch.output[i, 0]
            share = energies(atoms, truth, sigma) / whole_energy(truth, sigma).numpy()
            yield Held(
                truth.double().numpy(), share, batch.active[i].numpy(), batch.used[i].numpy(),
                theta[i][share.argmax(axis=0)].double().numpy(),
                amplitudes_in(output, truth, sigma).double().numpy(),
                *(float(part.square().sum()) for part in (image - output, image, atoms, output)),
            )  # fmt: skip


def dimension(spectrum: dict) -> int:
    """The intrinsic dimension of atoms by the Jacobian: the rank after which the median of their `spectrum` falls most.

    Falls are ratios, and end at `UNSEEN`. It cannot be d0: give a block more coordinates than its atoms can have. 0 for
    blocks of one coordinate, and where no block was active.
    """
    middle = np.maximum(spectrum.get("quantiles", [[], [], []])[1], UNSEEN)
    return int(np.argmax(middle[:-1] / middle[1:])) + 1 if len(middle) > 1 else 0


@torch.no_grad()
def fading(model: AtomicAutoencoder, z: Tensor, ranges: Tensor, rank: int) -> float:
    """How much of its atom lies in the `rank` directions in which a block changes it most: 1 if the atom can fade.

    The length of the projection of g(z)/‖g(z)‖, a median over blocks z (M, d0); coordinates in sides of their ranges
    (d0, 2). 0 without blocks or directions.
    """
    if not len(z) or not rank:
        return 0.0
    change = model.jacobian(z.to(model.device)).cpu().flatten(2) * (ranges[:, 1] - ranges[:, 0])[:, None]
    leading = torch.linalg.svd(change, full_matrices=False)[2][:, :rank]
    atoms = torch.nn.functional.normalize(model.g(z.to(model.device)).cpu().flatten(1), dim=1)
    return float((leading @ atoms[..., None]).norm(dim=1).median())


def local_dimension(points: np.ndarray, neighbours: int = 30) -> float:
    """The intrinsic dimension of points (M, F), by how the distances to their nearest neighbours grow.

    The maximum-likelihood estimate of Levina and Bickel (2004), inverses averaged over all points as MacKay and
    Ghahramani proposed. It is a little too small where points have an edge: a full cube has less than its dimension.
    0 for fewer points than neighbours, and for points that are all the same.
    """
    from scipy.spatial import KDTree

    if len(points) <= neighbours:
        return 0.0
    distances = np.maximum(KDTree(points).query(points, k=neighbours + 1)[0][:, 1:], 1e-12)
    growth = np.log(distances[:, -1:] / distances).sum(axis=1) / (neighbours - 1)
    return float(1 / growth.mean()) if growth.mean() > 1e-9 else 0.0


def full_cube(dimension: int, points: int) -> float:
    """The `local_dimension` of as many points that fill a cube of that dimension, drawn by the seed `dimension`."""
    return local_dimension(np.random.default_rng(dimension).uniform(size=(points, dimension)))


def best_linear(images: Tensor, numbers: int) -> float:
    """nmse that the best linear code of so many numbers leaves of images (B, 1, N, N), Σ‖x̂ − x‖²/Σ‖x‖².

    The energy beyond as many singular values of these very images (Eckart and Young 1936): no linear code does better.
    """
    left = torch.linalg.svdvals(images.flatten(1))[numbers:]
    return float(left.square().sum() / images.square().sum())


def maximum_of_spikes(sample: Sample) -> float:
    """nmse of a perfect maximum: what is wrong if the true spikes of a sample are not added but the largest is taken.

    0 where no two of them overlap.
    """
    theta, sigma, _ = sample.known()
    spikes = [render(one[:, None], sample.images.shape[-1], sigma) for one in theta.unbind(dim=1)]
    left = torch.stack(spikes).amax(dim=0) - sample.images
    return float(left.square().sum() / sample.images.square().sum())


def confusion(true: Tensor, said: Tensor) -> np.ndarray:
    """How often a number (B,) was said for a true one (B,): counts [true][said], square."""
    side = int(max(true.max(), said.max())) + 1
    return np.array(_counts((side, side), true, said))


@torch.no_grad()
def counted(model: AtomicAutoencoder, images: Tensor) -> Tensor:
    """How many atoms a pursuit says each of the images (B, 1, N, N) has: the blocks it uses until it stops, (B,)."""
    if not isinstance(model.encoder, PursuitEncoder):
        raise BadInput("a one-shot encoder uses all its blocks: take a pursuit to count atoms.")
    return torch.cat([part.used.sum(dim=1) for part in model.decompositions(images)])


def active_codes(model: AtomicAutoencoder, images: Tensor) -> Tensor:
    """The active blocks z (M, d0) of images (B, 1, N, N), of all together; images may have none."""
    return torch.cat([part.z[part.active] for part in model.decompositions(images)])


def fate_of(share: np.ndarray, combine: str = "sum") -> np.ndarray:
    """Which of the `FATES` true spikes met, (n,), from the share of each one's energy in each block, (k, n).

    combine: how atoms make an image; the parts of a spike add up in a sum only.
    """
    holds = share >= HOLDS
    crowded = holds & (holds.sum(axis=1, keepdims=True) > 1)
    parts = np.sqrt(share).sum(axis=0) if combine == "sum" else np.sqrt(share).max(axis=0, initial=0)
    split = np.where(parts >= THERE, 2, 3)
    return np.where(holds.any(axis=0), np.where((holds & ~crowded).any(axis=0), 0, 1), split)


def pairing(holds: np.ndarray) -> int:
    """Which of the `PAIRINGS` a block is that holds the marked spikes (n,), 2i and 2i + 1 of which are one atom."""
    held = holds.nonzero()[0]
    if len(held) == 2:
        return 0 if held[0] // 2 == held[1] // 2 else 1
    return {0: 4, 1: 2}.get(len(held), 3)


def explained(guess: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Share of the variance of each column of `truth` (M, F) that `guess` explains, (F,); below 0 if a mean did better.

    A column that does not vary has 0.
    """
    variance = np.square(truth - truth.mean(axis=0)).sum(axis=0)
    left = np.square(guess - truth).sum(axis=0)
    return np.where(variance > 1e-9, 1 - left / np.maximum(variance, 1e-9), 0)


def spectrum(model: AtomicAutoencoder, sample: Sample, ranges: Tensor, count: int = 96) -> dict:
    """How many directions of a block change its atom: singular values of ∂g/∂z as in `theory.bijection`, largest first.

    Coordinates in half sides of the ranges (d0, 2) that encoded images take, changes in norms of the atom. `quantiles`:
    [10 %, 50 %, 90 %][d0], over active blocks of `count` images; `counted`: [m], how many blocks have m singular values
    of at least `floor`, for several floors. `noise`: of the training, in the same units.
    """
    images = sample.images[:count]
    some = model.decompose(images).active.any(dim=1)
    noise = _rounded(2 * model.recipe.noise_end / (ranges[:, 1] - ranges[:, 0]))
    if not some.any():
        return {"blocks": 0, "noise": noise}
    values = bijection(model, images[some], ranges).blocks
    return {
        "blocks": len(values), "noise": noise,
        "quantiles": _rounded(torch.quantile(values, torch.tensor([0.1, 0.5, 0.9], dtype=values.dtype), dim=0)),
        "counted": {
            str(floor): torch.bincount((values >= floor).sum(dim=1), minlength=model.d0 + 1).tolist()
            for floor in (0.03, 0.1, 0.2, 0.3, 0.5)
        },
    }  # fmt: skip


def valid(model: AtomicAutoencoder, ranges: Tensor, seed: int = 0, count: int = 256) -> dict:
    """Assumption II.1, see `theory.validity`, for one block and for as many as an image has spikes at most.

    Codes are uniform in the `ranges` of encoded images and, where latents are bounded, in their whole `box`: for each,
    the share of images within 1 % of Σ and the deciles of their distance to it, for `one` and for `many` blocks.
    """
    found = {}
    for where, limits in {"ranges": ranges, "box": None}.items():
        if limits is None and model.recipe.latents != "bounded":
            continue
        for name, blocks in {"one": 1, "many": model.recipe.data.k}.items():
            generator = torch.Generator().manual_seed(seed)
            distance = validity(model, model.recipe.data, count, generator, blocks, limits).distance.double()
            deciles = torch.quantile(distance, torch.linspace(0, 1, 11, dtype=torch.double))
            share = float((distance <= IN_SIGMA).double().mean())
            found[f"{where}-{name}"] = {"share": share, "deciles": _rounded(deciles)}
    return found


def example(model: AtomicAutoencoder, sample: Sample, shown: int = 6) -> dict:
    """One image with as many spikes as there are, to look at: its pictures as `packed` bytes, and its true spikes.

    pictures: input, output and the `shown` atoms with most energy.
    """
    chosen = sample[int(sample.number.argmax())]
    found = model.decompose(chosen.images)
    order = found.shares[0].argsort(descending=True)[:shown]
    pictures = torch.cat([chosen.images[0], found.output[0], found.atoms[0, order, 0]])
    return {"pictures": packed(pictures), "size": model.size, "truth": _rounded(chosen.truth())}


def packed(pictures: Tensor) -> str:
    """Pictures (n, N, N) as text: hundredths in bytes, compressed; `unpacked` takes them back."""
    hundredths = (100 * pictures).round().clamp(-127, 127).to(torch.int8).numpy()
    return base64.b64encode(zlib.compress(hundredths.tobytes(), 9)).decode()


def unpacked(text: str, size: int) -> Tensor:
    """The inverse of `packed`, to a hundredth: pictures (n, size, size)."""
    flat = np.frombuffer(zlib.decompress(base64.b64decode(text)), np.int8)
    return torch.from_numpy(flat.astype(np.float32) / 100).view(-1, size, size)


def _counts(shape: tuple[int, ...], *places) -> list:
    """How often each place occurs, in a table of that shape; places: the indices along each axis."""
    table = np.zeros(shape, int)
    np.add.at(table, tuple(np.asarray(index, int) for index in places), 1)
    return table.tolist()


def _rounded(values) -> Any:
    """Numbers to four digits, as nested lists."""
    return [_rounded(value) for value in values] if np.ndim(values) else float(f"{float(values):.4g}")


def amplitudes_in(image: Tensor, theta: Tensor, sigma: float) -> Tensor:
    """Amplitudes (n,) with which spikes at the places of θ (n, 3) fit an image (N, N) best."""
    u, v = profiles(theta, image.shape[-1], sigma)
    seen = torch.einsum("xy,nx,ny->n", image, u, v)
    return torch.linalg.lstsq((u @ u.T) * (v @ v.T), seen[:, None]).solution[:, 0]
