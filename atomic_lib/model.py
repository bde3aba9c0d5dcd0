"""The atomic autoencoder of the paper: f = f_D ∘ f_E with f_D(z) = Σᵢ g(zᵢ)."""

import torch
from torch import Tensor, nn

from .encoders import Code, PursuitEncoder
from .errors import BadInput, check_range
from .spikes import check_images, pad_to


class AtomicAutoencoder(nn.Module):
    """An encoder f_E, and one decoder block g whose copies are summed (Section II-B, Fig. 1).

    Shapes: images (B, 1, N, N), latents z (B, k, d0), atoms (B, k, 1, N, N), used (B, k).
    """

    def __init__(self, encoder: nn.Module, g: nn.Module):
        super().__init__()
        if encoder.d0 != g.d0:
            raise BadInput(f"the encoder gives blocks of d0 = {encoder.d0}, the decoder wants d0 = {g.d0}.")
        self.encoder, self.g = encoder, g
        self.k, self.d0, self.size = encoder.k, g.d0, g.size

    def encode(self, images: Tensor, k: int | None = None) -> tuple[Tensor, Tensor]:
        """Images → (z, used): the latent blocks, and which of them are in use.

        Only an encoder that stops by itself leaves blocks unused; only such a one takes another `k` than it was
        trained with. Raises `BadInput` for images that do not fit the model.
        """
        return self.encoder(self._fitting(images, k), self.g, k)[:2]

    def atoms(self, z: Tensor, used: Tensor | None = None) -> Tensor:
        """z → the atoms g(zᵢ); blocks that are not `used` draw nothing."""
        if z.ndim != 3 or z.shape[2] != self.d0:
            raise BadInput(f"latents have the shape {tuple(z.shape)}; expected (B, k, {self.d0}).")
        if used is None or used.all():
            return self.g(z.flatten(0, 1)).unflatten(0, z.shape[:2])
        atoms = z.new_zeros(*z.shape[:2], 1, self.size, self.size)
        atoms[used] = self.g(z[used])  # g runs for the blocks in use only
        return atoms

    def decode(self, z: Tensor, used: Tensor | None = None) -> Tensor:
        """z → images: x̂ = Σᵢ g(zᵢ), the line that the paper is about."""
        return self.atoms(z, used).sum(dim=1)

    def forward(self, images: Tensor) -> Tensor:
        """Images → their reconstructions f(x) = f_D(f_E(x))."""
        return self.decode(*self.encode(images))

    def decompose(self, images: Tensor, k: int | None = None) -> Code:
        """Images → z, used and atoms together, computed once."""
        code = self.encoder(self._fitting(images, k), self.g, k)
        return code if code.atoms is not None else code._replace(atoms=self.atoms(code.z))

    def _fitting(self, images: Tensor, k: int | None) -> Tensor:
        """Check images and k, and pad smaller images with zeros at the bottom and the right."""
        check_range("k", 1 if k is None else k, 1, 1024)
        height, width = check_images(images).shape[2:]
        if max(height, width) > self.size:
            fits = f"{self.size}×{self.size}; crop or shrink them, or train a model of that size."
            raise BadInput(f"the images are {height}×{width} pixels, these weights take at most {fits}")
        return pad_to(images.float(), self.size)


def loss(model: AtomicAutoencoder, images: Tensor, depth: int | None = None, relative=True, early=0.3) -> Tensor:
    """Equation (1) as a relative error, Σ‖x − f(x)‖²/Σ‖x‖² over the batch, or as the mean squared error of a pixel.

    A pursuit is also asked to leave little behind on its way: `early` times the mean relative error of the residuals
    before the last.
    """
    energy = images.square().sum() if relative else images.numel()
    if not isinstance(model.encoder, PursuitEncoder):
        return (images - model(images)).square().sum() / energy
    steps = model.encoder.pursue(images, model.g, depth or model.k)
    *before, last = [step.residual.square().sum() / energy for step in steps]
    return last + early * sum(before) / max(1, len(before))


def device_of(module: nn.Module) -> torch.device:
    """Where a module's parameters are."""
    return next(module.parameters()).device


def parameter_count(module: nn.Module) -> int:
    """How many numbers a module learns."""
    return sum(parameter.numel() for parameter in module.parameters())


def relative_error(images: Tensor, reconstructions: Tensor) -> Tensor:
    """nmse of each image: ‖x̂ − x‖²/‖x‖², (B,)."""
    return (reconstructions - images).square().flatten(1).sum(1) / images.square().flatten(1).sum(1).clamp(min=1e-12)
