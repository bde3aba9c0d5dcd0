"""What the explorer's panel looks at, and what a hand can do to it: no widgets, no pictures, only numbers."""

import torch
from torch import Tensor

from ..errors import BadInput, check, check_range
from ..images import check_images, relative_error
from ..model.autoencoder import AtomicAutoencoder
from ..model.decomposition import matching
from ..recipes import training_range

TRAINING = 128  # images of the training set that say how far a coordinate goes


class Scene:
    """The blocks on the way from image `start` (t = 0) to image `end` (t = 1), and what was done to them by hand.

    Of the n blocks, those of `start` first, in the encoder's order: z (n, d0) and atoms (n, N, N) as they are now,
    moved (n, d0), what was added to z, and on (n,), whether they are switched on. All on the CPU.
    """

    def __init__(self, model: AtomicAutoencoder, images: Tensor, ranges: Tensor | None = None):
        check("model", model, AtomicAutoencoder)
        images = check_images(images)
        check_range("the number of images", len(images), 1, 1000)
        self.model, self.found = model, model.decompose(images)
        self.encoded, self.used, self.images = self.found.z, self.found.used, self.found.images
        self.low, self.high = self._ranges(ranges)
        self.start, self.end, self.t = 0, min(1, len(images) - 1), 0.0
        self.moved, self.on = torch.zeros(0, model.d0), torch.ones(0, dtype=torch.bool)
        self.open(self.start, self.end)

    def open(self, start: int, end: int) -> None:
        """Look at image `start` on its way to image `end`; with the same start, its blocks stay as they are."""
        kept = (self.moved, self.on) if start == self.start and len(self.moved) else None
        self.start, self.end = start, end
        a, b = (self.encoded[i, self.used[i]] for i in (start, end))
        rows, columns = self._pairs(start, end)
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

    def _ranges(self, ranges: Tensor | None) -> Tensor:
        """The lowest and the highest value of each coordinate, (2, d0)."""
        if ranges is None:
            if getattr(self.model, "recipe", None) is None:
                raise BadInput("the model has no recipe to say what it was trained on; give `ranges` (d0, 2) as well.")
            ranges = training_range(self.model, TRAINING)
        else:
            ranges = self.model.box(ranges)
        seen = torch.cat([ranges.T.float().cpu(), self.encoded[self.used]])
        low, high = seen.amin(dim=0), seen.amax(dim=0)
        return torch.stack([low, torch.maximum(high, low + 0.01)])  # a slider needs somewhere to go

    def _pairs(self, start: int, end: int) -> tuple[list[int], list[int]]:
        """Which blocks in use of `start` become which of `end`, numbered among those: as `matching` has it."""
        order = matching(self.found[start], self.found[end])[0]
        here, there = (self.used[i].nonzero()[:, 0].tolist() for i in (start, end))
        both = [(here.index(i), there.index(int(j))) for i, j in enumerate(order) if i in here and int(j) in there]
        return [i for i, _ in both], [j for _, j in both]

    def _path(self) -> Tensor:
        return torch.lerp(self.first, self.last, self.t)  # at 0 and 1 exactly the ends

    def _faded(self) -> Tensor:
        return torch.lerp(self.fade[:, 0], self.fade[:, 1], self.t)

    def _draw(self, z: Tensor) -> Tensor:
        with torch.inference_mode():
            return self.model.g(z.to(self.model.device))[:, 0].float().cpu()

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


def _percent(share: Tensor | float) -> str:
    return f"{100 * float(share):.{0 if share >= 0.0095 else 1}f} %"
