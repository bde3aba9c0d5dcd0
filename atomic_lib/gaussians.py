"""ψ(a, t) = a·G(t), the spike of Section III-B: drawn, fitted, weighed and matched.

θ = (a, row, column), an amplitude and a position in pixels from the centre of the top-left pixel, is the last axis of
every truth and of every fit. scipy is imported where it is used: importing atomic_lib costs torch and numpy.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from .least_squares import levenberg_marquardt


def render(theta: Tensor, size: int, sigma: float | Tensor) -> Tensor:
    """x = Σᵢ aᵢ G(tᵢ), Equation (3): θ (B, k, 3) → images (B, 1, N, N). sigma: px, of all spikes, or (B, k, 1)."""
    rows, columns = profiles(theta, size, sigma)
    return torch.einsum("bk,bkr,bkc->brc", theta[..., 0], rows, columns)[:, None]


def profiles(theta: Tensor, size: int, sigma: float | Tensor) -> tuple[Tensor, Tensor]:
    """G along each axis: θ (…, 3) → exp(−(n − row)²/2σ²) and the same of columns at n = 0…size−1, both (…, size)."""
    pixels = torch.arange(size, device=theta.device, dtype=theta.dtype)
    rows, columns = (torch.exp(-((pixels - theta[..., [axis]]) ** 2) / (2 * sigma**2)) for axis in (1, 2))
    return rows, columns


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
        return _normal_equations(atoms, theta, sigma)

    return levenberg_marquardt(start, cost, normal, steps).view(*shape, 3)


def _normal_equations(atoms: Tensor, theta: Tensor, sigma: float) -> tuple[Tensor, Tensor]:
    """−½ the gradient of ‖A − a u vᵀ‖² for atoms A (M, N, N), (M, 3), and its Gauss–Newton matrix (M, 3, 3)."""
    a, size = theta[:, 0], atoms.shape[-1]
    u, v = (
        torch.stack(axis, dim=1) for axis in zip(profiles(theta, size, sigma), _slopes(theta, size, sigma), strict=True)
    )
    seen = u @ atoms @ v.transpose(1, 2)  # (M, 2, 2): the atom against G and its derivatives
    uu, vv = u @ u.transpose(1, 2), v @ v.transpose(1, 2)
    left = seen - a[:, None, None] * uu[:, :, :1] * vv[:, None, 0, :]
    scale = torch.stack([torch.ones_like(a), a, a], dim=1)
    rows, columns = [0, 1, 0], [0, 0, 1]  # derivatives taken by a, row, column
    matrix = uu[:, rows][:, :, rows] * vv[:, columns][:, :, columns]
    return left[:, rows, columns] * scale, matrix * scale[:, :, None] * scale[:, None, :]


def _slopes(theta: Tensor, size: int, sigma: float) -> tuple[Tensor, Tensor]:
    """The derivatives of `profiles` by row and by column, both (…, size)."""
    pixels = torch.arange(size, device=theta.device, dtype=theta.dtype)
    rows, columns = profiles(theta, size, sigma)
    return rows * (pixels - theta[..., [1]]) / sigma**2, columns * (pixels - theta[..., [2]]) / sigma**2


def effects(jacobian: Tensor, theta: Tensor, sigma: float) -> Tensor:
    """How far each coordinate carries a spike along (√2·σ·ln a, row, column): (M, 3, d0), px per unit.

    jacobian: ∂g/∂z (M, d0, N, N). theta: (M, 3). The three tangents of a·G(t) in these parameters are orthogonal and
    equally long, ‖·‖² = πa²/2: a change of amplitude and a motion are compared by what they change in the picture.
    """
    size = jacobian.shape[-1]
    (u, v), (du, dv) = profiles(theta, size, sigma), _slopes(theta, size, sigma)
    scale = 2 / (np.pi * theta[:, :1])
    along = [(u / (2**0.5 * sigma), v), (du, v), (u, dv)]
    return torch.stack([scale * torch.einsum("mjrc,mr,mc->mj", jacobian, *pair) for pair in along], dim=1)


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


def whole_energy(theta: Tensor, sigma: float) -> Tensor:
    """‖a·G(t)‖² = πσ²a² of spikes θ (…, 3), (…), far from the border and for σ of a pixel or more."""
    return torch.pi * sigma**2 * theta[..., 0].square()


def amplitudes_in(image: Tensor, theta: Tensor, sigma: float) -> Tensor:
    """Amplitudes (n,) with which spikes at the places of θ (n, 3) fit an image (N, N) best."""
    u, v = profiles(theta, image.shape[-1], sigma)
    seen = torch.einsum("xy,nx,ny->n", image, u, v)
    return torch.linalg.lstsq((u @ u.T) * (v @ v.T), seen[:, None]).solution[:, 0]


def beyond(change: Tensor, places: Tensor, radius: float) -> Tensor:
    """The energy of changes (M, N, N) that is farther than `radius` px from all of the places (M, n, 2): (M,)."""
    pixels = torch.arange(change.shape[-1])
    rows, columns = ((pixels - places[..., [axis]]).square() for axis in (0, 1))
    far = (rows[..., :, None] + columns[..., None, :] > radius**2).all(dim=1)
    return (change.square() * far).sum(dim=(1, 2))


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
        gradient, matrix = _normal_equations_of_a_sum(image, moved(flat), sigma)
        return (scale * gradient)[None], (scale * matrix * scale[:, None])[None]

    found = moved(levenberg_marquardt(torch.zeros(1, 3 * len(start), dtype=start.dtype), cost, normal, steps))
    return found, torch.linalg.pinv(_normal_equations_of_a_sum(image, found, sigma)[1], hermitian=True)


def drawn(theta: Tensor, shape: Sequence[int], sigma: float) -> Tensor:
    """Σ aᵢG(tᵢ) of spikes θ (n, 3) as a picture (H, W)."""
    rows, columns = _axes(theta, shape, sigma)
    return (theta[:, :1] * rows).T @ columns


def _axes(theta: Tensor, shape: Sequence[int], sigma: float) -> tuple[Tensor, Tensor]:
    """`profiles` of spikes (n, 3) on a picture that need not be square: (n, H) and (n, W)."""
    height, width = shape
    return profiles(theta, height, sigma)[0], profiles(theta, width, sigma)[1]


def _normal_equations_of_a_sum(image: Tensor, theta: Tensor, sigma: float) -> tuple[Tensor, Tensor]:
    """−½ the gradient (3n,) of ‖y − Σ aᵢG(tᵢ)‖² and its Gauss–Newton matrix (3n, 3n), one axis at a time."""
    a, (u, v) = theta[:, 0], _axes(theta, image.shape, sigma)
    du, dv = (
        profile * (torch.arange(profile.shape[1]) - theta[:, [axis]]) / sigma**2 for axis, profile in ((1, u), (2, v))
    )
    left = image - torch.einsum("n,nr,nc->rc", a, u, v)
    rows, columns = torch.stack([u, du, u], dim=1), torch.stack([v, v, dv], dim=1)  # ∂ by a, row, column: (n, 3, ·)
    weight = torch.stack([torch.ones_like(a), a, a], dim=1)
    gradient = weight * torch.einsum("njc,njc->nj", rows @ left, columns)
    rows, columns, weight = rows.flatten(0, 1), columns.flatten(0, 1), weight.flatten()
    return gradient.flatten(), (rows @ rows.T) * (columns @ columns.T) * weight[:, None] * weight
