"""Figures of recorded ablations: every seed is a mark of its own. `figures` draws models, this draws their results."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from matplotlib.figure import Figure

from ..figures import COLOURS, INK, gallery
from .knobs import unpacked
from .page import colours, legend, panelled

if TYPE_CHECKING:
    from pandas import DataFrame

Seeds = Sequence[float]  # one value a seed
LEAST = 1e-3  # of a singular value, where its axis is logarithmic


def lines(runs: DataFrame, what: str, line: str, along: str) -> dict[str, dict]:
    """A panel of `turned` from a table of runs (`ablations.frame`): {label: {knob: values}}.

    what: the column that is drawn; line: the one that tells lines apart; along: the knob.
    """
    return {
        label: {knob: values.tolist() for knob, values in part.groupby(along, sort=False)[what]}
        for label, part in runs.groupby(line, sort=False)
    }


def bars(runs: DataFrame, parts: Sequence[str], along: str) -> dict[str, np.ndarray]:
    """A panel of `stacks` from a table of runs: {label: (seeds, parts)}; parts: columns, along: the labels' column."""
    return {str(label): part[list(parts)].to_numpy() for label, part in runs.groupby(along, sort=False)}


def examples(results: dict[str, dict], atoms: int = 6) -> Figure:
    """The image that recorded runs of `knobs.measure` keep, a row a run by label: input, output and strongest `atoms`.

    The true spikes are ringed in the first two.
    """
    found = [result["knobs"]["example"] for result in results.values()]
    rows = [unpacked(example["pictures"], example["size"])[: 2 + atoms] for example in found]
    places = torch.tensor(found[0]["truth"])[:, 1:]
    columns = ["input $x$", "output $\\hat x$", *(f"atom {i + 1}" for i in range(len(rows[0]) - 2))]
    rings = [places if i < 2 else places[:0] for _ in rows for i in range(len(columns))]
    return gallery([picture[None] for row in rows for picture in row], len(columns), columns, list(results), rings)


def turned(
    panels: dict[str, dict[str, dict[float | str, Seeds]]],
    xlabel: str,
    log: tuple[str, ...] = (),
    width: float = 3.3,
    joined: bool = True,
    alike: bool = False,
    ylabel: str = "",
) -> Figure:
    """What a knob does: a mark a seed, a line through their means. panels: {title: {label: {knob: values}}}.

    The knob's values stand at equal distances; the panels named in `log` have a logarithmic axis. joined: whether there
    is a line; not between things that have no order. alike: whether all panels show the same, on one scale.
    """
    figure, axes = panelled(len(panels), width, 2.7)
    for axis, (title, lines) in zip(axes, panels.items(), strict=True):
        knobs, shades = list(dict.fromkeys(knob for line in lines.values() for knob in line)), colours(lines)
        for (i, (label, line)), colour in zip(enumerate(lines.items()), shades, strict=True):
            places = np.array([knobs.index(knob) for knob in line]) + 0.12 * (i - (len(lines) - 1) / 2)
            for place, values in zip(places, line.values(), strict=True):
                axis.plot([place] * len(values), values, _MARKS[i], ms=4.5, mfc="none", color=colour)
            dashed = colour in shades[:i]  # another variant of the same model
            if joined:
                means = [np.mean(values) for values in line.values()]
                axis.plot(places, means, "--" if dashed else "-", lw=1.4, color=colour)
            style = _MARKS[i] + ("" if not joined else "--" if dashed else "-")
            axis.plot([], [], style, ms=4.5, mfc="none", lw=1.4, color=colour, label=label)
        axis.set_title(title, fontsize=9)
        axis.set(xlabel=xlabel, yscale="log" if title in log else "linear")
        if title not in log and 0 <= axis.dataLim.ymin and axis.dataLim.ymax <= 1:  # shares: all on one scale
            axis.set_ylim(-0.03, 1.03)
        axis.set_xticks(range(len(knobs)), [str(knob) for knob in knobs])
    if alike:
        limits = [axis.get_ylim() for axis in axes]
        for axis in axes:
            axis.set_ylim(min(low for low, _ in limits), max(high for _, high in limits))
    figure.supylabel(ylabel, fontsize=9)
    legend(figure, axes[0])
    return figure


def stacks(
    panels: dict[str, dict[str, np.ndarray]],
    parts: Sequence[str],
    xlabel: str = "",
    ylabel: str = "share",
    width: float = 3.3,
) -> Figure:
    """Shares of a whole, a narrow bar a seed. panels: {title: {label: counts (seeds, parts)}}; parts: their names.

    The last part is what is left over, in grey.
    """
    shades = [*_SHADES[: len(parts) - 1], "#cccccc"]
    hatches = [*_HATCHES[: len(parts) - 1], ""]
    figure, axes = panelled(len(panels), width, 2.7)
    for axis, (title, bars) in zip(axes, panels.items(), strict=True):
        for i, counts in enumerate(bars.values()):
            counts = np.asarray(counts, float)
            shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
            each = 0.84 / len(shares)
            places = i - 0.42 + each * (np.arange(len(shares)) + 0.5)
            for j, part in enumerate(parts):
                below = shares[:, :j].sum(axis=1)
                axis.bar(
                    places, shares[:, j], 0.9 * each, below, color=shades[j], hatch=hatches[j], edgecolor="white",
                    lw=0, label=part if i == 0 else None,
                )  # fmt: skip
        axis.set_title(title, fontsize=9)
        axis.set(xlabel=xlabel, ylim=(0, 1))
        axis.set_xticks(range(len(bars)), bars)
        axis.grid(False)
    figure.supylabel(ylabel, fontsize=9)
    legend(figure, axes[0])
    return figure


def confusion(panels: dict[str, np.ndarray], xlabel: str, ylabel: str, first: int = 0) -> Figure:
    """Matrices of counts [row][column] as shares of their row, every count in its cell; the `first` row's number."""
    figure, axes = panelled(len(panels), 3.6, 3.4)
    for axis, (title, counts) in zip(axes, panels.items(), strict=True):
        counts = np.asarray(counts)
        shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
        axis.imshow(shares, cmap=INK, vmin=-1, vmax=1, aspect="auto")
        for (row, column), count in np.ndenumerate(counts):
            if count:
                dark = shares[row, column] > 0.55
                axis.text(
                    column, row, count, ha="center", va="center", fontsize=7.5, color="white" if dark else "#111111"
                )
        axis.set_title(title, fontsize=9)
        axis.set(xlabel=xlabel, ylabel=ylabel)
        axis.set_xticks(range(counts.shape[1]))
        axis.set_yticks(range(counts.shape[0]), range(first, first + counts.shape[0]))
        axis.grid(False)
    return figure


def spectra(panels: dict[str, list[np.ndarray]], truth: dict[str, int], ylabel: str) -> Figure:
    """Falling values by rank: a line a seed at the median, shaded from the 10th to the 90th percentile.

    panels: {title: [(3, d) a seed]}; truth: after which rank, by title, they should fall: a dashed line. What is less
    than a thousandth is drawn as one.
    """
    figure, axes = panelled(len(panels), 2.3, 2.7)
    everything = np.concatenate([np.ravel(quantiles) for seeds in panels.values() for quantiles in seeds])
    for axis, (title, seeds) in zip(axes, panels.items(), strict=True):
        for i, quantiles in enumerate(seeds):
            low, middle, high = np.maximum(quantiles, LEAST)
            ranks = range(1, len(middle) + 1)
            axis.plot(ranks, middle, "o-", ms=3.5, lw=1.4, color=COLOURS[i], label=f"seed {i}")
            axis.fill_between(ranks, low, high, color=COLOURS[i], alpha=0.12, lw=0)
        axis.axvline(truth[title] + 0.5, color="#555555", ls="--", lw=1)
        axis.set_title(title, fontsize=9)
        axis.set(xlabel="rank", yscale="log")
        axis.set_xticks(ranks)
        axis.sharey(axes[0])
    axes[0].set_ylim(max(LEAST, everything.min()) / 1.5, 1.5 * everything.max())
    figure.supylabel(ylabel, fontsize=10)
    legend(figure, axes[0])
    return figure


_MARKS = "os^Dv"
_SHADES = ["#0072B2", "#E69F00", "#56B4E9", "#CC79A7"]  # of Okabe and Ito's, dark and light in turn
_HATCHES = ["", "///", "", "..."]


def curves(
    records: dict[str, dict], metrics: tuple[str, ...] = ("nmse",), against: str = "minutes", loss: bool = True
) -> Figure:
    """Held-out metrics of trainings, by label, against "minutes" or "steps"; before them the loss, unless it is no use:
    losses of different recipes do not compare. A second training of one model is dashed."""
    panels = ("training loss",) * loss + metrics
    figure, axes = panelled(len(panels))
    shades, minutes = colours(records), against == "minutes"
    for i, (label, record) in enumerate(records.items()):
        curve, dashed = record["curve"], shades[i] in shades[:i]
        style = {"color": shades[i], "label": label, "ls": "--" if dashed else "-"}
        if loss:
            axes[0].plot(np.array(curve["seconds"]) / 60 if minutes else curve["steps"], curve["loss"], **style, lw=1)
        for axis, metric in zip(axes[int(loss) :], metrics, strict=True):
            looks = [point for point in curve["held_out"] if metric in point]
            places = [point["seconds"] / 60 if minutes else point["step"] for point in looks]
            axis.plot(places, [point[metric] for point in looks], marker="o", ms=3, lw=1.2, **style)
    for axis, title in zip(axes, panels, strict=True):
        logarithmic = title in ("training loss", "nmse", "rmse_px", "amplitude_error")
        axis.set(xlabel=f"{against} of training", title=title, yscale="log" if logarithmic else "linear")
    legend(figure, axes[0])
    return figure
