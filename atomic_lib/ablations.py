"""Recipes that differ in one thing, trained from several seeds on a small stated budget: `atomic_lib ablate`.

Every run is one process and one command, and leaves one file, data/results/ABLATION/VARIANT-seedS.json: its record and
what was measured. Runs that have their file are not done again.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from . import checkpoints, knobs
from .errors import BadInput
from .navigation import navigation_metrics
from .paths import data_folder
from .recipes import RECIPES, Recipe
from .spikes import OtherSpikes, Spikes
from .studies.territories import by_number
from .training import Training


@dataclass(frozen=True)
class Ablation:
    """A question, and the recipes by variant that answer it, each trained from `seeds` seeds.

    measure: what is measured at the end, under that name. looks: how many held-out evaluations there are on the way, or
    after which steps.
    """

    question: str
    variants: dict[str, Recipe]
    seeds: int = 5
    measure: Literal["navigation", "knobs", "territories"] = "navigation"
    looks: int | tuple[int, ...] = 20


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


# The two knobs. At most three broad spikes (σ = 4 px) and a small network: what a one-shot encoder learns in a minute.
# Amplitudes down to 0.1, so that it shows where they are lost. The one-shot encoder has the latents that it learns best
# with, the pursuit those that ship and, to tell what they do, free ones.
_ATOMS = {"size": 64, "sigma": 4.0, "k": 3, "amplitude": (0.1, 1.0)}
_MINUTE = {"data": Spikes(**_ATOMS), "k": 10, "lr": 3e-3, "decoder_options": {"channels": 16, "width": 64}}
_LATENTS = {
    "free": {"latents": "leaky", "noise": 0.0, "noise_end": 0.0},
    "bounded": {"latents": "bounded", "noise": 0.0, "noise_end": 0.0},
    "noisy": {"latents": "bounded", "noise": 0.05, "noise_end": 0.02},
}
_BASE = {
    "one-shot": _small(
        "plain", **_MINUTE, **_LATENTS["free"], steps=700, batch=64, encoder_options={"channels": 16, "width": 256}
    ),
    "pursuit": _small(
        "pursuit", **_MINUTE, **_LATENTS["noisy"], steps=500,
        encoder_options={"window": 32, "smooth": 2.0, "stride": 2, "channels": 16, "width": 128, "stop": 0.05},
    ),
}  # fmt: skip
_SIX = _BASE["pursuit"].replace(k=3, d0=6, steps=1300, noise=0.1, noise_end=0.05)
_D0 = (1, 2, 3, 4, 6, 12)


def _turned(knob: str, values: tuple[int, ...]) -> dict[str, Recipe]:
    """Both encoders, the pursuit with free latents as well, with one knob at each of the values."""
    bases = {**_BASE, "pursuit-free": _BASE["pursuit"].replace(**_LATENTS["free"])}
    return {f"{name}-{value}": base.replace(**{knob: value}) for value in values for name, base in bases.items()}


def _other(k: int = 3, **changes) -> OtherSpikes:
    return OtherSpikes(**{**_ATOMS, "k": k, **changes})


_KNOBS = {"seeds": 3, "measure": "knobs", "looks": 4}
ABLATIONS |= {
    "d0": Ablation("How many coordinates should a block have?", _turned("d0", _D0), **_KNOBS),
    "k": Ablation("How many blocks should there be?", _turned("k", (2, 3, 5, 10, 15, 20)), **_KNOBS),
    "tight": Ablation(
        "How many coordinates should a block have, if there is no block to spare?",
        {f"one-shot-{d0}": _BASE["one-shot"].replace(k=2, d0=d0, data=Spikes(**{**_ATOMS, "k": 2})) for d0 in _D0},
        **_KNOBS,
    ),
    "crowded": Ablation(
        "Does a block of many coordinates hold two spikes, if there are more spikes than blocks?",
        {f"one-shot-{d0}": _BASE["one-shot"].replace(k=2, d0=d0) for d0 in (3, 6, 12)},
        **_KNOBS,
    ),
    "terms": Ablation(
        "What do a term of sparsity, a maximum in place of the sum, and untied decoders change?",
        {
            "base": _BASE["one-shot"],
            "coordinates": _BASE["one-shot"].replace(penalty="coordinates"),
            "blocks": _BASE["one-shot"].replace(penalty="blocks"),
            "max": _BASE["one-shot"].replace(combine="max"),
            "untied": _BASE["one-shot"].replace(untied=True),
        },
        **_KNOBS,
    ),
    "dims": Ablation(
        "Does a block of six coordinates tell how many its atoms have?",
        {
            "line": _SIX.replace(data=_other(amplitude=(1.0, 1.0), line=True)),
            "place": _SIX.replace(data=_other(amplitude=(1.0, 1.0))),
            "spike": _SIX.replace(data=_other()),
            "width": _SIX.replace(data=_other(widths=(0.5, 1.5))),
            "lone": _SIX.replace(data=_other(1, amplitude=(1.0, 1.0), line=True)),
        },
        **_KNOBS,
    ),
    "validity": Ablation(
        "Does a uniform code decode to spikes, whatever keeps the latents in bounds?",
        {
            f"{name}-{kind}": base.replace(**latents)
            for name, base in _BASE.items()
            for kind, latents in _LATENTS.items()
        },
        **_KNOBS,
    ),
    "divisible": Ablation(
        "If an atom is a pair of spikes, does a block hold a true pair?",
        {
            # On a line, where they are learned soon; longer, for the question is what a good model does.
            name: _BASE["one-shot"].replace(
                k=2, d0=d0, steps=5000,
                data=_other(2, pairs=name.split("-")[0], fewest=2, line=True, amplitude=(0.5, 1.0), separation=1.5),
            )
            for name, d0 in {"shared": 3, "free": 4, "shared-4": 4, "free-3": 3}.items()
        },
        **_KNOBS,
    ),
}  # fmt: skip


# A fair judge: the spikes of 128×128 at half the size, equal steps, equal batches.
_HALF = {"data": Spikes(size=64, sigma=1.4)}
_STEPPERS = {
    "released": {"optimiser": "adam", "lr": 1e-4, "schedule": "constant", "clip": None},
    "adam": {"optimiser": "adam", "lr": 1e-3},
    "muon": {"optimiser": "muon", "lr": 0.01},
}
ABLATIONS |= {
    "million": Ablation(
        "Why does the authors' network take a million steps?",
        {
            f"{init}-{name}": RECIPES["spikes-reference"].replace(**_HALF, **stepper, init=init, steps=400)
            for init in ("torch", "kaiming")
            for name, stepper in _STEPPERS.items()
        },
        seeds=3, measure="territories", looks=(10, 20, 40, 70, 100, 150, 200, 300, 400),
    ),
    "latents": Ablation(
        "Which latents does a one-shot encoder learn best with?",
        {
            name: RECIPES["spikes-plain"].replace(**_HALF, **_STEPPERS["muon"], **latents, steps=1000)
            for name, latents in _LATENTS.items()
        },
        seeds=3, measure="territories", looks=(100, 200, 400, 700, 1000),
    ),
}  # fmt: skip


MEASURES = {
    "territories": lambda model: by_number(model, model.recipe.data, model.recipe.data.sigma),
    "navigation": lambda model: navigation_metrics(model, model.recipe.data.held_out(512)),
    "knobs": knobs.measure,
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


def home(name: str, variant: str) -> tuple[str, str]:
    """The first ablation and variant with this recipe and measurement: what several share is trained once, for it."""
    asked = find(name)
    for other, ablation in ABLATIONS.items():
        for one, recipe in ablation.variants.items():
            if recipe == asked.variants.get(variant) and ablation.measure == asked.measure:
                return other, one
    raise BadInput(f"ablation {name} has no variant “{variant}”; choose one of {', '.join(asked.variants)}.")


def result_path(name: str, variant: str, seed: int) -> Path:
    """Where the result of a run lies; raises `BadInput` for a variant that is none of the ablation's."""
    name, variant = home(name, variant)
    return data_folder() / "results" / name / f"{variant}-seed{seed}.json"


def run(name: str, variant: str, seed: int, device: str = "auto", progress: bool = True) -> dict:
    """Train one variant from one seed, measure it on held-out images, write and return its result."""
    path, ablation = result_path(name, variant, seed), find(name)
    training = Training(ablation.variants[variant], seed, device)
    record = training.run(progress=progress, looks=ablation.looks)
    record["curve"] = {"held_out": record["curve"]["held_out"]}  # the losses of all runs would be megabytes
    result = {"ablation": name, "variant": variant, "command": command(name, variant, seed), **record}
    result[ablation.measure] = MEASURES[ablation.measure](training.model)
    checkpoints.write_json(path, result)
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
