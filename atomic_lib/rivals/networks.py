"""The backbone that all rivals share, and the objective that they add to: one code for the whole image.

The encoder is the library's one-shot encoder, the decoder its convolutional g with the whole code in place of a block:
only the idea differs. All of them say how likely an image is by the same Gaussian of a stated standard deviation, count
in nats an image, and give what training makes less in the same unit, see `relative`.
"""

import math
from collections.abc import Callable
from typing import Any, ClassVar, NoReturn

import torch
from torch import Tensor, nn

from ..data.sample import Sample
from ..devices import device_of
from ..errors import BadInput
from ..images import as_numbers, check_images
from ..metrics import ratio
from ..model.autoencoder import parameter_count
from ..model.decoders import ConvolutionalDecoder
from ..model.encoders import OneShotEncoder


class Rival(nn.Module):
    """The conventional autoencoder, x̂ = D(E(x)) with a code of m = k·d0 numbers, and what the others build on.

    Shapes: images (B, 1, N, N), codes z (B, m). `parts` says which coordinates make one part: each is alone here, for
    the code has no blocks. A rival that was built from a recipe carries it as `recipe`, one that was loaded its
    training's `record` too.

    grid: the published values of `recipe.weight`, the weight of the term that is its own; none, where it has none.
    """

    grid: ClassVar[tuple[float, ...]] = ()
    outputs = 1  # numbers that the encoder gives for each coordinate
    absent: Tensor | None = None  # the code of a part that draws nothing
    additive = False  # whether an image is a sum over parts
    supervised = False  # whether it is told the class of each image
    record: dict | None = None

    def __init__(self, recipe: Any):
        super().__init__()
        self.recipe, self.m, self.size = recipe, recipe.k * recipe.d0, recipe.data.size
        self.encoder = self._encoder(self.m * self.outputs)
        self.decoder: nn.Module = ConvolutionalDecoder(self.m, self.size)

    @property
    def parts(self) -> list[list[int]]:
        """Which coordinates make one part."""
        return [[coordinate] for coordinate in range(self.m)]

    def encode(self, images: Tensor) -> Tensor:
        """Images → their codes. Raises `BadInput` for images that do not fit."""
        return self.encoder(self._fitting(images)).float()

    def decode(self, z: Tensor) -> Tensor:
        """Codes → images. Raises `BadInput` for codes of another length."""
        return self.decoder(self._code(z)).float()

    def forward(self, images: Tensor) -> Tensor:
        """Images → their reconstructions."""
        return self.decode(self.encode(images))

    def reconstruct(self, sample: Sample) -> Tensor:
        """The reconstructions of a sample, with all that the rival is to be told of it."""
        return self(sample.images)

    @torch.no_grad()
    def measure(
        self, sample: Sample, k: int | None = None, refine: int = 0, tick: Callable[[int], Any] = lambda n: None
    ) -> dict:
        """nmse and psnr_db of the reconstruction, all that `metrics.evaluate` can say of a model without atoms.

        tick: is told how many images were done. Raises `BadInput` for k or steps of refinement, which it has no use
        for.
        """
        if k is not None or refine:
            told = "this one draws an image from its whole code at once"
            raise BadInput(f"k and refine are for models with blocks; {told}.")
        lost, energy = 0.0, 0.0
        for start in range(0, len(sample), 64):
            some = sample[start : start + 64]
            images = some.images.to(device_of(self))
            lost += float((self.reconstruct(some) - images).square().sum())
            energy += float(images.square().sum())
            tick(len(some))
        mse = lost / sample.images.numel()
        return {"nmse": ratio(lost, energy), "psnr_db": -10 * math.log10(max(mse, 1e-12)), "images": len(sample)}

    def loss(self, batch: Any, progress: float) -> Tensor:
        """What a step of the training makes less, so far on the way."""
        return self.relative(batch, self(batch))

    def relative(self, images: Tensor, output: Tensor, nats: Tensor | float = 0.0) -> Tensor:
        """−log p(x|z) + `nats`, a mean over images but for a constant, in units of ‖x‖²/2s²: the relative error
        Σ‖x − x̂‖²/Σ‖x‖², and what is added to it.

        log p(x|z) = −‖x − x̂‖²/2s² + const., s = `recipe.std`.
        """
        energy, s = images.square().sum(), self.recipe.std
        return ((images - output).square().sum() + 2 * s**2 * len(images) * nats) / energy

    def pressure(self, sample: Sample) -> float:
        """The term that is this rival's own, before its weight, on held-out images: what its weight is chosen by."""
        return 0.0

    def atoms(self, *_: Any) -> NoReturn:
        """A rival of this kind has none: raises `BadInput`."""
        told = f"“{self.recipe.name}” draws an image from its whole code at once: it has no blocks and no atoms"
        raise BadInput(f"{told}; ask it to encode and decode, or take an additive or an atomic system.")

    decompose = decompositions = jacobian = atoms

    def _encoder(self, outputs: int) -> nn.Module:
        return OneShotEncoder(1, outputs, self.size, nn.Identity()).net

    def _fitting(self, images: Tensor) -> Tensor:
        images = check_images(images)
        if images.shape[2:] != (self.size, self.size):
            seen = "×".join(map(str, images.shape[2:]))
            raise BadInput(f"the images are {seen} pixels, “{self.recipe.name}” takes {self.size}×{self.size}.")
        return images.to(device_of(self))

    def _code(self, z: Tensor) -> Tensor:
        z = as_numbers(z, "codes").to(device_of(self))
        length = len([one for part in self.parts for one in part])
        if z.ndim != 2 or z.shape[1] != length:
            raise BadInput(f"codes have the shape {tuple(z.shape)}; expected (B, {length}).")
        return z


class Blocks:
    """An atomic autoencoder, or another of its class, as a system of codes: images (B, 1, N, N) ↔ z (B, k·d0).

    A block that a pursuit leaves unused has the code `absent`, outside of the box that the others live in, and draws
    nothing.
    """

    far = 3.0

    def __init__(self, model: Any):
        self.model, self.recipe, self.size = model, model.recipe, model.size
        self.k, self.d0 = model.k, model.d0
        self.additive = model.combine == "sum" and not getattr(model.g, "masked", False)
        self.absent = torch.full((self.d0,), self.far) if getattr(model.encoder, "stops", False) else None

    @property
    def parts(self) -> list[list[int]]:
        """Which coordinates make one part: those of a block."""
        return [list(range(i * self.d0, (i + 1) * self.d0)) for i in range(self.k)]

    def encode(self, images: Tensor) -> Tensor:
        """Images → their codes."""
        z, used = self.model.encode(images)
        return torch.where(used[..., None], z, self.far).flatten(1)

    def decode(self, z: Tensor) -> Tensor:
        """Codes → images."""
        z = z.unflatten(1, (self.k, self.d0))
        if self.absent is None:
            return self.model.decode(z)
        atoms = self.model.atoms(z.clamp(-1.5, 1.5))
        drawn = (z < (1 + self.far) / 2).all(dim=2)
        return self.model.combined(atoms * drawn[..., None, None, None])


def system(model: Any) -> Any:
    """A trained model, atomic or rival, as what encodes images to codes and decodes codes to images."""
    return model if isinstance(model, Rival) else Blocks(model)


def learned(model: Any) -> int:
    """How many numbers encode and decode; critics and teachers, which are left behind, do not count."""
    networks = (model.encoder, model.g if hasattr(model, "g") else model.decoder)
    return sum(parameter_count(network) for network in networks)
