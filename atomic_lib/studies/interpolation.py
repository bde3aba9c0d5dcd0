"""From one image to another along a straight line, in latent space or in pixels, and how far from Σ one gets.

The supplement of the paper walks between two digits and finds that no point of the walk leaves the set of sums of
strokes. Here the distance to that set is a number: what an image loses when it is encoded and decoded again.
"""

import torch
from torch import Tensor

from ..devices import device_of
from ..errors import check_range
from ..images import blur, relative_error
from ..model.autoencoder import AtomicAutoencoder
from ..model.encoders import Code

REACH = 1 / 16  # blur of atoms before they are compared, over the image's side: strokes apart feel each other too


def latent_walk(model: AtomicAutoencoder, start: Tensor, end: Tensor, steps: int = 9, matched: bool = True) -> Tensor:
    """The images (steps, B, 1, N, N) that z decodes to on straight lines between two batches (B, 1, N, N).

    The order of blocks is arbitrary (the paper's ζ): with `matched`, those of `end` are first put in the order that
    `matching` finds, else block i goes to block i. A block that only one end uses has nowhere to go: it holds its place
    and its atom is faded in or out. Raises `BadInput` for less than two steps.
    """
    check_range("steps", steps, 2, 1000)
    with torch.inference_mode():
        a, b = (model.decompose(images.to(device_of(model))) for images in (start, end))
        if matched:
            order = matching(a, b)
            rows = torch.arange(len(order), device=order.device)[:, None]
            b = Code(*(part[rows, order] for part in b))
        stays = torch.where((a.used & ~b.used)[..., None], a.z, b.z)
        lone = (a.used ^ b.used)[..., None]
        walk = []
        for t in torch.linspace(0, 1, steps).tolist():
            z = torch.where(lone, stays, (1 - t) * a.z + t * b.z)
            weight = (1 - t) * a.used + t * b.used
            walk.append((weight[..., None, None, None] * model.atoms(z, a.used | b.used)).sum(dim=1))
    return torch.stack(walk).cpu()


def pixel_walk(model: AtomicAutoencoder, start: Tensor, end: Tensor, steps: int = 9) -> Tensor:
    """The averages (steps, B, 1, N, N) of what a model makes of `start` and of `end` (B, 1, N, N): a cross-fade.

    It has the ends of `latent_walk`, so that the two differ by the way alone.
    """
    check_range("steps", steps, 2, 1000)
    with torch.inference_mode():
        first, last = (model(images.to(device_of(model))).cpu() for images in (start, end))
    return torch.stack([torch.lerp(first, last, t) for t in torch.linspace(0, 1, steps).tolist()])


def matching(a: Code, b: Code) -> Tensor:
    """Which block of b goes with each block of a, (B, k): the pairs of least total ‖g(aᵢ) − g(bⱼ)‖², blurred.

    Atoms are blurred by N/16 first: else all strokes that do not overlap would be equally far apart. As many blocks in
    use as possible are paired with one another; those left over get an unused partner.
    """
    from scipy.optimize import linear_sum_assignment

    first, second = (blur(code.atoms.squeeze(2), REACH * code.atoms.shape[-1]).flatten(2) for code in (a, b))
    cost = torch.cdist(first, second).square()
    alone = a.used[:, :, None] ^ b.used[:, None, :]
    cost = cost + alone * (1 + cost.sum(dim=(1, 2), keepdim=True))  # dearer than all pairs together
    order = [torch.from_numpy(linear_sum_assignment(one)[1]) for one in cost.cpu().numpy()]
    return torch.stack(order).to(a.z.device)


def off_set(model: AtomicAutoencoder, walk: Tensor) -> Tensor:
    """Re-encoding error ‖f(x) − x‖²/‖x‖² of every image of a walk (steps, B, 1, N, N): (steps, B), 0 on the set.

    The model that judges may be another than the one that walked.
    """
    with torch.inference_mode():
        errors = [relative_error(x, model(x)) for x in walk.to(device_of(model))]
    return torch.stack(errors).cpu()
