"""Levenberg–Marquardt for many small problems at once: the one solver behind every fit of the library."""

import math
from collections.abc import Callable

import torch
from torch import Tensor


def levenberg_marquardt(
    theta: Tensor,
    cost: Callable[[Tensor], Tensor],
    normal: Callable[[Tensor], tuple[Tensor, Tensor]],
    steps: int,
    bound: float = math.inf,
) -> Tensor:
    """Parameters (B, n) of less cost than theta (B, n), each row a problem of its own.

    cost: theta → (B,). normal: theta → −½ the gradient of the cost (B, n) and its Gauss–Newton matrix (B, n, n). A step
    that does not improve a problem is not taken there, so that none gets worse; nor does one leave [−bound, bound].
    """
    value, damping = cost(theta), theta.new_full((len(theta), 1), 1e-3)
    for _ in range(steps):
        gradient, matrix = normal(theta)
        scale = matrix.diagonal(dim1=1, dim2=2)
        damped = matrix + torch.diag_embed(damping * scale + 1e-6 * scale.amax(1, keepdim=True) + 1e-12)
        trial = (theta + torch.linalg.solve(damped, gradient)).clamp(-bound, bound)
        then = cost(trial)
        better = then < value
        theta, value = torch.where(better[:, None], trial, theta), torch.where(better, then, value)
        damping = torch.where(better[:, None], damping / 5, damping * 5).clamp(1e-7, 1e7)
    return theta
