"""Every figure of the paper as a function of a model; each returns a matplotlib Figure.

One colour map for all images: white is 0, ink is positive, vermilion negative. Nothing is clipped, so cancellation
shows.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import ConnectionPatch, FancyBboxPatch
from torch import Tensor

from .errors import BadInput
from .files import write_whole
from .model.decomposition import Decomposition

INK = LinearSegmentedColormap.from_list("ink", ["#b23a00", "#ee9a68", "#ffffff", "#6b8199", "#0b1d33"])
COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8A6D00", "#000000"]  # Okabe–Ito
PAGE = 11  # inches, the widest row of panels: on a page it is shown at two thirds of that
Style = dict[str, Any]
# Marks: the truth or the original; what became of it; what was not found; what is claimed twice; what is not there.
RING: Style = {"marker": "o", "ls": "", "mfc": "none", "mec": "#009E73", "ms": 10.5, "mew": 1.3}
DIAMOND: Style = {"marker": "D", "ls": "", "mfc": "none", "mec": "#D55E00", "ms": 7, "mew": 1.3}
SQUARE: Style = {"marker": "s", "ls": "", "mfc": "none", "mec": "#D55E00", "ms": 10, "mew": 1.6}
TWICE: Style = {"marker": "$2$", "ls": "", "mfc": "#D55E00", "mec": "#D55E00", "ms": 7, "mew": 0.6}
CROSS: Style = {"marker": "x", "ls": "", "color": "#D55E00", "ms": 6, "mew": 1.6}


def decomposition(found: Decomposition, truth: Tensor | None = None) -> Figure:
    """Figures 2 and 3: input, output and every atom g(zᵢ) of one image taken apart, by energy.

    truth: θ (n, 3), ringed in the input and in each atom that lies on one.
    """
    atoms = found.atoms[0, found.strongest()]
    titles = ["input $x$", "output $\\hat x$", *(f"$g(z_{{{i + 1}}})$" for i in range(len(atoms)))]
    pictures = [found.images[0], found.output[0], *atoms]
    rings = [_near(truth[:, 1:], picture[0]) for picture in pictures] if truth is not None else None
    note = f"error {percent(found.error[0])}; {len(atoms)} atoms, by energy"
    if not found.used[0].all():
        note += f"; {int((~found.used[0]).sum())} of {found.used.shape[1]} blocks not used"
    figure = gallery(pictures, 6 if len(pictures) <= 12 else 7, titles, rings=rings)
    figure.supxlabel(note, fontsize=9)
    return figure


def overlay(found: dict[str, Decomposition]) -> Figure:
    """One image with each stroke in its own colour, as each model takes it apart.

    Below, the energy of each atom over the image's, in the same colour, the strongest first; after eight, colours
    come again, hatched in the bars. Only positive parts show above.
    """
    figure = Figure(figsize=(3.0 * len(found), 4.2), dpi=110, layout="constrained")
    axes = figure.subplots(2, len(found), squeeze=False, height_ratios=(2, 1), sharey="row")
    for (above, below), (name, one) in zip(axes.T, found.items(), strict=True):
        order = one.strongest()
        show(above, inked(one.atoms[0, order, 0], range(len(order))), name, 1, 10)
        colours = [COLOURS[i % len(COLOURS)] for i in range(len(order))]
        hatches = ["//" if i >= len(COLOURS) else "" for i in range(len(order))]
        shares = (100 * one.shares[0, order]).tolist()
        below.bar(range(1, len(order) + 1), shares, color=colours, hatch=hatches, edgecolor="white")
        below.set(xlabel="atoms, by energy", xlim=(0.3, max(16, len(order)) + 0.7))
        below.set_xticks(range(1, max(16, len(order)) + 1, 3))
        below.spines[["top", "right"]].set_visible(False)
    axes[1, 0].set_ylabel("energy, % of the digit's")
    return figure


def inked(atoms: Tensor, numbers: Iterable[int]) -> Tensor:
    """Atoms (n, N, N) as inks on white paper (N, N, 3), each in the colour of its number; negative parts don't show.

    In 32 shades a channel, or the faintest traces of every atom would make large files.
    """
    paper = torch.ones(*atoms.shape[-2:], 3)
    for i, atom in zip(numbers, atoms.clamp(0, 1), strict=True):
        paper *= 1 - atom[..., None] * (1 - torch.tensor(to_rgb(COLOURS[i % len(COLOURS)])))
    return (31 * paper).round() / 31


def side_by_side(found: dict[str, Decomposition], strokes: bool = False) -> Figure:
    """The supplement's input/output figure: images, and in a row a model what it makes of them, with its nmse.

    With `strokes`, coloured below; a model of one block has no strokes to tell apart.
    """
    images = next(iter(found.values())).images
    pictures, titles, labels = [*images], [""] * len(images), ["input"]
    for name, one in found.items():
        pictures += [*one.output]
        titles += [percent(error) for error in one.error]
        labels.append(name)
        if strokes and one.used.shape[1] > 1:
            pictures += [picture[None] for picture in inks(one)]
            titles += [""] * len(images)
            labels.append("its strokes")
    return gallery(pictures, len(images), titles, labels, dpi=140 if len(found) == 1 else 90)


def inks(found: Decomposition) -> list[Tensor]:
    """Images (N, N, 3) in which each atom has its colour, the strongest the first one."""
    orders = [found.strongest(i) for i in range(len(found))]
    return [inked(found.atoms[i, order, 0], range(len(order))) for i, order in enumerate(orders)]


def gallery(
    pictures: list[Tensor], columns: int, titles: Sequence[str] = (), row_labels: Sequence[str] = (),
    rings: list[Tensor] | None = None, diamonds: list[Tensor] | None = None, dpi: int = 140,
) -> Figure:  # fmt: skip
    """Pictures (1, N, N) in rows on one scale; positions (n, 2) in rings or diamonds in each.

    Coloured pictures, (1, N, N, 3) in [0, 1], may be among them.
    """
    figure, axes = picture_grid(len(pictures), columns, dpi)
    scale = max(1e-6, *(float(picture.abs().max()) for picture in pictures))
    font = 8.5 * max(1, columns / 6.5)  # a wide figure is shown smaller
    for i, (axis, picture) in enumerate(zip(axes, pictures, strict=False)):
        show(axis, picture[0], titles[i] if i < len(titles) else "", scale, font)
        for marks, style in ((rings, RING), (diamonds, DIAMOND)):
            if marks is not None:
                axis.plot(marks[i][:, 1].cpu(), marks[i][:, 0].cpu(), **style)
    for label, axis in zip(row_labels, axes[::columns], strict=False):
        axis.set_ylabel(label, fontsize=font)
    bar = figure.colorbar(axes[0].images[0], ax=axes, shrink=0.7, pad=0.01, aspect=30)
    bar.ax.tick_params(labelsize=font)
    bar.outline.set_visible(False)
    if min(float(picture.min()) for picture in pictures) > -0.02 * scale:
        bar.ax.set_ylim(0, scale)  # nothing is negative: no colours for it
    return figure


def architecture(found: Decomposition, shown: int = 4) -> Figure:
    """Figure 1, drawn from a real image taken apart: image → f_E → latent blocks → the same g → atoms → sum."""
    count = int(found.used[0].sum())
    shown = max(1, min(shown, count))
    blocks = found.strongest()[:shown].sort().values
    figure = Figure(figsize=(7.5, 1.15 * shown + 0.6), dpi=140)
    canvas = figure.add_axes((0, 0, 1, 1))
    canvas.set(xlim=(0, 1), ylim=(0, 1)), canvas.axis("off")
    tall = 0.72 / shown
    wide = tall * (1.15 * shown + 0.6) / 7.5
    scale = max(float(picture.abs().max()) for picture in (found.images, found.atoms, found.output))
    heights = np.linspace(0.84, 0.17, shown)
    middle = float(heights.mean())
    _framed(figure, (0.075, middle), (1.15 * wide, 1.15 * tall), found.images[0, 0], "$x$", scale)
    _arrow(canvas, (0.08 + 0.58 * wide, middle), (0.178, middle))
    _box(canvas, (0.205, middle), "$f_E$", (0.022, 0.12), "#dbe7f3")
    for i, y in zip(blocks.tolist(), heights, strict=False):  # none, where the image is empty
        _row(canvas, f"$z_{{{i + 1}}}$", found.z[0, i], y, middle, wide)
        _framed(figure, (0.69, y), (wide, tall), found.atoms[0, i, 0], f"$g(z_{{{i + 1}}})$", scale)
    if count > shown:
        canvas.text(0.565, 0.015, f"… and {count - shown} more blocks, through the same $g$", ha="center", fontsize=9)
    _box(canvas, (0.818, middle), r"$\Sigma$", (0.012, 0.06), "#ffffff")
    _arrow(canvas, (0.84, middle), (0.92 - 0.58 * wide, middle))
    _framed(figure, (0.925, middle), (1.15 * wide, 1.15 * tall), found.output[0, 0], r"$\hat x$", scale)
    return figure


def _row(canvas, name: str, z: Tensor, y: float, middle: float, wide: float) -> None:
    """One block on its way: f_E → zᵢ → g → atom → sum."""
    values = ", ".join(f"{value:.2f}" for value in z[:3].tolist()) + (", …" if len(z) > 3 else "")
    _arrow(canvas, (0.235, middle), (0.299, y))
    _box(canvas, (0.39, y), f"{name}\n({values})".replace("-", "−"), (0.084, 0.065), "#f7e3d2", 7.2)
    _arrow(canvas, (0.482, y), (0.536, y))
    _box(canvas, (0.565, y), "$g$", (0.02, 0.045), "#d9efe4")
    _arrow(canvas, (0.595, y), (0.69 - 0.55 * wide, y))
    _arrow(canvas, (0.695 + 0.5 * wide, y), (0.798, middle))


def _framed(figure: Figure, centre: tuple, size: tuple, what: Tensor, title: str, scale: float) -> None:
    axis = figure.add_axes((centre[0] - size[0] / 2, centre[1] - size[1] / 2, *size))
    show(axis, what, title, scale)


def _box(canvas, centre: tuple, text: str, half: tuple, colour: str, font: float = 12) -> None:
    corner = (centre[0] - half[0], centre[1] - half[1])
    width, height = 2 * half[0], 2 * half[1]
    canvas.add_patch(FancyBboxPatch(corner, width, height, boxstyle="round,pad=0.006", fc=colour, ec="#334455"))
    canvas.text(*centre, text, ha="center", va="center", fontsize=font, linespacing=1.5)


def _arrow(canvas, start: tuple, end: tuple) -> None:
    canvas.add_patch(ConnectionPatch(start, end, "data", "data", arrowstyle="-|>", color="#556677", lw=1))


def curves(records: dict[str, dict], metrics: tuple[str, ...] = ("nmse",), against: str = "minutes") -> Figure:
    """Held-out metrics and the loss of trainings, by label, against "minutes" or "steps"."""
    panels = ("training loss", *metrics)
    figure, axes = panelled(len(panels))
    for i, (label, record) in enumerate(records.items()):
        curve, style = record["curve"], {"color": COLOURS[i % len(COLOURS)], "label": label}
        minutes = against == "minutes"
        axes[0].plot(np.array(curve["seconds"]) / 60 if minutes else curve["steps"], curve["loss"], **style, lw=1)
        for axis, metric in zip(axes[1:], metrics, strict=True):
            looks = [point for point in curve["held_out"] if metric in point]
            places = [point["seconds"] / 60 if minutes else point["step"] for point in looks]
            axis.plot(places, [point[metric] for point in looks], "o-", ms=3, lw=1.2, **style)
    for axis, title in zip(axes, panels, strict=True):
        logarithmic = title in ("training loss", "nmse", "rmse_px", "amplitude_error")
        axis.set(xlabel=f"{against} of training", title=title, yscale="log" if logarithmic else "linear")
    legend(figure, axes[0])
    return figure


def spread(found: dict[str, list[dict]], metrics: dict[str, str]) -> Figure:
    """A dot a seed, and a bar at their mean, by variant. metrics: {key: title}; found: {variant: [{key: value}]}."""
    figure, axes = panelled(len(metrics), 2.5)
    for axis, (key, title) in zip(axes, metrics.items(), strict=True):
        for i, results in enumerate(found.values()):
            values = [result[key] for result in results if key in result]
            places = i + 0.22 * np.linspace(-1, 1, len(values)) if len(values) > 1 else [i] * len(values)
            axis.plot(places, values, "o", ms=5, mfc="none", color=COLOURS[i % len(COLOURS)])
            if values:
                axis.hlines(np.mean(values), i - 0.32, i + 0.32, color=COLOURS[i % len(COLOURS)], lw=2)
        axis.set(title=title, xlim=(-0.6, len(found) - 0.4))
        axis.set_xticks(range(len(found)), found, rotation=20 if len(found) > 3 else 0)
    return figure


def table(rows: list[dict], digits: int = 3) -> str:
    """Rows of named values as a Markdown table; numbers with so many significant digits."""
    cells = [[f"{v:.{digits}g}" if isinstance(v, float) else str(v) for v in row.values()] for row in rows]
    lines = [list(rows[0]), ["---"] * len(rows[0]), *cells]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def save(figure: Figure, path: str | Path) -> None:
    """Write a figure as the file's ending says (png, pdf, svg), whole or not at all."""
    kind = Path(path).suffix.lstrip(".").lower()
    if kind not in figure.canvas.get_supported_filetypes():
        raise BadInput(f"{path}: a picture cannot be written as “.{kind}”; use .png, .pdf or .svg.")
    write_whole(path, writer=lambda file: figure.savefig(file, format=kind, dpi=150, bbox_inches="tight"))


def panelled(count: int, width: float = 3.3, height: float = 2.9) -> tuple[Figure, list]:
    """A figure and `count` panels of a size in inches: a row of up to `PAGE` inches, or two rows."""
    rows = 1 if count * width <= PAGE else 2
    columns = -(-count // rows)
    figure = Figure(figsize=(width * columns, height * rows), dpi=140, layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False).ravel().tolist()
    for axis in axes[count:]:
        axis.remove()
    for axis in axes[:count]:
        axis.grid(alpha=0.25)
    return figure, axes[:count]


def legend(figure: Figure, axis) -> None:
    """The labels of one panel, under all of them."""
    handles, labels = axis.get_legend_handles_labels()
    columns = len(labels) if len(labels) <= 5 else 4
    figure.legend(handles, labels, loc="outside lower center", ncols=columns, frameon=False, fontsize=9)


def percent(share: Tensor | float) -> str:
    """A share as a reader sees it."""
    return f"{100 * float(share):.1f} %"


def picture_grid(count: int, columns: int, dpi: int = 140) -> tuple[Figure, list]:
    """A figure and places for `count` pictures, in rows."""
    rows = -(-count // columns)
    figure = Figure(figsize=(1.1 * columns, 1.28 * rows), dpi=dpi, layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False).ravel().tolist()
    for axis in axes[count:]:
        axis.axis("off")
    return figure, axes


def show(axis, picture: Tensor, title: str, scale: float, font: float = 8.5) -> None:
    """A picture (N, N) on the scale −scale…scale, or in colours (N, N, 3)."""
    axis.imshow(picture.cpu().numpy(), cmap=INK, vmin=-scale, vmax=scale, interpolation="nearest")
    axis.set_title(title, fontsize=font, pad=3)
    bare(axis)


def bare(axis) -> None:
    """No ticks, and a faint frame."""
    axis.set(xticks=[], yticks=[])
    for spine in axis.spines.values():
        spine.set(color="#bbbbbb", linewidth=0.6)


def _near(positions: Tensor, picture: Tensor) -> Tensor:
    """Those of the positions (n, 2) where a picture (N, N) has something to show."""
    rows, columns = positions.round().long().T
    return positions[picture[rows, columns].abs() > 0.15]
