"""What recorded runs of `knobs.measure` say: numbers for tables and charts, from results and nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from .knobs import FATES, PAIRINGS, dimension, full_cube
from .prose import ranged

if TYPE_CHECKING:
    from pandas import DataFrame

COLUMNS = {  # of `table`: the title, and how its numbers are written
    "jaccard": ("jaccard", ".2f"), "alone": ("alone", ".2f"), "split": ("split", ".2f"), "lost": ("lost", ".2f"),
    "extra": ("blocks too many", ".1f"), "nmse": ("relative error", ".3f"),
}  # fmt: skip

TITLES = {  # of the runs in the chapter Knobs, by ablation and family
    "d0 one-shot": "one-shot", "d0 pursuit": "pursuit", "d0 pursuit-free": "pursuit, free latents",
    "tight one-shot": "one-shot, $k = 2$", "crowded one-shot": "one-shot, $k = 2$, crowded",
    "k one-shot": "one-shot", "k pursuit": "pursuit", "k pursuit-free": "pursuit, free latents",
}  # fmt: skip


def entitled(runs: DataFrame) -> DataFrame:
    """Runs with a column more, title: what their panel or line is called, where it has a name of its own."""
    return runs.assign(title=(runs.ablation + " " + runs.family).map(TITLES))


def summary(result: dict) -> dict:
    """What a table says of one recorded run: separation, fit, and what blocks do.

    alone, together, split, lost: shares of true spikes, see `FATES`. extra: active blocks beyond the number of spikes,
    a mean over images. kept_amplitude, kept_row, kept_column, kept_in_sum, cancelled: as in `contents`. merged: blocks
    that hold two spikes or more, of those that hold any. The `PAIRINGS`: how many blocks are one. ranges-one and the
    like: share of random codes that are in Σ, see `valid`. repeated: share of true spikes that more than one block
    holds, and what `codes_summary` has: only where a run measured them.
    """
    measured, found = result["knobs"], result["knobs"]["found"]
    fates, active, held = (np.array(found[name]) for name in ("fates", "active", "held"))
    spikes, blocks = np.arange(len(active)), np.arange(active.shape[1])
    return {
        **dict(zip(FATES, (fates.sum(axis=0) / fates.sum()).tolist(), strict=True)),
        "nmse": sum(found["lost"]) / sum(found["energy"]),
        "extra": float((active * (blocks - spikes[:, None])).sum() / active.sum()),
        "merged": float(held[2:].sum() / max(1, held[1:].sum())), "merged_blocks": int(held[2:].sum()),
        **dict(zip(PAIRINGS, found["pairs"], strict=True)),
        **{f"kept_{name}": value for name, value in zip(("amplitude", "row", "column"), found["kept"], strict=True)},
        **{name: found[name] for name in ("kept_in_sum", "cancelled")},
        **{name: result["metrics"][name] for name in ("jaccard", "recall", "purity")},
        **{name: part["share"] for name, part in measured.get("valid", {}).items()},
        **({"repeated": float(found["repeated"] / fates.sum())} if "repeated" in found else {}),
        **codes_summary(measured),
    }  # fmt: skip


def codes_summary(measured: dict) -> dict:
    """What the codes of a measured model say of its atoms, as far as it was asked.

    jacobian: see `knobs.dimension`; wide: how many coordinates take nine tenths of the side of a box (−1, 1), or more;
    neighbours: the `knobs.local_dimension` of so many `points`; fading: see `knobs.fading`.
    """
    found: dict[str, Any] = {}
    if "spectrum" in measured:
        sides = np.ptp(np.array(measured["ranges"]), axis=1)
        found |= {"jacobian": dimension(measured["spectrum"]), "wide": int((sides >= 1.8).sum())}
    if "neighbours" in measured:
        found |= {"neighbours": measured["neighbours"]["dimension"], "points": measured["neighbours"]["points"]}
    return found | {name: measured[name] for name in ("fading",) if name in measured}


def by_number(result: dict) -> list[dict]:
    """What one recorded run did with images of 1, 2, … spikes, a row each.

    The `FATES`: shares of their true spikes; active: blocks that are, a mean; error: their nmse.
    """
    found = result["knobs"]["found"]
    fates, active = np.array(found["fates"], float), np.array(found["active"], float)
    shares = fates / np.maximum(fates.sum(axis=1, keepdims=True), 1)
    blocks = active @ np.arange(active.shape[1]) / np.maximum(active.sum(axis=1), 1)
    return [
        {
            "spikes": n, **dict(zip(FATES, shares[n].tolist(), strict=True)), "active": float(blocks[n]),
            "error": found["lost"][n] / max(found["energy"][n], 1e-9),
        }
        for n in range(1, len(fates))
    ]  # fmt: skip


def pooled(results: list[dict], what: str) -> np.ndarray:
    """A table of counts of `contents`, such as `active` or `used`, summed over recorded runs."""
    return np.sum([result["knobs"]["found"][what] for result in results], axis=0)


def paired(runs: DataFrame) -> DataFrame:
    """Runs whose atoms are pairs, with two columns more: two, blocks that hold two spikes, and true, the share of these
    that hold a true pair."""
    two = runs["true pair"] + runs["mixed pair"]
    return runs.assign(two=two, true=runs["true pair"] / two)


def estimates(runs: DataFrame, truth: dict[str, int]) -> DataFrame:
    """What codes say of the dimension of atoms, a row a variant of `truth`, its true one.

    neighbours and jacobian: the two estimates, lists of a value a seed; cube: what `neighbours` says of as many points
    that fill a cube of the true dimension; nearest: the dimension of the cube that comes nearest to their mean.
    """
    import pandas

    rows = {}
    for name, dimension_of_atoms in truth.items():
        seeds = runs[runs.variant == name]
        cubes = {d: full_cube(d, int(seeds.points.iloc[0])) for d in range(1, 6)}
        rows[name] = {
            "truth": dimension_of_atoms, "cube": cubes[dimension_of_atoms],
            "neighbours": seeds.neighbours.tolist(), "jacobian": seeds.jacobian.astype(int).tolist(),
            "nearest": min(cubes, key=lambda d: abs(cubes[d] - seeds.neighbours.mean())),
        }  # fmt: skip
    return pandas.DataFrame.from_dict(rows, orient="index")


def estimated(told: DataFrame) -> list[dict]:
    """Rows of a table of `estimates`: the data, the truth, and what the two estimates say, every seed.

    A bold number is the truth: of the neighbours the cube that comes nearest, of the Jacobian each seed.
    """
    return [
        {
            "data": f"*{name}*", "an atom has": f"{one.truth} parameter{'s' if one.truth > 1 else ''}",
            "by neighbours": f"{_marked(one.nearest, one.truth)} ({', '.join(f'{v:.1f}' for v in one.neighbours)})",
            "by the Jacobian": ", ".join(_marked(value, one.truth) for value in one.jacobian),
        }
        for name, one in told.iterrows()
    ]  # fmt: skip


def _marked(value: int, truth: int) -> str:
    return f"**{value}**" if value == truth else str(value)


def right(found: DataFrame) -> str:
    """On which data of `estimates` the nearest cube is the right one, as words."""
    wrong = [f"“{name}”" for name, one in found.iterrows() if one.nearest != one.truth]
    if not wrong:
        return f"on all {len(found)} data"
    return f"on {len(found) - len(wrong)} of {len(found)} data; not on {' and '.join(wrong)}"


def success(shares: Iterable[float]) -> tuple[int, int, int]:
    """How many seeds separate (nine of ten true spikes are alone in a block), do so by half (one of two), or do not.

    shares: the share of spikes that are, a seed each.
    """
    shares = list(shares)
    separated, half = sum(share >= 0.9 for share in shares), sum(0.5 <= share < 0.9 for share in shares)
    return separated, half, len(shares) - separated - half


def table(runs: DataFrame) -> list[dict]:
    """Rows of a table, one a variant, of `ablations.frame`: means, and the least and the most over seeds."""
    rows = []
    for (ablation, variant), seeds in runs.groupby(["ablation", "variant"], sort=False):
        row = {"ablation": f"`{ablation}`", "variant": variant}
        row |= {title: ranged(seeds[key], form) for key, (title, form) in COLUMNS.items()}
        rows.append(row | {"separate / half / not": " / ".join(map(str, success(seeds["alone"])))})
    return rows
