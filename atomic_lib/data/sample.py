"""Images and what is known of them: what every data set gives to whoever measures."""

import io
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..errors import BadInput, check, check_range
from ..files import named, read_whole
from ..images import Batch, as_numbers, check_images


@dataclass(frozen=True)
class Sample(Batch):
    """Images, with the truth that drew them where it is known.

    images: (B, 1, N, N). theta: (B, k, 3), amplitude, row and column of each spike (px, from the centre of the top-left
    pixel); an amplitude of 0 marks an absent spike; None for digits and pictures. sigma: the width of the spikes, px.
    detection: the least amplitude that says "a spike is here", half of the faintest one. `sample[i]` and `sample[a:b]`
    are some of the images. Raises `BadInput` for images or a truth that do not fit together.
    """

    images: Tensor
    theta: Tensor | None = None
    sigma: float | None = None
    detection: float | None = None

    def __post_init__(self):
        images = check_images(self.images)
        object.__setattr__(self, "images", images)
        for name in ("sigma", "detection"):
            check_range(name, 1 if getattr(self, name) is None else getattr(self, name), 1e-6, 1e6)
        if self.theta is None:
            return
        theta = as_numbers(self.theta, "theta", (len(images), "k", 3))
        if (theta[..., 0] < 0).any():
            raise BadInput(f"theta: an amplitude is {theta[..., 0].min():.3g}; expected 0 (absent) or more.")
        object.__setattr__(self, "theta", theta)

    def truth(self, i: int = 0) -> Tensor:
        """θ of the spikes that are there in image i, (n, 3); raises `BadInput` where no truth is known."""
        if self.theta is None:
            raise BadInput("the truth of these images is not known: take images of spikes.")
        return self.theta[i][self.theta[i, :, 0] > 0]

    def known(self) -> tuple[Tensor, float, float]:
        """θ, σ and the detection threshold; raises `BadInput` where one of them is not known."""
        if self.theta is None or self.sigma is None or self.detection is None:
            raise BadInput("these images say no truth, σ or threshold; give Sample(images, theta, sigma, detection).")
        return self.theta, self.sigma, self.detection

    @property
    def number(self) -> Tensor:
        """How many spikes each image has, (B,)."""
        return (self.known()[0][..., 0] > 0).sum(dim=1)


def check_drawing(count: int, generator: torch.Generator) -> None:
    """Raise `BadInput` unless `count` images can be drawn by this generator."""
    check_range("count", count, 1, 100_000)
    check("generator", generator, torch.Generator)


def from_npz(path, sigma: float) -> Sample:
    """Spikes of width `sigma` px made elsewhere: an .npz with images (B, N, N), amplitudes (B, k), positions (B, k, 2).

    Raises `BadInput` when the file or its shapes are not that.
    """
    images, amplitudes, positions = _arrays(path, "images", "amplitudes", "positions")
    shapes = f"images {tuple(images.shape)}, amplitudes {tuple(amplitudes.shape)}, positions {tuple(positions.shape)}"
    fits = images.ndim == 3 and amplitudes.ndim == 2 and positions.shape == (*amplitudes.shape, 2)
    if not fits or len(images) != len(amplitudes) or images.shape[1] != images.shape[2] or 0 in positions.shape:
        raise BadInput(f"{path}: {shapes}; expected (B, N, N), (B, k), (B, k, 2) with one B ≥ 1 and k ≥ 1.")
    if amplitudes.min() < 0:
        raise BadInput(f"{path}: an amplitude is {amplitudes.min():.3g}; expected 0 (absent) or more.")
    side, there = images.shape[1], positions[amplitudes > 0]
    if len(there) and not (-side <= there.min() and there.max() <= 2 * side):
        raise BadInput(f"{path}: a position is {there.abs().max():.3g} px, far outside of {side}×{side} pixels.")
    theta = torch.cat([amplitudes[..., None], positions], dim=2)
    faintest = float(amplitudes[amplitudes > 0].min()) if len(there) else 1.0
    return Sample(check_images(images[:, None], str(path)), theta, sigma, faintest / 2)


def _arrays(path, *names: str) -> list[Tensor]:
    """Arrays of real numbers from an .npz file, as float32."""
    expected, found = f"expected an .npz file with the arrays {', '.join(names)}", []
    try:
        with np.load(io.BytesIO(read_whole(named(path, "spikes"))), allow_pickle=False) as file:
            arrays = {name: file[name] for name in names}
    except BadInput:
        raise
    except KeyError as error:
        raise BadInput(f"{path}: an array is missing ({error}); {expected}.") from None
    except Exception:  # numpy raises many kinds for a file that is no .npz of numbers
        raise BadInput(f"{path}: cannot be read as an .npz file of numbers; {expected}.") from None
    for name, array in arrays.items():
        if array.dtype.kind not in "fiu":
            raise BadInput(f"{path}: “{name}” is of type {array.dtype}; expected real numbers.")
        with np.errstate(over="ignore"):  # infinite then, and refused for that
            found.append(as_numbers(array.astype(np.float32), f"{path}: {name}"))
    return found
