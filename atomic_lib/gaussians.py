"""ψ(a, t) = a·G(t), the spike of Section III-B: drawn, fitted, weighed and matched.

θ = (a, row, column), an amplitude and a position in pixels from the centre of the top-left pixel, is the last axis of
every truth and of every fit.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from .least_squares import levenberg_marquardt


def render(theta: Tensor, size: int, sigma: float | Tensor) -> Tensor:
    """x = Σᵢ aᵢ G(tᵢ), Equation (3): θ (B, k, 3) → images (B, 1, N, N). sigma: px, of all spikes, or (B, k, 1)."""
    rows, columns = profiles(theta, size, sigma)
    return torch.einsum("bk,bkr,bkc->brc", theta[..., 0], rows, columns)[:, None]


def profiles(theta: Tensor, size: int | Sequence[int], sigma: float | Tensor) -> tuple[Tensor, Tensor]:
    """G along each axis: θ (…, 3) → exp(−(n − row)²/2σ²) at n = 0…H−1, (…, H), and the same of columns, (…, W).

    size: of the picture, (H, W), or N of N×N.
    """
    rows, columns = (torch.exp(-(away**2) / (2 * sigma**2)) for away in _away(theta, size))
    return rows, columns


def slopes(theta: Tensor, size: int | Sequence[int], sigma: float) -> tuple[Tensor, Tensor]:
    """The derivatives of `profiles` by row, (…, H), and by column, (…, W)."""
    pairs = zip(profiles(theta, size, sigma), _away(theta, size), strict=True)
    rows, columns = (profile * away / sigma**2 for profile, away in pairs)
    return rows, columns


def _away(theta: Tensor, size: int | Sequence[int]) -> Iterator[Tensor]:
    """How far the pixels of each axis are from each spike, px."""
    for axis, side in zip((1, 2), (size, size) if isinstance(size, int) else size, strict=True):
        yield torch.arange(side, device=theta.device, dtype=theta.dtype) - theta[..., [axis]]


class IdealDecoder(nn.Module):
    """ψ itself as a decoder block: θ → a·G(t), (M, 3) → (M, 1, N, N) (the example after Equation (4)).

    size: N, px. sigma: width of the Gaussian, px.
    """

    d0 = 3

    def __init__(self, size: int, sigma: float):
        super().__init__()
        self.size, self.sigma = size, sigma

    def forward(self, theta: Tensor) -> Tensor:
        return render(theta[:, None], self.size, self.sigma)


def fit_gaussians(atoms: Tensor, sigma: float, steps: int = 15) -> Tensor:
    """Least-squares fit of one Gaussian of width `sigma` px to each atom (…, N, N), from its peak: θ (…, 3).

    Every sum is taken one axis at a time.
    """
    shape, atoms = atoms.shape[:-2], atoms.reshape(-1, *atoms.shape[-2:])
    height, place = atoms.flatten(1).max(dim=1) if len(atoms) else (atoms.new_zeros(0), atoms.new_zeros(0).long())
    size = atoms.shape[-1]
    start = torch.stack([height, place // size, place % size], dim=1).to(atoms.dtype)

    def cost(theta: Tensor) -> Tensor:  # ‖A − a u vᵀ‖² − ‖A‖²
        (u, v), a = profiles(theta, size, sigma), theta[:, 0]
        seen = torch.einsum("mr,mrc,mc->m", u, atoms, v)
        return a**2 * u.square().sum(1) * v.square().sum(1) - 2 * a * seen

    def normal(theta: Tensor) -> tuple[Tensor, Tensor]:
        both = zip(profiles(theta, size, sigma), slopes(theta, size, sigma), strict=True)
        (u, v), a = (torch.stack(axis, dim=1) for axis in both), theta[:, 0]
        seen = u @ atoms @ v.transpose(1, 2)  # (M, 2, 2): the atom against G and its derivatives
        uu, vv = u @ u.transpose(1, 2), v @ v.transpose(1, 2)
        left = seen - a[:, None, None] * uu[:, :, :1] * vv[:, None, 0, :]
        scale = torch.stack([torch.ones_like(a), a, a], dim=1)
        rows, columns = [0, 1, 0], [0, 0, 1]  # derivatives taken by a, row, column
        matrix = uu[:, rows][:, :, rows] * vv[:, columns][:, :, columns]
        return left[:, rows, columns] * scale, matrix * scale[:, :, None] * scale[:, None, :]

    return levenberg_marquardt(start, cost, normal, steps).view(*shape, 3)


def pairs(positions: Tensor, true_positions: Tensor, radius: float) -> list[tuple[int, int]]:
    """As many pairs (i, j) of positions (m, 2) and true positions (n, 2) within `radius` as possible, the nearest."""
    from scipy.optimize import linear_sum_assignment

    distance = torch.cdist(positions.double(), true_positions.double()).numpy()
    # A pair out of reach costs more than all pairs in reach together: it is never worth one of them.
    out_of_reach = 1 + radius * (1 + min(distance.shape))
    cost = np.where(distance <= radius, distance, out_of_reach)
    return [(i, j) for i, j in zip(*linear_sum_assignment(cost), strict=True) if distance[i, j] <= radius]


def energies(atoms: Tensor, truth: Tensor, sigma: float) -> np.ndarray:
    """E_ij = C_ij²‖s_j‖², (k, n): the energy of true spike j in atom i.

    Each atom (k, N, N) is written as a non-negative combination C of the true spikes s_j, of θ `truth` (n, 3).
    """
    from scipy.linalg import cholesky, solve_triangular
    from scipy.optimize import nnls

    if not len(truth) or not len(atoms):
        return np.zeros((len(atoms), len(truth)))
    atoms, truth = atoms.double(), truth.double()
    (u, v), a = profiles(truth, atoms.shape[-1], sigma), truth[:, 0]
    gram = (torch.outer(a, a) * (u @ u.T) * (v @ v.T)).numpy()
    seen = (a * torch.einsum("kxy,nx,ny->kn", atoms, u, v)).numpy()
    root = cholesky(gram + (1e-9 * gram.trace() + 1e-12) * np.eye(len(gram)), lower=True)  # spikes may coincide
    targets = solve_triangular(root, seen.T, lower=True).T
    return np.stack([nnls(root.T, target)[0] for target in targets]) ** 2 * gram.diagonal()
