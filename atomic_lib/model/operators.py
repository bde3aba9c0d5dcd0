"""A: what was done to an image before anybody measured it, as a function; its adjoint, and a careful way back."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from ..errors import BadInput

Map = Callable[[Tensor], Tensor]
EXACT = 1e-3  # share to which float32 holds what is linear
SMOOTH = 0.03  # weight of ‖∇u‖² on the way back, in units of ‖A‖²


class Operator:
    """A linear A on images (B, 1, N, N), and its adjoint Aᵀ.

    forward: images (B, 1, N, N) → what is measured of each, (B, …), without a memory from one image to the next.
    adjoint: the way back, by automatic differentiation unless it is given. Both are tried on random images: raises
    `BadInput` for a function that fails, gives other shapes than `measured`, is not linear, or whose adjoint does not
    match, ⟨Ax, y⟩ ≠ ⟨x, Aᵀy⟩.
    """

    def __init__(self, forward: Map, size: int, measured: torch.Size, device: Any = "cpu", adjoint: Map | None = None):
        for name, one in (("operator", forward), ("adjoint", adjoint or forward)):
            if not callable(one):
                raise BadInput(f"{name}: of type {type(one).__name__}; expected a function of images (B, 1, N, N).")
        self.forward, self.given, self.measured = forward, adjoint, tuple(measured)
        self.size, self.device = size, device
        self._check()

    def __call__(self, images: Tensor) -> Tensor:
        """Images (B, 1, N, N) → A of each, (B, …)."""
        return self.forward(images)

    def adjoint(self, left: Tensor) -> Tensor:
        """Measured (B, …) → Aᵀ of each, (B, 1, N, N)."""
        if self.given is not None:
            return self.given(left)
        with torch.enable_grad():
            blank = torch.zeros(len(left), 1, self.size, self.size, device=left.device)
            return torch.func.vjp(self.forward, blank)[1](left)[0]

    def back(self, left: Tensor, smooth: float = SMOOTH, steps: int = 20) -> Tensor:
        """min_u ‖left − Au‖² + λ‖∇u‖²: an image (B, 1, N, N) that may have left this (B, …), smooth where A is blind.

        By `steps` of conjugate gradients. smooth: λ in units of ‖A‖².
        """
        weight = smooth * self.energy
        u = torch.zeros(len(left), 1, self.size, self.size, device=left.device)
        rest = way = self.adjoint(left)
        energy = _dot(rest, rest)
        for _ in range(steps):
            bent = self.adjoint(self(way)) + weight * _roughness(way)
            step = energy / _dot(way, bent).clamp(min=1e-30)
            u, rest = u + step * way, rest - step * bent
            before, energy = energy, _dot(rest, rest)
            way = rest + energy / before.clamp(min=1e-30) * way
        return u

    def _check(self) -> None:
        generator = torch.Generator().manual_seed(0)
        first, second = (torch.randn(2, 1, self.size, self.size, generator=generator) for _ in range(2))
        first, second = first.to(self.device), second.to(self.device)
        seen = [self._tried("operator", self.forward, x) for x in (first, second, first - 2 * second)]
        for one in seen:
            if one.shape != (2, *self.measured):
                told = f"gives {tuple(one.shape)} of images (2, 1, {self.size}, {self.size})"
                raise BadInput(f"operator: {told}; expected (2, {', '.join(map(str, self.measured))}), as y has it.")
        scale = sum(float(one.norm()) for one in seen)
        alone = self._tried("operator", self.forward, first[:1])
        off = float((seen[2] - seen[0] + 2 * seen[1]).norm()), float((alone - seen[0][:1]).norm())
        if not max(off) <= EXACT * scale:
            told = "A(x − 2x′) is not A(x) − 2A(x′)" if off[0] > EXACT * scale else "A of an image hangs on its batch"
            raise BadInput(f"operator: not linear, {told}; give a function that is, without noise, clipping or offset.")
        other = torch.randn(seen[0].shape, generator=generator).to(seen[0])
        other = seen[0] + other * seen[0].norm() / other.norm()  # ⟨Ax, y⟩ of numbers at random alone is nearly 0
        back = self._tried("adjoint", self.adjoint, other)
        if back.shape != first.shape:
            raise BadInput(
                f"adjoint: gives {tuple(back.shape)} of {tuple(other.shape)}; expected {tuple(first.shape)}."
            )
        there, here = _dot(seen[0], other), _dot(first, back)
        unlike = (there - here).abs() > EXACT * (seen[0].norm() * other.norm() + first.norm() * back.norm())
        if unlike.any():
            numbers = f"⟨Ax, y⟩ = {float(there[0]):.4g}, ⟨x, Aᵀy⟩ = {float(here[0]):.4g}"
            mend = "leave it out, or mend it" if self.given else "the function is not torch throughout: give `adjoint`"
            raise BadInput(f"adjoint: it does not match the operator, {numbers}; {mend}.")
        self.energy = self._largest(first)

    def _tried(self, name: str, function: Map, given: Tensor) -> Tensor:
        try:
            with torch.no_grad():
                found = function(given)
        except (RuntimeError, ValueError, TypeError, LookupError, AttributeError, NotImplementedError) as error:
            reason = str(error).strip().split("\n")[0].rstrip(".") or type(error).__name__
            mend = "; give `adjoint`, if the operator is not torch throughout" if function == self.adjoint else ""
            raise BadInput(f"{name}: fails on a batch {tuple(given.shape)} ({reason}){mend}.") from None
        if not isinstance(found, Tensor) or not found.is_floating_point() or not found.isfinite().all():
            kind = type(found).__name__ if not isinstance(found, Tensor) else f"a tensor of {found.dtype}"
            raise BadInput(
                f"{name}: gives {kind} of a batch {tuple(given.shape)}; expected a tensor of finite numbers."
            )
        return found

    def _largest(self, image: Tensor, steps: int = 8) -> float:
        """‖A‖², by power iteration."""
        norm = torch.ones(())
        for _ in range(steps):
            image = self.adjoint(self(image / image.norm().clamp(min=1e-30)))
            norm = image.norm()
        return float(norm)


def _roughness(images: Tensor) -> Tensor:
    """∇ᵀ∇ of images (B, 1, N, N): minus the Laplacian, with a free border."""
    rough = torch.zeros_like(images)
    for axis in (2, 3):
        step = images.diff(dim=axis)
        rough.narrow(axis, 0, step.shape[axis]).sub_(step)
        rough.narrow(axis, 1, step.shape[axis]).add_(step)
    return rough


def _dot(a: Tensor, b: Tensor) -> Tensor:
    """⟨a, b⟩ of each pair in a batch, (B, 1, 1, 1)."""
    return (a * b).flatten(1).sum(dim=1).view(-1, 1, 1, 1)
