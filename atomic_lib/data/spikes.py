"""The model set Σ of off-the-grid spikes: sums of at most k Gaussians (paper, Section III-B).

A spike is ψ(θ) = a·G(t), θ = (a, t): an amplitude and a position, so d0 = 3. Nothing here lies on the pixel grid:
positions are real numbers and images are exact samples of the sum.
"""

from dataclasses import dataclass
from typing import Annotated

import torch
from torch import Tensor

from ..errors import BadInput, Side, Within, check_fields, check_range
from ..gaussians import render
from .sample import Sample, check_drawing

Amplitude = Annotated[float, Within(1e-3, 1e3)]
Widths = Annotated[float, Within(0.0, 1e3)]  # so many σ


@dataclass(frozen=True)
class Spikes:
    """Where images of spikes come from: Σ of equation (4) with ψ(a, t) = a·G(t).

    size: side N of an image, px. sigma: width of the Gaussian, px. k: most spikes in an image; their number is
    uniform on fewest…k. amplitude: range of the uniform amplitudes. separation, border: least distance of two
    centres, and of a centre to the border, in σ. Raises `BadInput` for a set that is empty or cannot be drawn.
    """

    size: Side = 128
    sigma: Annotated[float, Within(0.01, 1e4)] = 2.8
    k: Annotated[int, Within(1, 10_000)] = 10
    amplitude: tuple[Amplitude, Amplitude] = (0.5, 1.0)
    separation: Widths = 2.0
    border: Widths = 3.0
    fewest: int = 1

    def __post_init__(self):
        check_fields(self)
        if not 0 <= self.fewest <= self.k:
            raise BadInput(f"spikes: k = {self.k}, fewest = {self.fewest}; expected 0 ≤ fewest ≤ k.")
        if self.amplitude[0] > self.amplitude[1]:
            raise BadInput(f"spikes: amplitude = {self.amplitude}; expected the smaller first.")
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
        check_drawing(count, generator)
        device = generator.device
        number = torch.randint(self.fewest, self.k + 1, (count, 1), generator=generator, device=device)
        present = torch.arange(self.k, device=device) < number
        low, high = self.amplitude
        amplitudes = low + (high - low) * torch.rand(count, self.k, generator=generator, device=device)
        theta = torch.cat([(amplitudes * present)[..., None], self._positions(present, generator)], dim=2)
        return Sample(render(theta, self.size, self.sigma), theta, self.sigma, self.detection)

    def batch(self, count: int, generator: torch.Generator) -> Tensor:
        """`count` training images (B, 1, N, N), without their truth."""
        return self.sample(count, generator).images

    @property
    def detection(self) -> float:
        """The least amplitude that says "a spike is here": half of the faintest."""
        return self.amplitude[0] / 2

    def held_out(self, count: int, seed: int = 0) -> Sample:
        """`count` images that no training saw: training seeds are never negative, these are."""
        check_range("seed", seed, 0, 2**31 - 1)
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
