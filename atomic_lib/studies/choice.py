"""What was tried to train `digits-plain` well, and which of its seeds ships.

The seed is chosen on images of its own training, by the share of active atoms that are in one piece; what it comes to
on held-out images is measured, and nothing is chosen by it.

    python -m atomic_lib.studies.choice FILE.safetensors …
"""

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch

from ..data.sample import Sample
from ..files import data_folder, write_json
from ..metrics import evaluate
from ..weights import load, read_record, records
from . import ablations

RESULT = "choice.json"
COUNT = 10_000  # images of each kind
TRIES = (  # records of `digits-plain` with other noise, with maps of two products, or from other seeds
    "noise0.02", "end0.02", "noise0.07", "noise0.1", "rank2", "rank2-seed1", "seed0",
)  # fmt: skip
SHOWN = ("connected", "active_blocks", "spread", "nmse")  # of held-out images


def tries() -> list[dict]:
    """Rows of a table: `TRIES`, and in bold what ships."""
    ships, rows = records()["digits-plain"], []
    for one in _all_tries():
        rank, noise, end, seed = _tried(one)
        row = {"products a map": f"{-rank}", "noise at first": f"{noise:g}", "at the end": f"{end:g}"}
        row |= {"seed": f"{seed}", "steps": f"{one['steps']:,}"}
        row |= {key: f"{one['metrics'][key]:.3g}" for key in SHOWN}
        bold = "**" if one == ships else ""
        rows.append({head: f"{bold}{text}{bold}" for head, text in row.items()})
    return rows


def in_one_piece(products: int) -> str:
    """The least and the most of the strokes in one piece, with so many products a map and the noise of what ships."""
    ships = records()["digits-plain"]
    alike = [one for one in _all_tries() if _tried(one)[:3] == (-products, *_tried(ships)[1:3])]
    shares = [100 * one["metrics"]["connected"] for one in alike]
    return f"{min(shares):.1f} to {max(shares):.1f} %"


def _all_tries() -> list[dict]:
    tried = [ablations.recorded(f"anew/digits-plain-{name}.json") for name in TRIES]
    return sorted([*tried, records()["digits-plain"]], key=_tried)


def _tried(record: Mapping) -> tuple[int, float, float, int]:
    """In what tries differ, and their order: products a map (the most first), noise at first and at the end, seed."""
    recipe = record["recipe"]
    return -recipe["decoder_options"]["rank"], recipe["noise"], recipe["noise_end"], record["seed"]


def measure(path: str | Path, count: int) -> dict:
    """How weights were trained, and what `evaluate` says of them: on `count` images of the training (`chosen_by`), and
    on as many held-out ones (`held_out`)."""
    model = load(path, "cpu")
    record, data = model.record, model.recipe.data
    seen = Sample(data.batch(count, torch.Generator().manual_seed(0)))
    how = {key: record[key] for key in ("name", "seed", "steps", "minutes", "hardware", "commit", "sha256")}
    measured = {"chosen_by": evaluate(model, seen, count), "held_out": evaluate(model, data, count)}
    return {**how, "optimiser": model.recipe.optimiser, **measured}


def chosen(trainings: Sequence[dict]) -> dict:
    """The training that ships, of those with Muon."""
    return max((one for one in trainings if one["optimiser"] == "muon"), key=lambda one: one["chosen_by"]["connected"])


def recorded(name: str) -> list[dict]:
    """What was measured of the trainings of a recipe, the first with Adam, then by their seeds."""
    return ablations.recorded(RESULT)[name]


def of_most(trainings: Mapping[str, dict]) -> dict[str, dict]:
    """Records of weights by name, each with what was measured of the most held-out images."""
    found = {_who(one): one["held_out"] for some in ablations.recorded(RESULT).values() for one in some}
    return {name: {**one, "metrics": found.get(_who(one), one["metrics"])} for name, one in trainings.items()}


def _who(training: Mapping) -> tuple:
    return tuple(training[key] for key in ("name", "commit", "seed"))


def rows(name: str) -> list[dict]:
    """Rows of a table: a row a training, in bold what ships."""
    trainings, found = recorded(name), []
    ships = chosen(trainings)
    for one in trainings:
        texts = [one["optimiser"].capitalize(), f"{one['seed']}", f"{one['chosen_by']['connected']:.4f}"]
        texts += [f"{one['held_out'][key]:.4g}" for key in SHOWN]
        bold = "**" if one is ships else ""
        heads = ["optimiser", "seed", "chosen by", *SHOWN]
        found.append({head: f"{bold}{text}{bold}" for head, text in zip(heads, texts, strict=True)})
    return found


def main(paths: Sequence[str]) -> None:
    """Measure weights, and keep it beside what is kept of others."""
    file = data_folder() / "results" / RESULT
    for path in paths:
        print(f"choice: {path}", file=sys.stderr, flush=True)
        one = measure(path, COUNT)
        kept = read_record(file) if file.exists() else {}
        others = [other for other in kept.get(one["name"], []) if other["sha256"] != one["sha256"]]
        kept[one["name"]] = sorted([*others, one], key=lambda other: (other["optimiser"], other["seed"]))
        write_json(file, kept)


if __name__ == "__main__":
    main(sys.argv[1:])
