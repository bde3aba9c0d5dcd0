"""The explorer with a kernel: `atomic_lib.explore` gives a panel of sliders for JupyterLab, notebooks and Voilà.

`Scene` is what is being looked at, and knows no widgets; `Panel` shows it and hands it what the reader does.
"""

import base64
import functools
import io
from collections.abc import Callable

import ipywidgets as widgets
import numpy as np
import torch
from PIL import Image
from torch import Tensor

from ..encoders import OneShot
from ..errors import BadInput, check_range
from ..figures import INK, gallery, inked
from ..metrics import latent_range
from ..model import AtomicAutoencoder, device_of, relative_error
from ..spikes import check_images, pad_to

TRAINING = 128  # images of the training set that say how far a slider goes
SIDE = 256  # of the three pictures, px


def explore(model: AtomicAutoencoder, images: Tensor, ranges: Tensor | None = None) -> "Panel":
    """A panel to take images (B, 1, N, N) apart with, 1 ≤ B ≤ 1000: the last line of a cell shows it.

    Choose an image and one of its blocks, move the block's d0 coordinates, switch blocks off, walk to another image.
    The model stays on its device. ranges: (d0, 2), from where to where the sliders go; if not given, as far as 128
    images of the model's training set do, but for 1 % at either end; always as far as the given images do. Raises
    `BadInput` for images that do not fit the model, and for a model with neither a recipe nor `ranges`.
    """
    return Panel(Scene(model, images, ranges))


class Scene:
    """The blocks on the way from image `start` (t = 0) to image `end` (t = 1), and what was done to them by hand.

    Of the n blocks, those of `start` first, in the encoder's order: z (n, d0) and atoms (n, N, N) as they are now,
    moved (n, d0), what was added to z, and on (n,), whether they are switched on. All on the CPU.
    """

    def __init__(self, model: AtomicAutoencoder, images: Tensor, ranges: Tensor | None = None):
        check_range("the number of images", len(check_images(images)), 1, 1000)
        self.model, self.device = model, device_of(model)
        self.encoded, self.used = self._encode(images)
        self.images = pad_to(images.cpu().float(), model.size)
        self.low, self.high = self._ranges(ranges)
        self.start, self.end, self.t, self.moved = 0, min(1, len(images) - 1), 0.0, None
        self.open(self.start, self.end)

    def open(self, start: int, end: int) -> None:
        """Look at image `start` on its way to image `end`; with the same start, its blocks stay as they are."""
        kept = (self.moved, self.on) if start == self.start and self.moved is not None else None
        self.start, self.end = start, end
        a, b = (self.encoded[i, self.used[i]] for i in (start, end))
        rows, columns = self._pairs(a, b)
        lone = [j for j in range(len(b)) if j not in columns]
        self.first = torch.cat([a, b[lone]])
        self.last = self.first.clone()
        self.last[rows] = b[columns]
        self.fade = torch.zeros(len(self.first), 2)  # how much of each block is there at t = 0 and at t = 1
        self.fade[: len(a), 0] = self.fade[rows, 1] = self.fade[len(a) :, 1] = 1
        self.moved, self.on = torch.zeros_like(self.first), torch.ones(len(self.first), dtype=torch.bool)
        if kept:
            self.moved[: len(a)], self.on[: len(a)] = (part[: len(a)] for part in kept)
        # Atoms at both ends are kept: what is undone by hand, or walked back, is back bit by bit.
        ends = torch.cat([a, b])
        self.known = dict(zip(map(tuple, ends.tolist()), self._draw(ends), strict=True))
        self.z = torch.full_like(self.first, torch.nan)
        self.atoms = torch.zeros(len(self.first), *self.images.shape[2:])
        self._redraw()

    def walk(self, t: float) -> None:
        """Go to t: matched blocks move on a straight line, the others fade."""
        self.t = t
        self._redraw()

    def move(self, block: int, coordinate: int, value: float) -> None:
        """Give one coordinate of one block a value; g runs for that block alone."""
        self.moved[block, coordinate] = value - self._path()[block, coordinate]
        self._redraw()

    def switch(self, block: int, on: bool) -> None:
        """Take a block out of the sum, or put it back."""
        self.on[block] = on

    def reset(self, block: int | None = None) -> None:
        """Undo what was done to a block by hand; without one, to all, and go back to t = 0."""
        where, self.t = (slice(None), 0.0) if block is None else (block, self.t)
        self.moved[where], self.on[where] = 0, True
        self._redraw()

    @property
    def blocks(self) -> list[int]:
        """The blocks in use at t."""
        return self._faded().nonzero()[:, 0].tolist()

    @property
    def shown(self) -> Tensor:
        """The atoms (n, N, N), faded as t has it."""
        return self.atoms * self._faded()[:, None, None]

    @property
    def near(self) -> int:
        """The image that the walk is at, or nearer to."""
        return self.start if self.t <= 0.5 else self.end

    @property
    def input(self) -> Tensor:
        """That image (N, N)."""
        return self.images[self.near, 0]

    @property
    def sum(self) -> Tensor:
        """x̂ (N, N): the sum of the blocks that are switched on, in double, so that their order does not show."""
        return self.shown[self.on].double().sum(dim=0).float()

    def words(self, block: int | None) -> str:
        """What is being seen, in words that need no paper."""
        blocks, energy = self.blocks, float(self.input.square().sum())
        if block is None:
            return "The image is empty: no block is in use." if not energy else "The model finds nothing in this image."
        said = f"Block {blocks.index(block) + 1} of {len(blocks)}"
        if energy:
            said += f", {_percent(self.shown[block].square().sum() / energy)} of the energy"
        if off := int((~self.on[blocks]).sum()):
            said += f"; {off} switched off"
        if self.t:
            said += f"; {_percent(self.t)} of the way from image {self.start + 1} to image {self.end + 1}"
        if not energy:
            return said + "; the image is empty."
        return said + f"; difference to the input {_percent(relative_error(self.input[None], self.sum[None]))}."

    def _encode(self, images: Tensor) -> tuple[Tensor, Tensor]:
        with torch.inference_mode():
            parts = [self.model.encode(part.to(self.device)) for part in images.split(64)]
        z, used = (torch.cat(part).cpu() for part in zip(*parts, strict=True))
        return z.float(), used

    def _ranges(self, ranges: Tensor | None) -> Tensor:
        """The lowest and the highest value of each coordinate, (2, d0)."""
        if ranges is None:
            if not hasattr(self.model, "recipe"):
                raise BadInput("the model has no recipe to say what it was trained on; give `ranges` (d0, 2) as well.")
            chosen = torch.Generator().manual_seed(0)
            z, used = self._encode(self.model.recipe.data.batch(TRAINING, chosen))
            ranges = latent_range(z, used) if used.any() else torch.zeros(self.model.d0, 2)
        if ranges.shape != (self.model.d0, 2) or not torch.isfinite(ranges).all():
            raise BadInput(f"ranges: the shape is {tuple(ranges.shape)}; expected ({self.model.d0}, 2), all finite.")
        seen = torch.cat([ranges.T.float().cpu(), self.encoded[self.used]])
        low, high = seen.amin(dim=0), seen.amax(dim=0)
        return torch.stack([low, torch.maximum(high, low + 0.01)])  # a slider needs somewhere to go

    def _pairs(self, a: Tensor, b: Tensor) -> tuple:
        """Which blocks of `start` become which of `end`: by number, or the nearest where a pursuit numbers them."""
        if isinstance(self.model.encoder, OneShot):
            return torch.arange(len(a)), torch.arange(len(b))
        from scipy.optimize import linear_sum_assignment

        width = self.high - self.low
        return linear_sum_assignment(torch.cdist(a / width, b / width).numpy())

    def _path(self) -> Tensor:
        return torch.lerp(self.first, self.last, self.t)  # at 0 and 1 exactly the ends

    def _faded(self) -> Tensor:
        return torch.lerp(self.fade[:, 0], self.fade[:, 1], self.t)

    def _draw(self, z: Tensor) -> Tensor:
        with torch.inference_mode():
            return self.model.g(z.to(self.device))[:, 0].float().cpu()

    def _redraw(self) -> None:
        """Bring z and atoms up to date; g runs for the blocks that moved, together."""
        z = (self._path() + self.moved).clamp(self.low, self.high)
        keys, stale = [tuple(row) for row in z.tolist()], (z != self.z).any(dim=1).nonzero()[:, 0].tolist()
        new = [i for i in stale if keys[i] not in self.known]
        for i in set(stale) - set(new):
            self.atoms[i] = self.known[keys[i]]
        if new:
            self.atoms[new] = self._draw(z[new])
        self.z = z


class Panel(widgets.VBox):
    """A `Scene` under sliders; `panel.scene` is at hand in the next cell, its z, atoms and sum being what is seen.

    Pictures are widgets that are given new bytes: nothing is cleared, so nothing flickers. Where no kernel runs, as in
    the rendered book, the panel leaves a picture of itself.
    """

    def __init__(self, scene: Scene):
        self.scene, self.block, self.cells, self._quiet = scene, None, [], False
        names = [(str(i + 1), i) for i in range(len(scene.images))]
        narrow, wide, self.small = (widgets.Layout(width=f"{width}px") for width in (150, 340, 68))
        self.start = widgets.Dropdown(options=names, value=scene.start, description="image", layout=narrow)
        self.end = widgets.Dropdown(options=names, value=scene.end, description="towards", layout=narrow)
        self.t = widgets.FloatSlider(0, min=0, max=1, step=0.01, description="the way", layout=wide)
        self.tint = widgets.Checkbox(False, description="tint the atoms", indent=False, layout=narrow)
        self.coordinates = [
            widgets.FloatSlider(low, min=low, max=high, step=0.01, description=f"coordinate {j + 1}", layout=wide)
            for j, (low, high) in enumerate(zip(scene.low.tolist(), scene.high.tolist(), strict=True))
        ]
        self.reset_block, self.reset_all = (
            widgets.Button(description=f"reset {what}", layout=narrow) for what in ("block", "image")
        )
        square = widgets.Layout(width=f"{SIDE}px", height=f"{SIDE}px", border="1px solid #bbbbbb")
        self.pictures = [widgets.Image(layout=square) for _ in range(3)]
        self.captions = [widgets.Label() for _ in range(3)]
        self.line, self.strip = widgets.Label(), widgets.HBox()

        for chooser in (self.start, self.end):
            chooser.observe(self._told(lambda: scene.open(self.start.value, self.end.value)), "value")
        self.t.observe(self._told(lambda: scene.walk(self.t.value)), "value")
        self.tint.observe(self._told(lambda: None), "value")
        for j, slider in enumerate(self.coordinates):
            slider.observe(self._told(lambda j=j, slider=slider: scene.move(self.block, j, slider.value)), "value")
        self.reset_block.on_click(self._told(lambda: self.block is None or scene.reset(self.block)))
        self.reset_all.on_click(self._told(scene.reset))

        top = widgets.HBox([self.start, self.end, self.t, self.tint])
        hand = widgets.VBox([*self.coordinates, widgets.HBox([self.reset_block, self.reset_all])])
        framed = [widgets.VBox(pair) for pair in zip(self.pictures, self.captions, strict=True)]
        middle = widgets.HBox([*framed, hand])
        for row in (top, middle, self.strip):
            row.layout.flex_flow = "row wrap"  # on a narrow screen
        super().__init__([top, middle, self.line, self.strip])
        self.refresh()

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
        chosen = [] if self.block is None else [self.block]
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
        self.captions[1].value = f"sum of {int(scene.on[blocks].sum())} atoms"
        self.captions[2].value = f"atom {blocks.index(self.block) + 1}" if chosen else "no atom"
        self.line.value, self.t.value, self.t.disabled = scene.words(self.block), scene.t, scene.start == scene.end
        for j, slider in enumerate(self.coordinates):
            slider.disabled = not chosen
            if chosen and abs(slider.value - float(scene.z[self.block, j])) > 1e-6:
                slider.value = float(scene.z[self.block, j])  # never what came from it, rounded: the handle would jump
        self.cells += [self._cell(i) for i in range(len(self.cells), len(blocks))]
        self.strip.children = [box for box, *_ in self.cells[: len(blocks)]]
        for block, (_, picture, number, switch) in zip(blocks, self.cells, strict=False):
            on = bool(scene.on[block])
            picture.value = paint(atoms[block], [block], 1.0 if on else 0.25)
            number.button_style, switch.value = "primary" if block == self.block else "", on

    def _cell(self, i: int) -> tuple:
        """The i-th place of the strip: an atom, its number to choose it by, its switch."""
        picture = widgets.Image(layout=self.small)
        number = widgets.Button(description=str(i + 1), tooltip=f"choose block {i + 1}", layout=self.small)
        switch = widgets.Checkbox(True, description="on", indent=False, layout=self.small)
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
        still = io.BytesIO()
        figure.savefig(still, bbox_inches="tight")
        still = base64.b64encode(still.getvalue()).decode()
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


def _percent(share: Tensor | float) -> str:
    return f"{100 * float(share):.{0 if share >= 0.0095 else 1}f} %"
