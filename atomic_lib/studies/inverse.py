"""Broken images mended with g as the prior, beside those who do without: `python -m atomic_lib.studies.inverse`.

Spikes and digits that are noisy, blurred, full of holes, of few pixels, or seen through random numbers alone. What is
measured is kept in data/results/inverse.json. The strength of every other prior is chosen on images of its own, whose
truth is known, for each task and level of noise; ours has none.
"""

import math
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from matplotlib.figure import Figure
from torch import Tensor

from ..data.digits import Digits
from ..data.sample import Sample
from ..data.spikes import Spikes
from ..errors import BadInput
from ..figures import COLOURS, picture_grid, show
from ..files import data_folder, write_json
from ..gaussians import render
from ..images import blur
from ..metrics import Matches, match
from ..model.operators import Map, Operator
from ..weights import commit, load, read_record
from . import restorers, solvers
from .contest import LEAST, spikes_of
from .page import legend, panelled

RESULT = "inverse.json"  # in data/results
NOISES = (0.02, 0.05, 0.1)  # its standard deviation, over that of a pixel of full ink
SEEDS = 0, 1, 2  # of held-out images
TUNING = 1000  # the seed of the images on which the others' strengths are chosen
OURS, ORACLE = "atoms (ours)", "known kernel"
SIDE = 128  # px
Way = tuple[restorers.Restorer, Callable[[float], tuple[float, ...]]]  # and the strengths to choose from, by noise


class Prior(NamedTuple):
    """Which images, which shipped weights know them, how many blocks these may use (None: as in training), and how
    many images of each seed are mended."""

    data: Any
    weights: str
    k: int | None
    each: int


PRIORS = {"spikes": Prior(Spikes(), "spikes-pursuit", 20, 3), "digits": Prior(Digits(), "digits-pursuit", None, 2)}


def operators(size: int = SIDE) -> dict[str, Map]:
    """What is done to images (B, 1, N, N), by name: linear functions, the same at every call."""
    generator = torch.Generator().manual_seed(7)
    mask = torch.rand(size, size, generator=generator) < 0.2
    signs = (2 * torch.randint(2, (size, size), generator=generator) - 1).float()
    chosen = torch.randperm(size**2, generator=generator)[: size**2 // 10]

    def project(images: Tensor) -> Tensor:
        """A tenth of the numbers of a Hartley transform of the image with random signs."""
        waves = torch.fft.fft2(signs * images, norm="ortho")
        return (waves.real - waves.imag).flatten(1)[:, chosen]

    return {
        "noise alone": lambda images: images,
        "blurred, 3 px": lambda images: blur(images, 3.0),
        "80 % of pixels lost": lambda images: images * mask,
        "half the pixels a side": lambda images: F.avg_pool2d(images, 2),
        "a quarter of them": lambda images: F.avg_pool2d(images, 4),
        "10 % random numbers": project,
    }


def broken(sample: Sample, operator: Map, noise: float, seed: int) -> Tensor:
    """y = A(x) + noise of a sample's images, (B, …)."""
    y = operator(sample.images)
    return y + noise * torch.randn(y.shape, generator=torch.Generator().manual_seed(seed))


def rivals(task: str) -> dict[str, Way]:
    """Who else mends, by name; non-local means only where there is an image to look at."""
    ways: dict[str, Way] = {
        "Tikhonov": (restorers.tikhonov, lambda noise: tuple(noise * 3.0**i for i in range(-2, 7))),
        "total variation": (restorers.total_variation, lambda noise: tuple(noise * 2.0**i for i in range(-5, 4))),
    }
    if task == "noise alone":
        ways["non-local means"] = restorers.non_local_means, lambda noise: tuple(noise * h for h in (0.5, 0.8, 1.2, 2))
    return ways


def measure(kind: str, progress: Callable[[str], None] = lambda line: None) -> list[dict[str, Any]]:
    """Every way on every task and noise, a row each: psnr of each image, strength, seconds an image and, of spikes,
    jaccard and rmse_px. Raises `BadInput` for a kind that is none of `PRIORS`."""
    if kind not in PRIORS:
        raise BadInput(f"there are no images of “{kind}” to mend; choose one of {', '.join(PRIORS)}.")
    prior = PRIORS[kind]
    samples = {seed: prior.data.held_out(prior.each, seed) for seed in (*SEEDS, TUNING)}
    whole = _together([samples[seed] for seed in SEEDS])
    rows = []
    for task, function in operators().items():
        for noise in NOISES:
            progress(f"{kind}, {task}, noise {noise}")
            y = torch.cat([broken(samples[seed], function, noise, seed) for seed in SEEDS])
            operator, tuning = Operator(function, SIDE, y.shape[1:]), broken(samples[TUNING], function, noise, TUNING)
            for way, solve in ways(prior, task, operator, noise, tuning, samples[TUNING].images).items():
                rows.append({"kind": kind, "task": task, "noise": noise, "way": way, **judged(solve, y, whole)})
    return rows


Mended = tuple[Tensor, list[Tensor] | None, float]  # images, θ of each where a way says it, the strength or NaN


def ways(
    prior: Prior, task: str, operator: Operator, noise: float, tuning: Tensor, images: Tensor
) -> dict[str, Callable[[Tensor], Mended]]:
    """All who mend a task, ready: ours, the others as strong as serves them best on `images`, and who knows ψ."""
    model = load(prior.weights, "cpu")

    def ours(y: Tensor) -> Mended:
        found = model.recover(y, operator.forward, k=prior.k)
        spikes = isinstance(prior.data, Spikes)
        return found.output, spikes_of(found.atoms[:, :, 0], found.used, prior.data.sigma) if spikes else None, math.nan

    def other(solve: restorers.Restorer, strength: float, y: Tensor) -> Mended:
        mended, spikes = solve(operator, y, strength), isinstance(prior.data, Spikes)
        return mended, [solvers.blobs(x, prior.data.sigma, LEAST) for x in mended[:, 0]] if spikes else None, strength

    def oracle(y: Tensor) -> Mended:
        theta = restorers.known_kernel(operator, y, prior.data.sigma, noise)
        return torch.cat([render(one[None], operator.size, prior.data.sigma) for one in theta]), theta, math.nan

    found: dict[str, Callable[[Tensor], Mended]] = {OURS: ours}
    for name, (solve, strengths) in rivals(task).items():
        strength = restorers.tuned(solve, strengths(noise), operator, tuning, images)
        found[name] = partial(other, solve, strength)
    return found | ({ORACLE: oracle} if isinstance(prior.data, Spikes) else {})


def judged(solve: Callable[[Tensor], Mended], y: Tensor, sample: Sample) -> dict[str, Any]:
    """How near one way comes to the images of a sample: psnr of each, and jaccard and rmse_px of its spikes."""
    began = time.process_time()
    mended, theta, strength = solve(y)
    row: dict[str, Any] = {"psnr": [round(float(one), 3) for one in restorers.psnr(mended, sample.images)]}
    row["seconds"] = (time.process_time() - began) / len(y)
    row |= {} if math.isnan(strength) else {"strength": strength}
    if theta is None:
        return row
    total = Matches()
    for i, spots in enumerate(theta):
        total += match(spots[spots[:, 0] >= LEAST].double(), sample.truth(i).double(), float(sample.sigma or 0))
    scores = total.scores()
    row["jaccard"] = scores["jaccard"]
    return row | ({"rmse_px": scores["rmse_px"]} if total.true else {})


def by_task(rows: list[dict], kind: str, noise: float, key: str = "psnr") -> list[dict]:
    """The mean of one number of every way on every task, a row a task, for a table; “–” where a way does not apply."""
    chosen = [row for row in rows if row["kind"] == kind and row["noise"] == noise]
    value = {(row["task"], row["way"]): float(np.mean(row[key])) for row in chosen if key in row}
    names = dict.fromkeys(way for _, way in value)
    return [
        {"task": task, **{way: value.get((task, way), "–") for way in names}}
        for task in dict.fromkeys(row["task"] for row in chosen)
    ]


def beaten(rows: list[dict], kind: str, key: str = "psnr") -> list[dict]:
    """Which prior that nobody taught comes nearest to the truth, where it comes nearer than ours: a row a task, for a
    table; “–” where ours is the nearest."""
    table: dict[str, dict] = {}
    for noise in NOISES:
        for row in by_task(rows, kind, noise, key):
            others = {way: value for way, value in row.items() if way not in ("task", OURS, ORACLE) and value != "–"}
            best = max(others, key=lambda way: others[way])
            ahead = best if others[best] > row[OURS] else "–"
            table.setdefault(row["task"], {"task": row["task"]})[f"noise {noise:g}"] = ahead
    return list(table.values())


def how_often(table: list[dict]) -> str:
    """In how many of the cases of `beaten` ours is not the nearest, in words."""
    cases = [who for row in table for name, who in row.items() if name != "task"]
    return f"{sum(who != '–' for who in cases)} of {len(cases)}"


def lead(rows: list[dict], kind: str, over: str) -> list[float]:
    """By how many dB our mean psnr is above that of another way, for every task and noise that it took part in."""
    tables = [row for noise in NOISES for row in by_task(rows, kind, noise)]
    return [row[OURS] - row[over] for row in tables if row[over] != "–"]


def against_noise(rows: list[dict], kind: str) -> Figure:
    """psnr of every way against the noise, a panel a task: the mean, and each image a mark."""
    tasks = list(dict.fromkeys(row["task"] for row in rows if row["kind"] == kind))
    names = list(dict.fromkeys(row["way"] for row in rows if row["kind"] == kind))
    figure, axes = panelled(len(tasks), width=3.7)
    for axis, task in zip(axes, tasks, strict=True):
        for name in names:
            part = [row for row in rows if (row["kind"], row["task"], row["way"]) == (kind, task, name)]
            style = {"color": COLOURS[names.index(name)], "marker": "os^Dv"[names.index(name)], "ms": 4, "label": name}
            axis.plot([row["noise"] for row in part], [np.mean(row["psnr"]) for row in part], **style)
            for row in part:
                axis.plot([row["noise"]] * len(row["psnr"]), row["psnr"], ".", color=style["color"], ms=3, alpha=0.4)
        axis.set_title(task, fontsize=9)
        axis.set(xlabel="noise", xticks=NOISES)
    for axis in axes[:: max(1, len(axes) // 2)]:
        axis.set_ylabel("psnr, dB")
    legend(figure, axes[0])
    return figure


def pictures(kind: str, tasks: list[str], noise: float, seed: int = 0, strengths: list[dict] | None = None) -> Figure:
    """One image of `PRIORS[kind]` on each of some tasks, a row each: what was measured, as near as it can be shown,
    what each way makes of it, and the truth. strengths: recorded rows, from which the others take theirs."""
    prior, shown, titles = PRIORS[kind], [], []
    sample, known = prior.data.held_out(1, seed), strengths or []
    for task in tasks:
        function = operators()[task]
        y = broken(sample, function, noise, seed)
        operator, row = Operator(function, SIDE, y.shape[1:]), [("measured", _visible(y))]
        row.append((OURS, load(prior.weights, "cpu").recover(y, function, k=prior.k).output))
        for name, (solve, _) in rivals(task).items():
            strength = next(r["strength"] for r in known if _of(r) == (kind, task, noise, name))
            if name != "non-local means":
                row.append((name, solve(operator, y, strength)))
        row.append(("truth", sample.images))
        shown += [picture[0, 0] for _, picture in row]
        titles += [name for name, _ in row] if task == tasks[0] else [""] * len(row)
    columns = len(shown) // len(tasks)
    figure, axes = picture_grid(len(shown), columns)
    for i, (axis, picture) in enumerate(zip(axes, shown, strict=True)):
        show(axis, picture, titles[i], max(1.0, float(shown[-1].abs().max())))
        if i % columns == 0:
            axis.set_ylabel(tasks[i // columns].replace(" of ", "\nof ").replace(" a side", "\na side"), fontsize=7)
    return figure


def _visible(y: Tensor) -> Tensor:
    """What was measured, if it is an image; else nothing to see."""
    return y if y.ndim == 4 else torch.zeros(len(y), 1, 2, 2)


def _of(row: dict) -> tuple:
    return row["kind"], row["task"], row["noise"], row["way"]


def _together(samples: list[Sample]) -> Sample:
    """Several samples as one; those of spikes with their truth."""
    images = torch.cat([one.images for one in samples])
    if samples[0].theta is None:
        return Sample(images)
    return Sample(images, torch.cat([one.known()[0] for one in samples]), samples[0].sigma, samples[0].detection)


def recorded() -> list[dict]:
    """The rows that were measured; raises `BadInput` where they are missing."""
    kept = read_record(data_folder() / "results" / RESULT)
    if not set(PRIORS) <= kept.keys():
        raise BadInput(f"{RESULT}: not all was measured; do it with: python -m atomic_lib.studies.inverse")
    return [row for kind in PRIORS for row in kept[kind]["rows"]]


def main(kinds: list[str]) -> None:
    """Measure these kinds of images, or all, and keep what was found beside what is kept of the others."""
    path = data_folder() / "results" / RESULT
    for kind in kinds or PRIORS:
        rows = measure(kind, lambda line: print(f"inverse: {line}", file=sys.stderr, flush=True))
        kept = read_record(path) if path.exists() else {}
        weights = (load(PRIORS[kind].weights, "cpu").record or {})["sha256"]
        write_json(
            path, {**kept, kind: {"sha256": weights, "torch": torch.__version__, "commit": commit(), "rows": rows}}
        )


if __name__ == "__main__":
    main(sys.argv[1:])
