"""Where every system of the field stands: its recorded runs as tables, and what each of them is called and needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from ..errors import BadInput
from ..weights import read_record
from . import ablations
from .prose import judged

if TYPE_CHECKING:
    from pandas import DataFrame

FIELD = "field"
OLD, SINCE, ATOMIC = "named in Section I-b", "since, or beside it", "atomic"


class Entry(NamedTuple):
    """What the book calls a system, when it was published, what its training is given besides images, and its group."""

    label: str
    year: int | None  # None, where nothing was found that could be cited
    needs: str
    group: str

    @property
    def dated(self) -> str:
        """The label with its year."""
        return f"{self.label}, {self.year}" if self.year else self.label


ENTRIES: dict[str, Entry] = {
    "conventional": Entry("autoencoder", 1988, "nothing", OLD),
    "beta-vae": Entry("β-VAE", 2017, "a weight", OLD),
    "annealed": Entry("annealed β-VAE", 2018, "a capacity", OLD),
    "factor-vae": Entry("FactorVAE", 2018, "a weight, a critic", OLD),
    "beta-tcvae": Entry("β-TCVAE", 2018, "a weight", OLD),
    "dip-vae-1": Entry("DIP-VAE I", 2018, "two weights", OLD),
    "dip-vae-2": Entry("DIP-VAE II", 2018, "two weights", OLD),
    "jacobian": Entry("Jacobian superv.", 2019, "weights, a teacher", OLD),
    "nmf": Entry("NMF", 1999, "images ≥ 0", OLD),
    "dictionary": Entry("dictionary", 2011, "a sparsity", OLD),
    "deep-dictionary": Entry("deep dictionary", 2016, "sparsity, widths", OLD),
    "nmf-wide": Entry("NMF, 64 pictures", 1999, "images ≥ 0", OLD),
    "jl1-vae": Entry("JL1-VAE", 2021, "two weights", SINCE),
    "slot-attention": Entry("slots, masked", 2020, "k", SINCE),
    "slot-additive": Entry("slots, additive", 2020, "k", SINCE),
    "untied": Entry("untied additive", 2023, "k", SINCE),
    "consistent": Entry("shared, consistent", 2024, "k, a weight", SINCE),
    "max": Entry("largest, not sum", None, "k", SINCE),
    "one-shot": Entry("atomic, one-shot", 2023, "k", ATOMIC),
    "slots": Entry("atomic, slots", 2023, "k", ATOMIC),
    "pursuit": Entry("atomic, pursuit", 2023, "that atoms are local", ATOMIC),
}
TOLD: dict[str, Entry] = {
    "xcov": Entry("XCov", 2015, "classes", OLD),
    "fader": Entry("Fader networks", 2017, "classes, a critic", OLD),
    "jacobian-class": Entry("Jacobian superv., classes", 2019, "classes, a teacher", OLD),
}
VERDICTS = {0.0: "○ no", 0.35: "◐ in part", 0.7: "● yes"}  # from which `separated` on


def separated(jaccard: float, exclusivity: float, turned: float) -> float:
    """How far a system has one spike a part, from 0 to 1: the lesser of set recovery and of exclusivity, counted from
    what the same code scores when it is turned at random.

    Neither is enough alone. A fixed picture moves one spike without being one; and of a code that mixes all spikes,
    whatever a number changes lies on spikes, so that its peak is near one.
    """
    return max(0.0, min(jaccard, (exclusivity - turned) / max(1e-9, 1 - turned)))


def gathered() -> DataFrame:
    """All runs of the field that are recorded, a row a run, in the order of `ENTRIES` and `TOLD`.

    kind: "spikes" or "digits"; system: the key; label, year, needs, group; seed, minutes, every number measured;
    of spikes `separated`, too. Raises `BadInput` if there is none.
    """
    import pandas

    rows = []
    for variant, seed in ablations.runs(FIELD):
        if ablations.is_recorded(FIELD, variant, seed):
            result = read_record(ablations.result_path(FIELD, variant, seed))
            kind, _, system = variant.partition("-")
            numbers = {name: value for name, value in result[FIELD].items() if isinstance(value, int | float)}
            if kind == "spikes":
                exclusive = numbers["exclusivity"], numbers["exclusivity_control"]
                numbers["separated"] = separated(numbers["jaccard"], *exclusive)
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
    """Rows of the table for spikes, a row a system: means over seeds; in brackets, with its code turned at random."""
    rows = []
    for _, of_one in runs[runs.kind == "spikes"].groupby("system", sort=False):
        one, mean = of_one.iloc[0], of_one.mean(numeric_only=True)
        rows.append(
            {
                "verdict": judged(mean.separated, VERDICTS), "system": (ENTRIES | TOLD)[one.system].dated,
                "needs": one.needs, "nmse": f"{mean.nmse:.3f}",
                "exclusivity": f"{mean.exclusivity:.2f} ({mean.exclusivity_control:.2f})",
                "set recovery": f"{mean.jaccard:.2f} ({mean.jaccard_control:.2f})",
                **_cost(of_one),
            }
        )  # fmt: skip
    return rows


def strokes(runs: DataFrame) -> list[dict]:
    """Rows of the table for digits, a row a system that needs no class: means over seeds, and in brackets turned."""
    rows = []
    chosen = runs[(runs.kind == "digits") & runs.system.isin(list(ENTRIES))]
    for _, of_one in chosen.groupby("system", sort=False):
        one, mean = of_one.iloc[0], of_one.mean(numeric_only=True)
        rows.append(
            {
                "system": one.label, "nmse": f"{mean.nmse:.3f}",
                "locality": f"{mean.locality:.2f} ({mean.locality_control:.2f})",
                "movers per pixel": f"{mean.movers:.1f} ({mean.movers_control:.1f})",
                "in one piece": f"{mean.connected:.2f}", **_cost(of_one),
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
                "system": (ENTRIES | TOLD)[one.system].dated, "nmse": f"{of_one.nmse.mean():.3f}",
                "class read from z": f"{of_one.leakage.mean():.2f}",
                "class obeyed": f"{of_one.swapped.mean():.2f}", "own class kept": f"{of_one.own.mean():.2f}",
                **_cost(of_one),
            }
        )  # fmt: skip
    return rows


def _cost(of_one: DataFrame) -> dict:
    return {
        "seeds": len(of_one), "minutes": f"{of_one.minutes.mean():.1f}",
        "10⁶ parameters": f"{of_one.parameters.iloc[0] / 1e6:.2f}",
    }  # fmt: skip
