"""Recorded trainings, drawn: how far each came, and how the authors' network learns as released and as trained here."""

import operator
from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from ..names import called, colour_of
from ..recipes import Recipe
from ..weights import records
from . import ablations
from .million import learning_curve
from .page import legend, panelled
from .prose import said

FIELDS = {  # of a recipe, and what a reader calls them
    "init": "weights at the start", "optimiser": "optimiser", "lr": "its rate", "schedule": "the rate in the training",
    "clip": "largest norm of a gradient", "batch": "images a step", "steps": "steps", "relative": "loss",
    "latents": "latents", "encoder": "encoder $f_E$", "decoder": "decoder block $g$",
}  # fmt: skip
WORDS = {  # of values that do not speak for themselves
    "torch": "torch's own", "kaiming": "He et al.'s, faint at the end of $g$", "adam": "Adam", "muon": "Muon",
    "leaky": "free", "reference": "the authors'", "constant": "constant", "cosine": "rises, then falls as a cosine",
    None: "any", True: "squared error over the batch's energy", False: "squared error",
}  # fmt: skip
MORE = ("jaccard", "precision", "recall", "purity", "psnr_db", "connected")  # metrics of which more is better …
LESS = ("rmse_px", "amplitude_error", "nmse", "negative_energy")  # … and less; the others have no better side
COUNTED = {  # metrics that are shares, and of how many
    "jaccard": lambda m: m["true_positives"] + m["false_positives"] + m["false_negatives"],
    "precision": lambda m: m["true_positives"] + m["false_positives"],
    "recall": lambda m: m["true_positives"] + m["false_negatives"],
    "connected": lambda m: m["active_blocks"] * m["images"],
}
RELEASED = "as released, broken off early"
GOALS = {  # of networks that were trained anew with Muon: a held-out metric, and what it should reach
    "spikes-plain": ("jaccard", 0.6), "spikes-pursuit": ("jaccard", 0.8), "digits-plain": ("nmse", 0.05),
    "digits-pursuit": ("nmse", 0.05), "digits-conventional": ("nmse", 0.05),
}  # fmt: skip
PURSUITS = {  # that were tried, by their records, and whether they take blocks back; what ships does
    "adam/spikes-pursuit": False, "anew/spikes-pursuit-lr0.003": False, "anew/spikes-pursuit": False,
    "anew/spikes-pursuit-lr0.012": False, "anew/spikes-pursuit-adam": True,
}  # fmt: skip


def theirs_and_ours(released: Recipe, here: Recipe) -> list[dict]:
    """What two recipes share and in what they differ, as the rows of a table."""
    rows = [_row(words, getattr(released, name), getattr(here, name)) for name, words in FIELDS.items()]
    apart = (getattr(recipe.data, "separation", "") for recipe in (released, here))
    rows.append(_row("spikes apart, in $\\sigma$", *apart))
    return rows


def _row(words: str, released: Any, here: Any) -> dict:
    """The same value is written once, as theirs."""
    texts = [_text(value) for value in (released, here)]
    return {"": words, "as released": texts[0], "here": "the same" if texts[0] == texts[1] else texts[1]}


def _text(value: Any) -> str:
    if isinstance(value, int) and not isinstance(value, bool):
        return said(value, "count")
    return WORDS[value] if value is None or isinstance(value, bool | str) else said(value, "g")


def learning(records: Mapping[str, dict]) -> Figure:
    """Held-out error and jaccard of the authors' network against steps: solid, as trained here; dashed, as released.

    records: of shipped weights, by name; those of the authors' network are drawn, digits in a panel of their own.
    """
    panels = [("spikes", "nmse"), ("spikes", "jaccard")]
    if "digits-reference" in records:
        panels.append(("digits", "nmse"))
    figure, axes = panelled(len(panels), 3.3, 3.0)
    for axis, (kind, metric) in zip(axes, panels, strict=True):
        for name, style, label in ((f"{kind}-reference", "o-", "as trained here"), (f"{kind}-paper", "s--", RELEASED)):
            steps, values = learning_curve(records[name], metric)
            axis.plot(steps, values, style, ms=3.5, lw=1.4, color=colour_of(name), label=label)
        axis.set(title=f"{kind}: {metric}", xlabel="steps", xscale="log")
        if metric == "nmse":
            _logarithmic(axis)
    legend(figure, axes[0])
    return figure


def _logarithmic(axis) -> None:
    """Errors on a logarithmic axis, 1, 2 and 5 of each decade."""
    axis.set_yscale("log")
    axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.yaxis.set_major_formatter("{x:g}")
    axis.yaxis.set_minor_locator(NullLocator())


def recorded(records: Mapping[str, dict]) -> Figure:
    """Held-out error of every recorded training against minutes: a panel for spikes, one for digits, a colour a model.

    Dashed: what the authors released, broken off early.
    """
    figure, axes = panelled(2, 3.6, 3.1)
    for axis, kind in zip(axes, ("spikes", "digits"), strict=True):
        for name, record in records.items():
            if name.startswith(f"{kind}-"):
                released = name.endswith("-paper")
                looks = record["curve"]["held_out"]
                minutes = np.array([look["seconds"] for look in looks]) / 60
                label = called(name) + (", as released" if released else "")
                style = {"color": colour_of(name), "ls": "--" if released else "-", "label": label}
                axis.plot(minutes, [look["nmse"] for look in looks], marker="o", ms=2.5, lw=1.3, **style)
        axis.set(title=f"{kind}: nmse", xlabel="minutes of training", xscale="log", yscale="log")
    legend(figure, *axes)
    return figure


def before_and_now() -> tuple[dict[str, dict], dict[str, dict]]:
    """The recorded trainings of the networks of `GOALS`, by name: those with Adam, and those with Muon."""
    before, now = {name: ablations.recorded(f"adam/{name}.json") for name in GOALS}, records()
    return before, {name: now[name] for name in GOALS}


def pursuits() -> list[dict]:
    """Rows of a table: `PURSUITS`, each as it was trained and measured, and below them what ships."""
    rows = []
    tried = [(ablations.recorded(f"{name}.json"), back) for name, back in PURSUITS.items()]
    for one, back in [*tried, (records()["spikes-pursuit"], True)]:
        recipe, found = one["recipe"], one["metrics"]
        how = {"optimiser": recipe.get("optimiser", "adam").capitalize(), "rate": f"{recipe['lr']:g}"}
        how |= {"corrections": recipe["encoder_options"]["again"], "taken back": "yes" if back else "no"}
        spikes = {"false": found["false_positives"], "not found": found["false_negatives"]}
        rows.append(how | spikes | {key: f"{found[key]:.2g}" for key in ("rmse_px", "nmse")})
    return rows


def first_at(record: Mapping, metric: str, goal: float) -> dict | None:
    """The first held-out look of a recorded training at which it had reached the goal: a jaccard at least, an error at
    most; None if none had."""
    better = operator.ge if metric == "jaccard" else operator.le
    return next((look for look in record["curve"]["held_out"] if better(look[metric], goal)), None)


def to_goals(before: Mapping[str, dict], now: Mapping[str, dict]) -> list[dict]:
    """Rows of a table, a row a recipe of `GOALS`: steps and minutes to the goal, and of the whole, before and now."""
    rows = []
    for name, (metric, goal) in GOALS.items():
        row = {"weights": f"`{name}`", "goal": f"{metric} {goal:g}"}
        for when, record in (("Adam", before[name]), ("Muon", now[name])):
            look = first_at(record, metric, goal)
            row[f"there, {when}"] = f"{look['step']:,} steps, {look['seconds'] / 60:.0f} min" if look else "never"
            row[f"whole, {when}"] = f"{record['steps']:,} steps, {record['minutes']:.0f} min"
            row[f"at the end, {when}"] = f"{record['metrics'][metric]:.3f}"
        rows.append(row)
    return rows


def changed(before: Mapping[str, dict], now: Mapping[str, dict]) -> list[dict]:
    """Rows of a table, a row a recipe of `GOALS`: each held-out metric that has a better side, before → now, by whether
    it is at least as good now; where a share is not, ± is the standard error of the difference."""
    rows = []
    for name in GOALS:
        old, new = before[name]["metrics"], now[name]["metrics"]
        sides: dict[bool, list[str]] = {True: [], False: []}
        for metric in (*MORE, *LESS):
            if metric in old:
                good = new[metric] >= old[metric] if metric in MORE else new[metric] <= old[metric]
                doubt = f" (± {chance(old, new, metric):.2g})" if metric in COUNTED and not good else ""
                sides[good].append(f"{metric} {old[metric]:.3g} → {new[metric]:.3g}{doubt}")
        words = {side: ", ".join(found) or "–" for side, found in sides.items()}
        images = f"{new['images']:,}"
        rows.append({"weights": f"`{name}`", "images": images, "as good or better": words[True], "worse": words[False]})
    return rows


def chance(old: Mapping, new: Mapping, metric: str) -> float:
    """The standard error of the difference between two `COUNTED` shares, as if what is counted were independent."""
    parts = [(one[metric], COUNTED[metric](one)) for one in (old, new)]
    return sum(share * (1 - share) / max(count, 1) for share, count in parts) ** 0.5


def machine(hardware: str) -> str:
    """What a training ran on, as a reader says it."""
    plain = hardware.replace("(R)", "").removesuffix(" Processor")
    return plain.replace("1 × 1 threads, ", "one core of an ")


def sooner(before: Mapping[str, dict], now: Mapping[str, dict]) -> Figure:
    """Held-out looks of the same networks trained with Adam (dashed) and with Muon (solid), against steps: jaccard of
    spikes, error of digits; dotted, the `GOALS`.

    before, now: records by the weights' names.
    """
    figure, axes = panelled(2, 3.6, 3.1)
    for axis, (kind, metric) in zip(axes, (("spikes", "jaccard"), ("digits", "nmse")), strict=True):
        for name in (name for name in GOALS if name.startswith(kind)):
            for record, style in ((before[name], "o--"), (now[name], "o-")):
                label = f"{called(name)}, {WORDS[record['recipe'].get('optimiser', 'adam')]}"
                curve = learning_curve(record, metric)
                axis.plot(*curve, style, ms=2.5, lw=1.3, color=colour_of(name), label=label)
            axis.axhline(GOALS[name][1], color="0.4", ls=":", lw=0.9)
        axis.set(title=f"{kind}: {metric}", xlabel="steps")
        if metric == "nmse":
            _logarithmic(axis)
    legend(figure, *axes)
    return figure
