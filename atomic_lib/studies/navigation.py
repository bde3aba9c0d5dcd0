"""What each coordinate of a latent block does to its atom (Fig. 4): what changes, how far, and nowhere else.

A spike has an amplitude and a place: a coordinate may hold one of them alone, or a mixture; here that is a number.
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from ..data.sample import Sample
from ..errors import BadInput, check_range
from ..gaussians import fit_gaussians, pairs, profiles, slopes
from ..metrics import fits, taken_apart
from ..model.autoencoder import AtomicAutoencoder, latent_range
from .spots import beyond

FORMS = {"strict": (0.9, 75), "loose": (0.5, 60)}  # amplitude share, and degrees between two motions


class Sweep(NamedTuple):
    """A walk through one block: coordinate j goes through `values` (d0, steps), the others stay.

    pictures: (d0, steps, N, N), the whole image. fitted: (d0, steps, 3), θ of the Gaussian that fits the block's atom;
    original: (3,), the same before the walk.
    """

    values: Tensor
    pictures: Tensor
    fitted: Tensor
    original: Tensor


def sweep(
    model: AtomicAutoencoder, image: Tensor, block: int, ranges: Tensor, steps: int = 7, sigma: float | None = None
) -> Sweep:
    """Figure 4: move each coordinate of one block of an image (1, 1, N, N) over its range (d0, 2).

    sigma: width of the Gaussian that is fitted, px; N/20 unless the images are spikes of known width. Raises `BadInput`
    for a block that the image does not use.
    """
    with torch.inference_mode():
        z, used = model.encode(image)
        if not 0 <= block < z.shape[1] or not used[0, block]:
            in_use = used[0].nonzero()[:, 0].tolist()
            raise BadInput(f"block {block} is not in use in this image; choose one of {in_use}.")
        values = torch.stack([torch.linspace(low, high, steps) for low, high in ranges.tolist()])
        moved = z[0].repeat(*values.shape, 1, 1)
        for j in range(len(values)):
            moved[j, :, block, j] = values[j].to(z)
        atoms = model.atoms(moved.flatten(0, 1), used.expand(values.numel(), -1)).cpu()
        before = model.atoms(z[:, [block]])[0, :, 0].cpu()
    fitted = fit_gaussians(torch.cat([before, atoms[:, block, 0]]), sigma or model.size / 20)
    pictures = model.combined(atoms).squeeze(1).unflatten(0, values.shape)
    return Sweep(values, pictures, fitted[1:].unflatten(0, values.shape), fitted[0])


def travel(walk: Sweep, detection: float) -> tuple[Tensor, Tensor]:
    """Between which θ a swept spike was: the least and the largest amplitude, row and column, both (d0, 3).

    Swept out of the picture, or under the amplitude `detection` that says "a spike is here", it has no place; out of
    the picture no amplitude either.
    """
    faint, place = walk.fitted[..., :1] < detection, walk.fitted[..., 1:]
    out = ((place < 0) | (place > walk.pictures.shape[-1] - 1)).any(dim=2, keepdim=True)
    gone = torch.cat([out, out | faint, out | faint], dim=2)
    least = walk.fitted.masked_fill(gone, torch.inf).amin(dim=1)
    return least, walk.fitted.masked_fill(gone, -torch.inf).amax(dim=1)


class Spiked(NamedTuple):
    """Blocks that hold one true spike each: z (M, d0), and θ of what was fitted to their atoms and of the truth, both
    (M, 3)."""

    z: Tensor
    fitted: Tensor
    truth: Tensor


def spiked(model: AtomicAutoencoder, sample: Sample) -> Spiked:
    """The blocks of a sample that detect a true spike, within one σ of it; raises `BadInput` if there is none."""
    _, sigma, detection = sample.known()
    found = []
    for batch, some in taken_apart(model, sample):
        for i, theta in enumerate(fits(batch, sigma)):
            truth, mine = some.truth(i), (theta[:, 0] >= detection).nonzero()[:, 0]
            for m, n in pairs(theta[mine, 1:], truth[:, 1:], sigma):
                found.append((batch.z[i, mine[m]], theta[mine[m]], truth[n]))
    if not found:
        raise BadInput("no block of this model holds a true spike of these images: there is nothing to navigate.")
    return Spiked(*(torch.stack(parts) for parts in zip(*found, strict=True)))


def navigation_metrics(model: AtomicAutoencoder, sample: Sample, steps: int = 7, swept: int = 48) -> dict:
    """Whether "the amplitude in the first coordinate, then two perpendicular motions" is what a model learned.

    The *amplitude coordinate* is the one with most of its effect on the amplitude (`amplitude_share`, 1 if alone, 0 if
    it only moves the spike); the two of the others that move a spike fastest should do so at a `motion_angle` of 90
    degrees. `still_px`: mean displacement as the amplitude coordinate is swept over its range, of `swept` blocks.
    `outside`: share of a sweep's change that lies beyond 3σ of where the spike was and is. `on_set`: share of ‖∂g/∂z‖²
    that keeps the atom a spike. disentanglement, completeness and the r2 of each factor: DCI (Eastwood & Williams 2018)
    of the block against (a, row, column), by random forests.
    """
    check_range("d0", model.d0, 2, 64)
    _, sigma, _ = sample.known()
    with torch.no_grad():
        z, fitted, truth = spiked(model, sample)
        parts = [model.jacobian(part.to(model.device)).cpu() for part in z.split(64)]
        moves = torch.cat([effects(j, f, sigma) for j, f in zip(parts, fitted.split(64), strict=True)])
        lengths = torch.cat([j.square().sum(dim=(2, 3)) for j in parts])
        shares = (moves[:, 0].square() / moves.square().sum(dim=1).clamp(min=1e-12)).mean(dim=0)
        first = int(shares.argmax())
        others = [j for j in range(model.d0) if j != first]
        speeds = moves[:, 1:].norm(dim=1)
        fast = sorted(others, key=lambda j: -float(speeds[:, j].mean()))[:2]
        still, outside = _swept(model, z[:swept], fitted[:swept], sigma, first, steps)
    found = {
        "amplitude_coordinate": first + 1, "amplitude_share": float(shares[first]), "still_px": still,
        "motion_share": float(1 - shares[others].mean()), "outside": outside, "spikes": len(z),
        "on_set": float((moves.square().sum(1) * torch.pi * fitted[:, :1] ** 2 / 2).sum() / lengths.sum()),
    }  # fmt: skip
    if len(fast) == 2:
        one, two = moves[:, 1:, fast[0]], moves[:, 1:, fast[1]]
        cosine = torch.cosine_similarity(one, two).abs().clamp(max=1)
        slow, quick = speeds[:, fast].sort(dim=1).values.T
        found["motion_angle"] = float(torch.rad2deg(torch.arccos(cosine)).mean())
        found["speed_ratio"] = float((slow / quick.clamp(min=1e-9)).mean())
    return {**found, **dci(z.numpy(), truth.numpy(), ("amplitude", "row", "column"))}


def measure(model: AtomicAutoencoder, count: int = 512) -> dict:
    """`navigation_metrics` on held-out images of the spikes that a model was trained on."""
    return navigation_metrics(model, model.recipe.data.held_out(count))


def summary(result: dict) -> dict:
    """What a table says of one recorded run: how well spikes were separated, and `navigation_metrics`.

    separate: whether the run's jaccard is 0.9 or more, for a block that does not hold one spike has no amplitude to
    speak of. shows: whether it has the form of the paper's Figure 4 by the strict rule of `has_form`, loosely: by the
    loose one.
    """
    metrics, found = result["metrics"], result["navigation"]
    return {
        **{name: metrics[name] for name in ("jaccard", "recall", "purity", "nmse")}, **found,
        "separate": metrics["jaccard"] >= 0.9,
        "shows": has_form(found), "loosely": has_form(found, "loose"),
    }  # fmt: skip


def has_form(found: dict, rule: str = "strict") -> bool:
    """Whether `navigation_metrics` show the form of the paper's Figure 4: so much of the effect of one coordinate on
    the amplitude, and two others that move the spike at so many degrees to each other, as the rule of `FORMS` asks."""
    share, angle = FORMS[rule]
    return found["amplitude_share"] >= share and found["motion_angle"] >= angle


def _swept(model, z: Tensor, fitted: Tensor, sigma: float, first: int, steps: int) -> tuple[float, float]:
    """`still_px` of coordinate `first` and `outside` of all, over blocks z (M, d0)."""
    ranges = latent_range(z[None], torch.ones(1, len(z), dtype=torch.bool))
    still, far, total = torch.zeros(1), 0.0, 0.0
    before = model.g(z.to(model.device)).squeeze(1).cpu()
    for j, (low, high) in enumerate(ranges.tolist()):
        moved = z.repeat(steps, 1, 1)
        moved[..., j] = torch.linspace(low, high, steps)[:, None]
        atoms = model.g(moved.flatten(0, 1).to(model.device)).squeeze(1).cpu()
        change, after = atoms - before.repeat(steps, 1, 1), fit_gaussians(atoms, sigma)[:, 1:]
        here = fitted[:, 1:].repeat(steps, 1)
        far += float(beyond(change, torch.stack([here, after], dim=1), 3 * sigma).sum())
        total += float(change.square().sum())
        if j == first:
            still = (after - here).norm(dim=1)
    return float(still.mean()), far / max(total, 1e-12)


def dci(codes: np.ndarray, factors: np.ndarray, names: tuple[str, ...]) -> dict:
    """Disentanglement, completeness and informativeness of codes (M, d0) for factors (M, F).

    Importances are a random forest's; both scores are 1 if each coordinate serves one factor and each factor one
    coordinate, 0 if all serve all. r2: what the whole block tells of a factor it was not fitted to (a third of them).
    """
    from scipy.stats import entropy
    from sklearn.ensemble import RandomForestRegressor
    from sklearn.model_selection import train_test_split

    seen, unseen, known, asked = train_test_split(codes, factors, test_size=1 / 3, random_state=0)
    forests = [RandomForestRegressor(100, min_samples_leaf=2, random_state=0).fit(seen, factor) for factor in known.T]
    importance = np.stack([forest.feature_importances_ for forest in forests], axis=1)  # (d0, F)
    of_code = importance.sum(axis=1, keepdims=True)
    # shares of equal size have an entropy of 1 to the base of their number; a coordinate of no use has none
    disentangled = 1 - np.nan_to_num(entropy(importance, axis=1, base=importance.shape[1]))
    r2 = [forest.score(unseen, factor) for forest, factor in zip(forests, asked.T, strict=True)]
    return {
        "disentanglement": float((disentangled * of_code[:, 0]).sum() / of_code.sum()),
        "completeness": float((1 - entropy(importance, axis=0, base=len(importance))).mean()),
        **{f"r2_{name}": float(value) for name, value in zip(names, r2, strict=True)},
    }


def effects(jacobian: Tensor, theta: Tensor, sigma: float) -> Tensor:
    """How far each coordinate carries a spike along (√2·σ·ln a, row, column): (M, 3, d0), px per unit.

    jacobian: ∂g/∂z (M, d0, N, N). theta: (M, 3). The three tangents of a·G(t) in these parameters are orthogonal and
    equally long, ‖·‖² = πa²/2: a change of amplitude and a motion are compared by what they change in the picture.
    """
    size = jacobian.shape[-1]
    (u, v), (du, dv) = profiles(theta, size, sigma), slopes(theta, size, sigma)
    scale = 2 / (np.pi * theta[:, :1])
    along = [(u / (2**0.5 * sigma), v), (du, v), (u, dv)]
    return torch.stack([scale * torch.einsum("mjrc,mr,mc->mj", jacobian, *pair) for pair in along], dim=1)
