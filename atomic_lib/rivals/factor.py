"""FactorVAE: the total correlation of the code, by a critic that tells codes from codes with shuffled coordinates.

Kim & Mnih, *Disentangling by factorising*, ICML 2018.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.func import functional_call

from ..data.sample import Sample
from .vae import VAE, kl, sampled


class FactorVAE(VAE):
    """−log p(x|z) + KL + γ TC; γ is the recipe's weight, TC what the critic says.

    The critic takes its own step in the same step of the training, and from the same codes: it learns from codes that
    are cut off from the encoder, and the encoder from a critic that is held fast. Six hidden layers as in the paper, of
    `width` units, not 1000: this is a training of seconds.
    """

    grid = (10, 20, 30, 40, 50, 100)
    width = 256

    def __init__(self, recipe: Any):
        super().__init__(recipe)
        layers: list[nn.Module] = []
        for before, after in [(self.m, self.width), *[(self.width, self.width)] * 5]:
            layers += [nn.Linear(before, after), nn.LeakyReLU(0.2)]
        self.critic = nn.Sequential(*layers, nn.Linear(self.width, 2))

    def regulariser(self, mean: Tensor, log_variance: Tensor, z: Tensor, progress: float) -> Tensor:
        own = critics_loss(self.critic, z)
        own = own - own.detach()  # a gradient for the critic, and nothing to the value
        return kl(mean, log_variance).sum(dim=1).mean() + self.recipe.weight * held_correlation(self.critic, z) + own

    @torch.no_grad()
    def pressure(self, sample: Sample) -> float:
        """The total correlation that the critic sees in sampled codes, in nats."""
        torch.manual_seed(0)
        return float(held_correlation(self.critic, sampled(*self.posterior(sample.images))))


def held_correlation(critic: nn.Module, z: Tensor) -> Tensor:
    """TC ≈ E[D₀(z) − D₁(z)], logits "a code" and "shuffled"; no gradient reaches the critic."""
    held = {name: parameter.detach() for name, parameter in critic.named_parameters()}
    logits = functional_call(critic, held, (z,)).float()
    return (logits[:, 0] - logits[:, 1]).mean()


def critics_loss(critic: nn.Module, z: Tensor) -> Tensor:
    """½ CE(D(z), "a code") + ½ CE(D(z̃), "shuffled"); no gradient reaches z."""
    z = z.detach()
    labels = torch.arange(2, device=z.device).repeat_interleave(len(z))
    return F.cross_entropy(critic(torch.cat([z, permuted(z)])).float(), labels)


def permuted(z: Tensor) -> Tensor:
    """Codes (B, m) with each coordinate shuffled over the batch, independently of the others."""
    return z.gather(0, torch.rand(z.shape, device=z.device).argsort(dim=0))
