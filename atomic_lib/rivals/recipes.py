"""Every rival by name: the library's recipe with another idea in it, trained and recorded in the same way."""

from dataclasses import dataclass
from typing import Annotated, Any

from torch import Tensor

from .. import recipes
from ..data.digits import Digits
from ..data.spikes import Spikes
from ..errors import BadInput, Within
from ..recipes import Recipe
from .consistency import Consistent
from .correlation import BetaTCVAE
from .dip import DIPVAE, DIPVAE2
from .factor import FactorVAE
from .jl1 import JL1VAE
from .labelled import LabelledDigits
from .networks import Rival
from .slot_attention import MaskedSlots, SlotAutoencoder
from .supervised import Fader, GrownWithClass, XCov
from .teachers import Grown
from .vae import AnnealedVAE, BetaVAE

SYSTEMS: dict[str, Any] = {
    "conventional": Rival, "beta-vae": BetaVAE, "annealed": AnnealedVAE, "factor-vae": FactorVAE,
    "beta-tcvae": BetaTCVAE, "dip-vae-1": DIPVAE, "dip-vae-2": DIPVAE2, "jacobian": Grown, "jl1-vae": JL1VAE,
    "slot-attention": MaskedSlots, "slot-additive": SlotAutoencoder, "consistent": Consistent,
}  # fmt: skip
SUPERVISED: dict[str, Any] = {"xcov": XCov, "fader": Fader, "jacobian-class": GrownWithClass}


@dataclass(frozen=True)
class RivalRecipe(Recipe):
    """A recipe for a system of another idea; its code has k·d0 numbers, as an atomic one's.

    system: a word of `SYSTEMS` or `SUPERVISED`. weight: of the term that is the system's own, one of its published
    grid; None, where it has none. std: of the Gaussian that says how likely an image is.
    """

    system: str = "conventional"
    weight: float | None = None
    std: Annotated[float, Within(1e-3, 1e3)] = 0.1

    def __post_init__(self):
        super().__post_init__()
        known = SYSTEMS | SUPERVISED
        if self.system not in known:
            raise BadInput(f"there is no rival “{self.system}”; choose one of {', '.join(known)}.")
        if (
            self.encoder != "one-shot"
            or self.untied
            or self.combine != "sum"
            or {self.penalty, self.alignment} != {"none"}
        ):
            told = "encoders, untied decoders, a maximum, penalties and alignments are for atomic ones"
            raise BadInput(f"Recipe: {self.system} has a network and a loss of its own; {told}.")
        grid = known[self.system].grid
        if self.weight not in (grid or (None,)):
            expected = f"one of its published {', '.join(map(str, grid))}" if grid else "None, for it has no such term"
            raise BadInput(f"Recipe: the weight of {self.system} = {self.weight}; expected {expected}.")

    def build(self) -> Any:
        return (SYSTEMS | SUPERVISED)[self.system](self)

    def loss(self, model: Any, batch: Any, progress: float) -> Tensor:
        return model.loss(batch, progress)


recipes.KINDS["system"] = RivalRecipe

# Broad spikes, small digits, and a training of half a minute: whatever is compared sees as many images. Latents are
# free, which one-shot encoders learn best with in so short a time; a pursuit's are bounded, and noisy, as in those that
# ship.
KINDS: dict[str, dict[str, Any]] = {
    "spikes": {"data": Spikes(size=64, sigma=4.0, k=5), "k": 5, "d0": 3},
    "digits": {"data": Digits(size=64), "k": 8, "d0": 6},
}
BUDGET: dict[str, Any] = {
    "decoder": "convolutional", "latents": "leaky", "steps": 600, "batch": 32, "lr": 3e-3, "bfloat16": True,
}  # fmt: skip
# The library's own, and what is additive but shares no g, or takes the largest atom: words of `Recipe` itself.
_PURSUITS: dict[str, dict[str, Any]] = {
    "spikes": {
        "noise": 0.01, "noise_end": 0.001,
        "encoder_options": {"window": 28, "smooth": 2.0, "stride": 2, "again": 1},
    },
    "digits": {
        "noise": 0.02, "noise_end": 0.005, "deepen": False,
        "encoder_options": {"window": 24, "stride": 2, "smooth": 2.0, "stop": 0.05},
    },
}  # fmt: skip
ATOMIC: dict[str, dict[str, Any]] = {
    "untied": {"encoder": "one-shot", "untied": True},
    "max": {"encoder": "one-shot", "combine": "max"},
    "one-shot": {"encoder": "one-shot"},
    "slots": {"encoder": "slots", "encoder_options": {"stride": 8}},
    "pursuit": {"encoder": "pursuit", "latents": "bounded"},
}


# The weights that were tried, some of each published grid, and those that the rule of `studies.field` chose.
TRIED: dict[str, tuple[float, ...]] = {
    "beta-vae": (1, 4, 16), "annealed": (25, 50, 100), "factor-vae": (10, 30, 100), "beta-tcvae": (2, 6, 10),
    "dip-vae-1": (1, 10, 50), "dip-vae-2": (1, 10, 50), "jl1-vae": (0.05, 0.1, 0.4),
}  # fmt: skip
CHOSEN: dict[str, dict[str, float]] = {
    "spikes": {
        "beta-vae": 16, "annealed": 25, "factor-vae": 100, "beta-tcvae": 10, "dip-vae-1": 50, "dip-vae-2": 50,
        "jl1-vae": 0.4,
    },
    "digits": {
        "beta-vae": 16, "annealed": 100, "factor-vae": 100, "beta-tcvae": 10, "dip-vae-1": 50, "dip-vae-2": 10,
        "jl1-vae": 0.4,
    },
}  # fmt: skip


def rival(system: str, kind: str, weight: float | None = None, **changes) -> Recipe:
    """The recipe of a system for "spikes" or "digits"; its weight is the chosen one, unless given."""
    base = {**BUDGET, **KINDS[kind]}
    if system in ATOMIC:
        base |= ATOMIC[system] | (_PURSUITS[kind] if system == "pursuit" else {})
        return Recipe(f"{kind}-{system}", **{**base, **changes})
    base["encoder"] = "one-shot"
    if system in SUPERVISED:
        base["data"] = LabelledDigits(**vars(base["data"]))
    grid = (SYSTEMS | SUPERVISED)[system].grid
    if grid and weight is None:
        weight = CHOSEN[kind].get(system, grid[0])
    return RivalRecipe(f"{kind}-{system}", **{**base, "system": system, "weight": weight, **changes})


_PAIRS = [(system, kind) for kind in KINDS for system in (*SYSTEMS, *ATOMIC)] + [(one, "digits") for one in SUPERVISED]
RIVALS: dict[str, Recipe] = {f"{kind}-{system}": rival(system, kind) for system, kind in _PAIRS}


# What has a name of its own; the field's own short one-shot, slots and pursuit trainings are `ablate field`'s.
NAMED: dict[str, Recipe] = {name: recipe for name, recipe in RIVALS.items() if name not in recipes.RECIPES}


def find(name: str) -> Recipe:
    """The recipe of that name, the library's own or a rival's; raises `BadInput` with the names that exist."""
    return recipes.find(name, NAMED)
