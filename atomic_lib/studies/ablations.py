"""Recipes that differ in one thing, trained from several seeds on a small stated budget: `atomic_lib ablate`.

Every run is one process and one command, and leaves one file, data/results/ABLATION/VARIANT-seedS.json: its record and
what was measured. Runs that have their file are not done again; a run that was broken off goes on from its checkpoint,
which lies in a folder of that name meanwhile. What is varied stands in `variants`. `frame` has all that was recorded as
one table; pandas, which comes with the book, is imported there.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import BadInput
from ..files import check_writable, data_folder, write_json
from ..rivals.dictionaries import DictionaryRecipe, Fitting
from ..training import Training
from ..weights import read_record
from .variants import ABLATIONS, Ablation

if TYPE_CHECKING:
    from pandas import DataFrame


def find(name: str) -> Ablation:
    """The ablation of that name; raises `BadInput` with the names that exist."""
    if name not in ABLATIONS:
        raise BadInput(f"there is no ablation “{name}”; choose one of {', '.join(ABLATIONS)}.")
    return ABLATIONS[name]


def runs(name: str) -> list[tuple[str, int]]:
    """The (variant, seed) pairs of an ablation, seed by seed."""
    ablation = find(name)
    seeds = range(ablation.first, ablation.first + ablation.seeds)
    return [(variant, seed) for seed in seeds for variant in ablation.variants]


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
    """Train one variant from one seed, measure it on held-out images, write and return its result.

    What was trained before a stop, or before a measurement that failed, is gone on from. Raises `BadInput` before the
    training where the result cannot be written.
    """
    path, ablation = result_path(name, variant, seed), find(name)
    check_writable(path)
    under_way = path.with_suffix("")
    recipe: Any = ablation.variants[variant]
    training: Any = Fitting(recipe, seed) if isinstance(recipe, DictionaryRecipe) else Training(recipe, seed, device)
    if (under_way / "checkpoint.pt").exists():
        try:
            training.resume(under_way)
        except BadInput as error:
            raise BadInput(f"{error} To train it anew, remove {under_way}.") from None
    record = training.run(under_way, progress=progress, looks=ablation.looks)
    record["curve"] = {"held_out": record["curve"]["held_out"]}  # the losses of all runs would be megabytes
    result = {"ablation": name, "variant": variant, "command": command(name, variant, seed), **record}
    result[ablation.measured] = ablation.measure(training.model)
    write_json(path, result)
    shutil.rmtree(under_way, ignore_errors=True)  # a fit leaves none
    return result


def is_recorded(name: str, variant: str, seed: int) -> bool:
    """Whether the result of a run is there, and whole."""
    try:
        return {"ablation", "metrics", find(name).measured} <= read_record(result_path(name, variant, seed)).keys()
    except BadInput:
        return False


def command(name: str, variant: str, seed: int) -> str:
    """What repeats one run."""
    return f"python -m atomic_lib ablate {name} --variant {variant} --seed {seed}"


def results(name: str) -> dict[str, list[dict]]:
    """The recorded results of an ablation by variant, seed by seed; raises `BadInput` when one is missing."""
    found: dict[str, list[dict]] = {variant: [] for variant in find(name).variants}
    for variant, seed in runs(name):
        path = result_path(name, variant, seed)
        if not is_recorded(name, variant, seed):
            raise BadInput(f"{path}: not recorded, or not whole; do it with: {command(name, variant, seed)}")
        found[variant].append(read_record(path))
    return found


def recorded(path: str) -> dict:
    """A result of any kind, by its path in data/results; raises `BadInput` when it is not there."""
    return read_record(data_folder() / "results" / path)


def frame(*names: str, rows: Callable[[dict], dict | list[dict]] | None = None) -> DataFrame:
    """Recorded results of ablations as one tidy table, a row a run: what was varied, and what was measured.

    ablation, variant, family and setting (the variant's name before and after its last dash), encoder, k, d0, seed,
    steps, minutes, fewest and most (atoms in an image), command (the same for a run that several ablations share), and
    the numbers of the ablation's `summary`. rows: what else to take of each result, a row or several of them. Raises
    `BadInput` when a run was not recorded.
    """
    import pandas

    found = []
    for name in names:
        for variant, of_seeds in results(name).items():
            for result in of_seeds:
                numbers = (rows or find(name).summary)(result)
                for row in [numbers] if isinstance(numbers, dict) else numbers:
                    found.append({**_varied(name, variant, result), **row})
    return pandas.DataFrame(found)


def budget(runs: DataFrame) -> list[dict]:
    """Rows of a table, one an ablation, of a `frame`: its question, how many runs, and what each of them cost."""
    rows = []
    for name, of_one in runs.groupby("ablation", sort=False):
        steps, atoms = {of_one.steps.min(), of_one.steps.max()}, {of_one.fewest.min(), of_one.most.max()}
        rows.append(
            {
                "ablation": f"`{name}`", "question": find(name).question,
                "variants × seeds": f"{of_one.variant.nunique()} × {of_one.seed.nunique()}",
                "steps": "–".join(f"{number:,}" for number in sorted(steps)),
                "minutes a run": f"{of_one.minutes.min():.1f}–{of_one.minutes.max():.1f}",
                "atoms in an image": "–".join(str(number) for number in sorted(atoms)),
            }
        )  # fmt: skip
    return rows


def _varied(name: str, variant: str, result: dict) -> dict:
    """What tells a run from others."""
    recipe, (family, dash, setting) = result["recipe"], variant.rpartition("-")
    return {
        "ablation": name, "variant": variant,
        "family": family if dash else variant, "setting": setting if dash else "",
        "encoder": recipe["encoder"], "k": recipe["k"], "d0": recipe["d0"], "seed": result["seed"],
        "steps": result["steps"], "minutes": result["minutes"],
        "fewest": recipe["data"]["fewest"], "most": recipe["data"]["k"],
        "command": command(*home(name, variant), result["seed"]),
    }  # fmt: skip
