"""The strokes of many digits side by side: does every class draw with the same ones? How far does a coordinate reach?

Two strokes are compared as they lie, at the same place: nothing in the model says that a stroke and its translate are
one, so an atom moved elsewhere counts as another.
"""

from itertools import combinations_with_replacement
from typing import NamedTuple

import torch
from torch import Tensor

from ..errors import BadInput
from ..metrics import radius_of_gyration, ratio
from ..model.autoencoder import AtomicAutoencoder
from ..model.decomposition import ACTIVE


class Strokes(NamedTuple):
    """The active atoms (M, N, N) of some images, the strongest of an image first; which image each is of, and of what
    class, both (M,)."""

    atoms: Tensor
    owner: Tensor
    label: Tensor


def strokes(model: AtomicAutoencoder, images: Tensor, labels: Tensor) -> Strokes:
    """All active atoms, with at least 1 % of their image's energy, of images (B, 1, N, N) of classes (B,).

    Raises `BadInput` if there is none.
    """
    atoms, owners = [], []
    for batch in model.decompositions(images):
        for i in range(len(batch)):
            strongest = batch.strongest(i)
            strongest = strongest[batch.active[i, strongest]]
            atoms.append(batch.atoms[i, strongest, 0])
        owners.append(batch.active.sum(dim=1))
    owner = torch.arange(len(images)).repeat_interleave(torch.cat(owners))
    if not len(owner):
        raise BadInput("no atom of these images is active: there is no stroke to compare.")
    return Strokes(torch.cat(atoms), owner, labels.cpu()[owner])


def distances(found: Strokes, chosen: Tensor) -> Tensor:
    """‖g − g′‖²/‖g‖² of the chosen (Q,) strokes g and all others, (Q, M): what it costs to draw g′ for g.

    0 is the same stroke; 1 is as bad as nothing. Strokes of one image don't compare: infinite.
    """
    return _apart(found, chosen, slice(None)) / found.atoms[chosen].flatten(1).square().sum(dim=1, keepdim=True)


def _apart(found: Strokes, a: Tensor, b: Tensor | slice) -> Tensor:
    """‖g − g′‖² of some strokes and others, (A, B); infinite for two of one image."""
    first, second = found.atoms[a].flatten(1), found.atoms[b].flatten(1)
    energies = first.square().sum(dim=1)[:, None] + second.square().sum(dim=1)
    apart = (energies - 2 * first @ second.T).clamp(min=0)
    return apart.masked_fill(found.owner[a, None] == found.owner[b], torch.inf)


def nearest(found: Strokes, chosen: Tensor) -> tuple[Tensor, Tensor]:
    """The nearest stroke of each class to each of the chosen (Q,): its number and its distance, both (Q, C).

    C classes, in their order; infinitely far where a class has no other image.
    """
    apart = distances(found, chosen)
    classes = [apart.masked_fill(found.label != label, torch.inf).min(dim=1) for label in found.label.unique()]
    return torch.stack([c.indices for c in classes], dim=1), torch.stack([c.values for c in classes], dim=1)


def sharing(found: Strokes, batch: int = 512) -> dict:
    """Whether a stroke tells its class. same_class: share of strokes whose nearest stroke of another image is of the
    same class; chance: that share if strokes knew nothing of classes; distance: mean distance to the nearest stroke of
    another class, ‖g − g′‖²/‖g‖². Where every class has its own strokes, `same_class` is 1."""
    owner, label = found.owner, found.label.long()
    energy = found.atoms.square().sum(dim=(1, 2))
    nearest = energy.new_full((2, len(owner)), torch.inf)  # of another class, and of the same
    for a, b in combinations_with_replacement(torch.arange(len(owner)).split(batch), 2):  # as far from a to b as back
        apart = _apart(found, a, b)
        for least, same in zip(nearest, (False, True), strict=True):
            between = apart.masked_fill((label[a, None] == label[b]) != same, torch.inf)
            least[a] = torch.minimum(least[a], between.amin(dim=1))
            least[b] = torch.minimum(least[b], between.amin(dim=0))
    others, kin = nearest / energy
    own, of_class = owner.bincount()[owner], label.bincount()[label]
    return {
        "strokes": len(owner), "same_class": float((kin < others).float().mean()),
        "chance": float(((of_class - own) / (len(owner) - own).clamp(min=1)).mean()),
        "distance": float(others[others.isfinite()].mean()),
    }  # fmt: skip


def coordinate_effects(model: AtomicAutoencoder, image: Tensor) -> Tensor:
    """∂x̂/∂z_ij of one image (1, 1, N, N), for every coordinate of its blocks in use: (C, N, N)."""
    with torch.no_grad():
        z, used = model.encode(image)
        return model.jacobian(z[used]).flatten(0, 1).cpu()


def coordinate_spread(model: AtomicAutoencoder, images: Tensor) -> float:
    """How much of a digit one latent coordinate moves: the radius of gyration of ∂x̂/∂z_ij over the digit's.

    Near 1, a coordinate moves the whole digit; near 0, one place. Mean over the coordinates of an image (B, 1, N, N)
    whose effect ‖∂x̂/∂z_ij‖² is at least 1 % of the strongest there, then over images that have any.
    """
    spreads = []
    for image in images[:, None]:
        effects = coordinate_effects(model, image)
        energy = effects.square().sum(dim=(1, 2))
        if energy.sum() > 0:
            counted = radius_of_gyration(effects[energy >= ACTIVE * energy.max()])
            spreads.append(float(counted.mean() / radius_of_gyration(image[0, 0]).clamp(min=1e-9)))
    return ratio(sum(spreads), len(spreads))


def stroke_width(images: Tensor) -> Tensor:
    """How wide the strokes of images (B, 1, N, N) are, px: (B,), 0 without ink.

    The pixels of a stroke of width w are w/4 away from its rim on average.
    """
    from scipy import ndimage

    widths = []
    for ink in (images.cpu()[:, 0] > 0.5).numpy():
        depth = ndimage.distance_transform_edt(ink)[ink] - 0.5  # from the rim, not from the next pixel's centre
        widths.append(4 * depth.mean() if depth.size else 0.0)
    return torch.tensor(widths, dtype=torch.float32)
