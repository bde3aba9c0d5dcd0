"""Every rival by name: the library's recipe with another idea in it, trained and recorded in the same way."""

from dataclasses import dataclass
from typing import Any

from torch import Tensor

from .. import recipes
from ..data.digits import Digits
from ..data.spikes import Spikes
from ..errors import BadInput, check_range
from ..recipes import Recipe
from .correlation import BetaTCVAE
from .dip import DIPVAE, DIPVAE2
from .factor import FactorVAE
from .jl1 import JL1VAE
from .networks import Rival
from .vae import AnnealedVAE, BetaVAE

SYSTEMS: dict[str, Any] = {
    "conventional": Rival, "beta-vae": BetaVAE, "annealed": AnnealedVAE, "factor-vae": FactorVAE,
    "beta-tcvae": BetaTCVAE, "dip-vae-1": DIPVAE, "dip-vae-2": DIPVAE2, "jl1-vae": JL1VAE,
}  # fmt: skip


@dataclass(frozen=True)
class RivalRecipe(Recipe):
    """A recipe for a system of another idea; its code has k·d0 numbers, as an atomic one's.

    system: a word of `SYSTEMS`. weight: of the term that is the system's own, one of its published grid; None, where it
    has none. std: of the Gaussian that says how likely an image is.
    """

    system: str = "conventional"
    weight: float | None = None
    std: float = 0.1

    def __post_init__(self):
        super().__post_init__()
        if self.system not in SYSTEMS:
            raise BadInput(f"there is no rival “{self.system}”; choose one of {', '.join(SYSTEMS)}.")
        check_range("Recipe: std", self.std, 1e-3, 1e3)
        grid = SYSTEMS[self.system].grid
        if self.weight not in (grid or (None,)):
            expected = f"one of its published {', '.join(map(str, grid))}" if grid else "None, for it has no such term"
            raise BadInput(f"Recipe: the weight of {self.system} = {self.weight}; expected {expected}.")

    def build(self) -> Any:
        return SYSTEMS[self.system](self)

    def loss(self, model: Any, batch: Any, progress: float) -> Tensor:
        return model.loss(batch, progress)


recipes.KINDS["system"] = RivalRecipe

# Small spikes and digits, and a training of half a minute: whatever is compared sees as many images.
SPIKES: dict[str, Any] = {"data": Spikes(size=64, sigma=3.0, k=5), "k": 5, "d0": 3}
DIGITS: dict[str, Any] = {"data": Digits(size=64), "k": 8, "d0": 6}
BUDGET: dict[str, Any] = {"decoder": "convolutional", "steps": 800, "batch": 32, "lr": 3e-3, "bfloat16": True}


def rival(system: str, kind: str, weight: float | None = None, **changes) -> RivalRecipe:
    """The recipe of a system for "spikes" or "digits"; the weight is the middle one of its grid, unless given."""
    grid, data = SYSTEMS[system].grid, {"spikes": SPIKES, "digits": DIGITS}[kind]
    weight = grid[len(grid) // 2] if grid and weight is None else weight
    settings = {**BUDGET, **data, "encoder": "one-shot", "system": system, "weight": weight, **changes}
    return RivalRecipe(f"{kind}-{system}", **settings)


RIVALS: dict[str, Recipe] = {
    recipe.name: recipe for recipe in (rival(system, kind) for kind in ("spikes", "digits") for system in SYSTEMS)
}


def find(name: str) -> Recipe:
    """The recipe of that name, the library's own or a rival's; raises `BadInput` with the names that exist."""
    return recipes.find(name, RIVALS)
