"""Territories: a one-shot encoder may deal out the picture, so that each block draws what lies in a region of its own.

A model that does so finds a share of the spikes that can be told beforehand. Suppose that
(1) every place belongs to one of k blocks, and a block draws whatever lies in its region and nothing else;
(2) a block draws one spike: of several in its region, one is found and the others are missed;
(3) the n spikes fall independently of each other, each into region i with the probability pᵢ.
Then region i has no spike with the probability (1 − pᵢ)ⁿ, and else one of its spikes is found: of n spikes
Σᵢ (1 − (1 − pᵢ)ⁿ) are found on average, a share of

    Σᵢ (1 − (1 − pᵢ)ⁿ) / n,  and of  k (1 − (1 − 1/k)ⁿ) / n  for equal regions, which is the most there can be,

since 1 − (1 − p)ⁿ is concave in p. All spikes of a picture are found where they lie in n different regions: with the
probability n!·eₙ(p), eₙ being the elementary symmetric polynomial, or k!/((k − n)! kⁿ) for equal regions. Of these
assumptions (3) is not quite true of spikes kept apart: two of them share a region less often, by about the ratio of the
area that they keep free to a region's. What a model finds beyond this share, it did not find by its territories.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
from torch import Tensor

from ..errors import check_range
from ..gaussians import fit_gaussians, pairs, render
from ..model.autoencoder import AtomicAutoencoder
from .prose import judged, ranged

if TYPE_CHECKING:
    from pandas import DataFrame

# What a network does, from so many times the recall of its territories on.
LEAVING = {0.0: "does not leave its territories", 1.05: "goes a little past them", 1.25: "leaves them"}
SLOTS = {  # ways to make them, by their variants in the ablations
    "slots": "as they are", "no-spare": "as many as blocks", "one-round": "one round", "free": "free latents",
    "curriculum": "from one spike to ten",
}  # fmt: skip


class Map(NamedTuple):
    """Which block draws a spike: owner (R, R), at each place of a grid whose rows and columns are `along` (R,), px."""

    owner: Tensor
    along: Tensor

    def at(self, places: Tensor) -> Tensor:
        """The block that owns each of the places (…, 2), px: that of the nearest place of the grid, (…)."""
        rows, columns = ((places[..., [axis]] - self.along).abs().argmin(dim=-1) for axis in (0, 1))
        return self.owner[rows, columns]

    def shares(self, k: int) -> Tensor:
        """The share of the picture that each of k blocks owns, (k,)."""
        return torch.bincount(self.owner.flatten(), minlength=k) / self.owner.numel()

    def distance(self, places: Tensor) -> Tensor:
        """How far the places (M, 2) are from the border of their territory, px, (M,); ∞ where there is none."""
        grid = torch.cartesian_prod(self.along, self.along)
        apart = torch.cdist(places.double(), grid.double())
        apart[self.at(places)[:, None] == self.owner.flatten()] = torch.inf
        half = (self.along[1] - self.along[0]).item() / 2 if len(self.along) > 1 else 0.0
        return (apart.amin(dim=1) - half).clamp(min=0)


class Drawn(NamedTuple):
    """Who draws what: block (B, n), the block that found each true spike, −1 for those missed and −2 for those absent;
    claims (B, n), how many atoms within σ say that they are that spike; found and detected (B,), how many true spikes
    were found, and how many atoms say that they are one."""

    block: Tensor
    claims: Tensor
    found: Tensor
    detected: Tensor


def territory_map(
    model: AtomicAutoencoder, data: Any, sigma: float, side: int = 40, amplitude: float | None = None
) -> Map:
    """Sweep one spike over side × side places: the block with the most energy owns the place.

    model: with `encode` and `atoms`. data: says size, border and amplitudes of the spikes. sigma: their width, px.
    amplitude: of the spike; the middle of data's range unless told otherwise.
    """
    check_range("side", side, 2, 1000)
    edge = data.border * sigma
    along = torch.linspace(edge, data.size - 1 - edge, side)
    places = torch.cartesian_prod(along, along)
    height = sum(data.amplitude) / 2 if amplitude is None else amplitude
    theta = torch.cat([torch.full((len(places), 1), height), places], dim=1)[:, None]
    images = render(theta, data.size, sigma)
    owners = [atoms.square().sum(dim=(2, 3)).argmax(dim=1) for _, atoms in _atoms(model, images)]
    return Map(torch.cat(owners).view(side, side), along)


def every_slot(model: AtomicAutoencoder) -> AtomicAutoencoder:
    """The same network with all its slots as blocks, in their own order; a model without spare slots as it is.

    Which block is the brightest tells nothing of places: what may hold a territory is a slot.
    """
    slots = model.encoder.k + getattr(model.encoder, "spare", 0)
    if slots == model.encoder.k:
        return model
    encoder = copy(model.encoder)
    encoder.k, encoder.spare = slots, 0
    return AtomicAutoencoder(encoder, model.g, model.combine)


def drawn(model: AtomicAutoencoder, images: Tensor, truth: Tensor, sigma: float, detection: float) -> Drawn:
    """Match the atoms of images (B, 1, N, N) one to one with the true spikes θ (B, n, 3), within σ.

    An atom of at least the amplitude `detection` says that it is a spike.
    """
    blocks = torch.where(truth[..., 0] > 0, -1, -2)
    claims = torch.zeros_like(blocks)
    detected, i = torch.zeros(len(images), dtype=torch.long), 0
    for used, atoms in _atoms(model, images):
        theta = fit_gaussians(atoms, sigma)
        for fitted, active in zip(theta, used, strict=True):
            says = (active & (fitted[:, 0] >= detection)).nonzero()[:, 0]
            there = (truth[i, :, 0] > 0).nonzero()[:, 0]
            claims[i, there] = (torch.cdist(truth[i, there, 1:], fitted[says, 1:]) <= sigma).sum(dim=1)
            for a, b in pairs(fitted[says, 1:], truth[i, there, 1:], sigma):
                blocks[i, there[b]] = says[a]
            detected[i], i = len(says), i + 1
    return Drawn(blocks, claims, (blocks >= 0).sum(dim=1), detected)


def found_share(n: int, territories: int | Tensor) -> float:
    """The share of n spikes that is found by territories alone: so many equal ones, or of shares p (k,).

    Raises `BadInput` for n or k under 1. The formula is derived above.
    """
    check_range("n", n, 1, 10**6)
    p = _probabilities(territories)
    return float((1 - (1 - p) ** n).sum() / n)


def perfect_chance(n: int, territories: int | Tensor) -> float:
    """The probability that n spikes lie in n different territories, so that all are found: n!·eₙ(p)."""
    check_range("n", n, 0, 1000)
    terms = torch.zeros(n + 1, dtype=torch.double)
    terms[0] = 1  # terms[m] becomes m!·e_m of the shares seen so far
    for share in _probabilities(territories):
        terms[1:] = terms[1:] + torch.arange(1, n + 1) * share * terms[:-1]
    return float(terms[n])


def by_number(
    model: AtomicAutoencoder, data: Any, sigma: float, numbers: Sequence[int] = (1, 2, 3, 5, 7, 10), count=256, seed=0
) -> list[dict]:
    """Recall and precision on `count` held-out images of exactly n spikes, beside what k territories alone give.

    Of each n a dict: n, recall, precision, perfect (the share of images in which all is found and nothing invented),
    split (the share of spikes that two atoms or more say they are), territories (`found_share` of model.k equal ones),
    beyond (recall over that).
    """
    rows = []
    for n in numbers:
        sample = replace(data, fewest=n, k=n).held_out(count, seed)
        found = drawn(model, sample.images, sample.theta, sigma, data.amplitude[0] / 2)
        hits, says = int(found.found.sum()), int(found.detected.sum())
        flawless = (found.found == n) & (found.detected == n)
        recall, share = hits / (n * count), found_share(n, model.k)
        rows.append(
            {"n": n, "recall": recall, "precision": hits / says if says else 0.0, "territories": share,
             "split": (found.claims[:, :n] > 1).double().mean().item(),
             "perfect": flawless.double().mean().item(), "beyond": recall / share}
        )  # fmt: skip
    return rows


def measure(model: AtomicAutoencoder) -> dict:
    """`by_number` on held-out images of the spikes that a model was trained on."""
    return {"by_number": by_number(model, model.recipe.data, model.recipe.data.sigma)}


def summary(result: dict) -> dict:
    """What a table says of one recorded run: jaccard, recall, nmse, and recall at most spikes over the formula's."""
    metrics, rows = result["metrics"], result["territories"]["by_number"]
    return {**{name: metrics[name] for name in ("jaccard", "recall", "nmse")}, "beyond": rows[-1]["beyond"]}


def crowded(result: dict) -> dict:
    """What `by_number` has of one recorded run at most spikes."""
    return result["territories"]["by_number"][-1]


def crowd_rows(crowds: DataFrame) -> list[dict]:
    """Rows of a table, one for each number of blocks, of the `ablations.frame` of `crowded`: means, least and most."""
    shown = {
        "recall": ("recall at ten spikes", ".2f"), "territories": ("equation", ".2f"), "beyond": ("beyond", ".2f"),
        "precision": ("precision", ".2f"), "split": ("split", ".1f%"),
    }  # fmt: skip
    return [
        {"blocks": count, **{title: ranged(runs[key], form) for key, (title, form) in shown.items()}}
        for count, runs in crowds.groupby("k")
    ]


def slot_rows(runs: DataFrame) -> list[dict]:
    """Rows of a table, one for each of `SLOTS`, of a `frame` of the ablations "seeds" and "slots"."""
    return [
        {"slots": told, "runs": len(of_one), **{key: ranged(of_one[key], ".2f") for key in ("jaccard", "beyond")}}
        for name, told in SLOTS.items()
        if len(of_one := runs[runs.variant == name])
    ]


def verdict(beyond: float) -> str:
    """What recall at ten spikes over the formula's says of a network, in words."""
    return judged(beyond, LEAVING)


def loyalty(regions: Map, found: Drawn, truth: Tensor) -> float:
    """The share of found spikes, θ (B, n, 3), that were drawn by the block that owns their place.

    Of a map that a model keeps to it is 1, whatever lies beside a spike; of no territories it is about 1/k.
    """
    hit = found.block >= 0
    return (regions.at(truth[..., 1:])[hit] == found.block[hit]).double().mean().item() if hit.any() else 0.0


def precision_by_distance(
    model: AtomicAutoencoder,
    data: Any,
    sigma: float,
    regions: Map,
    edges: Sequence[float],
    count: int = 1024,
    seed: int = 0,
) -> list[dict]:
    """Precision on images of one spike against its distance from the border of its territory, px.

    edges: of the bins, one more than there are bins. Of each bin a dict: low, high, images, precision.
    """
    sample = replace(data, fewest=1, k=1).held_out(count, seed)
    found = drawn(model, sample.images, sample.theta, sigma, data.amplitude[0] / 2)
    distance, rows = regions.distance(sample.theta[:, 0, 1:]), []
    for low, high in zip(edges, edges[1:], strict=False):
        inside = (distance >= low) & (distance < high)
        hits, says = int(found.found[inside].sum()), int(found.detected[inside].sum())
        precision = hits / says if says else 0.0
        rows.append({"low": low, "high": high, "images": int(inside.sum()), "precision": precision})
    return rows


def _atoms(model: AtomicAutoencoder, images: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """Which blocks are in use (b, k), and the atoms (b, k, N, N), batch by batch, on the CPU."""
    for batch in model.decompositions(images):
        yield batch.used, batch.atoms.squeeze(2)


def _probabilities(territories: int | Tensor) -> Tensor:
    if isinstance(territories, Tensor):
        return territories.double()
    check_range("territories", territories, 1, 10**6)
    return torch.full((territories,), 1 / territories, dtype=torch.double)
