"""Broken images mended by others: Tikhonov, total variation, non-local means, and for spikes by those who know ψ.

Each takes what was measured of images, y (B, …), and the operator, and gives images (B, 1, N, N). The strength of a
prior is one number, which `tuned` chooses where the truth is known.
"""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from ..gaussians import IdealDecoder, render
from ..model import inference
from ..model.operators import Operator
from .solvers import correlated

Restorer = Callable[[Operator, Tensor, float], Tensor]  # operator, y, strength → images


def tikhonov(operator: Operator, y: Tensor, strength: float) -> Tensor:
    """min_x ‖y − Ax‖² + λ‖∇x‖², by conjugate gradients. strength: λ over ‖A‖²."""
    return operator.back(y, strength, steps=60)


def total_variation(operator: Operator, y: Tensor, strength: float, steps: int = 40) -> Tensor:
    """min_x ½‖y − Ax‖² + λ TV(x) by FISTA; each proximal step is scikit-image's `denoise_tv_chambolle`.

    strength: λ over ‖A‖². Where A is the identity, it is that denoiser and nothing else.
    """
    from skimage.restoration import denoise_tv_chambolle

    def proximal(images: Tensor, most: int) -> Tensor:
        pixels = images[:, 0].double().numpy()
        less = [denoise_tv_chambolle(one, weight=strength, eps=1e-5, max_num_iter=most) for one in pixels]
        return torch.from_numpy(np.stack(less))[:, None].float()

    rate = 1 / operator.energy
    before = x = rate * operator.adjoint(y)
    probe, momentum = torch.rand(x.shape, generator=torch.Generator().manual_seed(0)), 1.0
    if torch.equal(operator(probe), probe):
        return proximal(y, 200)
    for _ in range(steps):
        after = proximal(x - rate * operator.adjoint(operator(x) - y), 15)
        then = (1 + (1 + 4 * momentum**2) ** 0.5) / 2
        x = after + (momentum - 1) / then * (after - before)
        before, momentum = after, then
    return before


def non_local_means(operator: Operator, y: Tensor, strength: float) -> Tensor:
    """scikit-image's `denoise_nl_means`; y must be noisy images. strength: its h, how unlike patches may be."""
    from skimage.restoration import denoise_nl_means

    pixels = y[:, 0].double().numpy()
    found = [denoise_nl_means(one, patch_size=5, patch_distance=9, h=strength, fast_mode=True) for one in pixels]
    return torch.from_numpy(np.stack(found))[:, None].float()


def known_kernel(operator: Operator, y: Tensor, sigma: float, noise: float, most: int = 20) -> list[Tensor]:
    """Spikes θ (n, 3) of each image, by one who knows ψ, A and the noise: a sliding Frank–Wolfe without penalty.

    A spike is added where ψ correlates best with Aᵀ(y − Aψ(θ)), then all amplitudes and places slide together through A
    (Levenberg–Marquardt); it ends when a spike takes away less than 25 times the noise's variance. At most `most`.
    """
    g = IdealDecoder(operator.size, sigma)
    return [_spikes(operator, one, g, 25 * noise**2, most) for one in y.split(1)]


def _spikes(operator: Operator, y: Tensor, g: IdealDecoder, least: float, most: int) -> Tensor:
    theta, left = torch.zeros(1, 0, 3), y
    for _ in range(most):
        place = correlated(operator.adjoint(left)[0, 0].double(), g.sigma)[0].float()
        unit = operator(render(torch.cat([torch.ones(1), place])[None, None], g.size, g.sigma))
        start = torch.cat([(left * unit).sum()[None] / unit.square().sum().clamp(min=1e-12), place])
        trial = inference.refine(g, y, torch.cat([theta, start.view(1, 1, 3)], dim=1), 8, operator=operator)
        after = y - operator(render(trial, g.size, g.sigma))
        if left.square().sum() - after.square().sum() < least:
            break
        theta, left = trial, after
    return inference.refine(g, y, theta, 20, operator=operator)[0] if theta.shape[1] else theta[0]


def tuned(solve: Restorer, strengths: Sequence[float], operator: Operator, y: Tensor, images: Tensor) -> float:
    """The strength with which a restorer comes nearest to the images (B, 1, N, N) that y is of: the best psnr."""
    return max(strengths, key=lambda strength: float(psnr(solve(operator, y, strength), images).mean()))


def psnr(found: Tensor, images: Tensor) -> Tensor:
    """Peak signal to noise, dB, of images (B, 1, N, N) whose brightest is 1: (B,)."""
    return -10 * (found - images).square().mean(dim=(1, 2, 3)).clamp(min=1e-12).log10()
