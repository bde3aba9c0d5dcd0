"""The figures of the chapters Strokes, Spikes, Navigation and Seeds that compare models: few panels, one scale."""

from collections.abc import Sequence

import torch
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from torch import Tensor

from ..data.sample import Sample
from ..figures import COLOURS, RING, Style, inked, picture_grid, show
from ..gaussians import pairs
from ..metrics import fits
from ..model.decomposition import Decomposition
from ..names import colour_of
from .navigation import Sweep
from .page import key, legend, panelled
from .strokes import Strokes, nearest

MARKS = "os^DvP"
# Marks of spikes, beside the ring of what is true or found: not found; claimed twice; claimed, and nothing there.
SQUARE: Style = {"marker": "s", "ls": "", "mfc": "none", "mec": "#D55E00", "ms": 10, "mew": 1.6}
TWICE: Style = {"marker": "$2$", "ls": "", "mfc": "#D55E00", "mec": "#D55E00", "ms": 7, "mew": 0.6}
CROSS: Style = {"marker": "x", "ls": "", "color": "#D55E00", "ms": 6, "mew": 1.6}
GREY, BLACK, INK = "#999999", len(COLOURS) - 1, 1  # of lines; numbers of inks: paper's and the moved one's


def strayed(errors: dict[str, dict[str, Tensor]]) -> Figure:
    """How far walks stray from what a model can draw: mean re-encoding errors (steps, B), a line a model.

    errors: {kind of walk: {model: errors}}, a panel a kind, all on one scale. Shaded: the middle half of the pairs.
    """
    figure, axes = panelled(len(errors), 3.6)
    most = 0.0
    for axis, (kind, lines) in zip(axes, errors.items(), strict=True):
        for name, values in lines.items():
            way, percents = torch.linspace(0, 1, len(values)), 100 * values.double()
            axis.plot(way, percents.mean(dim=1), "o-", ms=3.5, color=colour_of(name), label=name)
            low, high = torch.quantile(percents, torch.tensor([0.25, 0.75], dtype=torch.double), dim=1)
            axis.fill_between(way, low, high, color=colour_of(name), alpha=0.12, lw=0)
            most = max(most, float(high.max()), float(percents.mean(dim=1).max()))
        axis.set(title=kind, xlabel="way from one digit to the other")
    for axis in axes:
        axis.set_ylim(0, 1.05 * most)
    axes[0].set_ylabel("lost when encoded again, %")
    axes[0].legend(frameon=False, fontsize=8.5, loc="upper left")
    return figure


def lookalikes(found: Strokes, images: Tensor, chosen: Tensor, columns: int = 6) -> Figure:
    """Each of the chosen (Q,) strokes in its image (B, 1, N, N), and the nearest strokes of other classes, a row each.

    A class gives one, the nearest classes first; above it the class and what it would cost to draw that stroke for the
    first, ‖g − g′‖²/‖g‖².
    """
    which, apart = nearest(found, chosen)
    figure, axes = picture_grid(len(chosen) * columns, columns)
    for row, (stroke, others, costs) in enumerate(zip(chosen.tolist(), which, apart, strict=True)):
        mine = int(found.label[stroke])
        order = [i for i in costs.argsort().tolist() if int(found.label[others[i]]) != mine][: columns - 1]
        places = axes[row * columns : (row + 1) * columns]
        show(places[0], _in_place(found, images, stroke), f"of a {mine}", 1)
        for axis, i in zip(places[1:], order, strict=False):
            other = int(others[i])
            show(axis, _in_place(found, images, other), f"{int(found.label[other])}: {100 * float(costs[i]):.0f} %", 1)
    return figure


def _in_place(found: Strokes, images: Tensor, i: int) -> Tensor:
    """A stroke in colour on its own digit, which is faint."""
    digit = images[found.owner[i], 0].cpu()
    return inked(torch.stack([0.25 * digit, found.atoms[i]]), [BLACK, INK])


def moved(effects: dict[str, Tensor], image: Tensor, spread: dict[str, float], shown: int = 4) -> Figure:
    """What one coordinate moves: ∂x̂/∂z_ij (C, N, N) at one image (1, 1, N, N), on the faint digit, a row a model.

    The `shown` strongest ones, each on a scale of its own: blue is more ink and vermilion less, shades by the
    square root. spread: what stands beside a model's name, its mean radius over the digit's.
    """
    figure, axes = picture_grid(len(effects) * shown, shown)
    for row, (name, changes) in enumerate(effects.items()):
        strongest = changes.square().sum(dim=(1, 2)).argsort(descending=True)[:shown]
        axes[row * shown].set_ylabel(f"{name}: {spread[name]:.2f}", fontsize=9)
        for axis, change in zip(axes[row * shown :], changes[strongest].cpu(), strict=False):
            change = change.sign() * (change / change.abs().max().clamp(min=1e-12)).abs().sqrt()
            show(axis, inked(torch.stack([0.3 * image[0, 0].cpu(), change, -change]), [BLACK, 0, INK]), "", 1)
    return figure


def told(found: dict[str, Decomposition], sample: Sample) -> Figure:
    """Several models on the same image of spikes: what each found and what it did not, two pictures a row.

    Detections are matched with the truth as in `evaluate`: circle, found; square, not found; a 2 beside a circle,
    claimed by another block too; cross, claimed where nothing is. Circles and squares are wider than a spike.
    """
    truth, (_, sigma, detection) = sample.truth()[:, 1:], sample.known()
    figure, axes = picture_grid(1 + len(found), 2)
    figure.set_size_inches(4.45, 2.33 * (1 + len(found) // 2) + 0.5)  # on a phone whole, with letters that can be read
    wide = [{**style, "ms": 2.2 * style["ms"], "mew": 0.9} for style in (RING, SQUARE)]
    styles = dict(zip(map(id, (RING, SQUARE)), wide, strict=True))
    shown, marks = [sample.images[0, 0]], [[(truth, RING)]]
    for one in found.values():
        theta = fits(one, sigma)[0]
        shown.append(one.output[0, 0])
        marks.append(_claims(theta[theta[:, 0] >= detection, 1:], truth, sigma))
    scale = max(float(picture.abs().max()) for picture in shown)
    for axis, picture, title, groups in zip(axes, shown, ["input", *found], marks, strict=False):
        show(axis, picture, title, scale, 10)
        for places, style in groups:
            axis.plot(places[:, 1], places[:, 0], **styles.get(id(style), style))
    keys = [Line2D([], [], **{**style, "ms": min(style["ms"], 9)}) for style in (RING, SQUARE, TWICE, CROSS)]
    names = ["found (or true)", "not found", "claimed twice", "claimed, nothing there"]
    key(figure, keys, names)
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


def trajectories(walks: dict[str, Sweep], truth: Tensor, detection: float) -> Figure:
    """Where a spike goes as each coordinate of its block is swept, a row a model, a panel a coordinate.

    A dot a step, as large as the amplitude there, from light to dark along the sweep; no dot where the atom is below
    `detection` and draws no spike. Ring: where the spike was. Grey: the other true places (n, 2), of spikes that stay.
    """
    d0, side = len(next(iter(walks.values())).values), next(iter(walks.values())).pictures.shape[-1]
    figure, axes = picture_grid(len(walks) * d0, d0)
    figure.set_size_inches(2.1 * d0, 2.3 * len(walks))
    for row, (name, path) in enumerate(walks.items()):
        apart = (truth - path.original[1:]).norm(dim=1)
        others = truth[apart > apart.min()]
        for j, axis in enumerate(axes[row * d0 : (row + 1) * d0]):
            fitted = path.fitted[j]
            there = fitted[fitted[:, 0] >= detection]
            way = fitted.masked_fill(fitted[:, :1] < detection, torch.nan)  # a gap, not a line, where nothing is drawn
            axis.plot(way[:, 2], way[:, 1], color=colour_of(name), lw=0.8, alpha=0.6)
            shade = torch.linspace(0.25, 1, len(fitted))[fitted[:, 0] >= detection]
            for (height, y, x), alpha in zip(there.tolist(), shade.tolist(), strict=True):
                axis.plot([x], [y], "o", ms=9 * height**0.5, color=colour_of(name), alpha=alpha, mew=0)
            axis.plot(others[:, 1], others[:, 0], "o", ms=4, color=GREY, mew=0)
            axis.plot(path.original[2:], path.original[1:2], **{**RING, "ms": 13, "mew": 1, "mec": "#111111"})
            axis.set(xlim=(-0.5, side - 0.5), ylim=(side - 0.5, -0.5), xticks=[], yticks=[], aspect="equal")
            axis.set_title(f"$z_{{i,{j + 1}}}$: amplitude {_between(there[:, 0])}", fontsize=8.5, pad=3)
        axes[row * d0].set_ylabel(name, fontsize=10)
    return figure


def _between(values: Tensor) -> str:
    """From the least to the largest of some values; a dash for none."""
    return f"{float(values.min()):.1f}–{float(values.max()):.1f}" if len(values) else "–"


def stroke_walk(path: Sweep, rest: Tensor) -> Figure:
    """One stroke of a digit as each of its coordinates is swept: the stroke in colour, the `rest` (N, N) faint grey."""
    d0, steps = path.values.shape
    figure, axes = picture_grid(d0 * steps, steps)
    for j, pictures in enumerate(path.pictures):
        axes[j * steps].set_ylabel(f"$z_{{i,{j + 1}}}$", fontsize=9)
        for axis, picture, value in zip(axes[j * steps :], pictures, path.values[j].tolist(), strict=False):
            stroke = inked(torch.stack([0.3 * rest, picture - rest]), [BLACK, INK])
            show(axis, stroke, f"{round(value, 2) + 0.0:.2f}".replace("-", "−"), 1)
    return figure


def dots(found: dict[str, Sequence[dict]], metrics: dict[str, str], xlabel: str = "") -> Figure:
    """Numbers between 0 and 1 on one axis: a circle a seed and a bar at their mean, by variant.

    found: {variant: [{key: value}]}, where a model's name may have more after a comma; what is no model is black.
    metrics: {key: title}, from top to bottom.
    """
    figure, axes = panelled(1, 6.5, 0.6 + 0.24 * (len(found) + 1) * len(metrics))
    axis, height = axes[0], len(found) + 1
    for row, metric in enumerate(metrics):
        for i, (name, results) in enumerate(found.items()):
            values, y = [result[metric] for result in results if metric in result], -(row * height + i)
            colour, mark = colour_of(name.partition(",")[0]), MARKS[i % len(MARKS)]
            axis.plot(values, [y] * len(values), mark, ms=5, mfc="none", color=colour)
            axis.plot([], [], mark, ms=5, mfc="none", color=colour, label=name if row == 0 else None)
            if values:
                axis.plot([sum(values) / len(values)] * 2, [y - 0.4, y + 0.4], color=colour, lw=2)
    centres = [-(row * height + (len(found) - 1) / 2) for row in range(len(metrics))]
    axis.set_yticks(centres, metrics.values())
    axis.set(xlim=(-0.02, 1.02), xlabel=xlabel)
    legend(figure, axis)
    return figure
