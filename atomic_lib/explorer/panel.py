"""The explorer with a kernel: `atomic_lib.explore` gives a panel of sliders for JupyterLab, notebooks and Voilà."""

import base64
import functools
import io
from collections.abc import Callable

import ipywidgets as widgets
import numpy as np
import torch
from PIL import Image
from torch import Tensor

from ..figures import DPI, INK, gallery, inked
from ..model.autoencoder import AtomicAutoencoder
from .scene import Scene

SIDE = 256  # of the three pictures, px
SQUARE = {"width": f"{SIDE}px", "height": f"{SIDE}px", "margin": "2px 6px 0 2px", "border": "1px solid #bbbbbb"}
# Sliders have whole numbers of steps: given a number between its steps, a slider in the browser rounds it and sends it
# back, and nobody could tell that from a hand.
STEPS = 200  # of a coordinate's range
NARROW = {"width": "146px"}
SLIDER = {"layout": {"width": "260px"}, "style": {"description_width": "84px"}}
SMALL = {"width": "68px"}


def explore(model: AtomicAutoencoder, images: Tensor, ranges: Tensor | None = None) -> "Panel":
    """A panel to take images (B, 1, N, N) apart with, 1 ≤ B ≤ 1000: the last line of a cell shows it.

    Choose an image and one of its blocks, move the block's d0 coordinates, switch blocks off, walk to another image.
    The model stays on its device. ranges: (d0, 2), from where to where the sliders go; if not given, as far as 128
    images of the model's training set do, but for 1 % at either end; always as far as the given images do. Raises
    `BadInput` for images that do not fit the model, and for a model with neither a recipe nor `ranges`.
    """
    return Panel(Scene(model, images, ranges))


class Panel(widgets.VBox):
    """A `Scene` under sliders; `panel.scene` is at hand in the next cell, its z, atoms and sum being what is seen.

    Pictures are widgets that are given new bytes: nothing is cleared, so nothing flickers. Where no kernel runs, as in
    the rendered book, the panel leaves a picture of itself.
    """

    def __init__(self, scene: Scene):
        self.scene, self._quiet = scene, False
        self.block: int | None = None  # of the scene's, under the sliders
        self.cells: list[tuple] = []
        names = [(str(i + 1), i) for i in range(len(scene.images))]
        self.start = widgets.Dropdown(options=names, value=scene.start, description="image", layout=NARROW)
        self.end = widgets.Dropdown(options=names, value=scene.end, description="walk to", layout=NARROW)
        self.t = widgets.IntSlider(0, min=0, max=100, description="how far, %", layout={"width": "360px"})
        self.tint = widgets.Checkbox(False, description="tint the atoms", indent=False, layout=NARROW)
        self.coordinates = [
            widgets.IntSlider(0, min=0, max=STEPS, readout=False, description=f"coordinate {j + 1}", **SLIDER)
            for j in range(len(scene.low))
        ]
        self.values = [widgets.Label() for _ in self.coordinates]
        self.reset_block, self.reset_all = (
            widgets.Button(description=f"reset {what}", layout=NARROW) for what in ("block", "image")
        )
        self.pictures = [widgets.Image(layout=SQUARE) for _ in range(3)]
        self.captions = [widgets.Label() for _ in range(3)]
        self.line, self.strip = widgets.HTML(style={"font_size": "15px"}), widgets.HBox()

        for chooser in (self.start, self.end):
            chooser.observe(self._told(lambda: scene.open(self.start.value, self.end.value)), "value")
        self.t.observe(self._told(lambda: scene.walk(self.t.value / 100)), "value")
        self.tint.observe(self._told(lambda: None), "value")
        for j, slider in enumerate(self.coordinates):
            slider.observe(self._told(functools.partial(self._slid, j, slider)), "value")
        self.reset_block.on_click(self._told(self._reset))
        self.reset_all.on_click(self._told(scene.reset))

        top = widgets.HBox([self.start, self.end, self.t, self.tint])
        sliders = map(widgets.HBox, zip(self.coordinates, self.values, strict=True))
        hand = widgets.VBox([*sliders, widgets.HBox([self.reset_block, self.reset_all])])
        framed = [widgets.VBox(pair) for pair in zip(self.pictures, self.captions, strict=True)]
        middle = widgets.HBox([*framed, hand])
        for row in (top, middle, self.strip):
            row.layout.flex_flow = "row wrap"  # on a narrow screen
        super().__init__([top, middle, self.line, self.strip])
        self.refresh()

    def _slid(self, coordinate: int, slider: widgets.IntSlider) -> None:
        share = slider.value / STEPS
        low, high = self.scene.low[coordinate], self.scene.high[coordinate]
        if self.block is not None:
            self.scene.move(self.block, coordinate, float(torch.lerp(low, high, share)))

    def _reset(self) -> None:
        if self.block is not None:
            self.scene.reset(self.block)

    def select(self, block: int) -> None:
        """Put a block under the coordinate sliders."""
        self.block = block
        self.refresh()

    def refresh(self) -> None:
        """Show the scene as it is; only what differs is sent to the browser."""
        self._quiet = True
        try:
            self._refresh()
        finally:
            self._quiet = False

    def _refresh(self) -> None:
        scene, blocks, atoms, total = self.scene, self.scene.blocks, self.scene.shown, self.scene.sum
        if self.block not in blocks:
            self.block = blocks[0] if blocks else None
        chosen: list[int] = [] if self.block is None else [self.block]
        scale = max(1.0, *(float(part.abs().max()) for part in (scene.input, total, *atoms)))  # nothing is clipped

        def paint(picture: Tensor, which: list[int] | None = None, strength: float = 1.0, times: int = 1) -> bytes:
            if which is not None and self.tint.value:
                return _png((255 * inked(strength * atoms[which], which)).byte().numpy(), times)
            return _png(INK(strength * picture.numpy() / (2 * scale) + 0.5, bytes=True), times)

        times = max(1, SIDE // len(total))
        self.pictures[0].value = paint(scene.input, times=times)
        self.pictures[1].value = paint(total, [i for i in blocks if scene.on[i]], times=times)
        self.pictures[2].value = paint(atoms[chosen].sum(dim=0), chosen, times=times)
        self.captions[0].value = f"input: image {scene.near + 1}"
        count = int(scene.on[blocks].sum())
        self.captions[1].value = f"sum of {count} atom{'' if count == 1 else 's'}"
        self.captions[2].value = f"atom {blocks.index(chosen[0]) + 1}" if chosen else "no atom"
        self.line.value = scene.words(self.block)
        self.t.value, self.t.disabled = round(100 * scene.t), scene.start == scene.end
        z = scene.z[self.block] if chosen else scene.low
        places = ((z - scene.low) / (scene.high - scene.low) * STEPS).round().int().tolist()
        for slider, value, place, number in zip(self.coordinates, self.values, places, z.tolist(), strict=True):
            slider.value, slider.disabled = place, not chosen
            value.value = f"{number:.2f}".replace("-", "−") if chosen else ""
        self.cells += [self._cell(i) for i in range(len(self.cells), len(blocks))]
        self.strip.children = [box for box, *_ in self.cells[: len(blocks)]]
        for block, (_, picture, number, switch) in zip(blocks, self.cells, strict=False):
            on = bool(scene.on[block])
            picture.value = paint(atoms[block], [block], 1.0 if on else 0.25)
            number.button_style, switch.value = "primary" if block == self.block else "", on

    def _cell(self, i: int) -> tuple:
        """The i-th place of the strip: an atom, its number to choose it by, its switch."""
        picture = widgets.Image(layout={**SMALL, "height": "68px", "border": "1px solid #dddddd"})
        number = widgets.Button(description=str(i + 1), tooltip=f"choose block {i + 1}", layout=SMALL)
        switch = widgets.Checkbox(True, description="on", indent=False, layout=SMALL)
        number.on_click(lambda _: self.select(self.scene.blocks[i]))
        switch.observe(self._told(lambda: self.scene.switch(self.scene.blocks[i], switch.value)), "value")
        return widgets.VBox([picture, number, switch]), picture, number, switch

    def _told(self, act: Callable[[], object]) -> Callable:
        """A handler for what the reader does: act, then show it. What the panel does itself is passed over."""

        def handler(_) -> None:
            if not self._quiet:
                act()
                self.refresh()

        return handler

    def _repr_mimebundle_(self, **kwargs) -> dict:
        scene, blocks = self.scene, self.scene.blocks
        titles = [f"atom {n}" + ("" if scene.on[i] else ", off") for n, i in enumerate(blocks, 1)]
        pictures = [part[None] for part in (scene.input, scene.sum, *scene.shown[blocks])]
        figure = gallery(pictures, 6 if len(pictures) <= 12 else 7, ["input", "sum", *titles])
        figure.supxlabel(self.line.value, fontsize=9)
        file = io.BytesIO()
        figure.savefig(file, dpi=DPI, bbox_inches="tight")
        still = base64.b64encode(file.getvalue()).decode()
        return {**super()._repr_mimebundle_(**kwargs), "text/plain": self.line.value, "image/png": still}


def _png(pixels: np.ndarray, times: int = 1) -> bytes:
    """Pixels (N, N, 3 or 4) of 0…255 as a PNG, each drawn `times` times a side."""
    return _encoded(pixels[..., :3].tobytes(), len(pixels), times)


@functools.lru_cache(maxsize=256)  # of some twenty pictures a movement changes three: the others are known
def _encoded(pixels: bytes, side: int, times: int) -> bytes:
    file = io.BytesIO()
    image = Image.frombytes("RGB", (side, side), pixels).resize((side * times, side * times), Image.Resampling.NEAREST)
    image.save(file, "png", compress_level=1)
    return file.getvalue()
