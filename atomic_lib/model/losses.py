"""Equation (1), and the terms that may be added to it."""

import torch
import torch.nn.functional as F
from torch import Tensor

from .autoencoder import AtomicAutoencoder
from .encoders import PursuitEncoder, gathered
from .inference import draw


def loss(
    model: AtomicAutoencoder,
    images: Tensor,
    depth: int | None = None,
    relative: bool = True,
    early: float = 0.3,
    penalty: str = "none",
    penalty_weight: float = 0.0,
    alignment: str = "none",
    align: float = 0.2,
) -> Tensor:
    """Equation (1) as a relative error, Σ‖x − f(x)‖²/Σ‖x‖² over the batch, or as the mean squared error of a pixel.

    images: (B, 1, N, N); a scalar is returned. A pursuit takes `depth` steps, and is also asked to leave little behind
    on its way: `early` times the mean relative error of the residuals before the last. A `penalty` adds
    `penalty_weight` times the `sparsity` of the latents, next to a mean squared error; an `alignment` adds `align`
    times the `misalignment` of about one block an image.
    """
    energy = images.square().sum() if relative else images.numel()
    if isinstance(model.encoder, PursuitEncoder):
        value, blocks = _pursued(model, images, depth or model.k, energy, early)
    else:
        z, used, _ = model.encoder(images, model.g)
        value = (images - model.combined(draw(model.g, z, used))).square().sum() / energy
        if penalty != "none":
            value = value + penalty_weight * images.numel() / energy * sparsity(z, penalty)
        blocks = z.flatten(0, 1)
    if alignment == "none":
        return value
    some = blocks[:: max(1, len(blocks) // len(images))]  # a Jacobian is dear
    return value + align * misalignment(model, some.detach(), alignment)


def _pursued(model: AtomicAutoencoder, images: Tensor, depth: int, energy, early: float) -> tuple[Tensor, Tensor]:
    """What a pursuit of `depth` steps leaves of the images, last and on its way, and the blocks that it took."""
    steps = list(model.encoder.pursue(images, model.g, depth))
    *before, last = [step.residual.square().sum() / energy for step in steps]
    if model.encoder.correction:  # the first look answers for itself, and one further look
        left = model.encoder.correct(images, gathered(steps), model.g).left
        last = (last + left.square().sum() / energy) / 2
    return last + early * sum(before) / max(1, len(before)), torch.cat([step.z for step in steps])


def misalignment(model: AtomicAutoencoder, z: Tensor, alignment: str) -> Tensor:
    """Mean squared cosine between the effects ∂g/∂z_j of the coordinates of blocks z (M, d0), 0 if all are orthogonal.

    "scaling" adds 1 − cos² between ∂g/∂z₁ and g(z): 0 if the first coordinate only scales the atom.
    """
    columns = F.normalize(model.jacobian(z).flatten(2), dim=2)
    cosines = (columns @ columns.transpose(1, 2)).square()
    value = (cosines.sum(dim=(1, 2)) - cosines.diagonal(dim1=1, dim2=2).sum(1)).mean() / (model.d0 * (model.d0 - 1))
    if alignment == "scaling":
        along = (columns[:, 0] * F.normalize(model.g(z).flatten(1), dim=1)).sum(dim=1)
        value = value + 1 - along.square().mean()
    return value


def sparsity(z: Tensor, groups: str) -> Tensor:
    """Group sparsity of latent codes z (B, k, d0), a mean over images.

    "coordinates": Σⱼ ‖(z_1j, …, z_kj)‖₂, the term of an early revision of the authors' code. "blocks": Σᵢ ‖zᵢ‖₂, which
    would have whole blocks vanish.
    """
    return z.norm(dim={"coordinates": 1, "blocks": 2}[groups]).sum(dim=1).mean()
