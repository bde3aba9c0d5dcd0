"""Spikes as several chapters look at them: many in a picture of any shape, drawn and fitted; what lies beyond."""

from collections.abc import Sequence

import torch
from torch import Tensor

from ..gaussians import fit_gaussians, profiles, slopes
from ..least_squares import levenberg_marquardt


def drawn(theta: Tensor, shape: Sequence[int], sigma: float) -> Tensor:
    """Σ aᵢG(tᵢ) of spikes θ (n, 3) as a picture (H, W)."""
    rows, columns = profiles(theta, shape, sigma)
    return (theta[:, :1] * rows).T @ columns


def fit_sum(image: Tensor, theta: Tensor, sigma: float, steps: int = 12) -> tuple[Tensor, Tensor]:
    """Least-squares fit of n Gaussians of width `sigma` px to an image (H, W) together, from θ (n, 3), in float64.

    Returns θ and the inverse (3n, 3n) of the normal matrix JᵀJ there: times the noise's variance, its covariance.
    """
    image, start = image.double(), theta.double()
    unit = start[:, :1].abs().clamp(min=1e-12)  # with places in these units all columns of J are about as long
    scale = torch.cat([torch.ones_like(unit), 1 / unit, 1 / unit], dim=1).flatten()

    def moved(flat: Tensor) -> Tensor:
        return start + (flat * scale).view(-1, 3)

    def cost(flat: Tensor) -> Tensor:
        return (image - drawn(moved(flat), image.shape, sigma)).square().sum()[None]

    def normal(flat: Tensor) -> tuple[Tensor, Tensor]:
        gradient, matrix = _normal_equations(image, moved(flat), sigma)
        return (scale * gradient)[None], (scale * matrix * scale[:, None])[None]

    found = moved(levenberg_marquardt(torch.zeros(1, 3 * len(start), dtype=start.dtype), cost, normal, steps))
    return found, torch.linalg.pinv(_normal_equations(image, found, sigma)[1], hermitian=True)


def around(place: Tensor, sigma: float, side: int) -> tuple[Tensor, int]:
    """Windows of 6σ around places (M, 2), px, moved into a picture of `side` px: first row and column (M, 2), width."""
    reach = min(round(6 * sigma), (side - 1) // 2)
    return place.clamp(reach, side - 1 - reach) - reach, 2 * reach + 1


def fit_within(windows: Tensor, origin: Tensor, sigma: float) -> Tensor:
    """Least-squares fit of one Gaussian of width `sigma` px to what each window (M, w, w) of a picture shows, from its
    peak: θ (M, 3). origin: row and column (M, 2) of the windows' first pixels."""
    high = windows.flatten(1).amax(dim=1).clamp(min=1e-12)[:, None]
    theta = fit_gaussians(windows / high[..., None], sigma, steps=8)
    return torch.cat([theta[:, :1] * high, theta[:, 1:] + origin], dim=1)


def _normal_equations(image: Tensor, theta: Tensor, sigma: float) -> tuple[Tensor, Tensor]:
    """−½ the gradient (3n,) of ‖y − Σ aᵢG(tᵢ)‖² and its Gauss–Newton matrix (3n, 3n), one axis at a time."""
    a, (u, v), (du, dv) = theta[:, 0], profiles(theta, image.shape, sigma), slopes(theta, image.shape, sigma)
    left = image - torch.einsum("n,nr,nc->rc", a, u, v)
    rows, columns = torch.stack([u, du, u], dim=1), torch.stack([v, v, dv], dim=1)  # ∂ by a, row, column: (n, 3, ·)
    weight = torch.stack([torch.ones_like(a), a, a], dim=1)
    gradient = weight * torch.einsum("njc,njc->nj", rows @ left, columns)
    rows, columns, weight = rows.flatten(0, 1), columns.flatten(0, 1), weight.flatten()
    return gradient.flatten(), (rows @ rows.T) * (columns @ columns.T) * weight[:, None] * weight


def whole_energy(theta: Tensor, sigma: float) -> Tensor:
    """‖a·G(t)‖² = πσ²a² of spikes θ (…, 3), (…), far from the border and for σ of a pixel or more."""
    return torch.pi * sigma**2 * theta[..., 0].square()


def beyond(change: Tensor, places: Tensor, radius: float) -> Tensor:
    """The energy of changes (M, N, N) that is farther than `radius` px from all of the places (M, n, 2): (M,)."""
    pixels = torch.arange(change.shape[-1])
    rows, columns = ((pixels - places[..., [axis]]).square() for axis in (0, 1))
    far = (rows[..., :, None] + columns[..., None, :] > radius**2).all(dim=1)
    return (change.square() * far).sum(dim=(1, 2))
