"""A learned g against those who know the kernel, on the same images in one run: `python -m atomic_lib solvers`.

Seconds are of one processor core and do not count what other programs take; detections are matched within σ.
"""

import math
import time
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from ..data.sample import Sample
from ..data.spikes import Spikes
from ..errors import BadInput
from ..gaussians import pairs
from ..metrics import Matches, match
from ..model.autoencoder import AtomicAutoencoder
from ..model.encoders import cropped
from ..weights import commit, load
from . import fields, find, gains, quick, solvers
from .robustness import noisy
from .spots import around, drawn, fit_within

SETS: dict[str, tuple[Spikes, float, int]] = {  # what, the noise's std, how many images
    "2σ apart, noise 0.02": (Spikes(), 0.02, 16),
    "2σ apart, noise 0.05": (Spikes(), 0.05, 8),
    "2σ apart, noise 0.1": (Spikes(), 0.1, 8),
    "no separation, noise 0.02": (Spikes(separation=0.0), 0.02, 8),
    "15 spikes, noise 0.02": (Spikes(k=15, fewest=15), 0.02, 4),
    "30 spikes, noise 0.02": (Spikes(k=30, fewest=30, separation=1.0), 0.02, 2),
    "60 spikes, noise 0.02": (Spikes(k=60, fewest=60, separation=1.0), 0.02, 2),
}
LEAST = 0.25  # half the faintest spike: what is fainter is no detection
QUICK, WOLFE = "pursuit, few rounds (ours)", "sliding Frank–Wolfe"
BARE = "pursuit, few rounds, uncorrected (ours)"
Way = Callable[[Tensor], tuple[list[Tensor], Tensor]]  # images (B, 1, N, N) → θ (n, 3) of each, and x̂


def contest(part: str, progress: Callable[[str], None] = lambda line: None) -> dict[str, Any]:
    """One part of the chapter *In use*: "sets" of spikes, their "speed", the "range" of brightness, stars in "m13"."""
    if part not in PARTS:
        raise BadInput(f"there is no part “{part}” of the contest; choose one of {', '.join(PARTS)}.")
    return {part: PARTS[part](progress), "torch": torch.__version__, "commit": {part: commit()}}


def joined(record: dict[str, Any], one: dict[str, Any]) -> dict[str, Any]:
    """A record with one part more, or anew; each part keeps the commit that it was measured at."""
    commits = record.get("commit")  # of a record of before, one for all parts: not known of each
    return record | one | {"commit": (commits if isinstance(commits, dict) else {}) | one["commit"]}


def sets(progress: Callable[[str], None] = lambda line: None) -> list[dict[str, Any]]:
    """Every method on every set of `SETS`, a row each, and the Cramér–Rao bound of each set."""
    rows = []
    for name, (data, noise, count) in SETS.items():
        sample = data.held_out(count)
        images = noisy(sample, noise, 1).images
        for way, solve in ways(data, noise).items():
            progress(f"{name}: {way}")
            rows.append({"set": name, "method": way, "images": count, **measured(solve, images, sample, data.sigma)})
        rows.append({"set": name, "method": "Cramér–Rao bound", **bound(sample, data, noise)})
    return rows


def speed(
    progress: Callable[[str], None] = lambda line: None, count: int = 512, seeds: tuple[int, ...] = (0, 7)
) -> list[dict[str, Any]]:
    """The pursuits in few rounds and sliding Frank–Wolfe on many images of the default set, of several seeds."""
    rows, data, noise = [], Spikes(), 0.02
    every = ways(data, noise) | {BARE: few_rounds(load("spikes-pursuit"), data, 0)}
    for seed in seeds:
        sample = data.held_out(count, seed)
        images = noisy(sample, noise, seed).images
        for way in (BARE, QUICK, WOLFE):
            progress(f"{count} images of seed {seed}: {way}")
            rows.append({"seed": seed, "method": way, **measured(every[way], images, sample, data.sigma)})
    return rows


def ways(data: Spikes, noise: float) -> dict[str, Way]:
    """The solvers by name; the oracles among them are told σ, the noise or how many spikes there are at most."""
    model, sigma, height = load("spikes-pursuit"), data.sigma, 4 * noise * data.sigma * math.sqrt(math.pi)

    def pursuit(refine: int) -> Way:
        def solve(images: Tensor) -> tuple[list[Tensor], Tensor]:
            code = model.decompose(images, 2 * data.k, refine)
            return spikes_of(code.atoms[:, :, 0], code.used, sigma), code.output

        return solve

    def oracle(solver: Callable[[Tensor], Tensor]) -> Way:
        def solve(images: Tensor) -> tuple[list[Tensor], Tensor]:
            spots = [solver(image) for image in images[:, 0]]
            return spots, torch.stack([drawn(t, images.shape[2:], sigma) for t in spots])[:, None]

        return solve

    return {
        "pursuit (ours)": pursuit(0),
        "pursuit, refined (ours)": pursuit(5),
        QUICK: few_rounds(model, data, 1),
        WOLFE: oracle(lambda x: solvers.sliding_frank_wolfe(x, sigma, height)),
        "OP-COMP": oracle(lambda x: solvers.op_comp(x, sigma, data.k, LEAST)),
        "photutils": oracle(lambda x: solvers.photometry(x, sigma, noise)),
        "blob_log": oracle(lambda x: solvers.blobs(x, sigma, LEAST)),
    }


def few_rounds(model: AtomicAutoencoder, data: Spikes, again: int) -> Way:
    """The pursuit in few rounds, 64 images at a time, its blocks corrected so often."""

    def solve(images: Tensor) -> tuple[list[Tensor], Tensor]:
        spots, outputs = [], []
        for part in images.split(64):
            blocks, output = quick.pursue(model, part, 2 * data.k, again)
            spots += blocks.spikes(data.sigma).split(torch.bincount(blocks.which, minlength=len(part)).tolist())
            outputs.append(output)
        return spots, torch.cat(outputs)

    return solve


def measured(solve: Way, images: Tensor, sample: Sample, sigma: float, least: float = LEAST) -> dict[str, float]:
    """jaccard, precision, recall, rmse_px, amplitude_error, nmse and seconds an image of one way."""
    solve(images[:1])  # what is set up once is not counted
    began = time.process_time()
    spots, output = solve(images)
    seconds = (time.process_time() - began) / len(images)
    total = Matches()
    for i, theta in enumerate(spots):
        total += match(theta[theta[:, 0] >= least].double(), sample.truth(i).double(), sigma)
    nmse = float((output - images).square().sum() / images.square().sum())
    return {**total.scores(), "nmse": nmse, "seconds": seconds}


def bound(sample: Sample, data: Spikes, noise: float) -> dict[str, float]:
    """The rmse_px and the amplitude error (mean of abs(error)/a) that the Cramér–Rao bound allows, all spikes found."""
    squares, errors = [], []
    for i in range(len(sample)):
        there = sample.truth(i).double()
        least = solvers.cramer_rao(there, sample.images.shape[2:], data.sigma, noise)
        squares.append(least[:, 1:].square().sum(dim=1))
        errors.append(math.sqrt(2 / math.pi) * least[:, 0] / there[:, 0])
    return {"rmse_px": float(torch.cat(squares).mean().sqrt()), "amplitude_error": float(torch.cat(errors).mean())}


def three_decades(
    progress: Callable[[str], None] = lambda line: None, count: int = 4, k: int = 20, noise: float = 3e-4
) -> list[dict[str, Any]]:
    """Spikes of amplitudes 0.001…1: what the shipped pursuit makes of them, and ways to give it gains."""
    model, generator = load("spikes-pursuit"), torch.Generator().manual_seed(2)
    theta = Spikes(k=k, fewest=k).held_out(count).known()[0].clone()
    theta[..., 0] = 10 ** (-3 * torch.rand(count, k, generator=generator))
    images = torch.stack([drawn(t, (128, 128), 2.8) for t in theta])[:, None]
    sample = Sample(images, theta)
    images = images + noise * torch.randn(images.shape, generator=generator)
    stop = 5 * noise / (2 * math.sqrt(math.pi) * model.encoder.smooth)

    def shipped(x: Tensor) -> tuple[list[Tensor], Tensor]:
        code = model.decompose(x, 3 * k)
        return spikes_of(code.atoms[:, :, 0], code.used, 2.8), code.output

    def gained(joint: bool, refine: int = 0) -> Way:
        def solve(x: Tensor) -> tuple[list[Tensor], Tensor]:
            code = gains.pursue(model, x, 3 * k, stop, joint)
            code = gains.refined(model, code, x, refine) if refine else code
            return spikes_of(code.atoms[:, :, 0], code.used, 2.8), code.atoms.sum(dim=1)

        return solve

    def decades(x: Tensor) -> tuple[list[Tensor], Tensor]:
        found = [find.find(one, 2.8, model=model) for one in x[:, 0]]
        return [f.theta for f in found], torch.stack([f.spots + f.background for f in found])[:, None]

    tried = {
        "as shipped": shipped,
        "a gain for each block": gained(False),
        "all gains together": gained(True),
        "all gains together, refined": gained(True, 3),
        "decade by decade, polished with ψ": decades,
    }
    rows = []
    for way, solve in tried.items():
        progress(f"three decades of brightness: {way}")
        rows.append({"way": way, **measured(solve, images, sample, 2.8, noise)})
    return rows


def injected(
    progress: Callable[[str], None] = lambda line: None, rounds: int = 3, stars: int = 60, seed: int = 0
) -> dict[str, Any]:
    """Stars of known place and brightness put into the outer field of M13, and M13 itself: `find` beside photutils.

    photutils looks from five times the noise of a pixel; and once more from three, without the core, where its groups
    of neighbours would grow too large.
    """
    field, sigma = fields.shipped("m13").double(), fields.FIELDS["m13"].sigma
    generator, trials = torch.Generator().manual_seed(seed), []
    for turn in range(rounds):
        progress(f"M13 with stars put in, {turn + 1} of {rounds}")
        theta = _outer_stars(stars, generator)
        full = field + drawn(theta, field.shape, sigma)
        spots, _, found = beside(full, sigma)
        trials.append((theta, {**spots, FAINTER: _from_three(full, found, sigma)}))
    progress("M13 itself")
    spots, seconds, found = beside(field, sigma)
    (one, mine), (other, theirs) = spots.items()
    itself = {**spots, FAINTER: _from_three(field, found, sigma)}
    agreement = {one: _agreement(mine, theirs, found.noise, sigma), other: _agreement(theirs, mine, found.noise, sigma)}
    return {
        "noise": float(found.noise.median()), "seconds": seconds,
        "stars": {name: len(theta) for name, theta in spots.items()}, "share_in_the_other": agreement,
        "left": whiteness(field, found),
        "injected": [_curve(method, trials, itself, found.noise, sigma) for method in itself],
        "common": [_common([one, method], trials, found.noise, sigma) for method in (other, FAINTER)],
    }  # fmt: skip


def beside(field: Tensor, sigma: float) -> tuple[dict[str, Tensor], dict[str, float], find.Found]:
    """The spots of a field by `find` and by photutils, which is told the background and the noise that `find` ended
    with; the seconds that they took; and all that `find` says."""
    began = time.process_time()
    found = find.find(field, sigma)
    between = time.process_time()
    theirs = solvers.photometry(field.double() - found.background, sigma, float(found.noise.median()))
    seconds = {"find (ours)": between - began, "photutils": time.process_time() - between}
    return {"find (ours)": found.theta, "photutils": theirs}, seconds, found


def _from_three(field: Tensor, found: find.Found, sigma: float) -> Tensor:
    """The spots of photutils at a threshold of three times the noise of a pixel, without the core."""
    outer = torch.where(_farther(field.shape, CORE), field.double() - found.background, 0.0)
    return solvers.photometry(outer, sigma, float(found.noise.median()), threshold=3.0)


def whiteness(field: Tensor, found: find.Found) -> dict[str, float]:
    """What is left of the outer field: its std over the noise, and how alike neighbours are, with stars and without."""
    outer = _farther(field.shape, OUTER)[:, 1:]
    numbers = {}
    for name, spots in (("with stars", 0 * found.spots), ("without", found.spots)):
        left = (field - found.background - spots) / found.noise
        pair = torch.stack([left[:, 1:][outer], left[:, :-1][outer]])
        numbers[f"std, {name}"] = float(pair[0].std())
        numbers[f"neighbours' correlation, {name}"] = float(torch.corrcoef(pair)[0, 1])
    return numbers


def by_set(rows: list[dict], key: str) -> list[dict]:
    """One number of every method on every set, a row a set, for a table."""
    methods = list(dict.fromkeys(row["method"] for row in rows if key in row))
    value = {(row["set"], row["method"]): row.get(key, math.nan) for row in rows}
    sets = dict.fromkeys(row["set"] for row in rows)
    return [{"spikes": name, **{method: float(value[name, method]) for method in methods}} for name in sets]


def by_method(rows: list[dict], key: str) -> dict[str, float]:
    """One number of every method, the mean over the seeds."""
    every = {row["method"]: [other[key] for other in rows if other["method"] == row["method"]] for row in rows}
    return {method: sum(values) / len(values) for method, values in every.items()}


def by_brightness(curves: list[dict]) -> list[dict]:
    """Of stars put in, a row a range of signal to noise, for a table: each method's recall, precision and distance."""
    rows = []
    for bins in zip(*(curve["bins"] for curve in curves), strict=True):
        row = {"signal to noise from": bins[0]["from"], "stars": bins[0]["stars"]}
        for curve, one in zip(curves, bins, strict=True):
            numbers = (one.get(key) for key in ("recall", "precision", "rmse_px"))
            row[curve["method"]] = " / ".join("–" if number is None else f"{number:.2f}" for number in numbers)
        rows.append(row)
    return rows


CENTRE, OUTER = (147.0, 153.0), 85.0  # of M13, px, and where its outer field begins
CORE = 75.0  # px: where stars begin to be too many for photutils at 3σ
FAINTER = "photutils from 3σ"
BRIGHT = 10.0  # signal to noise
BINS = (3, 5, 10, 20, 50, 1000)  # of signal to noise: amplitude over its least standard error


def _outer_stars(count: int, generator: torch.Generator) -> Tensor:
    """Stars θ in the outer field of M13, of amplitudes 12…1500, log-uniform, 8 px apart and from the border."""
    places: list[Tensor] = []
    while len(places) < count:
        place = 8 + 283 * torch.rand(2, generator=generator, dtype=torch.float64)
        if _is_outer(place) and all((place - other).norm() > 8 for other in places):
            places.append(place)
    amplitude = 12 * 125 ** torch.rand(count, 1, generator=generator, dtype=torch.float64)
    return torch.cat([amplitude, torch.stack(places)], dim=1)


def _is_outer(places: Tensor) -> Tensor:
    """Whether places of M13 (…, 2), px, lie in its outer field."""
    return (places - torch.tensor(CENTRE)).norm(dim=-1) > OUTER


def _farther(shape, radius: float) -> Tensor:
    """Which pixels of M13 (H, W) are farther than `radius` px from its centre."""
    rows, columns = (torch.arange(side, dtype=torch.float64) for side in shape)
    return (rows[:, None] - CENTRE[0]) ** 2 + (columns - CENTRE[1]) ** 2 > radius**2


def _errors(method: str, trials: list, noise: Tensor, sigma: float) -> Tensor:
    """Of each star put in (n, 3): its signal to noise, and by how far, px, and by what share of its amplitude, one
    method misses it; NaN where it has not found it."""
    rows = []
    for truth, spots in trials:
        partner = {j: i for i, j in pairs(spots[method][:, 1:], truth[:, 1:], sigma)}
        for j, (star, ratio) in enumerate(zip(truth, _signal(truth, noise, sigma), strict=True)):
            off = spots[method][partner[j]] - star if j in partner else torch.full((3,), math.nan)
            rows.append([float(ratio), float(off[1:].norm()), float(off[0].abs() / star[0])])
    return torch.tensor(rows, dtype=torch.float64)


def _signal(theta: Tensor, noise: Tensor, sigma: float) -> Tensor:
    """The signal to noise of each of some stars (n, 3): amplitude over its least standard error."""
    rows, columns = theta[:, 1:].round().long().clamp(0, len(noise) - 1).T  # M13 is square
    return theta[:, 0] * sigma * math.sqrt(math.pi) / noise[rows, columns]


def _new_claims(method: str, trials: list, itself: dict[str, Tensor], noise: Tensor, sigma: float) -> Tensor:
    """Of each spot (n, 2) that one method claims in the outer field with stars put in, and not in the field `itself`:
    its signal to noise, and 1 if a star was put there, else 0."""
    rows = []
    for truth, spots in trials:
        claims = spots[method]
        right, known = ({i for i, _ in pairs(claims[:, 1:], there[:, 1:], sigma)} for there in (truth, itself[method]))
        outer = _is_outer(claims[:, 1:])
        for i, ratio in enumerate(_signal(claims, noise, sigma)):
            if i in right or (outer[i] and i not in known):
                rows.append([float(ratio), float(i in right)])
    return torch.tensor(rows, dtype=torch.float64).reshape(-1, 2)


def _curve(method: str, trials: list, itself: dict[str, Tensor], noise: Tensor, sigma: float) -> dict[str, Any]:
    """Recall, precision and errors of one method by signal to noise, and over all stars of 10 and more."""
    ratio, off, share = _errors(method, trials, noise, sigma).T
    claimed, right = _new_claims(method, trials, itself, noise, sigma).T

    def over(low: float, high: float) -> dict[str, float]:
        inside = (ratio >= low) & (ratio < high)
        seen = inside & ~off.isnan()
        found = {"from": low, "stars": int(inside.sum()), "recall": int(seen.sum()) / max(1, int(inside.sum()))}
        if (here := (claimed >= low) & (claimed < high)).any():
            found["precision"] = float(right[here].mean())
        if seen.any():
            found |= {"rmse_px": float(off[seen].square().mean().sqrt()), "median_px": float(off[seen].quantile(0.5)),
                      "median_amplitude_error": float(share[seen].quantile(0.5))}  # fmt: skip
        return found

    bins = [over(*pair) for pair in zip(BINS, BINS[1:], strict=False)]
    return {"method": method, "bins": bins, "bright": over(BRIGHT, math.inf)}


def _common(methods: list[str], trials: list, noise: Tensor, sigma: float) -> dict[str, Any]:
    """How far off, px, root mean square, methods are on those bright stars that all of them found: like with like; and
    the least that lone stars of that signal to noise could be."""
    errors = torch.stack([_errors(method, trials, noise, sigma) for method in methods])
    ratio, off = errors[0, :, 0], errors[:, :, 1]
    both = (ratio >= BRIGHT) & ~off.isnan().any(dim=0)
    numbers = {name: float(one[both].square().mean().sqrt()) for name, one in zip(methods, off, strict=True)}
    least = float((2 * sigma / ratio[both]).square().mean().sqrt())
    return {"methods": methods, "stars": int(both.sum()), "rmse_px": numbers, "bound_px": least}


def _agreement(mine: Tensor, theirs: Tensor, noise: Tensor, sigma: float) -> float:
    """Share of one's outer stars of signal to noise 10 and more that the other has within a pixel, too."""
    bright = _signal(mine, noise, sigma) >= BRIGHT
    chosen = mine[bright & _is_outer(mine[:, 1:])]
    return len(pairs(chosen[:, 1:], theirs[:, 1:], 1.0)) / max(1, len(chosen))


def spikes_of(atoms: Tensor, used: Tensor, sigma: float) -> list[Tensor]:
    """The spikes θ (n, 3) that the atoms (B, k, N, N) in use of each image are, as far as 6σ around their peaks."""
    there, side = atoms[used][:, None], atoms.shape[-1]
    place = there.flatten(1).argmax(dim=1)
    origin, width = around(torch.stack([place // side, place % side], dim=1), sigma, side)
    theta = fit_within(cropped(there, origin + width // 2, width)[:, 0], origin, sigma)
    return list(theta.split(used.sum(dim=1).tolist()))


PARTS: dict[str, Callable[..., Any]] = {"sets": sets, "speed": speed, "range": three_decades, "m13": injected}
