"""What every chapter draws with: an image taken apart, galleries, panels; each figure is a matplotlib Figure.

One colour map for all images: white is 0, ink is positive, vermilion negative. Nothing is clipped, so cancellation
shows.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import torch
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from matplotlib.figure import Figure
from torch import Tensor

from .errors import BadInput
from .files import write_whole
from .model.decomposition import Decomposition
from .names import COLOURS as MODELS
from .names import called
from .page import COLUMN, PageFigure

INK = LinearSegmentedColormap.from_list("ink", ["#b23a00", "#ee9a68", "#ffffff", "#6b8199", "#0b1d33"])
COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8A6D00", "#000000"]  # Okabe–Ito
PAGE = 11  # inches, the widest row of panels; on the page it is scaled to a column of text, letters apart
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


def colours(labels: Iterable[object]) -> list[str]:
    """A colour for each of some labels: a model's own where one is named, else the next of those that are left.

    A model's name may have more after a comma: "pursuit, free latents".
    """
    named = [MODELS.get(called(str(label).partition(",")[0])) for label in labels]
    left = [colour for colour in COLOURS if colour not in named] or COLOURS
    others = (left[i % len(left)] for i in range(len(named)))
    return [colour or next(others) for colour in named]


def inked(atoms: Tensor, numbers: Iterable[int]) -> Tensor:
    """Atoms (n, N, N) as inks on white paper (N, N, 3), each in the colour of its number; negative parts don't show.

    In 32 shades a channel, or the faintest traces of every atom would make large files.
    """
    paper = torch.ones(*atoms.shape[-2:], 3)
    for i, atom in zip(numbers, atoms.clamp(0, 1), strict=True):
        paper *= 1 - atom[..., None] * (1 - torch.tensor(to_rgb(COLOURS[i % len(COLOURS)])))
    return (31 * paper).round() / 31


def gallery(
    pictures: list[Tensor], columns: int, titles: Sequence[str] = (), row_labels: Sequence[str] = (),
    rings: list[Tensor] | None = None, diamonds: list[Tensor] | None = None,
) -> Figure:  # fmt: skip
    """Pictures (1, N, N) in rows on one scale; positions (n, 2) in rings or diamonds in each.

    Coloured pictures, (1, N, N, 3) in [0, 1], may be among them.
    """
    figure, axes = picture_grid(len(pictures), columns)
    scale = max(1e-6, *(float(picture.abs().max()) for picture in pictures))
    for i, (axis, picture) in enumerate(zip(axes, pictures, strict=False)):
        show(axis, picture[0], titles[i] if i < len(titles) else "", scale)
        for marks, style in ((rings, RING), (diamonds, DIAMOND)):
            if marks is not None:
                axis.plot(marks[i][:, 1].cpu(), marks[i][:, 0].cpu(), **style)
    for label, axis in zip(row_labels, axes[::columns], strict=False):
        axis.set_ylabel(label, fontsize=8.5)
    bar = figure.colorbar(axes[0].images[0], ax=axes, shrink=0.7, pad=0.01, aspect=30)
    bar.outline.set_visible(False)
    low = min(float(picture.min()) for picture in pictures)
    bar.ax.set_ylim(low if low < -0.02 * scale else 0, max(float(picture.max()) for picture in pictures))
    return figure  # the bar has the colours that occur: none for what is negative where nothing is


def written(number: str) -> str:
    """A number that Python has written, as a reader writes it: −0.4 for -0.4, 5·10⁻⁸ for 5e-08."""
    digits, exponent, power = number.partition("e")
    if exponent:
        digits += "·10" + str(int(power)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return digits.replace("-", "−")


def table(rows: list[dict], digits: int = 3) -> str:
    """Rows of named values as a Markdown table; numbers with so many significant digits."""
    cells = [[written(f"{v:.{digits}g}") if isinstance(v, float) else str(v) for v in row.values()] for row in rows]
    lines = [list(rows[0]), ["---"] * len(rows[0]), *cells]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def save(figure: Figure, path: str | Path) -> None:
    """Write a figure as the file's ending says (png, pdf, svg), whole or not at all."""
    kind = Path(path).suffix.lstrip(".").lower()
    if kind not in figure.canvas.get_supported_filetypes():
        raise BadInput(f"{path}: a picture cannot be written as “.{kind}”; use .png, .pdf or .svg.")
    write_whole(path, writer=lambda file: figure.savefig(file, format=kind, dpi=150, bbox_inches="tight"))


def panelled(count: int, width: float = 3.3, height: float = 2.9) -> tuple[PageFigure, list]:
    """A figure and `count` panels: a row of up to `PAGE` inches, or two rows; on a phone one below the other.

    Narrow panels stand there in two columns.
    """
    rows = 1 if count * width <= PAGE else 2
    columns = -(-count // rows)
    across = min(1.35 * width, COLUMN / columns)
    tall = max(2.1, across * height / width)
    figure = PageFigure(across * columns, tall * rows)
    figure.phone = (2, 1.9) if width < 2.5 and count > 1 else (1, 2.3)
    axes = figure.subplots(rows, columns, squeeze=False).ravel().tolist()
    for axis in axes[count:]:
        axis.remove()
    for axis in axes[:count]:
        axis.grid(alpha=0.25)
        axis.spines[["top", "right"]].set_visible(False)
    return figure, axes[:count]


def legend(figure: PageFigure, axis) -> None:
    """The labels of one panel, under all of them."""
    figure.key(*axis.get_legend_handles_labels())


def percent(share: Tensor | float) -> str:
    """A share as a reader sees it."""
    return f"{100 * float(share):.1f} %"


def picture_grid(count: int, columns: int) -> tuple[PageFigure, list]:
    """A figure and places for `count` pictures, in rows."""
    rows, side = -(-count // columns), min(1.45, COLUMN / columns)
    figure = PageFigure(side * columns, (side + 0.18) * rows)
    axes = figure.subplots(rows, columns, squeeze=False).ravel().tolist()
    for axis in axes[count:]:
        axis.axis("off")
    return figure, axes


def show(axis, picture: Tensor, title: str, scale: float, font: float = 8.5) -> None:
    """A picture (N, N) on the scale −scale…scale, or in colours (N, N, 3)."""
    axis.imshow(picture.cpu().numpy(), cmap=INK, vmin=-scale, vmax=scale, interpolation="none")
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
