"""The figures of the paper and of its supplement that more than one chapter draws, each from images taken apart."""

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import ConnectionPatch, FancyBboxPatch
from torch import Tensor

from ..figures import COLOURS, PageFigure, gallery, inked, percent, show
from ..model.decomposition import Decomposition


def architecture(found: Decomposition, shown: int = 4) -> Figure:
    """Figure 1, drawn from a real image taken apart: image → f_E → latent blocks → the same g → atoms → sum."""
    count = int(found.used[0].sum())
    shown = max(1, min(shown, count))
    blocks = found.strongest()[:shown].sort().values
    figure = PageFigure(7.5, 1.15 * shown + 0.6, layout="none")
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
    dark = "#1a1a1a"  # not black, which would turn light on a dark page
    canvas.text(*centre, text, ha="center", va="center", fontsize=font, linespacing=1.5, color=dark)


def _arrow(canvas, start: tuple, end: tuple) -> None:
    canvas.add_patch(ConnectionPatch(start, end, "data", "data", arrowstyle="-|>", color="#556677", lw=1))


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
    return gallery(pictures, len(images), titles, labels)


def inks(found: Decomposition) -> list[Tensor]:
    """Images (N, N, 3) in which each atom has its colour, the strongest the first one."""
    orders = [found.strongest(i) for i in range(len(found))]
    return [inked(found.atoms[i, order, 0], range(len(order))) for i, order in enumerate(orders)]


def overlay(found: dict[str, Decomposition]) -> Figure:
    """One image with each stroke in its own colour, as each model takes it apart.

    Below, the energy of each atom over the image's, in the same colour, the strongest first; after eight, colours
    come again, hatched in the bars. Only positive parts show above.
    """
    figure = PageFigure(3.0 * len(found), 4.2)
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
