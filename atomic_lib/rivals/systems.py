"""What a system is, to whoever measures it; the truth as one; and any one with its code turned at random."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import torch
from torch import Tensor

from ..data.sample import Sample
from ..errors import BadInput
from ..gaussians import render


class System(Protocol):
    """An encoder and a decoder of any kind: images (B, 1, N, N) ↔ codes (B, m).

    parts: which coordinates make one part, a block of an atomic autoencoder, a slot, or a lone coordinate. absent: the
    code of a part that draws nothing, (d0,), where the system has one. additive: whether an image is a sum over parts.
    """

    @property
    def size(self) -> int: ...

    @property
    def parts(self) -> Sequence[Sequence[int]]: ...

    @property
    def absent(self) -> Tensor | None: ...

    @property
    def additive(self) -> bool: ...

    def encode(self, images: Tensor) -> Tensor: ...

    def decode(self, z: Tensor) -> Tensor: ...


@dataclass(frozen=True)
class Truth:
    """The system that drew the spikes: z = θ, k·3 numbers, x = Σ a·G(t). What it scores is the most that can be had.

    apart: whether each number is a part of its own, as for systems without blocks. known: a sample whose images it
    encodes; of others it knows no code.
    """

    k: int
    size: int
    sigma: float
    apart: bool = False
    known: Sample | None = None
    additive: bool = field(default=True, init=False)

    @property
    def parts(self) -> list[list[int]]:
        numbers = list(range(3 * self.k))
        return [[one] for one in numbers] if self.apart else [numbers[i : i + 3] for i in range(0, len(numbers), 3)]

    @property
    def absent(self) -> Tensor | None:
        return None if self.apart else torch.zeros(3)

    def encode(self, images: Tensor) -> Tensor:
        if self.known is None or self.known.theta is None:
            raise BadInput("the truth encodes the images of a sample alone: give Truth its `known` sample.")
        apart = torch.cdist(images.flatten(1), self.known.images.flatten(1))
        return self.known.theta[apart.argmin(dim=1)].flatten(1)

    def decode(self, z: Tensor) -> Tensor:
        return render(z.unflatten(1, (self.k, 3)), self.size, self.sigma)


class Rotated:
    """A system whose code, in units of its standard deviations, is turned at random: the same images, no structure.

    z: codes (B, m) of some images. It draws what the system draws; a measure that does not fall here measures nothing.
    """

    absent, additive = None, False

    def __init__(self, system: System, z: Tensor, seed: int = 0):
        self.system, self.size, self.parts = system, system.size, system.parts
        self.mean, self.std = z.mean(dim=0), z.std(dim=0)
        random = torch.randn(z.shape[1], z.shape[1], generator=torch.Generator().manual_seed(seed))
        self.turn = torch.linalg.qr(random)[0]

    def encode(self, images: Tensor) -> Tensor:
        return (self.system.encode(images) - self.mean) / self.std.clamp(min=1e-9) @ self.turn

    def decode(self, z: Tensor) -> Tensor:
        return self.system.decode(z @ self.turn.T * self.std + self.mean)


def encoded(system: System, images: Tensor) -> Tensor:
    """Codes (B, m) of images (B, 1, N, N), some at a time."""
    return torch.cat([system.encode(some).float() for some in images.split(64)])


def batches(system: System, *tensors: Tensor) -> Iterator[tuple[Tensor, ...]]:
    """The same rows of several tensors, as many at a time as a system draws at once: 64 images of 64×64."""
    each = max(1, 2**18 // system.size**2)
    return zip(*(one.split(each) for one in tensors), strict=True)


def drawn(system: System, z: Tensor) -> Tensor:
    """D(z) of codes (B, m), some at a time: (B, N, N)."""
    return torch.cat([system.decode(one) for (one,) in batches(system, z)])[:, 0]
