"""Layers that encoders and decoders share."""

import math
from collections.abc import Sequence
from typing import Annotated

import torch
from torch import Tensor, nn

from ..errors import Within

Channels = Annotated[int, Within(2, 1024)]
Number = Annotated[int, Within(1, 4096)]  # of features, of products


def kaiming(module: nn.Module) -> None:
    """Initialise so that signals keep their size through LeakyReLU layers (He et al. 2015).

    With torch's default a dozen layers shrink a latent's effect to nothing, and g starts as, and long stays, a
    constant.
    """
    for layer in module.modules():
        if isinstance(layer, nn.Linear | nn.Conv1d | nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, a=0.2)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)


class BoundedLatents(nn.Module):
    """z = tanh(·), with noise of standard deviation `noise` while training.

    Assumption II.1 (filling latent set) as a construction: latent blocks live in the cube (−1, 1)^d0, and the noise
    pushes them to fill it.
    """

    def __init__(self, noise: float = 0.0):
        super().__init__()
        self.noise = noise  # of a training's step; 0 outside of one

    def forward(self, raw: Tensor) -> Tensor:
        z = torch.tanh(raw)
        return z + self.noise * torch.randn_like(z) if self.training and self.noise else z


def convolutions(widths: Sequence[int], kernel: int, strides: Sequence[int], normed: bool = False) -> list[nn.Module]:
    """Convolutions from each of the widths to the next, each before a LeakyReLU; `normed` ones normalised in groups."""
    layers: list[nn.Module] = []
    for before, after, stride in zip(widths, widths[1:], strides, strict=False):
        layers.append(nn.Conv2d(before, after, kernel, stride=stride, padding=kernel // 2))
        layers += [nn.GroupNorm(4, after), nn.LeakyReLU(0.2)] if normed else [nn.LeakyReLU(0.2)]
    return layers


def bound_of(latents: nn.Module) -> float:
    """The half side of the cube that latent blocks live in: 1, or ∞ for latents without a bound."""
    return 1.0 if isinstance(latents, BoundedLatents) else math.inf


class Residual(nn.Module):
    """x + MLP(LayerNorm(x)), the block of a residual MLP."""

    def __init__(self, width: int):
        super().__init__()
        self.net = nn.Sequential(
            nn.LayerNorm(width), nn.Linear(width, width), nn.LeakyReLU(0.2), nn.Linear(width, width)
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.net(x)


OCTAVES = (1, 2, 4, 8)  # of the sinusoidal position code, in half periods an image

PLACE = 2 + 4 * len(OCTAVES)  # numbers of the position code


def position_code(place: Tensor) -> Tensor:
    """(M, 2) places in [0, 1] → (M, 18): themselves, their sines and cosines at four octaves."""
    angles = [math.pi * octave * place for octave in OCTAVES]
    return torch.cat([2 * place - 1, *map(torch.sin, angles), *map(torch.cos, angles)], dim=1)
