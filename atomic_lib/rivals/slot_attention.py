"""Slot attention: slots compete for the image, and each draws its own; with masks as published, or as a sum.

Locatello et al., *Object-centric learning with slot attention*, NeurIPS 2020.
"""

import math
from typing import Any

import torch
from torch import Tensor, nn

from ..model.autoencoder import AtomicAutoencoder
from ..model.decoders import ConvolutionalDecoder
from ..model.encoders import OneShot
from ..model.layers import kaiming
from ..model.losses import loss


class SlotAttention(nn.Module):
    """Images (B, 1, N, N) → (B, k·d0): k slots of `width` numbers, of each of which d0 are made at the end.

    Convolutions give features at T places 8 px apart, to which a linear map of (x, y, 1 − x, 1 − y) is added. Slots are
    drawn from one learned Gaussian; in each of three rounds a softmax over slots shares out the places, each slot takes
    the mean of what it won, and a GRU and a residual MLP move it on. Out of a training the draw is always the same.
    """

    def __init__(self, k: int, d0: int, size: int, width: int = 64, rounds: int = 3):
        super().__init__()
        self.k, self.width, self.rounds = k, width, rounds
        layers: list[nn.Module] = []
        for before, after in ((1, 16), (16, 32), (32, width)):
            layers += [nn.Conv2d(before, after, 5, stride=2, padding=2), nn.LeakyReLU(0.2)]
        self.look = nn.Sequential(*layers)
        self.place = nn.Linear(4, width)
        self.inputs = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, width))
        self.of_places, self.of_slots, self.of_thought = (nn.LayerNorm(width) for _ in range(3))
        self.query, self.key, self.value = (nn.Linear(width, width, bias=False) for _ in range(3))
        self.move = nn.GRUCell(width, width)
        self.think = nn.Sequential(nn.Linear(width, 2 * width), nn.ReLU(), nn.Linear(2 * width, width))
        self.answer = nn.Linear(width, d0)
        self.mean, self.log_std = nn.Parameter(torch.zeros(width)), nn.Parameter(torch.zeros(width))
        kaiming(self.look)
        self.register_buffer("code", grid(math.ceil(size / 8)), persistent=False)

    def forward(self, images: Tensor) -> Tensor:
        seen = self.look(images).flatten(2).transpose(1, 2) + self.place(self.code)
        seen = self.of_places(self.inputs(seen))
        keys, values = self.key(seen), self.value(seen)
        slots = self.drawn(len(images))
        for _ in range(self.rounds):
            share = self.claims(self.query(self.of_slots(slots)), keys)
            taken = share / share.sum(dim=2, keepdim=True) @ values
            slots = self.move(taken.flatten(0, 1).to(slots), slots.flatten(0, 1)).view_as(slots)
            slots = slots + self.think(self.of_thought(slots))
        return self.answer(slots).flatten(1)

    def drawn(self, count: int) -> Tensor:
        """The slots at first, (B, k, width)."""
        if self.training:
            noise = torch.randn(count, self.k, self.width, device=self.mean.device)
        else:
            noise = torch.randn(1, self.k, self.width, generator=torch.Generator().manual_seed(0)).to(self.mean)
        return (self.mean + self.log_std.exp() * noise).expand(count, -1, -1)

    def claims(self, queries: Tensor, keys: Tensor) -> Tensor:
        """How much of each place is each slot's, (B, k, T): all slots together have 1 of it, and a bit."""
        return (queries @ keys.transpose(1, 2) / math.sqrt(self.width)).softmax(dim=1) + 1e-8


class Masked(nn.Module):
    """g for slots that hide each other: of a slot an image and a mask, softmax over the k slots; the atom is their
    product. The sum of atoms is Locatello's mixture, but no atom hangs on its own block alone: it is not additive.

    All k blocks of an image are drawn together: (B·k, d0) → (B·k, 1, N, N).
    """

    masked = True

    def __init__(self, k: int, d0: int, size: int):
        super().__init__()
        self.k, self.d0, self.size = k, d0, size
        self.net = ConvolutionalDecoder(d0, size, planes=2)

    def forward(self, z: Tensor) -> Tensor:
        image, mask = self.net(z).unflatten(0, (-1, self.k)).split(1, dim=2)
        return (image * mask.softmax(dim=1)).flatten(0, 1)


class SlotAutoencoder(AtomicAutoencoder):
    """Slot attention and a decoder of slots whose images are summed: masked ones as published, or all of what the
    convolutional g draws of each, which is an additive decoder."""

    grid: tuple[float, ...] = ()
    masked = False

    def __init__(self, recipe: Any):
        k, d0, size = recipe.k, recipe.d0, recipe.data.size
        g = Masked(k, d0, size) if self.masked else ConvolutionalDecoder(d0, size)
        super().__init__(OneShot(k, d0, size, nn.Identity(), SlotAttention(k, d0, size)), g)
        self.recipe = recipe

    def loss(self, batch: Any, progress: float) -> Tensor:
        """What a step of the training makes less: the relative error alone."""
        return loss(self, batch)


class MaskedSlots(SlotAutoencoder):
    """As published: masks."""

    masked = True


def grid(side: int) -> Tensor:
    """(x, y, 1 − x, 1 − y) of the places of a side × side map, (1, side², 4), from 0 to 1."""
    along = torch.linspace(0, 1, side)
    y, x = torch.meshgrid(along, along, indexing="ij")
    places = torch.stack([x, y], dim=2).flatten(0, 1)
    return torch.cat([places, 1 - places], dim=1)[None]
