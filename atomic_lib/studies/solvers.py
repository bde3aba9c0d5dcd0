"""Spikes by those who know the kernel: sliding Frank–Wolfe, OP-COMP with projected gradient, photutils, blob_log.

Each takes a picture (H, W) and the width σ of ψ, which our networks are never told, and gives θ (n, 3). They are
oracles to hold a learned g against. The first two are written here, after their papers; the others are packages.
"""

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from ..gaussians import drawn, fit_sum


def sliding_frank_wolfe(image: Tensor, sigma: float, penalty: float, most: int = 100) -> Tensor:
    """min_m λ|m|(X) + ½‖y − Φm‖² over non-negative measures (Denoyelle, Duval, Peyré and Soubies 2019, Algorithm 2).

    penalty: λ. A spike is added where the certificate Φ*(y − Φm)/λ is largest, all amplitudes are found again, then
    amplitudes and places slide together; it ends when the certificate is nowhere over 1. The bias of λ is taken away
    at the end, by least squares from there. At most `most` spikes.
    """
    image = image.double()
    theta = image.new_zeros(0, 3)
    for _ in range(most):
        place, height = correlated(image - drawn(theta, image.shape, sigma), sigma)
        if height <= penalty * (1 + 1e-3):
            break
        theta = torch.cat([theta, torch.cat([torch.zeros(1), place])[None]])
        theta[:, 0] = _lasso(image, theta, sigma, penalty)
        theta = _slide(image, theta, sigma, penalty)
        theta = _joined(theta[theta[:, 0] > 1e-4 * theta[:, 0].max()], sigma / 10)
    return fit_sum(image, theta, sigma)[0] if len(theta) else theta


def op_comp(image: Tensor, sigma: float, k: int, least: float, steps: int = 3000) -> Tensor:
    """Over-parametrised orthogonal matching pursuit off the grid, then projected gradient (Bénard, Traonmilin, Aujol).

    2k spikes, each by an ascent of its correlation with the residual, all amplitudes by least squares; then gradient
    steps on all amplitudes and places, while what is fainter than `least` is dropped and neighbours nearer than σ are
    merged into their mean.
    """
    image, theta = image.double(), torch.zeros(0, 3, dtype=torch.float64)
    for _ in range(2 * k):
        left = image - drawn(theta, image.shape, sigma)
        if left.norm() <= 0.01 * image.norm():
            break
        place, _ = correlated(left, sigma)
        theta = torch.cat([theta, torch.cat([torch.zeros(1), place])[None]])
        theta[:, 0] = _lasso(image, theta, sigma, 0.0)
    if not len(theta):
        return theta
    # Amplitudes and places in px/σ are curved alike: one step size goes for all. L ≤ the largest row sum of the Gram.
    scale = torch.tensor([1.0, sigma, sigma], dtype=image.dtype)
    before, momentum = theta, 1.0
    for step in range(steps):
        gram, gradient, weight = _local(image, theta, sigma)
        rate = 1 / (gram.sum(dim=1).max() * max(1.0, float(weight.max()) ** 2))
        moved = theta - rate * gradient * scale**2
        after = (1 + math.sqrt(1 + 4 * momentum**2)) / 2
        ahead = moved + (momentum - 1) / after * (moved - before)
        if ((ahead - theta) * gradient).sum() > 0:  # momentum against the gradient: begin again
            ahead, after = moved, 1.0
        near = bool((moved - before).abs().max() < 1e-7)
        theta, before, momentum = ahead, moved, after
        if step > 100 and step % 10 == 0:
            kept = _joined(before[before[:, 0] > least], sigma)
            if len(kept) < len(theta):
                theta, before, momentum, near = kept, kept, 1.0, False
        if near and step > 110 or not len(theta):
            break
    return before


def photometry(field: Tensor, sigma: float, noise: float, threshold: float = 5.0) -> Tensor:
    """photutils: DAOStarFinder, then PSFPhotometry of neighbours together, on a field (H, W) without background.

    Without what cripples it in a crowd: no cuts on roundness or sharpness, which refuse blends; no least distance; a
    Gaussian at the pixels' centres, of the right width; groups fitted jointly; a second look at what the first left.
    """
    import warnings

    from astropy.table import Table, vstack
    from photutils.detection import DAOStarFinder

    data = field.double().numpy()
    fwhm, flux = 2 * math.sqrt(2 * math.log(2)) * sigma, 2 * math.pi * sigma**2
    high = threshold * noise / (sigma * math.sqrt(math.pi))  # `threshold` standard errors of an amplitude
    finder = DAOStarFinder(
        threshold * noise,
        fwhm,
        sharplo=-1e9,
        sharphi=1e9,
        roundlo=-1e9,
        roundhi=1e9,
        min_separation=0.0,
        exclude_border=False,
    )
    found, left, theta = Table(), data, np.zeros((0, 3))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(2):
            new = finder(left)
            if new is None:
                break
            start = Table({"x_0": new["xcentroid"], "y_0": new["ycentroid"], "flux_0": new["peak"] * flux})
            result = _psf_photometry(data, vstack([found, start]) if len(found) else start, sigma)
            theta = _theta(result, flux, data.shape)
            theta = theta[theta[:, 0] > high]
            found = Table({"x_0": theta[:, 2], "y_0": theta[:, 1], "flux_0": theta[:, 0] * flux})
            left = data - drawn(torch.from_numpy(theta), data.shape, sigma).numpy()
    return torch.from_numpy(theta)


def _psf_photometry(data: np.ndarray, start, sigma: float):
    """photutils' least-squares fit of Gaussians of a fixed width, those within two full widths at half together."""
    from photutils.psf import CircularGaussianPSF, PSFPhotometry, SourceGrouper

    fwhm = 2 * math.sqrt(2 * math.log(2)) * sigma
    psf = CircularGaussianPSF(fwhm=fwhm)
    psf.fwhm.fixed = True
    side = 2 * math.ceil(1.8 * sigma) + 1
    return PSFPhotometry(psf, (side, side), grouper=SourceGrouper(2 * fwhm), aperture_radius=2 * sigma)(
        data, init_params=start
    )


def _theta(result, flux: float, shape) -> np.ndarray:
    """What photutils fitted as θ (n, 3), as far as it lies in the picture."""
    columns = [np.ma.filled(np.ma.asarray(result[name]), np.nan) for name in ("flux_fit", "y_fit", "x_fit")]
    theta = np.stack([columns[0] / flux, columns[1], columns[2]], axis=1).astype(float)
    inside = (theta[:, 1:] > -0.5).all(axis=1) & (theta[:, 1:] < np.array(shape) - 0.5).all(axis=1)
    return theta[np.isfinite(theta).all(axis=1) & inside]


def blobs(image: Tensor, sigma: float, least: float) -> Tensor:
    """scikit-image's blob_log at the one width σ: grid places, the pixel's value as amplitude."""
    from skimage.feature import blob_log

    pixels = image.double().numpy()
    # A Gaussian of height a answers a·σ²·(1/σ²)/2 = a/2 to the normalised Laplacian of its own width.
    places = blob_log(pixels, min_sigma=sigma, max_sigma=sigma, num_sigma=1, threshold=least / 2, overlap=0.9)[:, :2]
    rows, columns = places.astype(int).T
    return torch.from_numpy(np.concatenate([pixels[rows, columns][:, None], places], axis=1).astype(float))


def cramer_rao(theta: Tensor, shape: Sequence[int], sigma: float, noise: float) -> Tensor:
    """The least standard errors (n, 3) that any unbiased estimate of θ (n, 3) has in white noise of std `noise`."""
    inverse = fit_sum(drawn(theta.double(), shape, sigma), theta, sigma, steps=0)[1]
    return noise * inverse.diagonal().clamp(min=0).sqrt().view_as(theta)


def correlated(left: Tensor, sigma: float) -> tuple[Tensor, Tensor]:
    """Where ⟨G(t), r⟩ is largest, off the grid, (2,), and its height there."""
    rows, columns = (_all_places(side, sigma) for side in left.shape)
    on_grid = rows @ left @ columns.T
    flat = int(on_grid.argmax())
    place = torch.tensor([flat // left.shape[1], flat % left.shape[1]], dtype=left.dtype)
    last = torch.tensor(left.shape, dtype=left.dtype) - 1
    if on_grid.max() <= 0:
        return place, on_grid.max()
    for _ in range(10):  # Newton's method on −⟨G(t), r⟩, with the curvature of a spike where it is not concave
        (u, du, ddu), (v, dv, ddv) = (_profile(place[axis], left.shape[axis], sigma) for axis in (0, 1))
        height = u @ left @ v
        gradient = torch.stack([du @ left @ v, u @ left @ dv])
        cross = du @ left @ dv
        curvature = torch.stack([torch.stack([ddu @ left @ v, cross]), torch.stack([cross, u @ left @ ddv])])
        if (torch.linalg.eigvalsh(curvature) >= 0).any():
            curvature = -torch.eye(2, dtype=left.dtype) * height.abs() / (2 * sigma**2)
        step = torch.linalg.solve(curvature, gradient).clamp(-0.5, 0.5)
        place = (place - step).clamp(min=torch.zeros(2, dtype=left.dtype), max=last)
        if step.abs().max() < 1e-9:
            break
    u, v = (_profile(place[axis], left.shape[axis], sigma)[0] for axis in (0, 1))
    return place, u @ left @ v


def _profile(place: Tensor, side: int, sigma: float) -> tuple[Tensor, Tensor, Tensor]:
    """G along one axis at a place, and its first and second derivative by it: (side,) each."""
    away = (torch.arange(side, dtype=place.dtype) - place) / sigma
    profile = torch.exp(-(away**2) / 2)
    return profile, profile * away / sigma, profile * (away**2 - 1) / sigma**2


def _all_places(side: int, sigma: float) -> Tensor:
    """G at every pixel of an axis: (side, side)."""
    places = torch.arange(side, dtype=torch.float64)
    return torch.exp(-((places - places[:, None]) ** 2) / (2 * sigma**2))


def _local(image: Tensor, theta: Tensor, sigma: float) -> tuple[Tensor, Tensor, Tensor]:
    """The Gram matrix (n, n) of unit spikes, the gradient (n, 3) of ½‖y − Φ‖², and the amplitudes (n,)."""
    profiles = [[_profile(t, side, sigma) for t in theta[:, 1 + axis]] for axis, side in enumerate(image.shape)]
    (u, du, _), (v, dv, _) = ([torch.stack(part) for part in zip(*axis, strict=True)] for axis in profiles)
    left = image - (theta[:, :1] * u).T @ v
    along = [((u @ left) * v).sum(1), ((du @ left) * v).sum(1), ((u @ left) * dv).sum(1)]
    weight = torch.stack([torch.ones(len(theta), dtype=theta.dtype), theta[:, 0], theta[:, 0]], dim=1)
    return (u @ u.T) * (v @ v.T), -torch.stack(along, dim=1) * weight, theta[:, 0]


def _lasso(image: Tensor, theta: Tensor, sigma: float, penalty: float) -> Tensor:
    """The non-negative amplitudes (n,) of least ½‖y − Φa‖² + λ Σ a, places as they are."""
    from scipy.linalg import cholesky, solve_triangular
    from scipy.optimize import nnls

    gram, gradient, a = _local(image, theta, sigma)
    seen = gram @ a - gradient[:, 0] - penalty
    root = cholesky(gram.numpy() + 1e-8 * np.eye(len(gram)), lower=True)
    return torch.from_numpy(nnls(root.T, solve_triangular(root, seen.numpy(), lower=True))[0])


def _slide(image: Tensor, theta: Tensor, sigma: float, penalty: float) -> Tensor:
    """Amplitudes and places together, downhill from θ: L-BFGS-B on the whole objective, a ≥ 0 and places inside."""
    from scipy.optimize import minimize

    units = np.tile([1.0, sigma, sigma], len(theta))

    def objective(flat: np.ndarray) -> tuple[float, np.ndarray]:
        now = torch.from_numpy(flat * units).view(-1, 3)
        _, gradient, a = _local(image, now, sigma)
        gradient[:, 0] += penalty
        value = (image - drawn(now, image.shape, sigma)).square().sum() / 2 + penalty * a.sum()
        return float(value), gradient.flatten().numpy() * units

    limits = [(0, None), *((0, (side - 1) / sigma) for side in image.shape)] * len(theta)
    done = minimize(objective, theta.flatten().numpy() / units, jac=True, bounds=limits, method="L-BFGS-B")
    return torch.from_numpy(done.x * units).view(-1, 3)


def _joined(theta: Tensor, radius: float) -> Tensor:
    """Spikes of which the brightest has taken up all that lie within `radius` px: at their mean place, together."""
    theta = theta[theta[:, 0].argsort(descending=True)]
    joined: list[Tensor] = []
    while len(theta):
        near = (theta[:, 1:] - theta[0, 1:]).norm(dim=1) < radius
        near[0] = True
        group = theta[near]
        total = group[:, 0].sum()
        joined.append(torch.cat([total[None], (group[:, :1] * group[:, 1:]).sum(0) / total.clamp(min=1e-12)]))
        theta = theta[~near]
    return torch.stack(joined) if joined else theta
