"""Latents by optimisation, for any decoder block g: what an encoder has guessed, fitted to the image itself."""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.func import jvp

from ..errors import BadInput
from ..least_squares import levenberg_marquardt


def draw(g: nn.Module, z: Tensor, used: Tensor | None = None) -> Tensor:
    """Latents z (B, k, d0) → the atoms g(zᵢ), (B, k, 1, N, N); blocks that are not `used` (B, k) draw nothing."""
    if used is None or used.all():
        return g(z.flatten(0, 1)).unflatten(0, z.shape[:2])
    drawn = g(z[used])  # g runs for the blocks in use only
    atoms = z.new_zeros(*z.shape[:2], *drawn.shape[1:])
    atoms[used] = drawn.to(atoms)
    return atoms


def jacobian(g: nn.Module, z: Tensor) -> Tensor:
    """∂g/∂z at latent blocks z (M, d0): what each coordinate changes in its atom, (M, d0, N, N)."""
    along = torch.eye(z.shape[1], dtype=z.dtype, device=z.device)
    return torch.cat([jvp(g, (z,), (one.expand_as(z),))[1] for one in along], dim=1)


@torch.no_grad()
def refine(
    g: nn.Module,
    images: Tensor,
    z: Tensor,
    steps: int = 10,
    used: Tensor | None = None,
    bound: float = math.inf,
    operator: Callable[[Tensor], Tensor] = lambda images: images,
) -> Tensor:
    """Latents that fit the images (B, 1, N, N) better than z (B, k, d0): min ‖x − Σᵢ g(zᵢ)‖² from there.

    Levenberg–Marquardt over all coordinates of an image at once. No fit gets worse, latents stay in [−bound, bound],
    and blocks that are not `used` (B, k) stay out. operator: a linear A, see `operators`; the fit is then to what it
    lets through, (B, …) in place of the images: min ‖y − A Σᵢ g(zᵢ)‖². Raises `BadInput` for shapes that do not go
    together.
    """
    used = torch.ones(z.shape[:2], dtype=torch.bool, device=z.device) if used is None else used
    if len(images) != len(z) or used.shape != z.shape[:2]:
        raise BadInput(f"refine: {len(images)} images, z {tuple(z.shape)}, used {tuple(used.shape)}; expected one B.")
    if not (some := used.any(dim=0)).all():  # blocks that no image uses cost as much as others
        fitted = z.clone()
        if some.any():
            fitted[:, some] = refine(g, images, z[:, some], steps, used[:, some], bound, operator)
        return fitted

    def left(flat: Tensor) -> Tensor:
        return (images - operator(draw(g, flat.view_as(z), used).sum(dim=1))).flatten(1)

    def normal(flat: Tensor) -> tuple[Tensor, Tensor]:
        along = operator(jacobian(g, flat.view_as(z)[used]).flatten(0, 1)[:, None]).flatten(1)
        columns = z.new_zeros(*z.shape, along.shape[1])
        columns[used] = along.unflatten(0, (-1, z.shape[2]))
        columns = columns.flatten(1, 2)  # (B, k·d0, as many as are measured)
        return (columns @ left(flat)[..., None])[..., 0], columns @ columns.transpose(1, 2)

    cost = lambda flat: left(flat).square().sum(dim=1)  # noqa: E731
    return levenberg_marquardt(z.flatten(1), cost, normal, steps, bound).view_as(z)
