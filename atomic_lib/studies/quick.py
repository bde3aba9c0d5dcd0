"""A pursuit in few rounds: peaks that stand apart are described all at once, no atom is drawn by itself, and none is
taken back.

The trained network is the pursuit's own. Where its g is a sum of products of rows and columns, Σᵢ g(zᵢ) is one product
of matrices an image, and so is what each block takes away.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from ..errors import BadInput
from ..images import blur, energy
from ..model.autoencoder import AtomicAutoencoder
from ..model.decoders import SeparableDecoder
from ..model.encoders import PursuitEncoder, cropped
from ..model.layers import bound_of, position_code
from .spots import around, fit_within

EVEN = 16  # a network is given windows or blocks by a multiple of so many


class Blocks(NamedTuple):
    """Latent blocks of several images, image by image: the image of each (M,), the place that was looked at (M, 2), px,
    z (M, d0), and rows and columns (M, rank, N) of its atom."""

    which: Tensor
    centre: Tensor
    z: Tensor
    rows: Tensor
    columns: Tensor

    def take(self, chosen: Tensor) -> "Blocks":
        """Some of the blocks, by a mask or by their numbers."""
        return Blocks(*(one[chosen] for one in self))

    def total(self, count: int) -> Tensor:
        """Σᵢ g(zᵢ) of each of `count` images: (count, 1, N, N)."""
        rows, columns = self._beside(self.rows, count), self._beside(self.columns, count)
        return (rows.transpose(1, 2) @ columns)[:, None]

    def benefit(self, left: Tensor) -> Tensor:
        """How much energy each atom a, alone, takes from what is left r, (B, 1, N, N): 2⟨a, r⟩ − ‖a‖², (M,)."""
        seen = (self._beside(self.rows, len(left)) @ left[:, 0]).unflatten(1, (-1, self.rows.shape[1]))
        seen = seen[self.which, before(self.which, len(left))]
        own = (self.rows @ self.rows.transpose(1, 2)) * (self.columns @ self.columns.transpose(1, 2))
        return 2 * (seen * self.columns).sum(dim=(1, 2)) - own.sum(dim=(1, 2))

    def spikes(self, sigma: float) -> Tensor:
        """The spike θ (M, 3) that each atom is, by least squares within 6σ of the place that was looked at."""
        origin, width = around(self.centre, sigma, self.rows.shape[2])
        near = (origin[:, :, None] + torch.arange(width))[:, :, None].expand(-1, -1, self.rows.shape[1], -1)
        rows, columns = self.rows.gather(2, near[:, 0]), self.columns.gather(2, near[:, 1])
        return fit_within(rows.transpose(1, 2) @ columns, origin, sigma)

    def _beside(self, profiles: Tensor, count: int) -> Tensor:
        """The rows or columns of all blocks of each of `count` images, and zeros: (count, most·rank, N)."""
        most = int(torch.bincount(self.which, minlength=1).max())
        every = profiles.new_zeros(count, most, *profiles.shape[1:])
        every[self.which, before(self.which, count)] = profiles
        return every.flatten(1, 2)


def before(which: Tensor, count: int) -> Tensor:
    """How many of the same of `count` images come before each of those that belong to images `which`, (M,), in order:
    (M,)."""
    total = torch.bincount(which, minlength=count)
    return torch.arange(len(which)) - (total.cumsum(0) - total)[which]


@torch.no_grad()
def pursue(model: AtomicAutoencoder, images: Tensor, k: int, again: int = 1) -> tuple[Blocks, Tensor]:
    """Blocks of images (B, 1, N, N), at most k an image, and x̂ = Σᵢ g(zᵢ), (B, 1, N, N).

    again: how often all blocks are corrected at the end. No block and no correction is taken that leaves more of its
    image; of blocks that do less together than apart, only the one at the highest peak is. An image is finished where
    nothing stands above the encoder's `threshold`, or nothing helps. Raises `BadInput` for a model of another kind, and
    for one that gives what is not finite.
    """
    encoder = model.encoder
    if not isinstance(encoder, PursuitEncoder) or type(model.g) is not SeparableDecoder:
        raise BadInput("a pursuit in few rounds needs a pursuit and a separable decoder; this model has others.")
    left, threshold = images.clone(), encoder.threshold(images)
    going, room = torch.arange(len(images)), torch.full((len(images),), k)
    found = _drawn(model, going[:0], going.new_zeros(0, 2), images.new_zeros(0, model.d0))
    while len(going):
        seen = left[going]
        which, centre = peaks(encoder, seen, threshold[going], room[going])
        with torch.autocast("cpu", torch.bfloat16):  # what is seen is noisier than that; what is said of it, is not
            looked = evenly(encoder.look, cropped(seen, centre, encoder.window, which))
        z = encoder.described(looked.float(), centre)
        new, left[going] = _helpful(_drawn(model, which, centre, z), seen)
        new = new._replace(which=going[new.which])
        found = Blocks(*(torch.cat(both) for both in zip(found, new, strict=True)))
        room -= torch.bincount(new.which, minlength=len(images))
        going = new.which.unique()
    found = found.take(found.which.argsort(stable=True))
    for _ in range(again if encoder.correction else 0):
        found, left = _corrected(model, found, images, left)
    return found, images - left


def peaks(encoder: PursuitEncoder, left: Tensor, threshold: Tensor, room: Tensor) -> tuple[Tensor, Tensor]:
    """Where to look in images (B, 1, N, N): the image (M,) and place (M, 2), px, of each peak, image by image, the
    highest first.

    Of a grid whose cells are a third of the window, the cells whose blurred maximum is above `threshold` (B,) and that
    of their eight neighbours; of an image at most as many as it has `room` (B,) for.
    """
    cell, columns = max(1, encoder.window // 3), left.shape[3]
    peak, place = F.max_pool2d(blur(left, encoder.smooth), cell, ceil_mode=True, return_indices=True)
    chosen = (peak > threshold[:, None, None, None]) & (peak == F.max_pool2d(peak, 3, stride=1, padding=1))
    which, place = chosen.nonzero()[:, 0], place[chosen]
    order = peak[chosen].argsort(descending=True)
    order = order[which[order].argsort(stable=True)]
    order = order[before(which[order], len(left)) < room[which[order]]]
    return which[order], torch.stack([place // columns, place % columns], dim=1)[order]


def evenly(network: Callable[[Tensor], Any], given: Tensor) -> Any:
    """network(given), (M, …), run on a multiple of `EVEN`: a processor prepares its products for each number anew."""
    count = len(given)
    many = network(torch.cat([given, given.new_zeros(-count % EVEN, *given.shape[1:])]))
    return many[:count] if isinstance(many, Tensor) else tuple(one[:count] for one in many)


def _drawn(model: AtomicAutoencoder, which: Tensor, centre: Tensor, z: Tensor) -> Blocks:
    rows, columns = evenly(model.g.profiles, z)
    if not (rows.isfinite().all() and columns.isfinite().all()):
        raise BadInput("the model gives what is not finite: its weights are altered, or its training diverged.")
    return Blocks(which, centre, z, rows, columns)


def _helpful(new: Blocks, left: Tensor) -> tuple[Blocks, Tensor]:
    """Those of new blocks that leave less of their images (B, 1, N, N), each and together; and what they leave."""
    new = new.take(new.benefit(left) > 0)
    after, less = _without(new, left)
    if not less[new.which].all():  # perhaps the first of an image alone
        new = new.take(less[new.which] | F.pad(new.which[1:] != new.which[:-1], (1, 0), value=True))
        after, less = _without(new, left)
        new = new.take(less[new.which])
    return new, torch.where(less[:, None, None, None], after, left)


def _without(blocks: Blocks, left: Tensor) -> tuple[Tensor, Tensor]:
    """What is left (B, 1, N, N) without the blocks too, and of which images (B,) that is less."""
    after = left - blocks.total(len(left))
    return after, energy(after) < energy(left)


def _corrected(model: AtomicAutoencoder, found: Blocks, images: Tensor, left: Tensor) -> tuple[Blocks, Tensor]:
    """All blocks corrected once, of those images that it leaves less of; and what is left of all."""
    encoder, bound = model.encoder, bound_of(model.encoder.latents)
    windows = cropped(left, found.centre, encoder.window, found.which)
    z = encoder.correction(windows, found.z, position_code(found.centre / model.size)).clamp(-bound, bound)
    new = _drawn(model, found.which, found.centre, z)
    after = images - new.total(len(images))
    better = energy(after) < energy(left)
    if not better.all():
        after = torch.where(better[:, None, None, None], after, left)
        stays = (~better[found.which]).nonzero()[:, 0]
        new = Blocks(*(one.index_put((stays,), old[stays]) for one, old in zip(new, found, strict=True)))
    return new, after
