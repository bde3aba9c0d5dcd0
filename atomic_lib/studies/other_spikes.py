"""Spikes whose atoms take more or fewer than three parameters: what d0 must be, and when an atom is divisible."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from ..data.sample import Sample, check_drawing
from ..data.spikes import Spikes
from ..errors import BadInput
from ..gaussians import render
from ..recipes import DATA


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

    @property
    def parameters(self) -> int:
        """How many numbers an atom takes: the d0 of ψ."""
        places, amplitudes = 1 if self.line else 2, int(self.amplitude[0] < self.amplitude[1])
        if self.pairs != "none":
            return 2 * places + amplitudes * (1 if self.pairs == "shared" else 2)
        return places + amplitudes + int(self.widths[0] < self.widths[1])

    def sample(self, count: int, generator: torch.Generator) -> Sample:
        """Draw `count` images and their truth, on the generator's device; widths are not part of the truth."""
        check_drawing(count, generator)
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
        theta = torch.cat([(amplitudes * present)[..., None], self._positions(present, generator)], dim=2)
        return Sample(render(theta, self.size, widths[..., None]), theta, self.sigma, self.detection)

    def _places(self, count: int, k: int, generator: torch.Generator) -> Tensor:
        places = super()._places(count, k, generator)
        if self.line:
            places[..., 0] = (self.size - 1) / 2
        return places


DATA["other-spikes"] = OtherSpikes  # the word by which records of recipes know them
