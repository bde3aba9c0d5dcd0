"""Where every system of the field stands: its recorded runs as tables, and what each of them is called and needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ..errors import BadInput
from ..weights import read_record
from . import ablations
from .prose import judged, ranged

if TYPE_CHECKING:
    from pandas import DataFrame

FIELD = "field"
OLD, SINCE, ATOMIC = "named in Section I-b", "since, or beside it", "atomic"


class Entry(NamedTuple):
    """What the book calls a system, when it was published, what its training is given besides images, and its group."""

    label: str
    year: int
    needs: str
    group: str


ENTRIES: dict[str, Entry] = {
    "conventional": Entry("autoencoder", 1988, "nothing", OLD),
    "beta-vae": Entry("β-VAE", 2017, "a weight", OLD),
    "annealed": Entry("annealed β-VAE", 2018, "a capacity", OLD),
    "factor-vae": Entry("FactorVAE", 2018, "a weight, a critic", OLD),
    "beta-tcvae": Entry("β-TCVAE", 2018, "a weight", OLD),
    "dip-vae-1": Entry("DIP-VAE I", 2018, "two weights", OLD),
    "dip-vae-2": Entry("DIP-VAE II", 2018, "two weights", OLD),
    "jacobian": Entry("Jacobian superv.", 2019, "three weights, a teacher", OLD),
    "nmf": Entry("NMF", 1999, "images ≥ 0", OLD),
    "dictionary": Entry("dictionary", 2011, "a sparsity", OLD),
    "deep-dictionary": Entry("deep dictionary", 2016, "a sparsity, widths", OLD),
    "nmf-wide": Entry("NMF, 64 pictures", 1999, "images ≥ 0, a code of 64", OLD),
    "jl1-vae": Entry("JL1-VAE", 2021, "two weights", SINCE),
    "slot-attention": Entry("slots, masked", 2020, "k", SINCE),
    "slot-additive": Entry("slots, additive", 2020, "k", SINCE),
    "untied": Entry("untied additive", 2023, "k", SINCE),
    "consistent": Entry("shared, consistent", 2024, "k, a weight", SINCE),
    "max": Entry("largest, not sum", 2025, "k", SINCE),
    "one-shot": Entry("atomic, one-shot", 2023, "k", ATOMIC),
    "slots": Entry("atomic, slots", 2023, "k", ATOMIC),
    "pursuit": Entry("atomic, pursuit", 2023, "that atoms are local", ATOMIC),
}
TOLD: dict[str, Entry] = {
    "xcov": Entry("XCov", 2015, "classes", OLD),
    "fader": Entry("Fader networks", 2017, "classes, a critic", OLD),
    "jacobian-class": Entry("Jacobian superv., classes", 2019, "classes, a teacher", OLD),
}
VERDICTS = {0.0: "no", 0.35: "in part", 0.7: "yes"}  # from which share of parts found on


def gathered() -> DataFrame:
    """All runs of the field that are recorded, a row a run, in the order of `ENTRIES` and `TOLD`.

    kind: "spikes" or "digits"; system: the key; label, year, needs, group; seed, minutes, and every number measured.
    Raises `BadInput` if there is none.
    """
    import pandas

    rows = []
    for variant, seed in ablations.runs(FIELD):
        if ablations.is_recorded(FIELD, variant, seed):
            result = read_record(ablations.result_path(FIELD, variant, seed))
            kind, _, system = variant.partition("-")
            numbers = {name: value for name, value in result[FIELD].items() if isinstance(value, int | float)}
            told = {"kind": kind, "system": system, **(ENTRIES | TOLD)[system]._asdict()}
            rows.append({**told, "seed": seed, "minutes": result["minutes"], **numbers})
    if not rows:
        raise BadInput("no run of the field is recorded; make them with: make field")
    order = [*ENTRIES, *TOLD]
    return pandas.DataFrame(sorted(rows, key=lambda row: (row["kind"], order.index(row["system"]), row["seed"])))


def missing() -> list[str]:
    """The commands of runs of the field that are not recorded."""
    runs = [run for run in ablations.runs(FIELD) if not ablations.is_recorded(FIELD, *run)]
    return [ablations.command(FIELD, *run) for run in runs]


def records(kind: str, seed: int) -> dict[str, dict]:
    """The whole record of one seed of every system on one kind of images, by key; of systems that need no class."""
    known = {system: f"{kind}-{system}" for system in ENTRIES}
    known = {system: variant for system, variant in known.items() if variant in ablations.find(FIELD).variants}
    return {
        system: read_record(ablations.result_path(FIELD, variant, seed))
        for system, variant in known.items()
        if ablations.is_recorded(FIELD, variant, seed)
    }


def verdicts(runs: DataFrame) -> list[dict]:
    """Rows of the table for spikes, a row a system: means over seeds, in brackets the least and the most."""
    rows = []
    for _, of_one in runs[runs.kind == "spikes"].groupby("system", sort=False):
        one = of_one.iloc[0]
        rows.append(
            {
                "one spike a part?": judged(of_one.jaccard.mean(), VERDICTS), "system": one.label, "year": one.year,
                "needs": one.needs, "nmse": ranged(of_one.nmse, ".3f"),
                "exclusivity": ranged(of_one.exclusivity, ".2f"),
                "set recovery": ranged(of_one.jaccard, ".2f"), "read out": f"{of_one.jaccard_readout.mean():.2f}",
                **_cost(of_one),
            }
        )  # fmt: skip
    return rows


def strokes(runs: DataFrame) -> list[dict]:
    """Rows of the table for digits, a row a system that needs no class."""
    rows = []
    chosen = runs[(runs.kind == "digits") & runs.system.isin(list(ENTRIES))]
    for _, of_one in chosen.groupby("system", sort=False):
        one = of_one.iloc[0]
        rows.append(
            {
                "system": one.label, "nmse": ranged(of_one.nmse, ".3f"), "locality": ranged(of_one.locality, ".2f"),
                "movers per pixel": ranged(of_one.movers, ".1f"), "in one piece": f"{of_one.connected.mean():.2f}",
                "recombination": ranged(of_one.recombination, ".3f"), **_cost(of_one),
            }
        )  # fmt: skip
    return rows


def told(runs: DataFrame) -> list[dict]:
    """Rows of the table of systems that are told the class of each digit."""
    rows = []
    for _, of_one in runs[runs.system.isin(list(TOLD))].groupby("system", sort=False):
        one = of_one.iloc[0]
        rows.append(
            {
                "system": one.label, "year": one.year, "nmse": ranged(of_one.nmse, ".3f"),
                "class read from z": ranged(of_one.leakage, ".2f"), "class obeyed": ranged(of_one.swapped, ".2f"),
                "own class kept": ranged(of_one.own, ".2f"), **_cost(of_one),
            }
        )  # fmt: skip
    return rows


def _cost(of_one: DataFrame) -> dict:
    return {
        "seeds": len(of_one), "minutes": f"{of_one.minutes.mean():.1f}",
        "parameters": f"{int(of_one.parameters.iloc[0]):,}",
    }  # fmt: skip
