"""Atomic autoencoders: x̂ = Σᵢ g(zᵢ) (Newson & Traonmilin, SampTA 2023), to run and to build on.

    model = atomic_lib.load("digits-pursuit")
    image = atomic_lib.data.from_image("seven.png", model.size)
    found = model.decompose(image)  # found.atoms, found.output, found.z
    atomic_lib.explore(model, image)  # in a notebook: a panel of sliders

Importing it costs little more than torch and numpy: matplotlib, scipy and ipywidgets are imported where used.
"""

import sys

if sys.argv[:1] == ["-m"]:  # on the command line, Ctrl-C while torch is being imported is no error to be traced
    sys.excepthook = lambda kind, *rest: None if kind is KeyboardInterrupt else sys.__excepthook__(kind, *rest)

from . import data
from .errors import BadInput
from .metrics import evaluate
from .model.autoencoder import AtomicAutoencoder
from .recipes import RECIPES, Recipe
from .rivals import recipes as _rivals  # noqa: F401  # `load` is to know theirs, too
from .training import Training
from .weights import load, records, shipped

__all__ = [
    "RECIPES", "AtomicAutoencoder", "BadInput", "Recipe", "Training", "data", "evaluate", "explore", "load", "records",
    "shipped",
]  # fmt: skip


def __getattr__(name: str):
    if name != "explore":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from .explorer.panel import explore  # with ipywidgets and matplotlib, when asked for

    return explore
