"""Jacobian supervision: a student with a longer code is to change its images as its teacher does.

Lezama, *Overcoming the disentanglement vs reconstruction trade-off via Jacobian supervision*, ICLR 2019.
"""

import copy
from typing import Any

import torch
from torch import Tensor

from .networks import Rival


class Grown(Rival):
    """Section 3, without labels: the code grows from d0 numbers by d0 at a time, each student the next one's teacher.

    In a stage the code's last numbers y are those that the teacher has, the d0 before them, z, are new and the others
    are 0. ‖x − x̂‖² + λ_y ‖y_T − y‖² + λ ‖[D_T(y_T) − D_T(πy_T)] − [D(z, y) − D(z, πy)]‖² + λ_x ‖Cov(z, y)‖, means over
    pixels and numbers, π a shuffle of the batch; λ is the recipe's weight. A student starts as its teacher. The paper
    grows by one number from 2 to 16, each for 100 epochs: the k stages here are its steps of d0, for the time's sake;
    and without a batch norm at first.
    """

    grid = (0.1,)
    of_codes, of_covariance = 0.25, 1e-3
    known: Any
    teacher: Any

    def __init__(self, recipe: Any):
        super().__init__(recipe)
        self.register_buffer("known", torch.zeros(()))  # numbers of the teacher's code
        self.teacher = held(self)

    def encode(self, images: Tensor) -> Tensor:
        return self.shown(super().encode(images), self.active)

    @property
    def active(self) -> int:
        """Numbers of the code that are in use."""
        return min(self.m, int(self.known) + self.recipe.d0)

    def shown(self, z: Tensor, last: int) -> Tensor:
        """Codes (B, m) with zeros but for their last numbers."""
        return torch.cat([torch.zeros_like(z[:, : self.m - last]), z[:, self.m - last :]], dim=1)

    def graduate(self, progress: float) -> None:
        """At a new stage the student becomes the teacher."""
        stage = min(self.recipe.k - 1, int(progress * self.recipe.k))
        if stage * self.recipe.d0 > self.known:
            self.known.fill_(stage * self.recipe.d0)
            self.teacher.encoder.load_state_dict(self.encoder.state_dict())
            self.teacher.decoder.load_state_dict(self.decoder.state_dict())

    def loss(self, batch: Any, progress: float) -> Tensor:
        self.graduate(progress)
        known, z = int(self.known), self.encode(batch)
        output = self.decode(z)
        value = self.relative(batch, output)
        if not known:
            return value
        new = self.m - known
        with torch.no_grad():
            taught = self.shown(self.teacher.encoder(batch).float(), known)
            swap = torch.randperm(len(batch), device=batch.device)
            change = self.teacher.decoder(taught) - self.teacher.decoder(taught[swap])
        mixed = torch.cat([z[:, :new], z[swap, new:]], dim=1)
        terms = self.of_codes * (taught - z)[:, new:].square().mean()
        terms = terms + self.recipe.weight * other_change(output - self.decode(mixed), change)
        terms = terms + self.of_covariance * covariance_norm(z[:, self.m - self.active : new], z[:, new:])
        return value + terms * batch.numel() / batch.square().sum()


class Teacher(torch.nn.Module):
    """A copy of a network that learns nothing."""

    def __init__(self, encoder: torch.nn.Module, decoder: torch.nn.Module):
        super().__init__()
        self.encoder, self.decoder = copy.deepcopy(encoder), copy.deepcopy(decoder)
        self.requires_grad_(False)


def held(model: Any) -> Teacher:
    """A teacher that is the model as it stands."""
    return Teacher(model.encoder, model.decoder)


def other_change(student: Tensor, teacher: Tensor) -> Tensor:
    """How much else a student's images change than its teacher's, as y goes to πy: the mean square over pixels."""
    return (teacher - student).square().mean()


def covariance_norm(z: Tensor, y: Tensor) -> Tensor:
    """‖Cov(z, y)‖, the Frobenius norm of the cross-covariance of z (B, m) and y (B, n) over a batch."""
    return ((z - z.mean(dim=0)).T @ (y - y.mean(dim=0))).norm() / len(z)
