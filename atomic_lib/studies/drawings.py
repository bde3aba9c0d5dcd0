"""The figures of single chapters; what every chapter draws with is in `atomic_lib.figures`."""

import numpy as np
import torch
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator
from torch import Tensor

from ..data.sample import Sample
from ..figures import (
    COLOURS,
    CROSS,
    RING,
    SQUARE,
    TWICE,
    Style,
    bare,
    gallery,
    inked,
    legend,
    panelled,
    percent,
    picture_grid,
    show,
)
from ..gaussians import pairs
from ..metrics import fits, radius_of_gyration
from ..model.decomposition import ACTIVE, Decomposition, matching
from .interpolation import Walk
from .navigation import Sweep
from .paper_figures import inks
from .strokes import Strokes, nearest
from .theory import discrepancies


def coloured(found: Decomposition, columns: int = 5, errors: bool = False) -> Figure:
    """A page of images, each coloured by atom, eight colours in turn; with `errors`, its nmse above.

    Blocks are sorted by energy: the first colour is the strongest atom. Only positive parts show.
    """
    figure, axes = picture_grid(len(found), columns, dpi=100)
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
            labels.append("again")
    return gallery(pictures, len(walk.pictures), titles, labels, dpi=90)


def off_set_curves(errors: dict[str, dict[str, Tensor]]) -> Figure:
    """How far walks stray from the model set: the mean over pairs of re-encoding errors (steps, B), by model and walk.

    The band is the middle half of the pairs.
    """
    figure, axes = panelled(len(errors), 2.9)
    kinds = list(dict.fromkeys(name for walks in errors.values() for name in walks))  # a colour each, in every panel
    for axis, (model, walks) in zip(axes, errors.items(), strict=True):
        for name, values in walks.items():
            i, times, percents = kinds.index(name), np.linspace(0, 1, len(values)), 100 * values.numpy()
            axis.plot(times, percents.mean(axis=1), "o^sd"[i] + "-", ms=4, color=COLOURS[i], label=name)
            low, high = np.quantile(percents, (0.25, 0.75), axis=1)
            axis.fill_between(times, low, high, color=COLOURS[i], alpha=0.15, lw=0)
        axis.set(title=model, xlabel="way from one digit to the other", ylim=(0, None))
        axis.legend(frameon=False, fontsize=8)
    axes[0].set_ylabel("re-encoding error, %")
    return figure


def shared_strokes(found: Strokes, images: Tensor, chosen: Tensor) -> Figure:
    """Each of the chosen (Q,) strokes in its image (B, 1, N, N), and in each class the nearest stroke of another image.

    A row a stroke; above each picture what it would cost to draw that stroke for the first, ‖g − g′‖²/‖g‖².
    """
    which, apart = nearest(found, chosen)
    labels = found.label.unique().tolist()
    figure, axes = picture_grid(which.shape[0] * (1 + len(labels)), 1 + len(labels), dpi=80)
    rows = zip(range(len(chosen)), torch.cat([chosen[:, None], which], dim=1), apart.tolist(), strict=True)
    places = iter(axes)
    for row, strokes, errors in rows:
        heads = [""] + [f"{label}\n" if row == 0 else "" for label in labels]
        titles = ["stroke of" if row == 0 else "", *(f"{100 * error:.0f} %" for error in errors)]
        for head, title, i in zip(heads, titles, strokes.tolist(), strict=True):
            digit = images[found.owner[i], 0].cpu()
            picture = inked(torch.stack([0.25 * digit, found.atoms[i]]), [len(COLOURS) - 1, row])  # black, faintly
            show(next(places), picture, head + title, 1, 12)
    return figure


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


def coordinates(effects: dict[str, Tensor], image: Tensor, shown: int = 8) -> Figure:
    """What one latent coordinate moves: ∂x̂/∂z_ij (C, N, N) at one image (1, 1, N, N), outlined, a row a model.

    Of the coordinates that count in `coordinate_spread`, `shown` at even steps from the strongest to the weakest, each
    on a scale of its own; above it, its radius of gyration over the digit's.
    """
    figure, axes = picture_grid(len(effects) * shown, shown, dpi=90)
    whole = radius_of_gyration(image[0, 0].cpu())
    for row, (name, all_of_them) in enumerate(effects.items()):
        energy, order = all_of_them.square().sum(dim=(1, 2)).sort(descending=True)
        counted = order[energy >= ACTIVE * energy[0]]
        chosen = counted[torch.linspace(0, len(counted) - 1, shown).round().long()]
        axes[row * shown].set_ylabel(name, fontsize=9)
        for axis, effect in zip(axes[row * shown :], all_of_them[chosen], strict=False):
            spread = float(radius_of_gyration(effect) / whole)
            show(axis, effect, f"{spread:.2f}", float(effect.abs().max()))
            axis.contour(image[0, 0].cpu().numpy(), [0.5], colors="#009E73", linewidths=0.7)
    return figure


def growth(points: list[dict]) -> Figure:
    """Seconds and memory of a training step against k and against N, by recipe: the `growth` of a bench."""
    figure, axes = panelled(4, 2.3)
    recipes = list(dict.fromkeys(point["recipe"] for point in points))
    panels = [(along, what) for along in ("k", "size") for what in ("seconds", "mb")]
    names = {"k": "blocks $k$ (at $N = 128$)", "size": "side $N$, px (at $k = 10$)"}
    for axis, (along, what) in zip(axes, panels, strict=True):
        for i, recipe in enumerate(recipes):
            line = [point for point in points if point["recipe"] == recipe and point["along"] == along]
            values = [point[what] / (1000 if what == "mb" else 1) for point in line]
            axis.plot([p[along] for p in line], values, "o-", ms=4, color=COLOURS[i], label=recipe)
        title = "seconds a step" if what == "seconds" else "peak memory, GB"
        axis.set(xlabel=names[along], title=title, xscale="log", yscale="log")
        axis.set_xticks([p[along] for p in line], [p[along] for p in line])
        axis.minorticks_off()
        axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.yaxis.set_major_formatter("{x:g}")
    axes[0].legend(frameon=False, fontsize=8)
    return figure


def encoders(found: dict[str, Decomposition], sample: Sample) -> Figure:
    """Several models on the same image of spikes: what each found and what it did not.

    Detections are matched with the truth as in `evaluate`: circle, found; square, not found; a 2 beside a circle,
    claimed by another block too; cross, claimed where nothing is.
    """
    truth, (_, sigma, detection) = sample.truth()[:, 1:], sample.known()
    shown, marks = [sample.images[0, 0]], [[(truth, RING)]]
    for one in found.values():
        theta = fits(one, sigma)[0]
        claimed = theta[theta[:, 0] >= detection, 1:]
        shown.append(one.output[0, 0])
        marks.append(_claims(claimed, truth, sigma))
    figure = Figure(figsize=(2.1 * len(shown), 2.75), dpi=140, layout="constrained")
    axes, scale = figure.subplots(1, len(shown)), max(float(picture.abs().max()) for picture in shown)
    for axis, picture, title, groups in zip(axes, shown, ["input", *found], marks, strict=True):
        show(axis, picture, title, scale, 11)
        for places, style in groups:
            axis.plot(places[:, 1], places[:, 0], **style)
    keys = [Line2D([], [], **{**style, "ms": min(style["ms"], 10)}) for style in (RING, SQUARE, TWICE, CROSS)]
    names = ["found (or true)", "not found", "claimed twice", "claimed, nothing there"]
    figure.legend(keys, names, loc="outside lower center", ncols=4, frameon=False, fontsize=10)
    return figure


def _claims(claimed: Tensor, truth: Tensor, sigma: float) -> list[tuple[Tensor, Style]]:
    """Places (m, 2) where spikes are claimed, and true ones (n, 2): what is marked, and how."""
    matched = pairs(claimed, truth, sigma)
    hits, held = [i for i, _ in matched], {j for _, j in matched}
    lost = [j for j in range(len(truth)) if j not in held]
    over = [i for i in range(len(claimed)) if i not in hits]
    apart = torch.cdist(claimed[over], truth).amin(dim=1) if len(truth) else torch.full((len(over),), torch.inf)
    twice, nothing = claimed[over][apart <= sigma], claimed[over][apart > sigma]
    beside = twice + torch.tensor([-2.2, 2.2]) * sigma  # up and to the right, off the circle
    return [(claimed[hits], RING), (truth[lost], SQUARE), (beside, TWICE), (nothing, CROSS)]


def shares(
    panels: dict[str, dict[str, Tensor]], marks: dict[str, list[float]], linear: tuple[str, ...] = (), xlabel: str = ""
) -> Figure:
    """How large values are: the share of them up to each value. panels: {title: {label: values}}.

    `marks` are dashed, by title; the panels named in `linear` have a linear axis.
    """
    figure, axes = panelled(len(panels))
    for axis, (title, lines) in zip(axes, panels.items(), strict=True):
        for i, (label, values) in enumerate(lines.items()):
            axis.ecdf(values.double().numpy(), color=COLOURS[i % len(COLOURS)], label=label, lw=1.6)
        for mark in marks.get(title, []):
            axis.axvline(mark, color="#555555", ls="--", lw=1)
        axis.set(title=title, xlabel=xlabel, xscale="linear" if title in linear else "log", ylim=(-0.02, 1.02))
    axes[0].set_ylabel("share up to here")
    legend(figure, axes[0])
    return figure


def bands(
    panels: dict[str, dict[str, dict[float, Tensor]]], xlabel: str, marks: dict[str, float], ylabel: str = ""
) -> Figure:
    """Median and, shaded, 10th to 90th percentile of values along x. panels: {title: {label: {x: values}}}.

    One line a panel may be dashed: `marks`, by title.
    """
    figure, axes = panelled(len(panels))
    for axis, (title, lines) in zip(axes, panels.items(), strict=True):
        for i, (label, values) in enumerate(lines.items()):
            colour = COLOURS[i % len(COLOURS)]
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


def clouds(codes: dict[str, Tensor], box: Tensor) -> Figure:
    """Each pair of coordinates of latent blocks (M, d0) in their box (d0, 2), a row a model, with its discrepancy."""
    chosen = [(i, j) for i in range(len(box)) for j in range(i)]
    figure = Figure(figsize=(2.3 * len(chosen), 2.5 * len(codes)), dpi=140, layout="constrained")
    axes = figure.subplots(len(codes), len(chosen), squeeze=False)
    for row, (label, z), colour in zip(axes, codes.items(), COLOURS, strict=False):
        uneven = discrepancies(z, box)
        for axis, (i, j) in zip(row, chosen, strict=True):
            axis.plot(z[:, j], z[:, i], ".", ms=2, alpha=0.5, color=colour, mew=0)
            axis.set(xlim=box[j].tolist(), ylim=box[i].tolist())
            axis.set(xlabel=f"$z_{{i,{j + 1}}}$", ylabel=f"$z_{{i,{i + 1}}}$")
            axis.set_title(f"{label}: {uneven[i, j]:.2f}", fontsize=9)
            axis.set_box_aspect(1)
    return figure


def film(found: dict[str, tuple[Decomposition, Tensor]], sample: Sample, columns: int = 7) -> Figure:
    """Two spikes change places along a sample: some of its frames, coloured by block, and which block holds which.

    found: by model, the sample taken apart and its `owners` (B, n). Above, the atoms in the middle half of the image,
    the truth ringed; below, a bar for each of the n spikes, in the colour of its block, grey where no block holds half
    of it. Other blocks are black.
    """
    figure = Figure(figsize=(1.05 * columns, 1.75 * len(found)), dpi=140, layout="constrained")
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
    axis.imshow(picture.numpy(), interpolation="nearest")
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
