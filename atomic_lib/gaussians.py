"""ψ(a, t) = a·G(t), the spike of Section III-B: drawn, fitted, weighed and matched."""

import numpy as np
import torch
from torch import Tensor, nn


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


def pairs(positions: Tensor, true_positions: Tensor, radius: float) -> list[tuple[int, int]]:
    """As many pairs (i, j) of positions (m, 2) and true positions (n, 2) within `radius` as possible, the nearest."""
    from scipy.optimize import linear_sum_assignment

    distance = torch.cdist(positions.double(), true_positions.double()).numpy()
    # A pair out of reach costs more than all pairs in reach together: it is never worth one of them.
    out_of_reach = 1 + radius * (1 + min(distance.shape))
    cost = np.where(distance <= radius, distance, out_of_reach)
    return [(i, j) for i, j in zip(*linear_sum_assignment(cost), strict=True) if distance[i, j] <= radius]


def fit_gaussians(atoms: Tensor, sigma: float, steps: int = 15) -> tuple[Tensor, Tensor]:
    """Least-squares fit of one Gaussian of width `sigma` to each atom (M, N, N), from its peak.

    Levenberg–Marquardt on (a, row, column), every sum taken one axis at a time. Returns the amplitudes (M,) and the
    positions (M, 2).
    """
    count, _, size = atoms.shape
    height, place = atoms.flatten(1).max(dim=1)
    theta = torch.stack([height, place // size, place % size], dim=1).to(atoms.dtype)
    damping = torch.full((count, 1), 1e-3, dtype=atoms.dtype, device=atoms.device)
    now = (theta, *_gaussian_normal_equations(atoms, theta, sigma))
    for _ in range(steps):
        theta, objective, gradient, normal = now
        damped = normal + torch.diag_embed(damping * normal.diagonal(dim1=1, dim2=2) + 1e-9)
        trial = theta + torch.linalg.solve(damped, gradient)
        then = (trial, *_gaussian_normal_equations(atoms, trial, sigma))
        better = then[1] < objective
        now = [torch.where(better.view(-1, *[1] * (a.ndim - 1)), b, a) for a, b in zip(now, then, strict=True)]
        damping = torch.where(better[:, None], damping / 5, damping * 5).clamp(1e-9, 1e9)
    return now[0][:, 0], now[0][:, 1:]


def _gaussian_normal_equations(atoms: Tensor, theta: Tensor, sigma: float) -> tuple[Tensor, Tensor, Tensor]:
    """‖A − a u vᵀ‖² − ‖A‖² (M,), −½ its gradient (M, 3) and its Gauss–Newton matrix (M, 3, 3)."""
    a, size = theta[:, 0], atoms.shape[-1]
    pixels = torch.arange(size, dtype=atoms.dtype, device=atoms.device)
    axes = []
    for centre in (theta[:, 1], theta[:, 2]):
        profile = gaussian(centre, size, sigma)
        axes.append(torch.stack([profile, profile * (pixels - centre[:, None]) / sigma**2], dim=1))  # (M, 2, N)
    u, v = axes
    seen = u @ atoms @ v.transpose(1, 2)  # (M, 2, 2): the atom against G and its derivatives
    uu, vv = u @ u.transpose(1, 2), v @ v.transpose(1, 2)
    model = a[:, None, None] * uu[:, :, :1] * vv[:, None, 0, :]  # a·G against the same
    left = torch.stack([(seen - model)[:, 0, 0], a * (seen - model)[:, 1, 0], a * (seen - model)[:, 0, 1]], dim=1)
    row_order, column_order = [0, 1, 0], [0, 0, 1]  # derivatives taken by a, row, column
    normal = uu[:, row_order][:, :, row_order] * vv[:, column_order][:, :, column_order]
    scale = torch.stack([torch.ones_like(a), a, a], dim=1)
    objective = a**2 * uu[:, 0, 0] * vv[:, 0, 0] - 2 * a * seen[:, 0, 0]
    return objective, left, normal * scale[:, :, None] * scale[:, None, :]


def energies(atoms: Tensor, amplitudes: Tensor, positions: Tensor, sigma: float) -> np.ndarray:
    """E_ij = C_ij²‖s_j‖², (k, n): the energy of true spike j in atom i, each atom (k, N, N) being written as a
    non-negative combination C of the true spikes s_j."""
    from scipy.linalg import cholesky, solve_triangular
    from scipy.optimize import nnls

    if not len(amplitudes) or not len(atoms):
        return np.zeros((len(atoms), len(amplitudes)))
    atoms, amplitudes, positions = atoms.double(), amplitudes.double(), positions.double()
    u, v = (gaussian(positions[:, axis], atoms.shape[-1], sigma) for axis in (0, 1))
    gram = torch.outer(amplitudes, amplitudes) * (u @ u.T) * (v @ v.T)
    seen = amplitudes * torch.einsum("kxy,nx,ny->kn", atoms, u, v)
    gram, seen = gram.numpy(), seen.numpy()
    root = cholesky(gram + (1e-9 * gram.trace() + 1e-12) * np.eye(len(gram)), lower=True)  # spikes may coincide
    targets = solve_triangular(root, seen.T, lower=True).T
    return np.stack([nnls(root.T, target)[0] for target in targets]) ** 2 * gram.diagonal()


def effects(jacobian: Tensor, fitted: Tensor, sigma: float) -> Tensor:
    """How far each coordinate carries a spike along (√2·σ·ln a, row, column): (M, 3, d0), px per unit.

    jacobian: ∂g/∂z (M, d0, N, N). fitted: (M, 3). The three tangents of a·G(t) in these parameters are orthogonal and
    equally long, ‖·‖² = πa²/2: a change of amplitude and a motion are compared by what they change in the picture.
    """
    size = jacobian.shape[-1]
    pixels = torch.arange(size, dtype=fitted.dtype)
    amplitude, places = fitted[:, 0], fitted[:, 1:]
    u, v = (gaussian(places[:, axis], size, sigma) for axis in (0, 1))
    du, dv = (profile * (pixels - places[:, [axis]]) / sigma**2 for axis, profile in ((0, u), (1, v)))
    scale = 2 / (np.pi * amplitude[:, None])
    along = [(u / (2**0.5 * sigma), v), (du, v), (u, dv)]
    return torch.stack([scale * torch.einsum("mjrc,mr,mc->mj", jacobian, *pair) for pair in along], dim=1)


class IdealDecoder(nn.Module):
    """ψ itself as a decoder block: θ = (a, row, column) → a·G(t), (M, 3) → (M, 1, N, N) (example after Equation (4)).

    size: N, px. sigma: width of the Gaussian, px.
    """

    d0 = 3

    def __init__(self, size: int, sigma: float):
        super().__init__()
        self.size, self.sigma = size, sigma

    def forward(self, theta: Tensor) -> Tensor:
        return render(theta[:, :1], theta[:, None, 1:], self.size, self.sigma)


def fitted(atoms: Tensor, sigma: float) -> Tensor:
    """The spike nearest to each atom, from its peak: (B, k, 1, N, N) → θ (B, k, 3), amplitude, row and column."""
    amplitudes, positions = fit_gaussians(atoms.flatten(0, 2), sigma)
    return torch.cat([amplitudes[:, None], positions], dim=1).unflatten(0, atoms.shape[:2])


def _beyond(change: Tensor, places: Tensor, radius: float) -> Tensor:
    """Share of the energy of a change (B, N, N) that is farther than `radius` px from places (B, n, 2)."""
    pixels = torch.arange(change.shape[-1])
    rows, columns = ((pixels - places[..., [axis]]).square() for axis in (0, 1))
    far = (rows[..., :, None] + columns[..., None, :] > radius**2).all(dim=1)
    energy = change.square()
    return (energy * far).sum(dim=(1, 2)) / energy.sum(dim=(1, 2)).clamp(min=1e-12)


def amplitudes_in(image: Tensor, amplitudes: Tensor, positions: Tensor, sigma: float) -> Tensor:
    """Amplitudes (n,) with which spikes at the true positions (n, 2) fit an image (N, N) best."""
    u, v = (gaussian(positions[:, axis], image.shape[-1], sigma) for axis in (0, 1))
    gram = (u @ u.T) * (v @ v.T)
    seen = torch.einsum("xy,nx,ny->n", image, u, v)
    return torch.linalg.lstsq(gram, seen[:, None]).solution[:, 0]
