"""f_E: an image → k latent blocks, in one shot as in the paper or one block after another.

Every encoder maps images (B, 1, N, N), with the decoder block g at hand, to a `Code`. What the last linear layer
gives passes through `latents`, which decides where latent blocks live.
"""

import math
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..errors import BadInput, Within
from ..images import blur, energy, noise_level
from .layers import PLACE, Channels, Number, Residual, bound_of, convolutions, kaiming, position_code


class Code(NamedTuple):
    """What an encoder says of a batch: z (B, k, d0), used (B, k), atoms (B, k, 1, N, N) or None.

    `used` marks the blocks in use; the others draw nothing. `atoms` are g(zᵢ) where the encoder had to draw them
    anyway.
    """

    z: Tensor
    used: Tensor
    atoms: Tensor | None = None


class Step(NamedTuple):
    """One step of a pursuit: the images (M,) it concerns, the places (M, 2), px, that it looks at, their new blocks
    z (M, d0) and atoms (M, 1, N, N), and the residual (B, 1, N, N) that all images are left with."""

    going: Tensor
    centre: Tensor
    z: Tensor
    atom: Tensor
    residual: Tensor


class Found(NamedTuple):
    """The blocks of a pursuit: the image of each (M,), its step (M,), the place (M, 2), px, that was looked at, and
    z (M, d0); and what is left of all images, (B, 1, N, N)."""

    which: Tensor
    step: Tensor
    centre: Tensor
    z: Tensor
    left: Tensor

    def take(self, mine: Tensor, left: Tensor) -> "Found":
        """Some of the blocks, by a mask (M,), and what is left then, (B, 1, N, N)."""
        return Found(self.which[mine], self.step[mine], self.centre[mine], self.z[mine], left)


class OneShot(nn.Module):
    """The encoders that give all k blocks at once: `net` maps images of `size` px a side to k·d0 numbers."""

    def __init__(self, k: int, d0: int, size: int, latents: nn.Module, net: nn.Module):
        super().__init__()
        self.k, self.d0, self.size, self.latents, self.net = k, d0, size, latents, net

    def forward(self, images: Tensor, g: nn.Module, k: int | None = None) -> Code:
        self.check(k)
        z = self.latents(self.net(images).unflatten(1, (self.k, self.d0)))
        return Code(z, torch.ones(z.shape[:2], dtype=torch.bool, device=z.device))

    def check(self, k: int | None) -> None:
        """Raise `BadInput` for a number of blocks other than that of the training."""
        if k not in (None, self.k):
            raise BadInput(f"a one-shot encoder gives the k = {self.k} blocks it was trained with, not {k}.")


class ReferenceEncoder(OneShot):
    """f_E as the authors released it: four strided convolutions and two linear layers."""

    def __init__(self, k: int, d0: int, size: int, latents: nn.Module):
        layers = convolutions((1, 32, 16, 8, 8), 3, (2, 2, 2, 2))
        features = 8 * math.ceil(size / 16) ** 2
        layers += [nn.Flatten(), nn.Linear(features, 512), nn.LeakyReLU(0.2), nn.Linear(512, k * d0)]
        super().__init__(k, d0, size, latents, nn.Sequential(*layers))


class OneShotEncoder(OneShot):
    """A one-shot f_E that trains well on a CPU: normalised convolutions, then a residual MLP."""

    def __init__(self, k: int, d0: int, size: int, latents: nn.Module, channels: Channels = 16, width: Number = 384):
        widths = [1, channels, 2 * channels, 4 * channels, 2 * channels]
        layers = convolutions(widths, 3, (2, 2, 2, 2), normed=True)
        features = widths[-1] * math.ceil(size / 16) ** 2
        layers += [nn.Flatten(), nn.Linear(features, width), Residual(width), Residual(width)]
        net = nn.Sequential(*layers, nn.LayerNorm(width), nn.Linear(width, k * d0))
        super().__init__(k, d0, size, latents, net)
        kaiming(self)


class PursuitEncoder(nn.Module):
    """A learned matching pursuit: zᵢ = E(rᵢ₋₁), rᵢ = rᵢ₋₁ − g(zᵢ), with the same E for every block.

    It looks where the blurred residual is largest, at one window there, and describes what it sees by one block. This
    is a choice of ζ, which "arbitrarily chooses one of the representations" (Section II-A): no permutation has to be
    learned, no block is spent where nothing is left (`stop`: the blurred residual's peak under which it ends), and it
    can go on past the k that it was trained with. In exchange it is *given* that an atom is local.

    Once trained it can do no harm: a block that would make what is left of its image larger is refused, and its place
    is not looked at again; of all corrections an image keeps the best; a block goes again only where the others leave
    less without it. Whatever the image, ‖x − x̂‖ ≤ ‖x‖. In training every block is taken: one that does harm has the
    most to learn.

    window: side of the square looked at, px. smooth: σ of the blur, px. stride: of the first convolution. stop: in
    units of the image. again: how often all blocks are corrected at the end, at most, see `Correction`; twice as often,
    where one is left out, see `spared`; in training once, which is what later corrections are good at, too.
    """

    stops = True  # by itself: it says which blocks are in use, and takes another k than it was trained with

    def __init__(
        self, k: int, d0: int, size: int, latents: nn.Module,
        window: Annotated[int, Within(1, 1024)] = 24, smooth: Annotated[float, Within(0.1, 1e3)] = 1.5,
        stop: Annotated[float, Within(0.0, 10.0)] = 0.1, stride: Annotated[int, Within(1, 64)] = 1,
        channels: Channels = 32, width: Number = 256, again: Annotated[int, Within(0, 100)] = 0,
    ):  # fmt: skip
        super().__init__()
        self.k, self.d0, self.latents, self.size = k, d0, latents, size
        self.window, self.smooth, self.stop, self.again = window, smooth, stop, again
        layers = convolutions((1, channels // 2, channels, channels), 5, (stride, 2, 2))
        side = math.ceil(math.ceil(math.ceil(window / stride) / 2) / 2)
        self.look = nn.Sequential(*layers, nn.Flatten(), nn.Linear(channels * side**2, width))
        self.place = nn.Linear(PLACE, width)
        self.describe = nn.Sequential(Residual(width), Residual(width), nn.LayerNorm(width), nn.Linear(width, d0))
        kaiming(self)
        self.correction: Any = Correction(d0, window) if again else None

    def forward(self, images: Tensor, g: nn.Module, k: int | None = None) -> Code:
        k = self.k if k is None else k
        z = images.new_zeros(len(images), k, self.d0)
        used = torch.zeros(len(images), k, dtype=torch.bool, device=images.device)
        if not (steps := list(self.pursue(images, g, k))):
            return Code(z, used)
        found = gathered(steps)
        if self.again:
            found = self.spared(images, self.corrected(images, found, g, self.again), g)
        used[found.which, found.step] = True
        place = found.which, (used.cumsum(dim=1) - 1)[found.which, found.step]
        used = torch.arange(k, device=images.device) < used.sum(dim=1, keepdim=True)
        z[place] = found.z
        if self.again:
            return Code(z, used)
        atoms = images.new_zeros(len(images), k, *images.shape[1:])
        atoms[place] = torch.cat([step.atom for step in steps]).to(atoms)
        return Code(z, used, atoms)

    def pursue(self, images: Tensor, g: nn.Module, k: int) -> Iterator[Step]:
        """The pursuit itself: at most k steps, for the images that still have something to explain."""
        residual, threshold = images, self.threshold(images)
        closed = torch.zeros_like(images, dtype=torch.bool)  # places where a block was refused
        going = torch.arange(len(images), device=images.device)
        for i in range(k):
            seen = residual[going].detach()  # no gradient through what is looked at: z answers for itself
            peak, centre = self.highest(seen, closed[going])
            left = (peak > threshold[going]) | (self.training and i == 0)  # a training has always something to learn
            going, centre, seen = going[left], centre[left], seen[left]
            if not len(going):
                return
            z = self.block(seen, centre)
            atom = g(z)
            helps = torch.ones_like(going, dtype=torch.bool) if self.training else ~_harms(seen, atom)
            if not helps.all():
                closed[going[~helps]] |= self.around(centre[~helps], images.shape[-2:])
            chosen, atom = going[helps], atom[helps]
            residual = _without(residual, chosen, atom)
            yield Step(chosen, centre[helps], z[helps], atom, residual)

    def correct(self, images: Tensor, found: Found, g: nn.Module) -> Found:
        """The blocks with all of them corrected at once, and what is left of the images then."""
        left = cropped(found.left.detach(), found.centre, self.window, found.which)
        bound = bound_of(self.latents)
        z = self.correction(left, found.z.detach(), position_code(found.centre / self.size)).clamp(-bound, bound)
        return found._replace(z=z, left=_without(images, found.which, g(z)))

    def corrected(self, images: Tensor, found: Found, g: nn.Module, times: int) -> Found:
        """The blocks corrected up to so many `times`, each image's as they were when least was left of it.

        An image goes on as long as two corrections leave 1 % less of it: one alone may overshoot.
        """
        best, going = found, torch.ones(len(images), dtype=torch.bool, device=images.device)
        for i in range(times):
            if i % 2 == 0:
                before = energy(best.left)
            found = self.correct(images, _of(found, going), g)
            best = _better(best, found)
            if i % 2 and not (going := energy(best.left) < 0.99 * before).any():
                break
        return best

    def spared(self, images: Tensor, found: Found, g: nn.Module) -> Found:
        """The blocks without those that the others can do without.

        Where two spikes overlap, the first block may take the middle, and two more the flanks: three atoms for two
        spikes, from which no correction leads away. So the block of an image that is missed least is left out and the
        others are corrected; where that leaves less of the image, it is gone, and the next is tried.
        """
        going = torch.ones(len(images), dtype=torch.bool, device=images.device)
        while going.any():
            fewer = self.corrected(images, _without_least(images, found, going, g), g, 2 * self.again)
            going = energy(fewer.left) < energy(found.left)
            found = _chosen(going, fewer, found)
        return found

    def threshold(self, images: Tensor) -> Tensor:
        """What the blurred residual's peak must exceed, (B,): `stop` or, in noisier images, five times the noise that
        the blur leaves."""
        noise = torch.zeros(len(images), device=images.device) if self.training else noise_level(images)
        return (5 * noise / (2 * math.sqrt(math.pi) * self.smooth)).clamp(min=self.stop)

    def block(self, residual: Tensor, centre: Tensor) -> Tensor:
        """E: residuals (M, 1, N, N) and the places to look at (M, 2), px → latent blocks (M, d0)."""
        return self.described(self.look(cropped(residual, centre, self.window)), centre)

    def described(self, seen: Tensor, centre: Tensor) -> Tensor:
        """What `look` has made of windows, (M, width), around places (M, 2), px → latent blocks (M, d0)."""
        return self.latents(self.describe(seen + self.place(position_code(centre / self.size))))

    def highest(self, residual: Tensor, closed: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Height (M,) and place (M, 2), px, of the blurred residual's maximum, but for the places that are closed."""
        blurred = blur(residual, self.smooth)
        if closed is not None:
            blurred = blurred.masked_fill(closed, -math.inf)
        peak, place = blurred.flatten(1).max(dim=1)
        columns = residual.shape[-1]
        return peak, torch.stack([place // columns, place % columns], dim=1)

    def around(self, centre: Tensor, shape: Sequence[int]) -> Tensor:
        """Masks (M, 1, H, W) of all places within the blur's reach, 3σ, of places (M, 2)."""
        rows, columns = (torch.arange(side, device=centre.device) for side in shape)
        rows, columns = rows - centre[:, :1], columns - centre[:, 1:]
        return (rows[:, None, :, None] ** 2 + columns[:, None, None] ** 2) <= (3 * self.smooth) ** 2


class Correction(nn.Module):
    """A second look at a block, once all blocks have been found: z ← z + A(z, place) · c, c linear in what is left.

    A Gauss–Newton step whose matrix A is learned. The first look sees neighbours that are not explained yet, and has
    to say the place to a thousandth of the image; here, being right to a tenth makes an error ten times smaller. It
    starts as no correction at all.
    """

    def __init__(self, d0: int, window: int, features: int = 64, width: int = 128):
        super().__init__()
        self.seen = nn.Linear(window**2, features, bias=False)  # where nothing is left, nothing changes
        layers = [nn.Linear(d0 + PLACE, width), nn.LeakyReLU(0.2), nn.Linear(width, width), nn.LeakyReLU(0.2)]
        last = nn.Linear(width, d0 * features)
        self.gain = nn.Sequential(*layers, last)
        kaiming(self)
        nn.init.zeros_(last.weight)

    def forward(self, left: Tensor, z: Tensor, place: Tensor) -> Tensor:
        """What is left at the blocks' places (M, 1, w, w), blocks (M, d0), position codes (M, 18) → blocks (M, d0)."""
        gain = self.gain(torch.cat([z, place], dim=1)).unflatten(1, (z.shape[1], -1))
        return z + 0.1 * torch.einsum("mdf,mf->md", gain, self.seen(left.flatten(1)))


def cropped(images: Tensor, centre: Tensor, window: int, which: Tensor | None = None) -> Tensor:
    """The window × window px around integer centres (M, 2) of images, zero outside: (M, 1, w, w).

    images: (B, 1, N, N), one a centre or, by number, `which` (M,) of them.
    """
    half = window // 2
    padded = F.pad(images[:, 0], (half, window - half, half, window - half))
    offsets = torch.arange(window, device=images.device)
    rows = centre[:, 0, None, None] + offsets[:, None]
    columns = centre[:, 1, None, None] + offsets
    which = torch.arange(len(images), device=images.device) if which is None else which
    return padded[which[:, None, None], rows, columns][:, None]


def _harms(left: Tensor, atom: Tensor) -> Tensor:
    """Whether taking an atom away leaves no less, (M,); one that is not finite passes, for it must be seen and said."""
    after = energy(left - atom)
    return (after >= energy(left)) & after.isfinite()


def gathered(steps: list[Step]) -> Found:
    """The blocks of all steps of a pursuit together."""
    going, centre, z = (torch.cat(parts) for parts in list(zip(*steps, strict=True))[:3])
    step = torch.cat([torch.full_like(one.going, i) for i, one in enumerate(steps)])
    return Found(going, step, centre, z, steps[-1].residual)


def _better(before: Found, after: Found) -> Found:
    """Of each image the blocks that leave less of it; those before, where it is all the same."""
    return _chosen(energy(after.left) < energy(before.left), after, before)


def _chosen(mine: Tensor, these: Found, others: Found) -> Found:
    """Of the images `mine` (B,) these blocks, of the rest the others."""
    blocks = zip(_of(these, mine)[:-1], _of(others, ~mine)[:-1], strict=True)
    which, step, centre, z = (torch.cat(both) for both in blocks)
    return Found(which, step, centre, z, torch.where(mine[:, None, None, None], these.left, others.left))


def _of(found: Found, going: Tensor) -> Found:
    """The blocks of the images that are `going` (B,)."""
    return found.take(going[found.which], found.left)


def _without(images: Tensor, which: Tensor, atoms: Tensor) -> Tensor:
    """What is left of images without the atoms (M, 1, N, N) of images `which` (M,); an atom may be bfloat16."""
    return images.index_add(0, which, atoms.float(), alpha=-1)


def _without_least(images: Tensor, found: Found, going: Tensor, g: nn.Module) -> Found:
    """Of the images that are `going` (B,), all blocks but the one without which least would be left."""
    found = _of(found, going)
    atoms = g(found.z)
    missed = energy(found.left[found.which] + atoms)
    least = missed.new_full((len(images),), math.inf).scatter_reduce(0, found.which, missed, "amin")
    stay = missed > least[found.which]
    return found.take(stay, _without(images, found.which[stay], atoms[stay]))
