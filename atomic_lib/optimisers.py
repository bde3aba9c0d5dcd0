"""What takes a training's steps: Adam, or Muon for the weight matrices and Adam for the rest.

Muon (Jordan et al. 2024, *Muon: An optimizer for hidden layers in neural networks*) replaces the momentum of a weight
matrix by the nearest matrix whose singular values are all about 1, found by five Newton–Schulz steps in bfloat16: no
direction is learned last because its gradient is small. The step of a (rows, columns) matrix is longer by
√max(1, rows/columns). It is `torch.optim.Muon`, without weight decay; that class takes matrices only, so that here a
convolution's kernel (out, in, h, w) is handed over as its matrix (out, in·h·w).
"""

import torch
from torch import nn

from .errors import BadInput

OPTIMISERS = ("adam", "muon")
SMALLEST = 5  # rows and columns of a matrix from which on it is worth Muon's pains
REST = 1e-3  # Adam's rate, if no other is given, for what is no such matrix: biases, gains, thin layers


def is_matrix(weight: torch.Tensor) -> bool:
    """Whether a weight (out, …), read as a matrix (out, the rest), has more than four rows and columns."""
    return weight.ndim >= 2 and min(len(weight), weight[0].numel()) >= SMALLEST


class Optimiser:
    """The optimiser of a recipe: `parts`, one or two of torch's, behind the face of one.

    name: "adam", at the rate `lr` for all parameters, or "muon", at `lr` for what `is_matrix` and Adam at `rest` for
    the others. Each of `param_groups` has a "scale": its rate over `lr`, which a schedule leaves as it is. Raises
    `BadInput` for an unknown name, and for Muon where there is no matrix.
    """

    def __init__(self, name: str, model: nn.Module, lr: float, rest: float = REST):
        if name not in OPTIMISERS:
            raise BadInput(f"there is no optimiser “{name}”; choose one of {', '.join(OPTIMISERS)}.")
        self.name, self.weights, self.matrices = name, list(model.parameters()), []
        self.held = [weight for weight in self.weights if is_matrix(weight)] if name == "muon" else []
        if name == "muon" and not self.held:
            raise BadInput(f"muon: this network has no weight matrix of {SMALLEST}×{SMALLEST} or more; take adam.")
        others = [weight for weight in self.weights if not any(weight is one for one in self.held)]
        self.parts: dict[str, torch.optim.Optimizer] = {}
        if self.held:
            self.matrices = [nn.Parameter(weight.detach().view(len(weight), -1)) for weight in self.held]
            group = {"params": self.matrices, "scale": 1.0}
            self.parts["muon"] = torch.optim.Muon([group], lr=lr, weight_decay=0.0)
        if others:
            scale = rest / lr if self.held else 1.0
            self.parts["adam"] = torch.optim.Adam([{"params": others, "scale": scale}], lr=lr * scale)

    @property
    def param_groups(self) -> list[dict]:
        """The groups of all parts."""
        return [group for part in self.parts.values() for group in part.param_groups]

    def zero_grad(self, set_to_none: bool = True) -> None:
        for part in self.parts.values():
            part.zero_grad(set_to_none)
        for weight in self.held:
            weight.grad = None

    def step(self) -> None:
        for weight, matrix in zip(self.held, self.matrices, strict=True):
            matrix.data = weight.data.view(len(weight), -1)  # the same numbers in the same place, not a copy
            matrix.grad = None if weight.grad is None else weight.grad.flatten(1)
        for part in self.parts.values():
            part.step()

    def state_dict(self) -> dict:
        return {name: part.state_dict() for name, part in self.parts.items()}

    def load_state_dict(self, state: dict) -> None:
        """Go on from `state_dict`; raises `BadInput` for one of another optimiser."""
        if set(state) != set(self.parts):
            other = " and ".join(name for name in state if name in OPTIMISERS) or "an older version"
            raise BadInput(f"the checkpoint is of another optimiser ({other}), this training's is {self.name}.")
        for name, part in self.parts.items():
            part.load_state_dict(state[name])
