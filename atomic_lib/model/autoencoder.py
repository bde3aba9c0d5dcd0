"""The atomic autoencoder of the paper: f = f_D ∘ f_E with f_D(z) = Σᵢ g(zᵢ)."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ..devices import device_of
from ..errors import BadInput, check, check_range
from ..images import as_numbers, check_images, joined, pad_to
from . import inference, recovery
from .decomposition import Decomposition
from .layers import bound_of
from .operators import Operator


class AtomicAutoencoder(nn.Module):
    """An encoder f_E, and one decoder block g whose copies are summed (Section II-B, Fig. 1).

    Shapes: images (B, 1, N, N), latents z (B, k, d0), atoms (B, k, 1, N, N), used (B, k). A model that was built from
    a recipe carries it as `recipe`, one that was loaded its training's `record` too; nothing here needs them. Raises
    `BadInput` for an encoder and a g that do not fit each other.
    """

    encoder: Any  # a module with k, d0 and latents: (images, g, k) → `encoders.Code`
    g: Any  # a module with d0 and size: (M, d0) → (M, 1, N, N)
    recipe: Any = None
    record: dict | None = None

    def __init__(self, encoder: nn.Module, g: nn.Module, combine: str = "sum"):
        super().__init__()
        if encoder.d0 != g.d0:
            raise BadInput(f"the encoder gives blocks of d0 = {encoder.d0}, the decoder wants d0 = {g.d0}.")
        if getattr(encoder, "size", g.size) != g.size:
            raise BadInput(f"the encoder sees {encoder.size} pixels a side, the decoder draws {g.size}.")
        self.encoder, self.g, self.combine = encoder, g, combine
        self.k, self.d0, self.size = int(self.encoder.k), int(self.g.d0), int(self.g.size)

    @property
    def device(self) -> torch.device:
        """Where the model is."""
        return device_of(self)

    def encode(self, images: Tensor, k: int | None = None) -> tuple[Tensor, Tensor]:
        """Images → (z, used): the latent blocks, and which of them are in use.

        Only an encoder that stops by itself leaves blocks unused; only such a one takes another `k` than it was
        trained with. Raises `BadInput` for images that do not fit the model.
        """
        with _evaluating(self):
            return self.encoder(self._fitting(images, k), self.g, k)[:2]

    def atoms(self, z: Tensor, used: Tensor | None = None) -> Tensor:
        """z → the atoms g(zᵢ); blocks that are not `used` draw nothing. Raises `BadInput` for other shapes."""
        return inference.draw(self.g, *self._latents(z, used))

    def decode(self, z: Tensor, used: Tensor | None = None) -> Tensor:
        """z → images: x̂ = Σᵢ g(zᵢ), the line that the paper is about."""
        return self.combined(self.atoms(z, used))

    def combined(self, atoms: Tensor) -> Tensor:
        """Atoms (B, k, 1, N, N) → an image: their sum or, as in the authors' follow-up of 2025, the largest of them."""
        return atoms.sum(dim=1) if self.combine == "sum" else atoms.amax(dim=1)

    def forward(self, images: Tensor) -> Tensor:
        """Images → their reconstructions f(x) = f_D(f_E(x))."""
        return self.decode(*self.encode(images))

    @torch.no_grad()
    def decompose(self, images: Tensor, k: int | None = None, refine: int = 0, batch: int = 64) -> Decomposition:
        """Take images apart: z, which blocks are used, atoms and output together, computed once, on the CPU.

        The network sees `batch` images at a time. refine: how many steps the latents are improved first, see `refine`.
        """
        return joined(list(self.decompositions(images, k, refine, batch)))

    @torch.no_grad()
    def decompositions(
        self, images: Tensor, k: int | None = None, refine: int = 0, batch: int = 64
    ) -> Iterator[Decomposition]:
        """`decompose` batch by batch, for more images than memory holds atoms of."""
        check_range("refine", refine, 0, 10_000)
        check_range("batch", batch, 1, 100_000)
        for part in self._fitting(images, k).split(batch):
            with _evaluating(self):
                z, used, atoms = self.encoder(part, self.g, k)
            if refine:
                z, atoms = self.refine(part, z, refine, used), None
            atoms = inference.draw(self.g, z, used) if atoms is None else atoms
            output = self.combined(atoms)
            if not output.isfinite().all():
                raise BadInput("the model gives what is not finite: its weights are altered, or its training diverged.")
            yield Decomposition(*(one.cpu() for one in (part, z, used, atoms, output)))

    def refine(self, images: Tensor, z: Tensor, steps: int = 10, used: Tensor | None = None) -> Tensor:
        """Latents that fit the images (B, 1, N, N) better than z (B, k, d0), see `inference.refine`.

        Bounded latents stay in their box. Blocks that are not `used` stay out.
        """
        check_range("steps", steps, 0, 10_000)
        z, used = self._latents(z, used)
        return inference.refine(self.g, self._fitting(images, None), z, steps, used, bound_of(self.encoder.latents))

    def recover(
        self,
        y: Tensor,
        operator: Callable[[Tensor], Tensor],
        adjoint: Callable[[Tensor], Tensor] | None = None,
        k: int | None = None,
        rounds: int = 2,
        refine: int = 8,
        batch: int = 16,
    ) -> recovery.Recovery:
        """Images x̂ = Σᵢ g(zᵢ) from what was measured of them, y = A(x) + noise: an inverse problem with g as the prior.

        y: (B, …). operator: the linear A, a function of images (B, 1, N, N) that gives (B, …), N being the model's
        size: a blur, a mask, a down-sampling. adjoint: Aᵀ, by automatic differentiation unless it is given. k: blocks
        that a pursuit may use. rounds: how often the image is encoded anew. refine: steps of the fit to y each time.
        However wrong the prior is, ‖y − Ax̂‖ ≤ ‖y‖. Raises `BadInput` for numbers that are none, and for an A that does
        not fit y or the model, is not linear, or does not match its adjoint.
        """
        for name, value, low in (("k", 1 if k is None else k, 1), ("rounds", rounds, 1), ("refine", refine, 0)):
            check_range(name, value, low, 1024)
        check_range("batch", batch, 1, 100_000)
        if self.combine != "sum":
            raise BadInput("recover: this model takes the largest of its atoms; A is linear, and needs their sum.")
        y = recovery.measured(y).to(self.device)
        checked = Operator(operator, self.size, y.shape[1:], self.device, adjoint)
        with _evaluating(self):
            return joined([recovery.recover(self, part, checked, k, rounds, refine) for part in y.split(batch)])

    def jacobian(self, z: Tensor) -> Tensor:
        """∂g/∂z at latent blocks z (M, d0): what each coordinate changes in its atom, (M, d0, N, N)."""
        return inference.jacobian(self.g, as_numbers(z, "latents", ("M", self.d0)).to(self.device))

    def box(self, ranges: Tensor | None = None) -> Tensor:
        """Low and high (d0, 2) of each coordinate: (−1, 1) for bounded latents, or the `ranges` given.

        Latents without a bound have no box: give the range that encoded images take (`latent_range`), as the paper
        does. Raises `BadInput` without a box, or for one with an empty or endless side.
        """
        if ranges is None and bound_of(self.encoder.latents) == math.inf:
            raise BadInput("the latents of this model are not bounded: give `ranges`, the range of encoded images.")
        ranges = as_numbers(torch.tensor([[-1.0, 1.0]] * self.d0) if ranges is None else ranges, "ranges").cpu()
        if ranges.shape != (self.d0, 2) or not (ranges[:, 0] < ranges[:, 1]).all():
            raise BadInput(f"ranges: {ranges.tolist()}; expected {self.d0} pairs of finite numbers, low < high.")
        return ranges

    def random_codes(
        self, count: int, generator: torch.Generator, blocks: int | None = None, ranges: Tensor | None = None
    ) -> Tensor:
        """Latent codes (count, blocks, d0), uniform in the `box`; k blocks unless told otherwise."""
        blocks = self.k if blocks is None else blocks
        check_range("count", count, 1, 100_000)
        check_range("blocks", blocks, 1, 1024)
        check("generator", generator, torch.Generator)
        low, high = self.box(ranges).to(generator.device).T
        uniform = torch.rand(count, blocks, self.d0, generator=generator, device=generator.device)
        return (low + (high - low) * uniform).to(self.device)

    @torch.no_grad()
    def sample(
        self, count: int, generator: torch.Generator, blocks: int | None = None, ranges: Tensor | None = None
    ) -> Tensor:
        """New images (count, 1, N, N): what `random_codes` decode to. All blocks draw, k of them unless told otherwise.

        Under Assumption II.1 every one of them is in Σ.
        """
        return self.decode(self.random_codes(count, generator, blocks, ranges))

    def _fitting(self, images: Tensor, k: int | None) -> Tensor:
        """Images in order, where the model is, and padded with zeros at the bottom and the right to its size."""
        check_range("k", 1 if k is None else k, 1, 1024)
        images = check_images(images)
        height, width = images.shape[2:]
        if max(height, width) > self.size:
            fits = f"{self.size}×{self.size}; crop or shrink them, or train a model of that size."
            raise BadInput(f"the images are {height}×{width} pixels, these weights take at most {fits}")
        return pad_to(images.to(self.device), self.size)

    def _latents(self, z: Tensor, used: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """Latents (B, k, d0) and `used` (B, k) in order, where the model is."""
        z = as_numbers(z, "latents", ("B", "k", self.d0)).to(self.device)
        if used is None:
            return z, None
        used = torch.as_tensor(used) if isinstance(used, np.ndarray) else used
        check("used", used, Tensor)
        if used.dtype != torch.bool or used.shape != z.shape[:2]:
            raise BadInput(f"used: {tuple(used.shape)} of {used.dtype}; expected {tuple(z.shape[:2])} of torch.bool.")
        return z, used.to(self.device)


def latent_range(z: Tensor, used: Tensor, tail: float = 0.01) -> Tensor:
    """The range (d0, 2) of each coordinate over blocks in use, without a share `tail` at either end."""
    return torch.quantile(z[used].float().cpu(), torch.tensor([tail, 1 - tail]), dim=0).T


def parameter_count(module: nn.Module) -> int:
    """How many numbers a module learns."""
    return sum(parameter.numel() for parameter in module.parameters())


@contextmanager
def _evaluating(model: nn.Module) -> Iterator[None]:
    """The model in eval mode, and back: what is asked of a network does not hang on where its training is."""
    before = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(before)
