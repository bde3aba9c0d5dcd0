"""What every room asks of images: that they are in order, padded, blurred, compared."""

import math
from collections.abc import Sequence
from dataclasses import fields, replace
from functools import lru_cache
from typing import Any, Self, TypeVar

import numpy as np
import torch
from torch import Tensor

from .errors import BadInput

BAND = 32  # rows of a blur that are computed together
LARGEST_VALUE = 10.0  # spikes may pile up past 1 and noise go below 0; beyond ±10 it is a mistake


def as_numbers(given, what: str, shape: Sequence[int | str] = ()) -> Tensor:
    """A tensor or numpy array of real numbers, of any type, as a float32 tensor where it is; else raises `BadInput`.

    shape: what is expected, such as ("B", "k", 3), where letters stand for any length; all numbers are to be finite.
    """
    if isinstance(given, np.ndarray) and given.dtype.kind in "fiub":
        given = torch.from_numpy(np.ascontiguousarray(given))
    if not isinstance(given, Tensor):
        kind = f"array of {given.dtype}" if isinstance(given, np.ndarray) else type(given).__name__
        raise BadInput(f"{what}: of type {kind}; expected a torch tensor or a numpy array of numbers.")
    if given.is_complex() or given.is_meta or given.layout != torch.strided:
        kind = f"{given.dtype}, {given.layout}, on {given.device}"
        raise BadInput(f"{what}: a tensor of {kind}; expected real numbers, and all of them.")
    fits = [isinstance(one, str) or one == side for one, side in zip(shape, given.shape, strict=False)]
    if shape and not (len(shape) == given.ndim and all(fits)):
        raise BadInput(f"{what}: the shape is {tuple(given.shape)}; expected ({', '.join(map(str, shape))}).")
    if not given.isfinite().all():
        raise BadInput(f"{what}: some values are not finite (NaN or infinity); leave out what is not known.")
    return given.float()


def check_images(given, what: str = "images") -> Tensor:
    """Images (B, 1, N, N), a tensor or a numpy array, as float32; raises `BadInput` for values not within ±10."""
    images = as_numbers(given, what, ("B", 1, "N", "N"))
    if 0 in images.shape[2:]:
        raise BadInput(f"{what}: the shape is {tuple(images.shape)}; expected at least one pixel.")
    if images.numel() and images.abs().max() > LARGEST_VALUE:
        raise BadInput(f"{what}: a value is {images.abs().max():.3g}, beyond ±{LARGEST_VALUE:g}; scale to about 1.")
    return images


class Batch:
    """A dataclass whose tensors (B, …) go by image: `batch[i]` and `batch[a:b]` are some of the images, as a batch."""

    images: Tensor

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, which: int | slice | Tensor) -> Self:
        if isinstance(which, int):
            if not -len(self) <= which < len(self):  # what ends a loop
                raise IndexError(f"image {which} of {len(self)}")
            which = slice(which, which + 1 or None)
        this: Any = self
        return replace(this, **{name: tensor[which] for name, tensor in _tensors(this).items()})


T = TypeVar("T")


def joined(parts: Sequence[T]) -> T:
    """Several batches, dataclasses of tensors (B, …), as one."""
    if len(parts) == 1:  # atoms are large: no copy
        return parts[0]
    every = [_tensors(part) for part in parts]
    return replace(parts[0], **{name: torch.cat([one[name] for one in every]) for name in every[0]})  # type: ignore[type-var]


def _tensors(batch: Any) -> dict[str, Tensor]:
    every = {field.name: getattr(batch, field.name) for field in fields(batch)}
    return {name: value for name, value in every.items() if isinstance(value, Tensor)}


def pad_to(images: Tensor, size: int) -> Tensor:
    """Images (…, H, W) padded with zeros at the bottom and the right to `size` px a side."""
    height, width = images.shape[-2:]
    return torch.nn.functional.pad(images, (0, size - width, 0, size - height))


def blur(images: Tensor, sigma: float) -> Tensor:
    """Gaussian blur of images (…, H, W) by `sigma` px, zero outside: R x Cᵀ, one axis at a time."""
    reach = math.ceil(3 * sigma)
    for axis, side in ((-1, images.shape[-1]), (-2, images.shape[-2])):
        band, lines = _blur_matrix(side, sigma).to(images), images.transpose(axis, -1)
        parts = []
        for start in range(0, side, BAND):  # where the matrix is zero, nothing is to be computed
            near = slice(max(0, start - reach), start + BAND + reach)
            parts.append(lines[..., near] @ band[start : start + BAND, near].T)
        images = torch.cat(parts, dim=-1).transpose(axis, -1)
    return images


@lru_cache(maxsize=16)
def _blur_matrix(size: int, sigma: float) -> Tensor:
    """The (N, N) band matrix of a Gaussian filter cut at 3σ; its middle row sums to 1."""
    taps = torch.arange(size)[:, None] - torch.arange(size)
    kernel = torch.exp(-(taps**2) / (2 * sigma**2)) * (taps.abs() <= math.ceil(3 * sigma))
    return kernel / kernel[size // 2].sum()


def energy(images: Tensor) -> Tensor:
    """‖x‖² of each image (B, …), (B,): of one so bright that its square overflows, too."""
    return torch.linalg.vector_norm(images.flatten(1), dim=1, dtype=torch.float64).square()


def relative_error(images: Tensor, reconstructions: Tensor) -> Tensor:
    """nmse of each image: ‖x̂ − x‖²/‖x‖², (B,)."""
    return (reconstructions - images).square().flatten(1).sum(1) / images.square().flatten(1).sum(1).clamp(min=1e-12)


def noise_level(images: Tensor) -> Tensor:
    """Standard deviation of the white noise in images (B, 1, H, W), (B,), from how pixels differ from their neighbours.

    The median of what a mask that no plane passes leaves (Immerkær 1996): light, gradients and a few bright things do
    not count, and where most pixels are exactly alike it is 0.
    """
    if min(images.shape[-2:]) < 3:
        return images.new_zeros(len(images))
    rough = images.diff(n=2, dim=-1).diff(n=2, dim=-2).abs().flatten(1)  # by the mask (1, −2, 1)ᵀ(1, −2, 1)
    if rough.is_cpu:  # numpy finds the same number 14 times as fast
        middle = (rough.shape[1] - 1) // 2
        median = torch.from_numpy(np.partition(rough.detach().numpy(), middle, axis=1)[:, middle])
    else:
        median = rough.median(dim=1).values
    return median / (6 * 0.6745)
