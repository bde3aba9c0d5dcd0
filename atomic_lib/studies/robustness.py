"""Images of spikes unlike those of any training, and the limit that noise sets to all methods."""

from dataclasses import replace

import torch
from torch import Tensor

from ..data.sample import Sample
from ..errors import BadInput, check_range


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


def cramer_rao(amplitudes: Tensor, std: float) -> float:
    """The least root mean squared error, px, with which any unbiased method places lone spikes of these amplitudes.

    In white noise of standard deviation `std` it is 2·std/(a√π) for a Gaussian spike of amplitude a, whatever its
    width: the Cramér–Rao bound of both coordinates together, from ‖∂(a G(t))/∂t‖² = πa²/2 along each.
    """
    return 2 * std / torch.pi**0.5 * float((1 / amplitudes.square()).mean().sqrt())
