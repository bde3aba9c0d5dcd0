"""A stand-in, in this clone alone, for the room of that name in the house of DESIGN §2: never merge it."""

import torch
from torch import Tensor

from . import metrics, spikes
from .metrics import pairs

__all__ = ["fit_gaussians", "pairs", "render"]


def render(theta: Tensor, size: int, sigma: float) -> Tensor:
    """θ (B, k, 3) → images (B, 1, N, N)."""
    return spikes.render(theta[..., 0], theta[..., 1:], size, sigma)


def fit_gaussians(atoms: Tensor, sigma: float) -> Tensor:
    """Atoms (…, N, N) → θ (…, 3)."""
    a, p = metrics.fit_gaussians(atoms.reshape(-1, *atoms.shape[-2:]), sigma)
    return torch.cat([a[:, None], p], dim=1).view(*atoms.shape[:-2], 3)
