"""Why a million steps: how the error of the authors' network falls with the steps, whoever takes them.

The held-out error of a training is read as a power law, nmse = c·steps^(−p), a line on logarithmic axes. What it says
of 10⁶ steps, which nobody here has taken, is an extrapolation, with the interval that seeds and points leave it.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from ..errors import BadInput
from ..figures import COLOURS

AUTHORS = 10**6  # steps that the authors took


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


def learning_curve(record: Mapping, metric: str, first: int = 0) -> tuple[list[int], list[float]]:
    """The held-out looks of a recorded run, (steps, values), from the step `first` on."""
    looks = [look for look in record["curve"]["held_out"] if look["step"] >= first]
    return [look["step"] for look in looks], [look[metric] for look in looks]


def learning_figure(runs: Mapping[str, Sequence[Mapping]], metrics: Sequence[str] = ("nmse", "jaccard")) -> Figure:
    """Held-out metrics against steps on logarithmic axes, a colour a variant, a thin line a seed, a thick one the mean.

    runs: the records of each variant.
    """
    figure = Figure(figsize=(4.2 * len(metrics), 3.6), dpi=110, layout="constrained")
    for axis, metric in zip(figure.subplots(1, len(metrics), squeeze=False)[0], metrics, strict=True):
        for i, (name, records) in enumerate(runs.items()):
            curves = [learning_curve(record, metric) for record in records]
            colour = COLOURS[i % len(COLOURS)]
            for steps, values in curves:
                axis.plot(steps, values, color=colour, lw=0.6, alpha=0.6)
            mean = np.mean([values for _, values in curves], axis=0)
            axis.plot(curves[0][0], mean, color=colour, lw=2, marker="o^sdvP"[i % 6], ms=4, label=name)
        axis.set(xlabel="steps", ylabel=metric, xscale="log")
        if metric == "nmse":
            axis.set_yscale("log")
        axis.spines[["top", "right"]].set_visible(False)
    axis.legend(frameon=False, fontsize=8)
    return figure
