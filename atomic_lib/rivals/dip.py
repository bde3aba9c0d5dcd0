"""DIP-VAE I and II: the covariance of the code over the images is to be the identity.

Kumar, Sattigeri & Balakrishnan, *Variational inference of disentangled latent concepts from unlabeled observations*,
ICLR 2018.
"""

import torch
from torch import Tensor

from ..data.sample import Sample
from .vae import VAE, kl


class DIPVAE(VAE):
    """−log p(x|z) + KL + λ_od Σ_{i≠j} C_ij² + λ_d Σ_i (C_ii − 1)²; λ_od is the recipe's weight.

    I: C is the covariance of the means μ(x), and λ_d = 10 λ_od.
    """

    grid = (1, 2, 5, 10, 20, 50)
    steeper = 10.0  # λ_d/λ_od

    def covariance(self, mean: Tensor, log_variance: Tensor) -> Tensor:
        """C, (m, m), of a batch."""
        return covariance(mean)

    def regulariser(self, mean: Tensor, log_variance: Tensor, z: Tensor, progress: float) -> Tensor:
        between, along = from_identity(self.covariance(mean, log_variance))
        nats = kl(mean, log_variance).sum(dim=1).mean()
        return nats + self.recipe.weight * (between + self.steeper * along)

    @torch.no_grad()
    def pressure(self, sample: Sample) -> float:
        """Σ_{i≠j} C_ij²."""
        return float(from_identity(self.covariance(*self.posterior(sample.images)))[0])


class DIPVAE2(DIPVAE):
    """II: C is the covariance of the codes themselves, Cov[μ(x)] + E[diag σ²(x)], and λ_d = λ_od."""

    steeper = 1.0

    def covariance(self, mean: Tensor, log_variance: Tensor) -> Tensor:
        return covariance(mean) + log_variance.exp().mean(dim=0).diag()


def covariance(z: Tensor) -> Tensor:
    """E[(z − E z)(z − E z)ᵀ] over a batch (B, m): (m, m)."""
    z = z - z.mean(dim=0)
    return z.T @ z / len(z)


def from_identity(c: Tensor) -> tuple[Tensor, Tensor]:
    """How far C (m, m) is from the identity, between coordinates and along them: Σ_{i≠j} C_ij² and Σ_i (C_ii − 1)²."""
    on = c.diagonal()
    return c.square().sum() - on.square().sum(), (on - 1).square().sum()
