"""The atomic autoencoder of the paper: f = f_D ∘ f_E with f_D(z) = Σᵢ g(zᵢ)."""

import math

import torch
from torch import Tensor, nn
from torch.func import jvp

from ..devices import device_of
from ..errors import BadInput, check_range
from ..images import check_images, pad_to
from .encoders import Code
from .layers import bound_of


class AtomicAutoencoder(nn.Module):
    """An encoder f_E, and one decoder block g whose copies are summed (Section II-B, Fig. 1).

    Shapes: images (B, 1, N, N), latents z (B, k, d0), atoms (B, k, 1, N, N), used (B, k).
    """

    def __init__(self, encoder: nn.Module, g: nn.Module, combine: str = "sum"):
        super().__init__()
        if encoder.d0 != g.d0:
            raise BadInput(f"the encoder gives blocks of d0 = {encoder.d0}, the decoder wants d0 = {g.d0}.")
        self.encoder, self.g, self.combine, self.recipe = encoder, g, combine, None
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
        return self.combined(self.atoms(z, used))

    def combined(self, atoms: Tensor) -> Tensor:
        """Atoms (B, k, 1, N, N) → an image: their sum or, as in the authors' follow-up of 2025, the largest of them."""
        return atoms.sum(dim=1) if self.combine == "sum" else atoms.amax(dim=1)

    def forward(self, images: Tensor) -> Tensor:
        """Images → their reconstructions f(x) = f_D(f_E(x))."""
        return self.decode(*self.encode(images))

    def decompose(self, images: Tensor, k: int | None = None) -> Code:
        """Images → z, used and atoms together, computed once."""
        code = self.encoder(self._fitting(images, k), self.g, k)
        return code if code.atoms is not None else code._replace(atoms=self.atoms(code.z))

    def box(self, ranges: Tensor | None = None) -> Tensor:
        """Low and high (d0, 2) of each coordinate: (−1, 1) for bounded latents, or the `ranges` given.

        Latents without a bound have no box: give the range that encoded images take (`latent_range`), as the
        paper does. Raises `BadInput` without a box, or for one with an empty side.
        """
        if ranges is None and bound_of(self.encoder.latents) == math.inf:
            raise BadInput("the latents of this model are not bounded: give `ranges`, the range of encoded images.")
        ranges = torch.tensor([[-1.0, 1.0]] * self.d0) if ranges is None else torch.as_tensor(ranges).float().cpu()
        if ranges.shape != (self.d0, 2) or not (ranges[:, 0] < ranges[:, 1]).all():
            raise BadInput(f"ranges: {ranges.tolist()}; expected {self.d0} pairs, low < high.")
        return ranges

    def random_codes(
        self, count: int, generator: torch.Generator, blocks: int | None = None, ranges: Tensor | None = None
    ) -> Tensor:
        """Latent codes (count, blocks, d0), uniform in the `box`; k blocks unless told otherwise."""
        blocks = self.k if blocks is None else blocks
        check_range("count", count, 1, 100_000)
        check_range("blocks", blocks, 1, 1024)
        low, high = self.box(ranges).to(generator.device).T
        uniform = torch.rand(count, blocks, self.d0, generator=generator, device=generator.device)
        return (low + (high - low) * uniform).to(device_of(self))

    @torch.no_grad()
    def sample(
        self, count: int, generator: torch.Generator, blocks: int | None = None, ranges: Tensor | None = None
    ) -> Tensor:
        """New images (count, 1, N, N): what `random_codes` decode to. All blocks draw, k of them unless told otherwise.

        Under Assumption II.1 every one of them is in Σ.
        """
        return self.decode(self.random_codes(count, generator, blocks, ranges))

    def jacobian(self, z: Tensor) -> Tensor:
        """∂g/∂z at latent blocks z (M, d0): what each coordinate changes in its atom, (M, d0, N, N)."""
        along = torch.eye(self.d0, dtype=z.dtype, device=z.device)
        return torch.cat([jvp(self.g, (z,), (one.expand_as(z),))[1] for one in along], dim=1)

    @torch.no_grad()
    def refine(self, images: Tensor, z: Tensor, steps: int = 10, used: Tensor | None = None) -> Tensor:
        """Latents that fit the images (B, 1, N, N) better than z (B, k, d0): min ‖x − Σᵢ g(zᵢ)‖² from there.

        Levenberg–Marquardt over all coordinates of an image at once; a step that does not improve an image is not
        taken there, so that no fit gets worse. Bounded latents stay in their box. Blocks that are not `used` stay out.
        """
        check_range("steps", steps, 0, 10_000)
        x = self._fitting(images, None)
        used = torch.ones(z.shape[:2], dtype=torch.bool, device=z.device) if used is None else used
        bound = bound_of(self.encoder.latents)
        damping = z.new_full((len(z), 1), 1e-3)
        residual = x - self.decode(z, used)
        for _ in range(steps):
            columns = z.new_zeros(*z.shape, *x.shape[2:])
            columns[used] = self.jacobian(z[used])
            columns = columns.flatten(3).flatten(1, 2)  # (B, k·d0, N²)
            gradient = columns @ residual.flatten(1)[..., None]
            normal = columns @ columns.transpose(1, 2)
            scale = normal.diagonal(dim1=1, dim2=2)
            damped = normal + torch.diag_embed(damping * scale + 1e-6 * scale.amax(1, keepdim=True) + 1e-12)
            trial = (z + torch.linalg.solve(damped, gradient).view_as(z)).clamp(-bound, bound)
            left = x - self.decode(trial, used)
            better = left.square().flatten(1).sum(1) < residual.square().flatten(1).sum(1)
            z = torch.where(better[:, None, None], trial, z)
            residual = torch.where(better[:, None, None, None], left, residual)
            damping = torch.where(better[:, None], damping / 5, damping * 5).clamp(1e-7, 1e7)
        return z

    def _fitting(self, images: Tensor, k: int | None) -> Tensor:
        """Check images and k, and pad smaller images with zeros at the bottom and the right."""
        check_range("k", 1 if k is None else k, 1, 1024)
        height, width = check_images(images).shape[2:]
        if max(height, width) > self.size:
            fits = f"{self.size}×{self.size}; crop or shrink them, or train a model of that size."
            raise BadInput(f"the images are {height}×{width} pixels, these weights take at most {fits}")
        return pad_to(images.float(), self.size)


@torch.no_grad()
def decomposed(model: AtomicAutoencoder, images: Tensor, k: int | None = None, refine: int = 0) -> Code:
    """z, used and atoms of images (B, 1, N, N), computed where the model is, and brought to the CPU.

    refine: how many steps the latents are improved first, see `AtomicAutoencoder.refine`.
    """
    images = images.to(device_of(model))
    code = model.decompose(images, k)
    if refine:
        z = model.refine(images, code.z, refine, code.used)
        code = Code(z, code.used, model.atoms(z, code.used))
    return Code(*(part.cpu() for part in code))


def parameter_count(module: nn.Module) -> int:
    """How many numbers a module learns."""
    return sum(parameter.numel() for parameter in module.parameters())


def latent_range(z: Tensor, used: Tensor, tail: float = 0.01) -> Tensor:
    """The range (d0, 2) of each coordinate over blocks in use, without a share `tail` at either end."""
    return torch.quantile(z[used].float().cpu(), torch.tensor([tail, 1 - tail]), dim=0).T
