"""What was found of territories, drawn: recall, precision and flawless pictures, a colour a model."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from ..names import COLOURS
from .territories import found_share, perfect_chance

MARKERS = {"authors'": "o", "one-shot": "s", "slots": "D", "pursuit": "^"}
SIZE = (5.0, 3.3)  # inches


def recall(surveys: Mapping[str, dict], k: int) -> Figure:
    """Recall against the number of spikes n, the mean and the range over seeds; dashed, what k equal territories give.

    surveys: `survey.survey` of each model, by its name in the book.
    """
    figure, axis = _panel(xlabel="spikes in the picture, $n$", ylabel="recall", ylim=(0, 1.04))
    _against_number(axis, surveys, "recall")
    numbers = np.arange(1, _most(surveys) + 1)
    shares = [found_share(int(n), k) for n in numbers]
    axis.plot(numbers, shares, "k--", lw=1.3, label=f"formula, {k} equal territories")
    axis.legend(frameon=False, fontsize=9, loc="lower left")
    return figure


def flawless(surveys: Mapping[str, dict], k: int) -> Figure:
    """The share of pictures of n spikes that come out perfect; dashed, how often n spikes lie in n different ones of k
    equal territories."""
    figure, axis = _panel(xlabel="spikes in the picture, $n$", ylabel="pictures without a fault", ylim=(-0.02, 1.04))
    _against_number(axis, surveys, "perfect")
    numbers = np.arange(1, _most(surveys) + 1)
    chances = [perfect_chance(int(n), k) for n in numbers]
    axis.plot(numbers, chances, "k--", lw=1.3, label=f"all in different ones\nof {k} equal territories")
    axis.legend(frameon=False, fontsize=9)
    return figure


def by_distance(surveys: Mapping[str, dict]) -> Figure:
    """Precision on single spikes against the distance from the border of a territory, in steps of 2, 4, 8… px.

    Of a model whose map has no border there is no line.
    """
    figure, axis = _panel(xlabel="distance from the nearest border, px", ylabel="precision", ylim=(0, 1.04))
    for name, found in surveys.items():
        rows = [row for row in found["by_distance"] if row["images"]]
        if rows:
            places, labels = range(len(rows)), _steps(rows)
            style = {"color": COLOURS[name], "marker": MARKERS[name], "ms": 6, "label": name}
            axis.plot(places, [row["precision"] for row in rows], **style)
            axis.set_xticks(places, labels)
    axis.legend(frameon=False, fontsize=9, loc="lower right")
    return figure


def _steps(rows: Sequence[dict]) -> list[str]:
    """What stands under each bin: from and to; of the last, from."""
    inner = [f"{row['low']:.0f}–{row['high']:.0f}" for row in rows[:-1]]
    return [*inner, f"over {rows[-1]['low']:.0f}"]


def _against_number(axis, surveys: Mapping[str, dict], what: str) -> None:
    """Mean over seeds of images, and from the least to the most of them."""
    for name, found in surveys.items():
        seeds = found["by_number"]
        values = np.array([[row[what] for row in rows] for rows in seeds])
        mean = values.mean(axis=0)
        off = np.stack([mean - values.min(axis=0), values.max(axis=0) - mean])
        style = {"color": COLOURS[name], "marker": MARKERS[name], "ms": 6, "capsize": 2.5, "label": name}
        axis.errorbar([row["n"] for row in seeds[0]], mean, off, **style)


def _most(surveys: Mapping[str, dict]) -> int:
    """The largest number of spikes in a picture."""
    return max(row["n"] for found in surveys.values() for row in found["by_number"][0])


def _panel(**settings):
    """A figure of one panel."""
    figure = Figure(figsize=SIZE, dpi=140, layout="constrained")
    axis = figure.subplots()
    axis.set(**settings)
    axis.grid(alpha=0.25)
    axis.spines[["top", "right"]].set_visible(False)
    return figure, axis
