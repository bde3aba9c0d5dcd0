"""g: one latent block → one atom. The whole decoder is the sum of k calls of the same g (Fig. 1).

Every g maps (M, d0) → (M, 1, N, N) and has the attributes `d0` and `size`.
"""

import math
from functools import reduce
from typing import Annotated, Any

import torch
import torch.nn.functional as F
from torch import Tensor, einsum, nn

from ..errors import BadInput, Within
from .layers import Channels, Number, kaiming


class ReferenceDecoder(nn.Module):
    """g as the authors released it: a small 2-D convolutional network.

    Linear d0→32→32, read as 8×2×2, then stages of conv 3×3, nearest ×2, conv 3×3, LeakyReLU 0.2 after every layer,
    the output included. N is a power of two, at least 16.
    """

    def __init__(self, d0: int, size: int = 128):
        super().__init__()
        stages = round(math.log2(size)) - 1
        if size != 2 ** (stages + 1) or stages < 3:
            raise BadInput(f"the reference decoder draws 16, 32, 64, 128, … pixels a side, not {size}.")
        self.d0, self.size = d0, size
        self.linear = nn.Sequential(
            nn.Linear(d0, 32), nn.LeakyReLU(0.2), nn.Linear(32, 32), nn.LeakyReLU(0.2), nn.Unflatten(1, (8, 2, 2))
        )
        channels = [8] * (stages - 2) + [16, 32, 1]
        self.stages: Any = nn.ModuleList(
            nn.ModuleList([nn.Conv2d(before, after, 3, padding=1), nn.Conv2d(after, after, 3, padding=1)])
            for before, after in zip(channels, channels[1:], strict=False)
        )

    def forward(self, z: Tensor) -> Tensor:
        # A processor draws a few atoms at a time, which stay in its cache; a GPU draws all of them at once.
        return torch.cat([self._draw(part) for part in z.split(CACHED if z.device.type == "cpu" else len(z) or 1)])

    def _draw(self, z: Tensor) -> Tensor:
        x = self.linear(z).contiguous(memory_format=torch.channels_last)
        for narrow, wide in self.stages:
            x = F.leaky_relu(narrow(x), 0.2)  # before or after a nearest ×2, LeakyReLU is the same, and here a quarter
            x = F.leaky_relu(enlarged(x, wide), 0.2)
        return x


CACHED = 64  # atoms that a processor draws at a time


def enlarged(x: Tensor, conv: nn.Conv2d) -> Tensor:
    """conv(nearest ×2 of x), (M, c, H, W) → (M, c', 2H, 2W), for a 3×3 convolution, with fewer than half the products.

    Every pixel of x stands four times under the kernel: that is one transposed convolution by stride 2, whose kernel is
    the 3×3 one laid four times over itself.
    """
    turned = conv.weight.flip(2, 3)
    kernel = reduce(torch.add, [F.pad(turned, (j, 1 - j, i, 1 - i)) for i in (0, 1) for j in (0, 1)])
    return F.conv_transpose2d(x, kernel.transpose(0, 1), conv.bias, stride=2, padding=1)


class SeparableDecoder(nn.Module):
    """g(z) = Σ_r u_r(z) v_r(z)ᵀ: a sum of `rank` products of a row and a column profile.

    A small MLP feeds two stacks of 1-D upsampling convolutions, one an axis. It learns as much a step as a 2-D
    decoder and costs a tenth. N is a multiple of 16.
    """

    doublings = 4  # of the profiles' length, from N/16
    faint = 0.1  # of the profiles' first weights: k atoms together start about as faint as an image

    def __init__(self, d0: int, size: int = 128, rank: Number = 4, width: Number = 128, channels: Channels = 32):
        super().__init__()
        if size % 16:
            raise BadInput(f"a separable decoder draws a multiple of 16 pixels a side, not {size}.")
        self.d0, self.size = d0, size
        self.mlp = nn.Sequential(nn.Linear(d0, width), nn.LeakyReLU(0.2), nn.Linear(width, width), nn.LeakyReLU(0.2))
        self.rows, self.columns = (Profiles(width, channels, size // 16, rank, self.doublings) for _ in range(2))
        kaiming(self)
        for profiles in (self.rows, self.columns):
            last: Any = profiles[-1]
            last.weight.data *= self.faint

    def forward(self, z: Tensor) -> Tensor:
        return einsum("mri,mrj->mij", *self.profiles(z))[:, None]

    def profiles(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """The rows u_r and the columns v_r of atoms, (M, rank, N) each."""
        features = self.mlp(z)
        return self.rows(features), self.columns(features)


class StrokeDecoder(SeparableDecoder):
    """A separable decoder with a 2-D end: `maps` sums of `rank` products each, at half the size, LeakyReLU, then one
    convolution 3×3 that gives each of their pixels as 2×2 of the atom, LeakyReLU.

    A sum of few products casts shadows: where one blob's rows cross another's columns, there is a bit of a third. For
    spikes that is nothing; for a curved stroke it is ink elsewhere. What a map has there it can push below zero, where
    LeakyReLU all but cuts it off. The one at the end is the paper's, but for its `slope` below zero (there 0.2): an
    atom has little to cancel another with.
    """

    doublings, faint = 3, 0.5

    def __init__(
        self, d0: int, size: int = 128, rank: Number = 2, maps: Number = 8,
        slope: Annotated[float, Within(0.0, 1.0)] = 0.1, width: Number = 128, channels: Channels = 32,
    ):  # fmt: skip
        super().__init__(d0, size, maps * rank, width, channels)
        self.maps, self.slope = maps, slope
        self.threshold = nn.Parameter(torch.zeros(maps, 1, 1))
        self.paint = nn.Conv2d(maps, 4, 3, padding=1)
        kaiming(self.paint)
        self.paint.weight.data *= 0.1

    def forward(self, z: Tensor) -> Tensor:
        u, v = (profiles.unflatten(1, (self.maps, -1)) for profiles in self.profiles(z))
        maps = F.leaky_relu(einsum("mcri,mcrj->mcij", u, v) - self.threshold, 0.2)
        painted = self.paint(maps.contiguous(memory_format=torch.channels_last))
        return F.leaky_relu(F.pixel_shuffle(painted, 2), self.slope)


class ConvolutionalDecoder(nn.Module):
    """A plain g: a two-layer MLP gives `channels` maps of N/8 px a side, and three convolutions 3×3 draw them up.

    Each gives every pixel of its maps as 2×2 of the next. It has no idea of what an image is made of, and takes blocks
    of any length: what autoencoders of any kind can have in common. planes: images that it gives, one unless told
    otherwise: (M, d0) → (M, planes, N, N). N is a multiple of 8.
    """

    def __init__(self, d0: int, size: int = 128, width: Number = 128, channels: Channels = 32, planes: Number = 1):
        super().__init__()
        if size % 8 or channels % 4:
            told = f"not {size}, of a multiple of 4 channels, not {channels}"
            raise BadInput(f"a convolutional decoder draws a multiple of 8 pixels a side, {told}.")
        self.d0, self.size = d0, size
        self.mlp = nn.Sequential(
            nn.Linear(d0, width), nn.LeakyReLU(0.2), nn.Linear(width, channels * (size // 8) ** 2), nn.LeakyReLU(0.2),
            nn.Unflatten(1, (channels, size // 8, size // 8)),
        )  # fmt: skip
        widths = [(channels, channels), (channels // 4, channels), (channels // 4, 4 * planes)]
        self.convs: Any = nn.ModuleList(nn.Conv2d(before, after, 3, padding=1) for before, after in widths)
        kaiming(self)
        last: Any = self.convs[-1]
        last.weight.data *= 0.1  # k atoms together start about as faint as an image

    def forward(self, z: Tensor) -> Tensor:
        x = self.mlp(z).contiguous(memory_format=torch.channels_last)
        *before, last = self.convs
        for conv in before:
            x = F.leaky_relu(F.pixel_shuffle(conv(x), 2), 0.2)
        return F.pixel_shuffle(last(x), 2)


class Profiles(nn.Sequential):
    """(M, width) features → (M, rank, start·2^doublings) profiles along one axis.

    The layers say what it is; what is computed is the same, in three fifths of the products.
    """

    def __init__(self, width: int, channels: int, start: int, rank: int, doublings: int):
        layers: list[nn.Module] = [nn.Linear(width, channels * start), nn.Unflatten(1, (channels, start))]
        layers += [nn.LeakyReLU(0.2)]
        for _ in range(doublings):
            layers += [nn.Upsample(scale_factor=2), nn.Conv1d(channels, channels, 5, padding=2), nn.LeakyReLU(0.2)]
        super().__init__(*layers, nn.Conv1d(channels, rank, 5, padding=2))

    def forward(self, features: Tensor) -> Tensor:
        layers: list[Any] = list(self)
        linear, unflatten, rectify, *doublings, last = layers
        x = rectify(unflatten(linear(features)))
        for conv in doublings[1::3]:
            x = rectify(doubled(x, conv))
        return along(x, last.weight, last.bias)


def doubled(x: Tensor, conv: nn.Conv1d) -> Tensor:
    """conv(nearest ×2 of x), (M, c, L) → (M, c', 2L), for a kernel of 5: see `enlarged`.

    Two of its taps, or one, stand over each pixel of x: that is a kernel of 3 for the even places, and one for the odd.
    """
    a, b, c, d, e = conv.weight.unbind(2)
    kernel = torch.cat([torch.stack([a + b, c + d, e], 2), torch.stack([a, b + c, d + e], 2)])
    both = along(x, kernel, None if conv.bias is None else conv.bias.repeat(2)).transpose(1, 2)
    return both.reshape(len(x), 2 * x.shape[2], len(kernel) // 2).transpose(1, 2)  # channels last: nothing is moved


def along(x: Tensor, kernel: Tensor, bias: Tensor | None) -> Tensor:
    """A convolution of odd width along one axis, (M, c, L) → (M, c', L), zero outside; channels last in memory, which
    is the fastest on a processor."""
    kernel = kernel[:, :, None].contiguous(memory_format=torch.channels_last)
    return F.conv2d(x[:, :, None], kernel, bias, padding=(0, kernel.shape[3] // 2))[:, :, 0]


class Untied(nn.Module):
    """A decoder block for each latent block, to compare with: x̂ = Σᵢ gᵢ(zᵢ), an additive decoder, not an atomic one.

    All k blocks of an image are drawn together: (B·k, d0) → (B·k, 1, N, N); another number of blocks is refused.
    """

    def __init__(self, blocks: list[nn.Module]):
        super().__init__()
        self.blocks: Any = nn.ModuleList(blocks)
        self.d0, self.size = self.blocks[0].d0, self.blocks[0].size

    def forward(self, z: Tensor) -> Tensor:
        if len(z) % len(self.blocks):
            raise BadInput(f"untied decoders draw all {len(self.blocks)} blocks of an image together, not {len(z)}.")
        blocks = z.unflatten(0, (-1, len(self.blocks))).unbind(1)
        return torch.stack([g(block) for g, block in zip(self.blocks, blocks, strict=True)], dim=1).flatten(0, 1)
