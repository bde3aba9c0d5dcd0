"""The field: every system that the paper names, and those since, on the same images, by the same measures.

Each objective has its weight chosen by the system's own term (`chooses`), on a seed and held-out images that nothing
else uses, and is then trained from fresh seeds.
"""

from typing import Any

import torch

from ..errors import BadInput
from ..rivals import classes, measures
from ..rivals.dictionaries import Dictionary
from ..rivals.networks import Rival, learned, system

VALIDATION, IMAGES = 1, 512  # the seed of the held-out images that weights are chosen by, and their number
SLACK = 1.25  # a weight may cost so much of the reconstruction


def measure(model: Any) -> dict:
    """All that is measured of a system of any kind; of one that is told the class, `classes.measure`."""
    data = model.recipe.data
    if isinstance(model, Dictionary):
        return {"parameters": model.parameters, **measures.measure(model, data)}
    supervised = getattr(model, "supervised", False)
    found = classes.measure(model, data) if supervised else measures.measure(system(model), data)
    return {"parameters": learned(model), **found}


@torch.no_grad()
def chooses(model: Rival) -> dict:
    """What a weight is chosen by: nmse, and the system's own term before its weight, on validation images."""
    sample = model.recipe.data.held_out(IMAGES, VALIDATION)
    lost = (model.reconstruct(sample) - sample.images).square().sum() / sample.images.square().sum()
    return {"nmse": float(lost), "pressure": model.pressure(sample)}


def chosen(tried: dict[float, dict]) -> float:
    """The weight of those `tried` whose own term is least, of those whose nmse is at most 1.25 times the least there.

    Raises `BadInput` where nothing was tried.
    """
    if not tried:
        raise BadInput("no weight was tried: there is none to choose.")
    best = min(found["nmse"] for found in tried.values())
    affordable = {weight: found for weight, found in tried.items() if found["nmse"] <= SLACK * best}
    return min(affordable, key=lambda weight: affordable[weight]["pressure"])


def choice(result: dict) -> dict:
    """What a table says of one weight that was tried."""
    return {"system": result["recipe"]["system"], "weight": result["recipe"]["weight"], **result["field"]}


def summary(result: dict) -> dict:
    """What a table says of one run: whose it is, on which images, and every number that was measured."""
    kind, _, of = result["variant"].partition("-")
    numbers = {name: value for name, value in result["field"].items() if isinstance(value, int | float)}
    return {"kind": kind, "system": of, "weight": result["recipe"].get("weight"), **numbers}
