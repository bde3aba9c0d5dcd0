"""Recipes that differ in one thing, trained from several seeds on a small stated budget: `atomic_lib ablate`.

Every run is one process and one command, and leaves one file, data/results/ABLATION/VARIANT-seedS.json: its record and
what was measured. Runs that have their file are not done again.
"""

from dataclasses import dataclass
from pathlib import Path

from . import checkpoints
from .errors import BadInput
from .navigation import navigation_metrics
from .paths import data_folder
from .recipes import RECIPES, Recipe
from .spikes import Spikes
from .training import Training


@dataclass(frozen=True)
class Ablation:
    """A question, and the recipes by variant that answer it, each trained from `seeds` seeds."""

    question: str
    variants: dict[str, Recipe]
    seeds: int = 5


def _small(name: str, **changes) -> Recipe:
    """A spikes recipe for images of 64×64, everything in pixels scaled with them (σ = 2 px)."""
    if name == "pursuit":
        changes = {"encoder_options": {"window": 18, "smooth": 1.0, "again": 1}, **changes}
    return RECIPES[f"spikes-{name}"].replace(**{"data": Spikes(size=64, sigma=2.0), **changes})


# Few spikes: what a block holds is learned well.
_FEW = {"data": Spikes(size=64, sigma=2.0, k=3), "k": 3, "steps": 1500, "lr": 3e-3}
ABLATIONS: dict[str, Ablation] = {
    "seeds": Ablation(
        "Does one spike come to lie in one block, whatever the seed?",
        {"plain": _small("plain", steps=3000), "pursuit": _small("pursuit", steps=2000)},
    ),
    "coordinates": Ablation(
        "What makes a coordinate hold the amplitude alone, and the others perpendicular motions?",
        {
            "free": _small("pursuit", **_FEW, latents="leaky", noise=0.0, noise_end=0.0),
            "bounded": _small("pursuit", **_FEW),
            "orthogonal": _small("pursuit", **_FEW, alignment="orthogonal"),
            "scaling": _small("pursuit", **_FEW, alignment="scaling"),
        },
        seeds=3,
    ),
}


def find(name: str) -> Ablation:
    """The ablation of that name; raises `BadInput` with the names that exist."""
    if name not in ABLATIONS:
        raise BadInput(f"there is no ablation “{name}”; choose one of {', '.join(ABLATIONS)}.")
    return ABLATIONS[name]


def runs(name: str) -> list[tuple[str, int]]:
    """The (variant, seed) pairs of an ablation, seed by seed."""
    ablation = find(name)
    return [(variant, seed) for seed in range(ablation.seeds) for variant in ablation.variants]


def result_path(name: str, variant: str, seed: int) -> Path:
    """Where the result of a run lies."""
    return data_folder() / "results" / name / f"{variant}-seed{seed}.json"


def run(name: str, variant: str, seed: int, device: str = "auto", progress: bool = True) -> dict:
    """Train one variant from one seed, measure it on held-out images, write and return its result."""
    recipe = find(name).variants.get(variant)
    if recipe is None:
        raise BadInput(f"ablation {name} has no variant “{variant}”; choose one of {', '.join(find(name).variants)}.")
    training = Training(recipe, seed, device)
    record = training.run(progress=progress)
    record["curve"] = {"held_out": record["curve"]["held_out"]}  # the losses of all runs would be megabytes
    result = {"ablation": name, "variant": variant, "command": command(name, variant, seed), **record}
    result["navigation"] = navigation_metrics(training.model, recipe.data.held_out(512))
    checkpoints.write_json(result_path(name, variant, seed), result)
    return result


def command(name: str, variant: str, seed: int) -> str:
    """What repeats one run."""
    return f"python -m atomic_lib ablate {name} --variant {variant} --seed {seed}"


def results(name: str) -> dict[str, list[dict]]:
    """The recorded results of an ablation by variant, seed by seed; raises `BadInput` when one is missing."""
    found = {variant: [] for variant in find(name).variants}
    for variant, seed in runs(name):
        path = result_path(name, variant, seed)
        if not path.exists():
            raise BadInput(f"{path}: this run was not recorded; do it with: {command(name, variant, seed)}")
        found[variant].append(checkpoints.read_record(path))
    return found
