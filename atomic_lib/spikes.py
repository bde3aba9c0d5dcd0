"""The model set Σ of off-the-grid spikes: sums of at most k Gaussians (paper, Section III-B).

A spike is ψ(θ) = a·G(t), θ = (a, t): an amplitude and a position, so d0 = 3. Nothing here lies on the pixel grid:
positions are real numbers and images are exact samples of the sum.
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from .errors import BadInput

LARGEST_VALUE = 10.0  # spikes may pile up past 1 and noise go below 0; beyond ±10 it is a mistake


class Sample(NamedTuple):
    """Images with the truth that drew them; an amplitude of 0 marks an absent spike.

    images: (B, 1, N, N). amplitudes: (B, k). positions: (B, k, 2), (row, column) in pixels from the centre of the
    top-left pixel.
    """

    images: Tensor
    amplitudes: Tensor
    positions: Tensor

    @property
    def theta(self) -> Tensor:
        """A stand-in, in this clone alone, for the θ of DESIGN §2: (B, k, 3)."""
        return torch.cat([self.amplitudes[..., None], self.positions], dim=2)


@dataclass(frozen=True)
class Spikes:
    """Where images of spikes come from: Σ of equation (4) with ψ(a, t) = a·G(t).

    size: side N of an image, px. sigma: width of the Gaussian, px. k: most spikes in an image; their number is
    uniform on fewest…k. amplitude: range of the uniform amplitudes. separation, border: least distance of two
    centres, and of a centre to the border, in σ. Raises `BadInput` for a set that is empty or cannot be drawn.
    """

    size: int = 128
    sigma: float = 2.8
    k: int = 10
    amplitude: tuple[float, float] = (0.5, 1.0)
    separation: float = 2.0
    border: float = 3.0
    fewest: int = 1

    def __post_init__(self):
        low, high = self.amplitude
        if self.k < 1 or not 0 <= self.fewest <= self.k:
            raise BadInput(f"spikes: k = {self.k}, fewest = {self.fewest}; expected 0 ≤ fewest ≤ k and k ≥ 1.")
        if not (self.sigma > 0 and 0 < low <= high):
            raise BadInput(f"spikes: σ = {self.sigma}, amplitudes {low}…{high}; both must be positive.")
        if self.span <= 0:
            away = f"{self.border}σ = {self.border * self.sigma:g} px away from every border"
            raise BadInput(f"spikes: no place of {self.size}×{self.size} pixels is {away}; take a larger size.")

    @property
    def span(self) -> float:
        """Side of the square in which centres lie, px."""
        return self.size - 1 - 2 * self.border * self.sigma

    def sample(self, count: int, generator: torch.Generator) -> Sample:
        """Draw `count` images and their truth, on the generator's device.

        Raises `BadInput` when that many spikes do not fit at that separation.
        """
        device = generator.device
        number = torch.randint(self.fewest, self.k + 1, (count, 1), generator=generator, device=device)
        present = torch.arange(self.k, device=device) < number
        low, high = self.amplitude
        amplitudes = low + (high - low) * torch.rand(count, self.k, generator=generator, device=device)
        amplitudes = amplitudes * present
        positions = self._positions(present, generator)
        return Sample(render(amplitudes, positions, self.size, self.sigma), amplitudes, positions)

    def batch(self, count: int, generator: torch.Generator) -> Tensor:
        """`count` training images (B, 1, N, N), without their truth."""
        return self.sample(count, generator).images

    def held_out(self, count: int, seed: int = 0) -> Sample:
        """`count` images that no training saw: training seeds are never negative, these are."""
        return self.sample(count, torch.Generator().manual_seed(-1 - seed))

    def _positions(self, present: Tensor, generator: torch.Generator) -> Tensor:
        """Uniform centres; a spike too close to one before it is drawn again, until none is."""
        device = generator.device
        count, k = present.shape
        earlier = torch.ones(k, k, dtype=torch.bool, device=device).tril(-1)
        pairs = earlier & present[:, :, None] & present[:, None, :]
        positions, clash = torch.zeros(count, k, 2, device=device), torch.ones_like(present)
        for _ in range(1000):
            positions = torch.where(clash[..., None], self._places(count, k, generator), positions)
            close = torch.cdist(positions, positions) < self.separation * self.sigma
            clash = (close & pairs).any(dim=2)
            if not clash.any():
                return positions
        apart = f"{self.separation}σ = {self.separation * self.sigma:g} px apart"
        raise BadInput(f"spikes: {k} of them, {apart}, do not fit into {self.size}×{self.size} pixels; take fewer.")

    def _places(self, count: int, k: int, generator: torch.Generator) -> Tensor:
        """Uniform centres (count, k, 2), as far from the border as they must be."""
        uniform = torch.rand(count, k, 2, generator=generator, device=generator.device)
        return self.border * self.sigma + self.span * uniform


@dataclass(frozen=True)
class OtherSpikes(Spikes):
    """Atoms of spikes with another number of parameters than three: what `k` counts are these atoms.

    line: whether all lie on the middle row (1 parameter with a fixed amplitude). widths: range of the uniform width of
    each spike, in σ (4 parameters). pairs: whether an atom is two spikes, 2i and 2i + 1 of the truth, at independent
    places, with one amplitude that they share (5 parameters) or one each (6): the second kind is divisible.
    """

    line: bool = False
    widths: tuple[float, float] = (1.0, 1.0)
    pairs: Literal["none", "shared", "free"] = "none"

    def __post_init__(self):
        super().__post_init__()
        narrow, wide = self.widths
        if not 0 < narrow <= wide:
            raise BadInput(f"spikes: widths {narrow}…{wide} σ; expected two positive numbers, the smaller first.")
        if self.pairs not in ("none", "shared", "free"):
            raise BadInput(f"spikes: pairs “{self.pairs}”; expected none, shared or free.")

    @property
    def parameters(self) -> int:
        """How many numbers an atom takes: the d0 of ψ."""
        places, amplitudes = 1 if self.line else 2, int(self.amplitude[0] < self.amplitude[1])
        if self.pairs != "none":
            return 2 * places + amplitudes * (1 if self.pairs == "shared" else 2)
        return places + amplitudes + int(self.widths[0] < self.widths[1])

    def sample(self, count: int, generator: torch.Generator) -> Sample:
        """Draw `count` images and their truth, on the generator's device; widths are not part of the truth."""
        device, members = generator.device, 1 if self.pairs == "none" else 2
        atoms = torch.randint(self.fewest, self.k + 1, (count, 1), generator=generator, device=device)
        present = torch.arange(members * self.k, device=device) < members * atoms
        shape = (*present.shape,)
        low, high = self.amplitude
        amplitudes = low + (high - low) * torch.rand(shape, generator=generator, device=device)
        if self.pairs == "shared":
            amplitudes = amplitudes[:, ::2].repeat_interleave(2, dim=1)
        narrow, wide = self.widths
        widths = self.sigma * (narrow + (wide - narrow) * torch.rand(shape, generator=generator, device=device))
        amplitudes, positions = amplitudes * present, self._positions(present, generator)
        return Sample(render(amplitudes, positions, self.size, widths[..., None]), amplitudes, positions)

    def _places(self, count: int, k: int, generator: torch.Generator) -> Tensor:
        places = super()._places(count, k, generator)
        if self.line:
            places[..., 0] = (self.size - 1) / 2
        return places


def render(amplitudes: Tensor, positions: Tensor, size: int, sigma: float | Tensor) -> Tensor:
    """x = Σᵢ aᵢ G(tᵢ): (B, k) amplitudes at (B, k, 2) positions in px → images (B, 1, N, N).

    sigma: the width, px, of all spikes, or (B, k, 1) of each.
    """
    rows = gaussian(positions[..., 0], size, sigma)
    columns = gaussian(positions[..., 1], size, sigma)
    return torch.einsum("bk,bkr,bkc->brc", amplitudes, rows, columns)[:, None]


def gaussian(centre: Tensor, size: int, sigma: float | Tensor) -> Tensor:
    """exp(−(n − centre)²/2σ²) at the pixels n = 0…size−1: (…) centres → (…, size)."""
    pixels = torch.arange(size, device=centre.device, dtype=centre.dtype)
    return torch.exp(-((pixels - centre[..., None]) ** 2) / (2 * sigma**2))


def check_images(images: Tensor, what: str = "images") -> Tensor:
    """Return `images` (B, 1, N, N) unchanged, or raise `BadInput`: finite values within ±10 only."""
    if images.ndim != 4 or images.shape[1] != 1:
        raise BadInput(f"{what}: the shape is {tuple(images.shape)}; expected (B, 1, N, N).")
    if not torch.isfinite(images).all():
        raise BadInput(f"{what}: some values are not finite (NaN or infinity); clean them first.")
    if images.numel() and images.abs().max() > LARGEST_VALUE:
        raise BadInput(f"{what}: a value is {images.abs().max():.3g}, beyond ±{LARGEST_VALUE:g}; scale to about 1.")
    return images


def pad_to(images: Tensor, size: int) -> Tensor:
    """Images (…, H, W) padded with zeros at the bottom and the right to `size` px a side."""
    height, width = images.shape[-2:]
    return torch.nn.functional.pad(images, (0, size - width, 0, size - height))


def from_npz(path) -> Sample:
    """Spikes made elsewhere: an .npz with images (B, N, N), amplitudes (B, k), positions (B, k, 2).

    Raises `BadInput` when the file or its shapes are not that.
    """
    import numpy as np

    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = [torch.from_numpy(np.asarray(file[name], dtype=np.float32)) for name in Sample._fields]
    except KeyError as error:
        raise BadInput(f"{path}: an array is missing ({error}); expected {', '.join(Sample._fields)}.") from None
    except FileNotFoundError:
        raise BadInput(f"{path}: there is no such file.") from None
    except Exception as error:  # numpy raises many kinds for a file that is no .npz of numbers
        raise BadInput(f"{path}: cannot be read as an .npz file of numbers ({error}).") from None
    images, amplitudes, positions = arrays
    shapes = f"images {tuple(images.shape)}, amplitudes {tuple(amplitudes.shape)}, positions {tuple(positions.shape)}"
    fits = images.ndim == 3 and amplitudes.ndim == 2 and positions.shape == (*amplitudes.shape, 2)
    if not fits or len(images) != len(amplitudes) or images.shape[1] != images.shape[2] or 0 in positions.shape:
        raise BadInput(f"{path}: {shapes}; expected (B, N, N), (B, k), (B, k, 2) with one B ≥ 1 and k ≥ 1.")
    for name, array in (("amplitudes", amplitudes), ("positions", positions)):
        if not torch.isfinite(array).all():
            raise BadInput(f"{path}: {name} hold values that are not finite; mark an absent spike by amplitude 0.")
    if amplitudes.min() < 0:
        raise BadInput(f"{path}: an amplitude is {amplitudes.min():.3g}; expected 0 (absent) or more.")
    return Sample(check_images(images[:, None], str(path)), amplitudes, positions)
