"""Variational autoencoders, β-VAE, and the annealed β-VAE: the whole KL is weighed, or held at a capacity.

Higgins et al., *β-VAE*, ICLR 2017; Burgess et al., *Understanding disentangling in β-VAE*, arXiv:1804.03599.
"""

from typing import Any

import torch
from torch import Tensor

from ..data.sample import Sample
from .networks import Rival


class VAE(Rival):
    """q(z|x) is a Gaussian with independent coordinates, p(z) a standard one; E(x) is the mean of q.

    A kind of it says in `regulariser` what it adds to −log p(x|z), in nats an image.
    """

    outputs = 2  # of each coordinate: a mean and a log variance

    def posterior(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log variance of q(z|x), both (B, m)."""
        mean, log_variance = self.encoder(images).float().chunk(2, dim=1)
        return mean, log_variance.clamp(-20, 20)

    def encode(self, images: Tensor) -> Tensor:
        return self.posterior(self._fitting(images))[0]

    def loss(self, batch: Any, progress: float) -> Tensor:
        mean, log_variance = self.posterior(batch)
        z = sampled(mean, log_variance)
        return self.relative(batch, self.decode(z), self.regulariser(mean, log_variance, z, progress))

    def regulariser(self, mean: Tensor, log_variance: Tensor, z: Tensor, progress: float) -> Tensor:
        """What is added to −log p(x|z), a mean over images, in nats."""
        return kl(mean, log_variance).sum(dim=1).mean()

    @torch.no_grad()
    def pressure(self, sample: Sample) -> float:
        """KL(q(z|x) ‖ p(z)), nats an image."""
        return float(kl(*self.posterior(sample.images)).sum(dim=1).mean())


class BetaVAE(VAE):
    """−log p(x|z) + β KL(q(z|x) ‖ p(z)); β is the recipe's weight."""

    grid = (1, 2, 4, 6, 8, 16)

    def regulariser(self, mean: Tensor, log_variance: Tensor, z: Tensor, progress: float) -> Tensor:
        return self.recipe.weight * kl(mean, log_variance).sum(dim=1).mean()


class AnnealedVAE(VAE):
    """−log p(x|z) + γ |KL − C|, C rising evenly from 0 to the recipe's weight, in nats, with which the training ends.

    γ = 1000. The paper lets C rise for 100,000 steps: so it does here for the first third.
    """

    grid = (5, 10, 25, 50, 75, 100)
    gamma, rise = 1000.0, 1 / 3

    def regulariser(self, mean: Tensor, log_variance: Tensor, z: Tensor, progress: float) -> Tensor:
        capacity = self.recipe.weight * min(1.0, progress / self.rise)
        return self.gamma * off_capacity(kl(mean, log_variance), capacity)


def kl(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL(N(μ, σ²) ‖ N(0, 1)) = ½(μ² + σ² − log σ² − 1) of every image and coordinate (B, m), in nats."""
    return (mean.square() + log_variance.exp() - log_variance - 1) / 2


def sampled(mean: Tensor, log_variance: Tensor) -> Tensor:
    """z = μ + σε, ε standard normal, (B, m)."""
    return mean + (log_variance / 2).exp() * torch.randn_like(mean)


def off_capacity(nats: Tensor, capacity: float) -> Tensor:
    """|KL − C| of the mean KL over the batch; nats: that of every image and coordinate (B, m)."""
    return (nats.sum(dim=1).mean() - capacity).abs()
