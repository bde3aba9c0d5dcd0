"""β-TCVAE: the total correlation of the code, estimated from a batch.

Chen, Li, Grosse & Duvenaud, *Isolating sources of disentanglement in VAEs*, NeurIPS 2018.
"""

import math

import torch
from torch import Tensor

from ..data.sample import Sample
from .vae import VAE, kl, sampled


class BetaTCVAE(VAE):
    """−log p(x|z) + KL + (β − 1) TC; β is the recipe's weight.

    That is the index-code mutual information and the dimension-wise KL once, the total correlation β times (α = γ = 1).
    The data set has as many images as the training sees.
    """

    grid = (1, 2, 4, 6, 8, 10)

    def regulariser(self, mean: Tensor, log_variance: Tensor, z: Tensor, progress: float) -> Tensor:
        nats = kl(mean, log_variance).sum(dim=1).mean()
        images = max(len(z), self.recipe.steps * self.recipe.batch)
        return nats + (self.recipe.weight - 1) * total_correlation(z, mean, log_variance, stratified(len(z), images))

    @torch.no_grad()
    def pressure(self, sample: Sample) -> float:
        """The total correlation of sampled codes, in nats, all images of the sample being the data set."""
        torch.manual_seed(0)
        mean, log_variance = self.posterior(sample.images)
        even = torch.full((len(mean), len(mean)), 1 / len(mean))
        return float(total_correlation(sampled(mean, log_variance), mean, log_variance, even))


def total_correlation(z: Tensor, mean: Tensor, log_variance: Tensor, weights: Tensor) -> Tensor:
    """TC = E[log q(z) − Σ_d log q(z_d)], in nats, with q(z_i) ≈ Σ_j W_ij q(z_i|x_j).

    z: codes (B, m), drawn from the Gaussians q(z|x_j) of `mean` and `log_variance` (B, m). weights: W (B, B).
    """
    apart = (z[:, None] - mean).square() / log_variance.exp()
    log_q = -(apart + log_variance + math.log(2 * math.pi)) / 2  # (B, B, m): of code i under image j
    log_w = weights.to(z).log()
    joint = torch.logsumexp(log_w + log_q.sum(dim=2), dim=1)
    return (joint - torch.logsumexp(log_w[..., None] + log_q, dim=1).sum(dim=1)).mean()


def stratified(batch: int, images: int) -> Tensor:
    """The weights W (B, B) of the stratified estimate of q(z) from a batch B of N images; each row sums to one.

    M = B − 1: 1/N for the code's own image (the diagonal), (N − M)/(NM) for the one after it, 1/M for the others.
    """
    others = batch - 1
    weights = torch.full((batch, batch), 1 / others)
    weights.fill_diagonal_(1 / images)
    following = torch.arange(1, batch + 1) % batch
    weights[torch.arange(batch), following] = (images - others) / (images * others)
    return weights
