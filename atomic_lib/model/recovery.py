"""Inverse problems with g as the prior: y = A(Σᵢ g(zᵢ)) + noise, for a linear A given as a function.

"Such models are ubiquitous", the paper begins, "for the resolution of ill-posed inverse problems". The encoder looks at
what A lets through, brought back to the plane of images; then the latents are fitted to what was measured itself.
"""

from dataclasses import dataclass, fields
from typing import Any

import torch
from torch import Tensor, nn

from ..errors import BadInput
from ..images import as_numbers
from . import inference
from .layers import bound_of
from .operators import Operator

SURE = 25.0  # times the variance of what is left: how much of ‖y − Ax̂‖² a block must take away to stay


@dataclass(frozen=True)
class Recovery:
    """What was recovered from y ≈ Ax̂, x̂ = Σᵢ g(zᵢ). All on the CPU.

    z: (B, k, d0). used: (B, k), the blocks in use. atoms: (B, k, 1, N, N). output: x̂, (B, 1, N, N). left: y − Ax̂,
    (B, …), of no more energy than y.
    """

    z: Tensor
    used: Tensor
    atoms: Tensor
    output: Tensor
    left: Tensor


def measured(y: Any) -> Tensor:
    """What was measured of each image, (B, …), in order; else raises `BadInput`."""
    y = as_numbers(y, "y")
    if y.ndim < 2 or not y.numel():
        raise BadInput(f"y: the shape is {tuple(y.shape)}; expected (B, …), what was measured of B ≥ 1 images.")
    if not y.isfinite().all():
        raise BadInput("y: some values are not finite (NaN or infinity); let the operator leave out what is not known.")
    return y


@torch.no_grad()
def recover(model: Any, y: Tensor, operator: Operator, k: int | None, rounds: int, steps: int) -> Recovery:
    """Latents of little ‖y − A Σᵢ g(zᵢ)‖², see `AtomicAutoencoder.recover`.

    Each round takes the image so far, adds what may have left the residual, encodes that anew (a step towards the data
    and a learned projection onto Σ), and fits the latents to y. Of all rounds the best is kept; none may do harm.
    """
    bound, least = bound_of(model.encoder.latents), _energy(y)
    output = torch.zeros(len(y), 1, model.size, model.size, device=y.device)
    best: Any = None
    there: Any = None
    for _ in range(rounds):
        z, used, _ = model.encoder(output + operator.back(y - operator(output)), model.g, k)
        best, there = (z, torch.zeros_like(used)) if best is None else (best, there)  # no block at all harms nobody
        for _ in range(2):  # who falls out leaves light to the others
            z = inference.refine(model.g, y, z, steps, used, bound, operator)
            used = used & needed(model.g, y, operator, z, used)
        output = inference.draw(model.g, z, used).sum(dim=1)
        energy = _energy(y - operator(output))
        better = energy < least
        least = torch.where(better, energy, least)
        best, there = torch.where(better[:, None, None], z, best), torch.where(better[:, None], used, there)
    atoms = inference.draw(model.g, best, there)
    output = atoms.sum(dim=1)
    return Recovery(best, there, atoms, output, y - operator(output))


def needed(g: nn.Module, y: Tensor, operator: Operator, z: Tensor, used: Tensor) -> Tensor:
    """Which of the blocks z (B, k, d0) do more than fit noise, (B, k): without it, ‖y − Ax̂‖² would be larger by more
    than chance, were what is left white."""
    atoms = inference.draw(g, z, used)
    left = y - operator(atoms.sum(dim=1))
    seen = operator(atoms.flatten(0, 1)).view(*z.shape[:2], *left.shape[1:])
    without = (left[:, None] + seen).double().square().flatten(2).sum(dim=2)
    energy = _energy(left)[:, None]
    return without - energy > SURE * energy / left[0].numel()


def joined(parts: list[Recovery]) -> Recovery:
    """The recoveries of several batches as one, on the CPU."""
    return Recovery(*(torch.cat([getattr(part, f.name).cpu() for part in parts]) for f in fields(Recovery)))


def _energy(y: Tensor) -> Tensor:
    """‖y‖² of each image, (B,)."""
    return y.double().square().flatten(1).sum(dim=1)
