"""Territories, drawn: the map, and recall, precision and flawless pictures, a colour a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator
from torch import Tensor

from ..figures import PageFigure
from ..names import COLOURS, called
from .page import legend
from .territories import Map, found_share, perfect_chance

if TYPE_CHECKING:
    from pandas import DataFrame

MARKERS = {"authors'": "o", "one-shot": "s", "slots": "D", "pursuit": "^"}
SIZE = (5.0, 3.3)  # inches
# Paul Tol's “muted”, which the colour-blind tell apart; after ten blocks they come again, hence the numbers.
REGIONS = ["#88CCEE", "#CC6677", "#44AA99", "#DDCC77", "#AA4499", "#999933", "#332288", "#117733", "#882255", "#BBBBBB"]


def map_of(maps: dict[str, Map], theta: Tensor | None = None, blocks: dict[str, Tensor] | None = None) -> Figure:
    """The picture coloured by which block draws a spike there, a panel a model, each block's number in its region.

    theta: true spikes (n, 3) of one image to show, as dots in the colour of the block that drew them; blocks: for each
    model the block (n,) of each, −1 where it was missed (a cross).
    """
    figure = PageFigure(2.3 * len(maps), 2.6)
    for axis, (name, regions) in zip(figure.subplots(1, len(maps), squeeze=False)[0], maps.items(), strict=True):
        _coloured(axis, regions)
        axis.set(title=name, xticks=[], yticks=[])
        if theta is not None:
            _dotted(axis, theta, blocks[name] if blocks else regions.at(theta[:, 1:]))
    return figure


def recall(surveys: Mapping[str, dict], *counts: int) -> Figure:
    """Recall against the number of spikes n, the mean and the range over seeds; dashed and dotted, what so many
    equal territories give.

    surveys: `survey.survey` of each model, by its name in the book.
    """
    figure, axis = _panel(xlabel="spikes in the picture, $n$", ylabel="recall", ylim=(0, 1.04))
    _against_number(axis, surveys, "recall")
    numbers = np.arange(1, _most(surveys) + 1)
    for count, style in zip(counts, ("k--", "k:"), strict=False):
        shares = [found_share(int(n), count) for n in numbers]
        axis.plot(numbers, shares, style, lw=1.3, label=f"formula, {count} equal territories")
    legend(figure, axis)
    return figure


def patience(runs: DataFrame, k: int, most: int = 10) -> Figure:
    """Recall at `most` spikes over that of k equal territories, against the steps of whole trainings: a mark a
    training, a line through the means of each model's.

    runs: the ablation `patience`, as `ablations.frame` gives it. Dashed: territories and no more; dotted: all found.
    """
    figure, axis = _panel(xlabel="steps of the training", ylabel="beyond territories", xscale="log")
    for family, of_model in runs.groupby("family", sort=False):
        name = called(str(family))
        axis.plot(of_model.steps, of_model.beyond, MARKERS[name], ms=6, mfc="none", color=COLOURS[name])
        means = of_model.groupby("steps").beyond.mean()
        axis.plot(means.index, means, lw=1.4, color=COLOURS[name], label=name)
    axis.axhline(1, color="k", ls="--", lw=1.1, label=f"{k} equal territories")
    axis.axhline(1 / found_share(most, k), color="k", ls=":", lw=1.1, label="all found")
    ticks = sorted(set(runs.steps))
    axis.set_xticks(ticks, [f"{tick:,}" for tick in ticks], rotation=30)
    axis.xaxis.set_minor_locator(NullLocator())
    axis.set_ylim(0, 1.1 / found_share(most, k))
    legend(figure, axis)
    return figure


def flawless(surveys: Mapping[str, dict], k: int) -> Figure:
    """The share of pictures of n spikes that come out perfect; dashed, how often n spikes lie in n different ones of k
    equal territories."""
    figure, axis = _panel(xlabel="spikes in the picture, $n$", ylabel="pictures without a fault", ylim=(-0.02, 1.04))
    _against_number(axis, surveys, "perfect")
    numbers = np.arange(1, _most(surveys) + 1)
    chances = [perfect_chance(int(n), k) for n in numbers]
    axis.plot(numbers, chances, "k--", lw=1.3, label=f"all in different ones of {k} equal territories")
    legend(figure, axis)
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
    legend(figure, axis)
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
    figure = PageFigure(*SIZE)
    figure.phone = (1, 2.8)
    axis = figure.subplots()
    axis.set(**settings)
    axis.grid(alpha=0.25)
    axis.spines[["top", "right"]].set_visible(False)
    return figure, axis


def _coloured(axis, regions: Map) -> None:
    """The map's regions in colours that differ between the ten first blocks, and each block's number in its region."""
    colours = torch.tensor([to_rgb(colour) for colour in REGIONS])
    light = 0.55 * colours[regions.owner % len(REGIONS)] + 0.45
    low, high = regions.along[0].item(), regions.along[-1].item()
    axis.imshow(light.numpy(), extent=(low, high, high, low), interpolation="none")
    grid = torch.cartesian_prod(regions.along, regions.along)
    for block in regions.owner.unique().tolist():
        own = grid[regions.owner.flatten() == block]
        middle = own[(own - own.mean(dim=0)).norm(dim=1).argmin()]  # a place of its own, though it be a crescent
        axis.text(
            middle[1].item(), middle[0].item(), str(block + 1), ha="center", va="center", fontsize=8, color="#111111"
        )


def _dotted(axis, theta: Tensor, blocks: Tensor) -> None:
    """Spikes θ (n, 3), in the colours of the blocks (n,) that drew them; crosses for those missed."""
    for (_, row, column), block in zip(theta.tolist(), blocks.tolist(), strict=True):
        if block >= 0:
            axis.plot(column, row, "o", ms=6, mfc=REGIONS[block % len(REGIONS)], mec="#111111", mew=1.2)
        else:
            axis.plot(column, row, "x", ms=6, color="#111111", mew=1.8)
