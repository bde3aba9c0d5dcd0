"""Handwritten digits as smooth pen strokes (paper, Section III-A): MNIST, HWD+, or your own files.

Every source ends as images (B, 1, N, N) in [0, 1], white ink on black.
"""

import gzip
import hashlib
import io
import zlib
from dataclasses import dataclass
from functools import lru_cache

import torch
import torch.nn.functional as F
from torch import Tensor

from ..errors import BadInput, Side, check_fields, check_range
from ..files import data_folder, read_whole
from ..images import blur
from .sample import Sample, check_drawing

# sha256 of the original IDX files, uncompressed
MNIST_SHA256 = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
EXTENT = 20 / 32  # the longer side of a digit over the side of its image, as in MNIST padded to 32


class Stored:
    """Where images come from that are kept as they are, some to train on and others held out; drawn when asked for."""

    def stored(self, train: bool) -> tuple[Tensor, Tensor | None]:
        """Images as they are kept (n, …), and their labels (n,) where they are known."""
        raise NotImplementedError

    def drawn(self, images: Tensor) -> Tensor:
        """Some of what is `stored` → (B, 1, N, N) in [0, 1]."""
        raise NotImplementedError

    def batch(self, count: int, generator: torch.Generator) -> Tensor:
        """`count` training images (B, 1, N, N), drawn with replacement, on the generator's device."""
        check_drawing(count, generator)
        images = self.stored(train=True)[0]
        chosen = torch.randint(len(images), (count,), generator=generator, device=generator.device)
        return self.drawn(images[chosen.to(images.device)].to(generator.device))

    def held_out(self, count: int, seed: int = 0) -> Sample:
        """At most `count` images that training never sees: all in their order, or a random choice by `seed`."""
        images, _ = self.stored(train=False)
        return Sample(self.drawn(images[choose(len(images), count, seed)]))

    def first(self, count: int) -> Sample:
        """At most the first `count` held-out images, in their order."""
        check_range("count", count, 1, 100_000)
        return Sample(self.drawn(self.stored(train=False)[0][:count]))

    def of_each_class(self, number: int) -> tuple[Tensor, Tensor]:
        """The first `number` held-out images of each class, in their order (B, 1, N, N), and their labels (B,).

        Raises `BadInput` where no class is known.
        """
        check_range("number", number, 1, 10_000)
        images, labels = self.stored(train=False)
        if labels is None:
            raise BadInput(f"{self}: a folder of files says no digit's class; name a copy of HWD+ for that.")
        chosen = torch.cat([(labels == label).nonzero()[:number, 0] for label in labels.unique()]).sort().values
        return self.drawn(images[chosen]), labels[chosen]


@dataclass(frozen=True)
class Digits(Stored):
    """Where images of digits come from: MNIST as smooth strokes, `size` pixels a side."""

    size: Side = 128

    def __post_init__(self):
        check_fields(self)

    def stored(self, train: bool) -> tuple[Tensor, Tensor]:
        return mnist(train)

    def drawn(self, images: Tensor) -> Tensor:
        return smooth_strokes(images, self.size)


@lru_cache(maxsize=4)
def mnist(train: bool) -> tuple[Tensor, Tensor]:
    """The 60,000 training or 10,000 test digits: uint8 images (n, 28, 28) and labels (n,).

    Read from `data/mnist` and checked against the hash of the original; raises `BadInput` if a file is missing,
    truncated or altered.
    """
    part = "train" if train else "t10k"
    images = _idx(f"{part}-images-idx3-ubyte", offset=16).view(-1, 28, 28)
    return images, _idx(f"{part}-labels-idx1-ubyte", offset=8)


def smooth_strokes(images: Tensor, size: int) -> Tensor:
    """MNIST digits (B, 28, 28) uint8 → crisp pen strokes (B, 1, N, N) in [0, 1] at any size N.

    Bicubic, blurred by a little under half an MNIST pixel, then a soft threshold: no stair-steps.
    """
    enlarge = _bicubic_matrix(size).to(images.device)
    padded = F.pad(images[:, None].float() / 255, (2, 2, 2, 2))
    return pen(enlarge @ padded @ enlarge.T)


@lru_cache(maxsize=16)
def _bicubic_matrix(size: int) -> Tensor:
    """(N, 32): bicubic interpolation is linear, one axis at a time; two products beat a filter."""
    return F.interpolate(torch.eye(32)[None, None], size=(size, 32), mode="bicubic", align_corners=False)[0, 0]


def _idx(name: str, offset: int) -> Tensor:
    path = data_folder() / "mnist" / f"{name}.gz"
    packed = read_whole(path, 2**26, "it is missing from the data, restore it with `git checkout data/mnist`")
    try:
        content = gzip.GzipFile(fileobj=io.BytesIO(packed)).read(2**26)  # what unpacks to more is not MNIST
    except (OSError, EOFError, ValueError, zlib.error) as error:
        raise BadInput(f"{path}: truncated or altered ({error}); restore it with `git checkout data/mnist`.") from None
    if hashlib.sha256(content).hexdigest() != MNIST_SHA256[name]:
        raise BadInput(f"{path}: its sha256 is not that of MNIST; restore it with `git checkout data/mnist`.")
    return torch.frombuffer(bytearray(content[offset:]), dtype=torch.uint8)


def choose(total: int, count: int, seed: int) -> Tensor:
    """All of them in their order, or `count` of them by `seed`."""
    check_range("count", count, 1, 100_000)
    check_range("seed", seed, 0, 2**31 - 1)
    if count >= total:
        return torch.arange(total)
    return torch.randperm(total, generator=torch.Generator().manual_seed(seed))[:count]


def pen(images: Tensor, stretch: bool = False) -> Tensor:
    """Blur and soft threshold (slope 14 at 0.42): the pen every source is drawn with."""
    soft = blur(images, 0.45 * images.shape[-1] / 32)
    if stretch:  # a thin line must not vanish under the threshold
        soft = soft / soft.amax(dim=(1, 2, 3), keepdim=True)
    return torch.sigmoid(14 * (soft - 0.42))
