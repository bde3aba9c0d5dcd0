"""The figures of single chapters; what every chapter draws with is in `atomic_lib.figures`."""

import numpy as np
import torch
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter
from torch import Tensor

from ..data.sample import Sample
from ..figures import (
    COLOURS,
    RING,
    PageFigure,
    bare,
    gallery,
    inked,
    percent,
    picture_grid,
    show,
)
from ..model.decomposition import Decomposition, matching
from ..names import called
from .interpolation import Walk
from .navigation import Sweep
from .page import colours, legend, panelled
from .paper_figures import inks


def coloured(found: Decomposition, columns: int = 5, errors: bool = False) -> Figure:
    """A page of images, each coloured by atom, eight colours in turn; with `errors`, its nmse above.

    Blocks are sorted by energy: the first colour is the strongest atom. Only positive parts show.
    """
    figure, axes = picture_grid(len(found), columns)
    figure.phone = (min(columns, 3), 1.35)
    for axis, picture, error in zip(axes, inks(found), found.error, strict=False):
        show(axis, picture, percent(error) if errors else "", 1)
    return figure


def walks(found: dict[str, Walk]) -> Figure:
    """The supplement's interpolation between two images, a row a walk (`atomic_lib.studies.interpolation`).

    From left to right the way; above each picture its re-encoding error, and below it, where a walk has been encoded
    again, what the encoder makes of it, coloured by atom.
    """
    pictures, titles, labels = [], [], []
    for name, walk in found.items():
        pictures += [*walk.pictures]
        titles += [percent(error) for error in walk.errors]
        labels.append(name)
        if walk.again is not None:
            pictures += [picture[None] for picture in _followed(walk.again)]
            titles += [""] * len(walk.pictures)
            labels.append("its strokes")
    return gallery(pictures, len(walk.pictures), titles, labels)


def navigation(path: Sweep, block: int, detection: float | None = None) -> Figure:
    """Figure 4: one block of one image, each coordinate swept, the others kept.

    detection: for spikes, the amplitude from which on an atom is one: a ring marks the original, a diamond where the
    moved atom is now, if it still draws a spike.
    """
    fits = path.fitted.flatten(0, 1)
    rings = None if detection is None else [path.original[None, 1:]] * len(fits)
    diamonds = None if detection is None else [fit[None, 1:][fit[:1] >= detection] for fit in fits]
    titles = [f"{round(value, 2) + 0.0:.2f}".replace("-", "−") for value in path.values.flatten().tolist()]
    labels = [f"$z_{{{block + 1},{j + 1}}}$" for j in range(len(path.values))]
    return gallery([*path.pictures.flatten(0, 1)[:, None]], path.values.shape[1], titles, labels, rings, diamonds)


def growth(points: list[dict]) -> Figure:
    """Seconds and memory of a training step against k and against N, by recipe: the `growth` of a bench."""
    figure, axes = panelled(4, 2.3)
    recipes = list(dict.fromkeys(point["recipe"] for point in points))
    panels = [(along, what) for along in ("k", "size") for what in ("seconds", "mb")]
    names = {"k": "blocks $k$ (at $N = 128$)", "size": "side $N$, px (at $k = 10$)"}
    for axis, (along, what) in zip(axes, panels, strict=True):
        for recipe, colour in zip(recipes, colours(recipes), strict=True):
            line = [point for point in points if point["recipe"] == recipe and point["along"] == along]
            values = [point[what] / (1000 if what == "mb" else 1) for point in line]
            axis.plot([p[along] for p in line], values, "o-", ms=4, color=colour, label=called(recipe))
        title = "seconds a step" if what == "seconds" else "peak memory, GB"
        axis.set(xlabel=names[along], title=title, xscale="log", yscale="log")
        axis.set_xticks([p[along] for p in line], [p[along] for p in line])
        axis.minorticks_off()
        axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.yaxis.set_major_formatter("{x:g}")
    legend(figure, axes[0])
    return figure


def shares(
    panels: dict[str, dict[str, Tensor]], marks: dict[str, list[float]], linear: tuple[str, ...] = (), xlabel: str = ""
) -> Figure:
    """How large values are: the share of them up to each value. panels: {title: {label: values}}.

    `marks` are dashed, by title; the panels named in `linear` have a linear axis.
    """
    figure, axes = panelled(len(panels))
    for axis, (title, lines) in zip(axes, panels.items(), strict=True):
        for (label, values), colour in zip(lines.items(), colours(lines), strict=True):
            axis.ecdf(values.double().numpy(), color=colour, label=label, lw=1.6)
        for mark in marks.get(title, []):
            axis.axvline(mark, color="#555555", ls="--", lw=1)
        axis.set(title=title, xlabel=xlabel, xscale="linear" if title in linear else "log", ylim=(-0.02, 1.02))
        if title not in linear:
            _by_decades(axis)
    axes[0].set_ylabel("share up to here")
    legend(figure, axes[0])
    return figure


def _by_decades(axis) -> None:
    """Powers of ten alone have labels; there are two at least."""
    low, high = np.log10(axis.get_xlim())
    if np.floor(high) - np.ceil(low) < 1:
        axis.set_xlim(right=1.1 * 10 ** np.ceil(high))
    axis.xaxis.set_minor_formatter(NullFormatter())


def bands(
    panels: dict[str, dict[str, dict[float, Tensor]]], xlabel: str, marks: dict[str, float], ylabel: str = ""
) -> Figure:
    """Median and, shaded, 10th to 90th percentile of values along x. panels: {title: {label: {x: values}}}.

    One line a panel may be dashed: `marks`, by title.
    """
    figure, axes = panelled(len(panels))
    for axis, (title, lines) in zip(axes, panels.items(), strict=True):
        for (label, values), colour in zip(lines.items(), colours(lines), strict=True):
            low, middle, high = np.array([np.quantile(found, (0.1, 0.5, 0.9)) for found in values.values()]).T
            axis.plot(list(values), middle, "o-", ms=3, lw=1.6, color=colour, label=label)
            axis.fill_between(list(values), low, high, color=colour, alpha=0.15, lw=0)
        if title in marks:
            axis.axhline(marks[title], color="#555555", ls="--", lw=1)
        axis.set(title=title, yscale="log", xlabel=xlabel)
        axis.xaxis.get_major_locator().set_params(
            integer=all(isinstance(x, int) for line in lines.values() for x in line)
        )
    axes[0].set_ylabel(ylabel)
    legend(figure, axes[0])
    return figure


def film(found: dict[str, tuple[Decomposition, Tensor]], sample: Sample, columns: int = 7) -> Figure:
    """Two spikes change places along a sample: some of its frames, coloured by block, and which block holds which.

    found: by model, the sample taken apart and its `owners` (B, n). Above, the atoms in the middle half of the image,
    the truth ringed; below, a bar for each of the n spikes, in the colour of its block, grey where no block holds half
    of it. Other blocks are black.
    """
    figure = PageFigure(1.05 * columns, 1.75 * len(found))
    parts = figure.subfigures(len(found), 1, squeeze=False)[:, 0]
    chosen = torch.linspace(0, len(sample) - 1, columns).round().long()
    for part, (label, (frames, held)) in zip(parts, found.items(), strict=True):
        number = {block: i for i, block in enumerate(dict.fromkeys(held[held >= 0].tolist()))}
        axes = part.subplot_mosaic([list(range(columns)), ["bars"] * columns], height_ratios=(1, 0.42))
        for axis, i in zip((axes[i] for i in range(columns)), chosen.tolist(), strict=True):
            _frame(axis, frames[i], sample.known()[0][i, : held.shape[1], 1:], number)
        for j, blocks in enumerate(held.T.tolist()):
            paint = [COLOURS[number[block]] if block in number else "#bbbbbb" for block in blocks]
            axes["bars"].bar(range(len(blocks)), 0.8, 1, bottom=-0.4 - j, color=paint, lw=0)
        count = held.shape[1]
        axes["bars"].set_yticks(range(0, -count, -1), [f"spike {j + 1}" for j in range(count)])
        axes["bars"].set(xlim=(-0.5, len(held) - 0.5), xlabel="frame")
        part.suptitle(label, fontsize=10)
    return figure


def _frame(axis, found: Decomposition, places: Tensor, number: dict[int, int]) -> None:
    """The middle half of one frame, a colour for each numbered block, true places (n, 2) ringed."""
    quarter = found.images.shape[-1] // 4
    middle = found.atoms[0, :, 0, quarter:-quarter, quarter:-quarter]
    picture = inked(middle, [number.get(block, len(COLOURS) - 1) for block in range(len(middle))])
    axis.imshow(picture.numpy(), interpolation="none")
    axis.plot(places[:, 1] - quarter, places[:, 0] - quarter, **{**RING, "mec": "#888888", "mew": 0.7})
    bare(axis)


def _followed(found: Decomposition) -> list[Tensor]:
    """Pictures of a walk coloured by atom, (N, N, 3) each: a colour goes to the atom that `matching` says it became."""
    numbers, pictures = torch.arange(found.used.shape[1]), []
    for i in range(len(found)):
        now, before = found[i], found[max(0, i - 1)]
        numbers, used = numbers[matching(now, before)[0]], now.used[0]
        pictures.append(inked(now.atoms[0, used, 0], numbers[used].tolist()))
    return pictures
