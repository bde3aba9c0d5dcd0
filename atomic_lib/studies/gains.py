"""Atoms with a gain: x̂ = Σᵢ sᵢ g(zᵢ), for images whose atoms are far brighter or fainter than any in training.

"Could we further normalize latent blocks?", the paper asks at its end. Here is one answer, which needs no training: g
keeps the shape of an atom and its place, and one number s its brightness, by least squares. The encoder of a pursuit
then looks at windows scaled to the brightness that it knows.
"""

from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from ..errors import BadInput
from ..model import inference
from ..model.autoencoder import AtomicAutoencoder
from ..model.encoders import PursuitEncoder
from ..model.layers import bound_of


class Gained(NamedTuple):
    """z (B, k, d0), gain (B, k), used (B, k) and the atoms s·g(z), (B, k, 1, N, N), of a pursuit with gains."""

    z: Tensor
    gain: Tensor
    used: Tensor
    atoms: Tensor


@torch.no_grad()
def pursue(
    model: AtomicAutoencoder,
    images: Tensor,
    k: int,
    stop: float | Tensor,
    joint: bool = True,
    known: float | None = None,
) -> Gained:
    """A pursuit of at most k blocks with gains, on images (B, 1, N, N) of any brightness.

    stop: the blurred residual's peak under which it ends, a number or one an image (B,). joint: whether all gains of an
    image are found again with each block, at last the best that are not negative (an orthogonal matching pursuit of
    atoms); else a block keeps the gain that it came with, which is faster. Neither can do harm: a gain by least squares
    only ever makes the residual smaller. A block whose gain is under a fifth of what the encoder saw is no likeness: it
    is refused, and its place closed. known: `usual_peak` of the model, for who asks often.
    """
    encoder, known = model.encoder, usual_peak(model) if known is None else known
    residual, stop = images.clone(), torch.as_tensor(stop).expand(len(images))
    z, gain = images.new_zeros(len(images), k, model.d0), images.new_zeros(len(images), k)
    atoms, closed = images.new_zeros(len(images), k, *images.shape[1:]), torch.zeros_like(images, dtype=torch.bool)
    going = torch.arange(len(images))
    for i in range(k):
        seen = residual[going]
        peak, centre = encoder.highest(seen, closed[going])
        left = peak > stop[going]
        going, centre, seen = going[left], centre[left], seen[left]
        if not len(going):
            break
        block, atom, step, poor = _likeness(model, seen, centre, peak[left], known)
        closed[going[poor]] |= encoder.around(centre[poor], images.shape[-2:])
        atom, step = atom * ~poor[:, None, None, None], step * ~poor
        z[going, i], atoms[going, i], gain[going, i] = block, atom, step
        if joint:
            gain[:, : i + 1] = _least_squares(atoms[:, : i + 1], images)
            residual = images - _sum(gain[:, : i + 1], atoms[:, : i + 1])
        else:
            residual[going] = seen - gain[going, i, None, None, None] * atom
    if joint:
        return settled(z, atoms, images)
    return Gained(z, gain, gain > 0, atoms * gain[..., None, None, None])


def _likeness(model: AtomicAutoencoder, seen: Tensor, centre: Tensor, peak: Tensor, known: float) -> tuple[Tensor, ...]:
    """What the encoder says of a place made as high as it knows: block, atom, gain, and whether that is poor."""
    block = model.encoder.block(seen * (known / peak[:, None, None, None]), centre)
    atom = model.g(block)
    gain = (seen * atom).sum(dim=(1, 2, 3)) / atom.square().sum(dim=(1, 2, 3)).clamp(min=1e-12)
    return block, atom, gain, gain < 0.2 * peak / known


def settled(z: Tensor, atoms: Tensor, images: Tensor) -> Gained:
    """Blocks and their atoms (B, k, 1, N, N), with the gains, none negative, that fit the images best together."""
    from scipy.linalg import cholesky, solve_triangular
    from scipy.optimize import nnls

    gain = z.new_zeros(z.shape[:2])
    for i, there in enumerate(atoms.flatten(2).any(dim=2)):
        if there.any():
            drawn, image = atoms[i, there].flatten(1).double(), images[i].flatten().double()
            gram, seen = (drawn @ drawn.T).numpy(), (drawn @ image).numpy()
            root = cholesky(gram + 1e-9 * gram.trace() * np.eye(len(gram)), lower=True)
            gain[i, there] = torch.from_numpy(nnls(root.T, solve_triangular(root, seen, lower=True))[0]).float()
    return Gained(z, gain, gain > 0, atoms * gain[..., None, None, None])


@torch.no_grad()
def refined(model: AtomicAutoencoder, found: Gained, images: Tensor, steps: int = 5) -> Gained:
    """Blocks and gains improved together by `steps` of Levenberg–Marquardt, see `inference.refine`."""
    g, bound = WithGain(model.g), bound_of(model.encoder.latents)
    z = torch.cat([found.gain[..., None] / g.most, found.z], dim=2)
    parts = zip(images.split(1), z.split(1), found.used.split(1), strict=True)  # a Jacobian of many atoms is large
    z = torch.cat([inference.refine(g, x, one, steps, used, bound) for x, one, used in parts])
    return settled(z[..., 1:], model.atoms(z[..., 1:], found.used & (z[..., 0] > 0)), images)


class WithGain(nn.Module):
    """s·g(z) as a decoder block of d0 + 1 coordinates; the first is s in units of `most`, which fills (−1, 1)."""

    most = 4.0

    def __init__(self, g: Any):
        super().__init__()
        self.g, self.d0, self.size = g, g.d0 + 1, g.size

    def forward(self, z: Tensor) -> Tensor:
        return self.most * z[:, :1, None, None] * self.g(z[:, 1:])


@torch.no_grad()
def usual_peak(model: AtomicAutoencoder, count: int = 32) -> float:
    """How high the blurred atoms stand that the encoder of a pursuit knows: the median over images of its training."""
    encoder = model.encoder
    if not isinstance(encoder, PursuitEncoder) or model.recipe is None:
        raise BadInput("gains are found by a trained pursuit; these weights are of none.")
    images = model.recipe.data.batch(count, torch.Generator().manual_seed(0))
    return float(
        torch.cat([encoder.highest(step.atom)[0] for step in encoder.pursue(images, model.g, model.k)]).median()
    )


def _sum(gain: Tensor, atoms: Tensor) -> Tensor:
    """Σᵢ sᵢ aᵢ of gains (B, k) and atoms (B, k, 1, N, N)."""
    return torch.einsum("bk,bkp->bp", gain, atoms.flatten(2)).view(len(atoms), *atoms.shape[2:])


def _least_squares(atoms: Tensor, images: Tensor) -> Tensor:
    """Gains (B, k) with which atoms (B, k, 1, N, N) fit images best."""
    drawn = atoms.flatten(2)
    gram, seen = drawn @ drawn.transpose(1, 2), drawn @ images.flatten(1)[..., None]
    scale = gram.diagonal(dim1=1, dim2=2)
    ridge = torch.where(scale > 0, 1e-5 * scale.amax(1, keepdim=True), torch.ones_like(scale))
    return torch.linalg.solve(gram + torch.diag_embed(ridge), seen)[..., 0]
