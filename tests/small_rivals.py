"""Small recipes of rivals, for the tests of their room."""

from atomic_lib.data.spikes import Spikes
from atomic_lib.rivals.recipes import RIVALS

TINY = {"data": Spikes(size=16, sigma=1.0, k=2), "k": 2, "d0": 3, "steps": 4, "batch": 6, "bfloat16": False}


def tiny(system, /, **changes):
    """A small recipe of a system that is told nothing."""
    return RIVALS[f"spikes-{system}"].replace(**{**TINY, **changes})
