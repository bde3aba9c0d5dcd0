"""The field, drawn: the same walk in every system, and every seed of every measure as a dot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter
from torch import Tensor

from ..figures import INK, PageFigure, bare
from ..rivals.walks import SHOWN, unpack
from .page import colours, key
from .standings import ATOMIC, ENTRIES, OLD, SINCE, TOLD

if TYPE_CHECKING:
    from pandas import DataFrame

COLOURS = {OLD: "#8A6D00", SINCE: "#7B3FA0", ATOMIC: "#000000"}  # of groups: no model's own


def walks(records: Mapping[str, Mapping[str, dict]]) -> Figure:
    """A row a system: what it makes of one image of spikes and of one digit, and what three coordinates move there.

    records: {"spikes": {system: record}, "digits": {…}}. Each heat map has its own scale, ink where a coordinate adds
    and vermilion where it takes away; the image is the grey line at half of its height.
    """
    systems = [one for one in ENTRIES if any(one in found for found in records.values())]
    width, height = 2 * (SHOWN + 1), len(systems) + 1
    figure = PageFigure(0.62 * width + 1.8, 0.62 * height, layout="none")
    axes = figure.subplots(height, width, squeeze=False)
    figure.subplots_adjust(0.265, 0.003, 0.997, 0.997, wspace=0.06, hspace=0.06)
    for block, found in enumerate(records.values()):  # spikes on the left, digits on the right
        columns = axes[:, block * (SHOWN + 1) : (block + 1) * (SHOWN + 1)]
        _headed(columns, next(iter(found.values())))
        for row, system in zip(columns[1:], systems, strict=True):
            _walked(row, found.get(system))
    for row, system in zip(axes[1:], systems, strict=True):
        entry = ENTRIES[system]
        row[0].set_ylabel(entry.label, rotation=0, ha="right", va="center", fontsize=11, color=COLOURS[entry.group])
    axes[0, 0].set_ylabel("the image", rotation=0, ha="right", va="center", fontsize=11)
    return figure


def _headed(columns: np.ndarray, record: dict) -> None:
    """The image itself above, and what stands below it."""
    image = unpack(record["field"]["walk"]["image"])[0]
    _drawn(columns[0, 0], image)
    for i, axis in enumerate(columns[0, 1:]):
        axis.axis("off")
        axis.text(0.5, 0.05, f"moved {i + 1}", ha="center", fontsize=9, transform=axis.transAxes)


def _walked(row: Sequence, record: dict | None) -> None:
    """One system's output, and its three heat maps."""
    if record is None:
        for axis in row:
            axis.axis("off")
        return
    walk = record["field"]["walk"]
    image, moved = unpack(walk["image"])[0], unpack(walk["moved"])
    _drawn(row[0], unpack(walk["output"])[0])
    for axis, picture in zip(row[1:], moved, strict=False):
        _drawn(axis, picture)
        axis.contour(image.numpy(), [float(image.max()) / 2], colors="#888888", linewidths=0.5)
    for axis in row[1 + len(moved) :]:
        axis.axis("off")


def _drawn(axis, picture: Tensor) -> None:
    scale = max(1e-6, float(picture.abs().max()))
    axis.imshow(picture.numpy(), cmap=INK, vmin=-scale, vmax=scale, interpolation="none")
    bare(axis)


def dots(runs: DataFrame, measures: Mapping[str, str], log: Sequence[str] = ()) -> Figure:
    """A panel a measure, a row a system: a dot a seed, a cross for its code turned at random, a line for the truth.

    measures: {column: title}. Columns with `_control`, `_truth` and `_readout` at their end are drawn where they are.
    """
    systems = [one for one in (*ENTRIES, *TOLD) if (runs.system == one).any()]
    figure = PageFigure(1.5 * len(measures) + 1.6, 0.23 * len(systems) + 1.05)
    axes = figure.subplots(1, len(measures), sharey=True, squeeze=False)[0]
    for axis, (column, title) in zip(axes, measures.items(), strict=True):
        for row, system in enumerate(systems):
            _dotted(axis, row, runs[runs.system == system], column)
        axis.set_title(title, fontsize=10)
        axis.set(xscale="log" if column in log else "linear", ylim=(len(systems) - 0.4, -0.6))
        axis.grid(alpha=0.25)
        axis.tick_params(labelsize=9)
        axis.xaxis.set_minor_formatter(NullFormatter())
        low, high = axis.get_xlim()
        if column in log and high < 30 * low:  # one power of ten at most would have a label
            axis.xaxis.set_major_locator(LogLocator(subs=(1, 2, 3, 5)))
            axis.xaxis.set_major_formatter("{x:g}")
    labels = [(ENTRIES | TOLD)[system] for system in systems]
    axes[0].set_yticks(range(len(systems)), [entry.label for entry in labels])
    for axis in axes:
        for tick, entry in zip(axis.yaxis.get_major_ticks(), labels, strict=True):
            tick.label1.set_color(COLOURS[entry.group])
    figure.phone = (1, 0.14 * len(systems) + 0.45)
    _keyed(figure, axes[0], runs, measures)
    return figure


def _dotted(axis, row: int, of_one: DataFrame, column: str) -> None:
    """One system's seeds in one panel, and what is to be held against them."""
    colour = COLOURS[of_one.group.iloc[0]]
    if f"{column}_truth" in of_one:
        truth = of_one[f"{column}_truth"].mean()
        axis.plot([truth, truth], [row - 0.36, row + 0.36], color="#000000", lw=1.2)
    if f"{column}_control" in of_one:
        axis.plot(of_one[f"{column}_control"].mean(), row, "x", ms=4.5, mew=1.1, color="#777777")
    if f"{column}_readout" in of_one:
        axis.plot(of_one[f"{column}_readout"].mean(), row, "D", ms=4.5, mfc="none", mew=0.9, color="#555555")
    axis.plot(of_one[column], [row] * len(of_one), "o", ms=4.5, color=colour, alpha=0.75, mew=0)


def _keyed(figure: PageFigure, axis, runs: DataFrame, measures: Mapping[str, str]) -> None:
    """What the marks are, under all panels."""
    marks = [
        axis.plot([], [], "o", ms=4.5, color=COLOURS[group], label=group)[0] for group in dict.fromkeys(runs.group)
    ]
    for end, style, label in (
        ("_control", {"marker": "x", "color": "#777777"}, "its code turned at random"),
        ("_truth", {"marker": "|", "color": "#000000", "ms": 9}, "the truth itself"),
        ("_readout", {"marker": "D", "color": "#555555", "mfc": "none"}, "what a readout finds"),
    ):
        if any(f"{column}{end}" in runs for column in measures):
            marks += axis.plot([], [], ls="", label=label, **{"ms": 5, **style})
    key(figure, marks, [mark.get_label() for mark in marks])


def learned(records: Mapping[str, dict], images: int, what: str = "nmse") -> Figure:
    """A held-out number against the images that were seen, a line a system; images: of a step."""
    figure = PageFigure(4.6, 3.0)
    axis = figure.subplots()
    styles = zip(records.items(), colours(records), "os^D", strict=False)
    for (system, record), colour, marker in styles:
        looks = [look for look in record["curve"]["held_out"] if what in look]
        steps, values = [look["step"] * images for look in looks], [look[what] for look in looks]
        axis.plot(steps, values, marker + "-", ms=5, lw=1.3, color=colour, label=ENTRIES[system].label)
    axis.set(xlabel="images seen", ylabel=f"held-out {what}", yscale="log", ylim=(None, None))
    axis.grid(alpha=0.25)
    axis.spines[["top", "right"]].set_visible(False)
    axis.legend(frameon=False, fontsize=9)
    return figure
