"""Images of spikes unlike those of any training, and the limit that noise sets to all methods."""

from dataclasses import replace
from itertools import pairwise

import torch
from torch import Tensor

from ..data.sample import Sample
from ..errors import BadInput, check_range
from ..gaussians import pairs
from ..metrics import fits, taken_apart
from ..model.autoencoder import AtomicAutoencoder


def integrated(sample: Sample) -> Sample:
    """The spikes of a sample drawn by another generator: each Gaussian is integrated over every pixel.

    `data.Spikes` samples it at the pixel's centre instead. Raises `BadInput` for a sample without a truth.
    """
    if sample.theta is None or not sample.sigma:
        raise BadInput("these images say no truth and no σ: take images of spikes.")
    edges = torch.arange(sample.images.shape[-1] + 1) - 0.5
    steps = torch.special.ndtr((edges - sample.theta[..., 1:, None]) / sample.sigma).diff(dim=-1)  # (B, k, 2, N)
    rows, columns = (sample.sigma * (2 * torch.pi) ** 0.5 * steps).unbind(dim=2)
    return replace(sample, images=torch.einsum("bk,bkr,bkc->brc", sample.theta[..., 0], rows, columns)[:, None])


def noisy(sample: Sample, std: float, seed: int = 0) -> Sample:
    """The same images with white noise of a standard deviation added, by a seed."""
    check_range("std", std, 0.0, 10.0)
    noise = torch.randn(sample.images.shape, generator=torch.Generator().manual_seed(seed))
    return replace(sample, images=sample.images + std * noise)


def recall_by_distance(
    model: AtomicAutoencoder, sample: Sample, edges: tuple[float, ...]
) -> dict[str, tuple[float, int]]:
    """The recall of spikes by the distance to the nearest other spike: {"1–2σ": (recall, spikes counted)}.

    edges: where one range of distances ends and the next begins, in σ; from the last on there is no end. Spikes are
    found as `metrics.spike_metrics` has it; a lone spike is not counted, nor is a range without spikes named. Raises
    `BadInput` for a sample without a truth or a σ.
    """
    theta, sigma, detection = sample.known()
    near, hit = [], []
    for batch, some in taken_apart(model, sample, k=max(model.k, theta.shape[1])):
        fitted = fits(batch, sigma)
        for i in range(len(batch)):
            truth, found = some.truth(i), fitted[i][fitted[i, :, 0] >= detection]
            matched = {j for _, j in pairs(found[:, 1:], truth[:, 1:], sigma)}
            if len(truth) > 1:
                apart = torch.cdist(truth[:, 1:], truth[:, 1:]).fill_diagonal_(torch.inf)
                near.append(apart.min(dim=1).values / sigma)
                hit += [j in matched for j in range(len(truth))]
    places = torch.bucketize(torch.cat(near), torch.tensor(edges), right=True) if near else torch.zeros(0)
    between = [f"{a:g}–{b:g}σ" for a, b in pairwise(edges)]
    names = [f"under {edges[0]:g}σ", *between, f"over {edges[-1]:g}σ"]
    found_there = torch.tensor(hit, dtype=torch.double)
    inside = {name: found_there[places == i] for i, name in enumerate(names)}
    return {name: (float(there.mean()), len(there)) for name, there in inside.items() if len(there)}


def cramer_rao(amplitudes: Tensor, std: float) -> float:
    """The least root mean squared error, px, with which any unbiased method places lone spikes of these amplitudes.

    In white noise of standard deviation `std` it is 2·std/(a√π) for a Gaussian spike of amplitude a, whatever its
    width: the Cramér–Rao bound of both coordinates together, from ‖∂(a G(t))/∂t‖² = πa²/2 along each.
    """
    return 2 * std / torch.pi**0.5 * float((1 / amplitudes.square()).mean().sqrt())
