"""Atomic autoencoders: x̂ = Σᵢ g(zᵢ) (Newson & Traonmilin, SampTA 2023), to run and to build on.

    model = atomic_lib.load("digits-pursuit")
    image = atomic_lib.digits.from_image("seven.png", model.size)
    z, used = model.encode(image)

Importing it costs little more than torch and numpy: matplotlib and scipy are imported where used.
"""

from . import digits, spikes
from .checkpoints import load, shipped
from .errors import BadInput
from .metrics import evaluate
from .model import AtomicAutoencoder
from .recipes import RECIPES, Recipe
from .training import Training

__all__ = [
    "RECIPES", "AtomicAutoencoder", "BadInput", "Recipe", "Training", "digits", "evaluate", "load", "shipped", "spikes",
]  # fmt: skip
