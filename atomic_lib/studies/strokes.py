"""The strokes of many digits side by side: does every class draw with the same ones?

Two strokes are compared as they lie, at the same place: nothing in the model says that a stroke and its translate are
one, so an atom moved elsewhere counts as another.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from ..errors import BadInput
from ..model.autoencoder import AtomicAutoencoder


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
    flat = found.atoms.flatten(1)
    energy = flat.square().sum(dim=1)
    apart = energy[chosen, None] + energy - 2 * flat[chosen] @ flat.T
    relative = apart.clamp(min=0) / energy[chosen, None]
    return relative.masked_fill(found.owner[chosen, None] == found.owner, torch.inf)


def nearest(found: Strokes, chosen: Tensor) -> tuple[Tensor, Tensor]:
    """The nearest stroke of each class to each of the chosen (Q,): its number and its distance, both (Q, C).

    C classes, in their order; infinitely far where a class has no other image.
    """
    apart = distances(found, chosen)
    classes = [apart.masked_fill(found.label != label, torch.inf).min(dim=1) for label in found.label.unique()]
    return torch.stack([c.indices for c in classes], dim=1), torch.stack([c.values for c in classes], dim=1)


def sharing(found: Strokes, batch: int = 256) -> dict:
    """Whether a stroke tells its class. same_class: share of strokes whose nearest stroke of another image is of the
    same class; chance: that share if strokes knew nothing of classes; distance: mean distance to the nearest stroke of
    another class, ‖g − g′‖²/‖g‖². Where every class has its own strokes, `same_class` is 1."""
    same, chance, distance = [], [], []
    for chosen in torch.arange(len(found.owner)).split(batch):
        apart = distances(found, chosen)
        others, kin = apart.isfinite(), found.label[chosen, None] == found.label
        same.append(kin.gather(1, apart.argmin(dim=1, keepdim=True))[:, 0])
        chance.append((kin & others).sum(dim=1) / others.sum(dim=1).clamp(min=1))
        distance.append(apart.masked_fill(kin, torch.inf).min(dim=1).values)
    apart = torch.cat(distance)
    return {
        "strokes": len(found.owner), "same_class": float(torch.cat(same).float().mean()),
        "chance": float(torch.cat(chance).mean()), "distance": float(apart[apart.isfinite()].mean()),
    }  # fmt: skip
