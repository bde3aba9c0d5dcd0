"""From one image to another along a straight line, in latent space or in pixels, and how far from Σ one gets.

The supplement of the paper walks between two digits and finds that no point of the walk leaves the set of sums of
strokes. Here the distance to that set is a number: what an image loses when it is encoded and decoded again.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from ..errors import check_range
from ..images import relative_error
from ..model.autoencoder import AtomicAutoencoder
from ..model.decomposition import Decomposition, matching


class Walk(NamedTuple):
    """A walk of one pair of images, to be drawn: pictures (steps, 1, N, N), their re-encoding errors (steps,), and
    what the encoder makes of them, or None."""

    pictures: Tensor
    errors: Tensor
    again: Decomposition | None = None


def walks(model: AtomicAutoencoder, start: Tensor, end: Tensor, steps: int = 7) -> dict[str, Walk]:
    """The three walks between two images (1, 1, N, N): blocks matched, blocks in their order, and a cross-fade."""
    ways = {
        "matched": latent_walk(model, start, end, steps),
        "in order": latent_walk(model, start, end, steps, matched=False),
        "pixels": pixel_walk(model, start, end, steps),
    }
    return {name: Walk(way[:, 0], off_set(model, way)[:, 0], model.decompose(way[:, 0])) for name, way in ways.items()}


def walk_of_one_block(model: AtomicAutoencoder, start: Tensor, end: Tensor, steps: int = 7) -> Walk:
    """The walk of a model of one block, which has nothing to match: judged by itself."""
    way = latent_walk(model, start, end, steps, matched=False)
    return Walk(way[:, 0], off_set(model, way)[:, 0])


def latent_walk(model: AtomicAutoencoder, start: Tensor, end: Tensor, steps: int = 9, matched: bool = True) -> Tensor:
    """The images (steps, B, 1, N, N) that z decodes to on straight lines between two batches (B, 1, N, N).

    The order of blocks is arbitrary (the paper's ζ): with `matched`, those of `end` are first put in the order that
    `decomposition.matching` finds, else block i goes to block i. A block that only one end uses has nowhere to go: it
    holds its place and its atom is faded in or out. Raises `BadInput` for less than two steps.
    """
    check_range("steps", steps, 2, 1000)
    a, b = model.decompose(start), model.decompose(end)
    z_b, used_b = b.z, b.used
    if matched:
        order, rows = matching(a, b), torch.arange(len(b))[:, None]
        z_b, used_b = b.z[rows, order], b.used[rows, order]
    stays = torch.where((a.used & ~used_b)[..., None], a.z, z_b)
    lone = (a.used ^ used_b)[..., None]
    walk = []
    with torch.inference_mode():
        for t in torch.linspace(0, 1, steps).tolist():
            z = torch.where(lone, stays, (1 - t) * a.z + t * z_b)
            weight = ((1 - t) * a.used + t * used_b)[..., None, None, None]
            walk.append(model.combined(weight * model.atoms(z, a.used | used_b).cpu()))
    return torch.stack(walk)


def pixel_walk(model: AtomicAutoencoder, start: Tensor, end: Tensor, steps: int = 9) -> Tensor:
    """The averages (steps, B, 1, N, N) of what a model makes of `start` and of `end` (B, 1, N, N): a cross-fade.

    It has the ends of `latent_walk`, so that the two differ by the way alone.
    """
    check_range("steps", steps, 2, 1000)
    with torch.inference_mode():
        first, last = (model(images).cpu() for images in (start, end))
    return torch.stack([torch.lerp(first, last, t) for t in torch.linspace(0, 1, steps).tolist()])


def off_set(model: AtomicAutoencoder, walk: Tensor) -> Tensor:
    """Re-encoding error ‖f(x) − x‖²/‖x‖² of every image of a walk (steps, B, 1, N, N): (steps, B), 0 on the set.

    The model that judges may be another than the one that walked.
    """
    with torch.inference_mode():
        errors = [relative_error(x, model(x)) for x in walk.to(model.device)]
    return torch.stack(errors).cpu()
