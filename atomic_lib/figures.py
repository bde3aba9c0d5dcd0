"""What every chapter draws with: an image taken apart, galleries, panels; each figure is a matplotlib Figure.

One colour map for all images: white is 0, ink is positive, vermilion negative. Nothing is clipped, so cancellation
shows.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import matplotlib
import torch
from matplotlib.colors import LinearSegmentedColormap, to_rgb
from matplotlib.figure import Figure
from torch import Tensor

from .errors import BadInput
from .files import write_whole
from .model.decomposition import Decomposition
from .names import written

INK = LinearSegmentedColormap.from_list("ink", ["#b23a00", "#ee9a68", "#ffffff", "#6b8199", "#0b1d33"])
COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8A6D00", "#000000"]  # Okabe–Ito
INCH = 96  # CSS pixels
DPI = 150  # dots an inch, of a figure that becomes pixels
COLUMN = 690 / INCH  # inches: the book's column of text
STYLE: Any = {
    "svg.fonttype": "none", "svg.image_inline": True, "image.composite_image": False,
    "font.size": 9, "axes.titlesize": 9, "axes.labelsize": 8.5, "legend.fontsize": 8.5,
    "xtick.labelsize": 8, "ytick.labelsize": 8, "axes.linewidth": 0.7, "hatch.linewidth": 0.7,
}  # fmt: skip
Style = dict[str, Any]
# Marks: the truth or the original; what became of it.
RING: Style = {"marker": "o", "ls": "", "mfc": "none", "mec": "#009E73", "ms": 10.5, "mew": 1.3}
DIAMOND: Style = {"marker": "D", "ls": "", "mfc": "none", "mec": "#D55E00", "ms": 7, "mew": 1.3}


class PageFigure(Figure):
    """A matplotlib Figure for a page of the book, which `studies.page` shows there.

    phone: in how many columns its panels stand on a phone, and how tall a row is there, in inches; None for what
    cannot be laid out anew: on a phone the page moves it sideways.
    """

    phone: tuple[int, float] | None = None
    keyed: tuple[Sequence[Any], Sequence[str]] = ((), ())  # marks and what they mean, see `studies.page.key`

    def __init__(self, width: float, height: float, **options: Any) -> None:
        """Size in inches; what is wider than a column of text is scaled down to one."""
        scale = min(1.0, COLUMN / width)
        with matplotlib.rc_context(STYLE):
            super().__init__(figsize=(scale * width, scale * height), **{"layout": "constrained", **options})

    def subplots(self, *shape: int, **options: Any) -> Any:
        """As matplotlib's, with the page's sizes of text and lines."""
        with matplotlib.rc_context(STYLE):
            return super().subplots(*shape, **options)


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
    bar.ax.set_ylim(low if low < -0.02 * scale else 0, scale)  # no colours for what is more negative than anything is
    return figure


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
    write_whole(path, writer=lambda file: figure.savefig(file, format=kind, dpi=DPI, bbox_inches="tight"))


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
