"""Figures and letters that are not MNIST's: a vector pen's, and a font's, read back as any picture file is."""

import tempfile
from pathlib import Path

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import PathPatch
from matplotlib.textpath import TextPath
from torch import Tensor

from ..data.digits import EXTENT
from ..data.pictures import from_image

SHEET, INCHES = (-0.5, 1.5), 4.0  # what a sheet shows along either axis, and its side
# Strokes through points (x, y) of a figure of height 1; two points are a straight line, more a smooth curve.
PEN: dict[str, list[list[tuple[float, float]]]] = {
    "2": [[(0.1, 0.75), (0.3, 1), (0.55, 0.8), (0.4, 0.45), (0.05, 0.05)], [(0.05, 0.05), (0.65, 0.05)]],
    "4": [[(0.4, 1), (0.02, 0.35)], [(0.02, 0.35), (0.65, 0.35)], [(0.45, 0.65), (0.45, 0)]],
    "8": [
        [(0.3, 0.53), (0.05, 0.8), (0.3, 1), (0.55, 0.8), (0.3, 0.53)],
        [(0.3, 0.53), (0.02, 0.22), (0.3, 0), (0.58, 0.22), (0.3, 0.53)],
    ],
    "S": [[(0.6, 0.87), (0.32, 1), (0.08, 0.78), (0.33, 0.53), (0.6, 0.25), (0.32, 0), (0.03, 0.14)]],
    "A": [[(0.02, 0), (0.33, 1)], [(0.33, 1), (0.64, 0)], [(0.13, 0.35), (0.53, 0.35)]],
}


def penned(names: str, size: int, width: float) -> Tensor:
    """The figures and letters of `PEN` so named, drawn by a pen of `width` px, as images (n, 1, N, N), `size` = N.

    `from_image` scales a figure together with its pen, which is taken into account.
    """
    pen = width / (EXTENT * size - width)  # of a figure of height 1
    points = 72 * INCHES / (SHEET[1] - SHEET[0])  # of a unit of the sheet
    sheets = []
    for name in names:
        sheet, axis = _sheet()
        for stroke in PEN[name]:
            axis.plot(*_smooth(stroke).T, color="black", lw=pen * points, solid_capstyle="round")
        sheets.append(_read(sheet, size))
    return torch.cat(sheets)


def lettered(names: str, size: int, family: str = "DejaVu Sans") -> Tensor:
    """Characters of a font, as images (n, 1, N, N), `size` = N; matplotlib brings DejaVu Sans."""
    sheets = []
    for name in names:
        sheet, axis = _sheet()
        outline = TextPath((0, 0), name, size=1.3, prop=FontProperties(family=family))
        axis.add_patch(PathPatch(outline, fc="black", lw=0))
        sheets.append(_read(sheet, size))
    return torch.cat(sheets)


def _smooth(points: list[tuple[float, float]], steps: int = 200) -> np.ndarray:
    """A cubic spline through points, or a straight line through two: (steps, 2)."""
    from scipy.interpolate import make_interp_spline

    times = np.arange(len(points))
    return make_interp_spline(times, points, k=min(3, len(points) - 1))(np.linspace(0, times[-1], steps))


def _sheet() -> tuple[Figure, Axes]:
    """An empty sheet, and its axes."""
    sheet = Figure(figsize=(INCHES, INCHES), dpi=100)
    axis = sheet.add_axes((0, 0, 1, 1), xlim=SHEET, ylim=SHEET)
    axis.axis("off")
    return sheet, axis


def _read(sheet: Figure, size: int) -> Tensor:
    """A sheet written to a file and read back, (1, 1, N, N)."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "drawing.png"
        sheet.savefig(path)
        return from_image(path, size)
