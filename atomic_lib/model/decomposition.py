"""An image taken apart: the one result that is measured, drawn and walked along."""

from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from ..images import Batch, blur, relative_error

ACTIVE = 0.01  # an atom is active with at least this share of its image's energy
REACH = 1 / 16  # blur of atoms before they are compared, over the image's side: strokes apart feel each other too


@dataclass(frozen=True)
class Decomposition(Batch):
    """What a model makes of images: x ≈ x̂ = Σᵢ g(zᵢ) (Section II-B). All on the CPU.

    images: (B, 1, N, N), padded to the model's N. z: (B, k, d0). used: (B, k), the blocks in use; the others draw
    nothing. atoms: (B, k, 1, N, N), the g(zᵢ). output: (B, 1, N, N), x̂, the model's own sum (or maximum) of them.
    `result[i]` and `result[a:b]` are the decomposition of some of the images.
    """

    images: Tensor
    z: Tensor
    used: Tensor
    atoms: Tensor
    output: Tensor

    @property
    def error(self) -> Tensor:
        """nmse of each image: ‖x̂ − x‖²/‖x‖², (B,)."""
        return relative_error(self.images, self.output)

    @cached_property  # over every pixel of every atom, and asked for image by image
    def shares(self) -> Tensor:
        """The energy of each atom over that of its image, (B, k)."""
        energy = self.images.square().flatten(1).sum(1).clamp(min=1e-12)
        return self.atoms.square().flatten(2).sum(2) / energy[:, None]

    @property
    def active(self) -> Tensor:
        """The blocks in use whose atoms have at least 1 % of their image's energy, (B, k)."""
        return self.used & (self.shares >= ACTIVE)

    def strongest(self, i: int = 0) -> Tensor:
        """The blocks that image i uses, by the energy of their atoms, the strongest first: (n,)."""
        order = self.shares[i].argsort(descending=True, stable=True)
        return order[self.used[i, order]]


def matching(a: Decomposition, b: Decomposition) -> Tensor:
    """Which block of b goes with each block of a, (B, k): the pairs of least total ‖g(aᵢ) − g(bⱼ)‖², blurred.

    The order of blocks is arbitrary (the paper's ζ): this is the one rule for which block becomes which on a walk.
    Atoms are blurred by N/16 first: else all strokes that do not overlap would be equally far apart. As many blocks in
    use as possible are paired with one another; those left over get an unused partner.
    """
    from scipy.optimize import linear_sum_assignment

    first, second = (blur(one.atoms.squeeze(2), REACH * one.atoms.shape[-1]).flatten(2) for one in (a, b))
    cost = torch.cdist(first, second).square()
    alone = a.used[:, :, None] ^ b.used[:, None, :]
    cost = cost + alone * (1 + cost.sum(dim=(1, 2), keepdim=True))  # dearer than all pairs together
    return torch.stack([torch.from_numpy(linear_sum_assignment(one)[1]) for one in cost.numpy()])
