"""An additive decoder with the consistency loss: what it draws of recombined blocks, the encoder is to read again.

Wiedemer et al., *Provable compositional generalization for object-centric learning*, ICLR 2024.
"""

from typing import Any

import torch
from torch import Tensor, nn

from ..model.autoencoder import AtomicAutoencoder
from ..model.decoders import ConvolutionalDecoder
from ..model.encoders import OneShotEncoder
from ..model.losses import loss


class Consistent(AtomicAutoencoder):
    """A one-shot atomic autoencoder, whose loss gains `inconsistency` after a third of the training.

    Blocks of the batch are drawn with replacement and put together; images of them, made without a gradient, teach the
    encoder alone. No image is clamped to [0, 1], as the authors do: spikes add up past 1. Its weight is 1, next to the
    squared error of an image.
    """

    grid = (1.0,)
    begins = 1 / 3

    def __init__(self, recipe: Any):
        k, d0, size = recipe.k, recipe.d0, recipe.data.size
        super().__init__(OneShotEncoder(k, d0, size, nn.Identity()), ConvolutionalDecoder(d0, size))
        self.recipe = recipe

    def loss(self, batch: Any, progress: float) -> Tensor:
        """What a step of the training makes less."""
        value = loss(self, batch)
        if progress < self.begins:
            return value
        with torch.no_grad():
            z = recombined(self.encoder(batch, self.g).z.float())
            images = self.decode(z)
        lost = inconsistency(z, self.encoder(images, self.g).z.float())
        return value + self.recipe.weight * lost * len(batch) / batch.square().sum()


def recombined(z: Tensor) -> Tensor:
    """Codes of as many images (B, k, d0), each block drawn, with replacement, from all B·k of them."""
    blocks = z.flatten(0, 1)
    return blocks[torch.randint(len(blocks), (len(blocks),), device=z.device)].view_as(z)


def inconsistency(z: Tensor, again: Tensor) -> Tensor:
    """Σᵢ ‖zᵢ − ẑ_π(i)‖², a mean over images, of blocks z and ẑ (B, k, d0), paired so that it is least.

    Either is told in units of its own mean and standard deviation over the batch.
    """
    from scipy.optimize import linear_sum_assignment

    z, again = ((one - one.mean()) / one.std() for one in (z, again))
    cost = (z[:, :, None] - again[:, None]).square().sum(dim=3)
    pairs = torch.stack([torch.from_numpy(linear_sum_assignment(one)[1]) for one in cost.detach().cpu().numpy()])
    return cost.gather(2, pairs.to(cost.device)[..., None]).sum(dim=(1, 2)).mean()
