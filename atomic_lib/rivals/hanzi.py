"""Strokes whose truth is known: Chinese characters of three to six strokes, each stroke drawn along its centre-line.

What MNIST cannot say, hanzi-writer-data does: where one stroke ends and the next begins, and in which order they come.
"""

import hashlib
import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated

import torch
from torch import Tensor

from ..data.digits import EXTENT, choose, pen
from ..data.sample import Sample
from ..errors import BadInput, Within, check_fields
from ..files import data_folder, read_whole

SHA256 = "6ae6f64853488fbd65b402f3aaa1323d0b3e89659fd4223e54c5412cb10928b4"


@dataclass(frozen=True)
class StrokeSample(Sample):
    """Images with the strokes that they are made of: (B, n, N, N), empty ones where there are fewer than n."""

    strokes: Tensor | None = None

    def drawn(self, i: int = 0) -> Tensor:
        """The strokes that are there in image i, (n, N, N)."""
        assert self.strokes is not None
        return self.strokes[i][self.strokes[i].amax(dim=(1, 2)) > 0]


@dataclass(frozen=True)
class Hanzi:
    """Two hundred characters, none of which any training here has seen.

    size: N, px. width: of the pen, in N. Ink on ink is ink: an image is the largest of its strokes, not their sum.
    """

    size: Annotated[int, Within(16, 16_384)] = 128
    width: Annotated[float, Within(0.01, 0.5)] = 0.06

    def __post_init__(self):
        check_fields(self)

    def held_out(self, count: int = 200, seed: int = 0) -> StrokeSample:
        """`count` characters, at most 200: all in their order, or a random choice by `seed`."""
        lines = list(medians().values())
        chosen = [lines[i] for i in choose(len(lines), count, seed).tolist()]
        strokes = torch.zeros(len(chosen), 6, self.size, self.size)
        for character, one in zip(strokes, chosen, strict=True):
            character[: len(one)] = self.strokes(one)
        return StrokeSample(strokes.amax(dim=1, keepdim=True), strokes=strokes)

    def strokes(self, lines: list[list[list[float]]]) -> Tensor:
        """Centre-lines [[[x, y], …], …], y upwards, as strokes of the pen (n, N, N), placed as MNIST places digits."""
        points = [torch.tensor(line, dtype=torch.float32) * torch.tensor([1.0, -1.0]) for line in lines]
        every = torch.cat(points)
        low, high = every.amin(dim=0), every.amax(dim=0)
        scale = (EXTENT - self.width) * self.size / float((high - low).max())
        placed = [(line - (low + high) / 2) * scale + (self.size - 1) / 2 for line in points]
        ink = torch.stack([(self.width * self.size / 2 - away(line, self.size) + 0.5).clamp(0, 1) for line in placed])
        drawn = pen(ink[:, None])[:, 0]
        return (drawn - drawn.amin()) / (1 - drawn.amin())  # paper is 0, not nearly so


def away(line: Tensor, size: int) -> Tensor:
    """How far each pixel is from a line through points (n, 2), x and y in px: (N, N)."""
    pixels = torch.arange(size, dtype=torch.float32)
    grid = torch.stack(torch.meshgrid(pixels, pixels, indexing="xy"), dim=2)[..., None, :]  # (N, N, 1, 2) of x and y
    start, along = line[:-1], line[1:] - line[:-1]
    share = ((grid - start) * along).sum(dim=3) / along.square().sum(dim=1).clamp(min=1e-9)
    nearest = start + share.clamp(0, 1)[..., None] * along
    return (grid - nearest).norm(dim=3).amin(dim=2)


@lru_cache(maxsize=1)
def medians() -> dict[str, list]:
    """Centre-lines by character, in units of 1/1024 of the font's square; raises `BadInput` for another file."""
    path = data_folder() / "hanzi" / "medians.json"
    content = read_whole(path, 2**22, "restore it with `git checkout data/hanzi`")
    if hashlib.sha256(content).hexdigest() != SHA256:
        raise BadInput(
            f"{path}: its sha256 is not the one that was shipped; restore it with `git checkout data/hanzi`."
        )
    return json.loads(content)["medians"]
