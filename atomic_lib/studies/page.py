"""Figures as a page of the book has them: SVG with text as text, drawn for a column of text and again for a phone.

Text takes the page's font, and what is black takes the colour of the page's ink, light or dark; nothing is painted
behind it. Pictures in a figure are PNG within the SVG, a pixel a pixel.
"""

import codecs
import hashlib
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import matplotlib
from matplotlib.backends.backend_mixed import MixedModeRenderer
from matplotlib.backends.backend_svg import FigureCanvasSVG, RendererSVG
from matplotlib.cbook import file_requires_unicode, open_file_cm
from matplotlib.gridspec import GridSpec

from ..figures import COLOURS, COLUMN, INCH, STYLE, PageFigure
from ..names import COLOURS as MODELS
from ..names import called

PHONE = 345 / INCH  # inches: what a phone 390 px wide leaves of the book's column of text
PAGE = 11  # inches, the widest row of panels; on the page it is scaled to a column of text, letters apart
LEAST = 9  # CSS pixels: no label is smaller, on a phone either


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


def colours(labels: Iterable[object]) -> list[str]:
    """A colour for each of some labels: a model's own where one is named, else the next of those that are left.

    A model's name may have more after a comma: "pursuit, free latents".
    """
    named = [MODELS.get(called(str(label).partition(",")[0])) for label in labels]
    left = [colour for colour in COLOURS if colour not in named] or COLOURS
    others = (left[i % len(left)] for i in range(len(named)))
    return [colour or next(others) for colour in named]


def key(figure: PageFigure, handles: Sequence[Any], labels: Sequence[str]) -> None:
    """What the marks mean, under all panels, in as many columns as there is room for."""
    figure.keyed = (handles, labels)
    _fit_key(figure)


def legend(figure: PageFigure, *axes: Any) -> None:
    """The labels of some panels, each of them once, under all panels."""
    found = {label: handle for axis in axes for handle, label in zip(*axis.get_legend_handles_labels(), strict=True)}
    key(figure, list(found.values()), list(found))


def show(figure: PageFigure) -> None:
    """A figure as the output of a notebook's cell."""
    from IPython.display import display

    display({"image/svg+xml": svg(figure), "text/plain": repr(figure)}, raw=True)


def svg(figure: PageFigure) -> str:
    """One SVG element: the figure, and within it, not displayed, the one for a phone if there is one.

    Its class is "chart", that of the inner one "phone"; `--least` is the width in px under which a label would be
    smaller than `LEAST`.
    """
    inner = ""
    if figure.phone:
        with _stacked(figure, *figure.phone):
            inner = _drawn(figure, 'class="phone" display="none"')
    return _drawn(figure, 'class="chart"', inner)


def plain(text: str) -> str | None:
    """Mathtext as text: "$z_{1}$" → z, and a small 1 that is lower; None where a command of it is not known.

    Letters of a formula, what is lower and what is higher stand between characters of Unicode's private use, which
    `_marked` turns into SVG.
    """
    parts = re.split(r"(?<!\\)\$", text)
    formulas = [_formula(part) for part in parts[1::2]]
    if any(formula is None or "\\" in formula for formula in formulas):
        return None
    parts[1::2] = [formula or "" for formula in formulas]
    return "".join(parts).replace(r"\$", "$")


def _formula(math: str) -> str | None:
    math = re.sub(r"\\(?:mathdefault|mathrm|operatorname|text)\s*\{((?:[^{}]|\{[^{}]*\})*)\}", rf"{_UP}\1{_UP}", math)
    math = re.sub(r"\\hat\s*\{?(\w)\}?", "\\1\u0302", math)
    for command in sorted(_SIGNS, key=len, reverse=True):
        math = re.sub(rf"\\{command}(?![a-zA-Z]) ?", _SIGNS[command], math)
    upright, shown = False, ""
    for piece in re.split(rf"({_UP}|[A-Za-zα-ω]\u0302?)", math):
        upright ^= piece == _UP
        letter = re.fullmatch(r"[A-Za-zα-ω]\u0302?", piece) and not upright
        shown += f"{_ITALIC}{piece}{_END}" if letter else piece
    for sign, mark in (("_", _LOW), ("\\^", _HIGH)):
        group = rf"{sign}(?:\{{([^{{}}]*)\}}|({_ITALIC}.*?{_END}|.))"
        shown = re.sub(group, rf"{mark}\1\2{_BACK[mark]}", shown)
    return shown.replace(_UP, "").replace("-", "−").replace("{", "").replace("}", "")


class FigureCanvas(FigureCanvasSVG):
    """matplotlib's canvas for SVG, whose text is text in formulas too."""

    def print_svg(self, filename: Any, *, bbox_inches_restore: Any = None, **_: Any) -> None:
        """Draw into a file, by its name or open."""
        with open_file_cm(filename, "w", encoding="utf-8") as file:
            text = file if file_requires_unicode(file) else codecs.getwriter("utf-8")(file)
            dpi, self.figure.dpi = self.figure.dpi, 72
            width, height = self.figure.get_size_inches()
            inner: Any = _Renderer(72 * width, 72 * height, text, image_dpi=dpi, metadata={"Date": None})
            outer: Any = MixedModeRenderer(
                self.figure, width, height, dpi, inner, bbox_inches_restore=bbox_inches_restore
            )
            self.figure.draw(outer)
            outer.finalize()


class _Renderer(RendererSVG):
    def draw_text(self, gc, x, y, s, prop, angle, ismath=False, mtext=None):  # noqa: ANN001, ANN201, PLR0913
        text = plain(s) if ismath else None
        super().draw_text(gc, x, y, s if text is None else text, prop, angle, ismath and text is None, mtext)


def _fit_key(figure: PageFigure) -> None:
    """The key once more, for the width that the figure has now."""
    handles, labels = figure.keyed
    for columns in range(len(labels), 0, -1):
        for former in list(figure.legends):
            former.remove()
        box = figure.legend(
            handles,
            labels,
            loc="outside lower center",
            ncols=columns,
            frameon=False,
            fontsize=8.5,
            columnspacing=1.5,
        )
        extent: Any = box.get_tightbbox()
        if extent.width <= 0.98 * figure.bbox.width:
            break


def _drawn(figure: PageFigure, attributes: str, inner: str = "") -> str:
    """The figure as it stands, as one SVG element that has no ids but those it needs, which no other figure has."""
    out = io.StringIO()
    with matplotlib.rc_context({**STYLE, "svg.hashsalt": "page"}):
        _fit_key(figure)
        for axis in figure.axes:  # those of colour bars and what was titled later too
            axis.title.set_fontsize(min(9.5, axis.title.get_fontsize()))
            axis.tick_params(labelsize=STYLE["xtick.labelsize"])
        figure.savefig(out, format="svg", transparent=True, dpi=200, backend=f"module://{__name__}")
    text = out.getvalue()
    width, height = (INCH * inches for inches in figure.get_size_inches())
    sizes = [float(size) for size in re.findall(r"font-size: ([\d.]+)px", text)]
    least = width * LEAST / (min(sizes) * INCH / 72) if sizes else 0
    body = _tidy(text[text.index("<defs>") :].removesuffix("</svg>\n"))
    key = hashlib.sha256(f"{attributes}{body}".encode()).hexdigest()[:10]
    body = re.sub(r'( id="|href="#|url\(#)', rf"\g<1>c{key}-", body)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" {attributes} '
        f'width="{width:.0f}" height="{height:.0f}" viewBox="0 0 {0.75 * width:g} {0.75 * height:g}" '
        f'style="--least: {least:.0f}px" font-family="sans-serif" fill="currentColor" '
        f'stroke-linejoin="round">{body}{inner}</svg>'
    )


def _tidy(text: str) -> str:
    """What matplotlib writes, without what is not needed, and in the page's ink and font."""
    text = re.sub(
        r"<defs>\s*<style.*?</defs>|<!--.*?-->|; font-family: [^;\"]*|(?<=<g) id=\"[^\"]*\"", "", text, flags=re.S
    )
    text = re.sub(r" transform=\"rotate\(-?0 [^)]*\)\"", "", text)
    text = text.replace("stroke: #000000", "stroke: currentColor").replace('fill="#000000"', 'fill="currentColor"')
    text = re.sub(r'(width="(\d+)" height="\d+" transform="[^"]*")( style="image-rendering[^"]*")', _smooth, text)
    for mark, tag in _TAGS.items():
        text = text.replace(mark, tag)
    return re.sub(r"\s*\n\s*", "\n", re.sub(r" ?\n(?=[LQCz])", " ", text)).strip()


def _smooth(image: re.Match) -> str:
    """Pictures of few pixels show them; larger ones are scaled without steps."""
    return image[1] + (image[3] if int(image[2]) < 64 else "")


@contextmanager
def _stacked(figure: PageFigure, columns: int, height: float) -> Iterator[None]:
    """The panels as they stand on a phone, for a while."""
    size, axes = figure.get_size_inches(), figure.axes
    specs: Any = [axis.get_subplotspec() for axis in axes]
    rows = -(-len(axes) // columns)
    figure.set_size_inches(PHONE, rows * height + 0.3 * bool(figure.legends))
    grid = GridSpec(rows, columns, figure)
    unnamed = [axis for axis in axes if columns == 1 and not axis.yaxis.get_tick_params().get("labelleft", True)]
    try:
        for i, axis in enumerate(axes):
            axis.set_subplotspec(grid[i])
        for axis in unnamed:  # rows that were named by the panel on the left
            axis.tick_params(labelleft=True)
        yield
    finally:
        figure.set_size_inches(*size)
        for axis in unnamed:
            axis.tick_params(labelleft=False)
        for axis, spec in zip(axes, specs, strict=True):
            axis.set_subplotspec(spec)


_ITALIC, _END, _UP, _LOW, _LOW_END, _HIGH, _HIGH_END = "\ue000\ue001\ue002\ue003\ue004\ue005\ue006"
_BACK = {_LOW: _LOW_END, _HIGH: _HIGH_END}
_TAGS = {
    _ITALIC: '<tspan font-style="italic">', _END: "</tspan>",
    _LOW: '<tspan dy="0.25em" font-size="75%">', _LOW_END: "</tspan><tspan dy=\"-0.19em\">\u200b</tspan>",
    _HIGH: '<tspan dy="-0.4em" font-size="75%">', _HIGH_END: "</tspan><tspan dy=\"0.3em\">\u200b</tspan>",
}  # fmt: skip
_SIGNS = {
    "times": "×", "cdot": "·", "Sigma": "Σ", "sigma": "σ", "psi": "ψ", "phi": "φ", "theta": "θ", "zeta": "ζ",
    "lambda": "λ", "alpha": "α", "beta": "β", "epsilon": "ε", "varepsilon": "ε", "partial": "∂", "approx": "≈",
    "leq": "≤", "le": "≤", "geq": "≥", "ge": "≥", "to": "→", "infty": "∞", "pm": "±", "Vert": "‖", "vert": "|",
    "sum": "Σ", "quad": " ", ",": " ", "ldots": "…", "dots": "…", "in": "∈", "log": "log", "min": "min", "max": "max",
}  # fmt: skip
