"""JL1-VAE: a decoder whose coordinates each move few pixels.

Rhodes & Lee, *Local disentanglement in variational auto-encoders using Jacobian L1 regularization*, NeurIPS 2021.
"""

import torch
from torch import Tensor, nn

from ..data.sample import Sample
from ..model import inference
from .vae import VAE, kl


class JL1VAE(VAE):
    """−log p(x|z) + β KL + γ Σ|∂x̂/∂z| at sampled codes; γ is the recipe's weight, β = 4.

    The codes are cut off from the encoder: the term teaches the decoder alone. β and γ rise from 0 over the first
    third. The Jacobian is exact, by forward differentiation, of `few` images of a batch: one costs m decodings.
    """

    grid = (0.05, 0.1, 0.2, 0.4)
    beta, rise, few = 4.0, 1 / 3, 1

    def regulariser(self, mean: Tensor, log_variance: Tensor, z: Tensor, progress: float) -> Tensor:
        full = min(1.0, progress / self.rise)
        spread = moved(self.decoder, z[: self.few].detach())
        return full * (self.beta * kl(mean, log_variance).sum(dim=1).mean() + self.recipe.weight * spread)

    @torch.no_grad()
    def pressure(self, sample: Sample) -> float:
        """Σ|∂x̂/∂z|, a mean over images."""
        return float(moved(self.decoder, self.encode(sample.images[:32])))


def moved(decoder: nn.Module, z: Tensor) -> Tensor:
    """Σ_{d, pixel} |∂x̂(pixel)/∂z_d| at codes z (B, m), a mean over them: the L1 norm of the decoder's Jacobian."""
    return inference.jacobian(decoder, z).float().abs().sum() / len(z)
