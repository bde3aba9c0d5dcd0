"""Why a million steps: how the error of the authors' network falls with the steps, whoever takes them.

The held-out error of a training is read as a power law, nmse = c·steps^(−p), a line on logarithmic axes. What it says
of 10⁶ steps, which nobody here has taken, is an extrapolation, with the interval that seeds and points leave it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from ..errors import BadInput
from ..names import colour_of
from .page import legend, panelled
from .prose import ranged

if TYPE_CHECKING:
    from pandas import DataFrame

AUTHORS = 10**6  # steps that the authors took
STARTS = {"torch": "torch's own", "kaiming": "He et al.'s"}  # of the ablation `million`, and what a reader calls them
STEPPERS = {"released": "Adam, as released", "adam": "Adam, cosine", "muon": "Muon"}
STEPPED = ("#000000", "#56B4E9", "#8A6D00")  # their colours, which are no model's
LEAST = 0.01  # a jaccard under which a logarithm says little


class PowerLaw(NamedTuple):
    """value = scale · steps^exponent, for steps from `first` on."""

    scale: float
    exponent: float
    first: float = 1.0

    def at(self, steps):
        return self.scale * np.asarray(steps, dtype=float) ** self.exponent


class Estimate(NamedTuple):
    """A number and the interval that 95 % of resampled fits leave it."""

    value: float
    low: float
    high: float

    def said(self, form: str) -> str:
        """As a reader reads it: 0.03 (0.02–0.04) for ".2f"."""
        return f"{self.value:{form}} ({self.low:{form}}–{self.high:{form}})"


def power_law(steps: Sequence[float], values: Sequence[float]) -> PowerLaw:
    """The line through log(steps) and log(values) of least squares.

    Raises `BadInput` for fewer than two different steps, and for what has no logarithm.
    """
    x, y = np.asarray(steps, dtype=float), np.asarray(values, dtype=float)
    if x.shape != y.shape or len(np.unique(x)) < 2 or not (x > 0).all() or not (y > 0).all():
        raise BadInput("a power law needs positive values at two or more different, positive numbers of steps.")
    exponent, intercept = np.polyfit(np.log(x), np.log(y), 1)
    return PowerLaw(float(np.exp(intercept)), float(exponent), float(x.min()))


def extrapolated(
    curves: Sequence[tuple[Sequence[float], Sequence[float]]], steps: float = AUTHORS, draws: int = 1000, seed: int = 0
) -> Estimate:
    """What the power law of several runs, each (steps, values), says of so many steps.

    The interval: runs, and points within a run, drawn anew with replacement. It holds what they differ by, not whether
    the law goes on to hold.
    """
    points = [np.stack([np.asarray(part, dtype=float) for part in curve]) for curve in curves]
    generator, found = np.random.default_rng(seed), []
    for _ in range(draws):
        runs = [points[i] for i in generator.integers(len(points), size=len(points))]
        some = np.concatenate([run[:, generator.integers(run.shape[1], size=run.shape[1])] for run in runs], axis=1)
        if len(np.unique(some[0])) > 1:
            found.append(power_law(*some).at(steps))
    return Estimate(float(power_law(*np.concatenate(points, axis=1)).at(steps)), *np.quantile(found, (0.025, 0.975)))


def after(curve: tuple[Sequence[float], Sequence[float]], first: int) -> tuple[list[float], list[float]]:
    """The points of a curve, (steps, values), from the step `first` on."""
    kept = [(step, value) for step, value in zip(*curve, strict=True) if step >= first]
    return [step for step, _ in kept], [value for _, value in kept]


def missed(record: Mapping) -> tuple[list[int], list[float]]:
    """1 − jaccard at the held-out looks of a recorded run: what is missed or invented, of all there is."""
    steps, found = learning_curve(record, "jaccard")
    return steps, [1 - share for share in found]


def learning_curve(record: Mapping, metric: str) -> tuple[list[int], list[float]]:
    """The held-out looks of a recorded run, (steps, values)."""
    looks = record["curve"]["held_out"]
    return [look["step"] for look in looks], [look[metric] for look in looks]


def started(result: Mapping) -> dict:
    """The numbers of one recorded run of the ablation `million` that `beginnings` needs."""
    looks, last = result["curve"]["held_out"], result["metrics"]
    return {"first": looks[0]["nmse"], "nmse": last["nmse"], "jaccard": last["jaccard"]}


def laws(runs: Mapping[str, Sequence[Mapping]], first: int) -> dict[str, Estimate]:
    """What the power law of each variant's runs, from the step `first` on, says of the error after 10⁶ steps.

    runs: the records of each variant. One with a run that ends no better than a black picture has no law yet.
    """
    curves = {name: [learning_curve(run, "nmse") for run in of_one] for name, of_one in runs.items()}
    begun = {name: of_one for name, of_one in curves.items() if all(values[-1] < 1 for _, values in of_one)}
    return {name: extrapolated([after(curve, first) for curve in of_one]) for name, of_one in begun.items()}


def beginnings(runs: DataFrame, ends: Mapping[str, Estimate]) -> list[dict]:
    """Rows of a table, one a variant of the ablation `million`, of its `ablations.frame`: means, least and most of
    seeds, and what its law says (`laws`). – stands for a jaccard of nothing in all of them, and for no law."""
    rows = []
    for variant, of_one in runs.groupby("variant", sort=False):
        init, _, stepper = str(variant).partition("-")
        end = ends.get(str(variant))
        rows.append(
            {
                "weights at the start": STARTS[init], "steps taken by": STEPPERS[stepper],
                "nmse at the first look": ranged(of_one.first, _form(of_one.first)),
                "nmse at the end": ranged(of_one.nmse, _form(of_one.nmse)),
                "jaccard": ranged(of_one.jaccard, ".3f") if of_one.jaccard.max() >= 5e-4 else "–",
                "nmse at 10⁶, by its law": end.said(".2f") if end else "–",
            }
        )  # fmt: skip
    return rows


def _form(values: Sequence[float]) -> str:
    """Whole numbers of what is larger than a few, hundredths of the rest."""
    return ",.0f" if max(values) > 9 else ".2f"


def learning_figure(runs: Mapping[str, Sequence[Mapping]]) -> Figure:
    """Held-out error and jaccard against steps on logarithmic axes: a column a start, a line a seed, a colour an
    optimiser.

    runs: the records of each variant of the ablation `million`. An error of 1 is that of a black picture; under
    `LEAST` the axis of the jaccard goes straight to zero.
    """
    panels = [(metric, start) for metric in ("nmse", "jaccard") for start in STARTS]
    figure, axes = panelled(len(panels), 3.4, 2.6)
    for axis, (metric, start) in zip(axes, panels, strict=True):
        for (name, label), colour, marker in zip(STEPPERS.items(), STEPPED, "osd", strict=True):
            for i, record in enumerate(runs[f"{start}-{name}"]):
                curve = learning_curve(record, metric)
                axis.plot(*curve, color=colour, marker=marker, ms=3, lw=1.1, label=None if i else label)
        axis.set(title=f"start: {STARTS[start]}", xlabel="steps", ylabel=metric, xscale="log")
        if metric == "nmse":
            axis.axhline(1, color="0.5", lw=0.8, ls=":")
            axis.set_yscale("log")
        else:
            axis.set_yscale("symlog", linthresh=LEAST, linscale=0.5)
            axis.set_ylim(-LEAST / 10, 1)
        axis.yaxis.set_major_formatter("{x:g}")
    axes[1].yaxis.set_minor_formatter("{x:g}")
    legend(figure, axes[0])
    return figure


def million_figure(curves: Mapping[str, tuple[Sequence[float], Sequence[float]]], first: int) -> Figure:
    """What falls in a training, on logarithmic axes, and what its power law from the step `first` on says of 10⁶ steps.

    curves: (steps, values) by what they are. The bar at the end is the `Estimate`.
    """
    figure, axes = panelled(len(curves), 3.4, 3.1)
    colour = colour_of("spikes-reference")
    for axis, (what, (steps, values)) in zip(axes, curves.items(), strict=True):
        curve = after((steps, values), first)
        law, there = power_law(*curve), extrapolated([curve])
        axis.plot(steps, values, "o", ms=3.5, color=colour, label="measured")
        axis.plot((first, AUTHORS), law.at((first, AUTHORS)), "--", lw=1.2, color=colour, label="power law")
        bar = [[there.value - there.low], [there.high - there.value]]
        axis.errorbar([AUTHORS], [there.value], bar, fmt="s", ms=5, capsize=4, color="#D55E00", label="extrapolated")
        axis.set(title=what, xlabel="steps", xscale="log", yscale="log")
        axis.yaxis.set_major_formatter("{x:g}")
        axis.yaxis.set_minor_formatter(NullFormatter())
    legend(figure, axes[0])
    return figure
