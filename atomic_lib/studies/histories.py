"""Recorded trainings, drawn: how far each came, and how the authors' network learns as released and as trained here."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullLocator

from ..names import called, colour_of
from ..recipes import Recipe
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
RELEASED = "as released, broken off early"


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
        axis.legend(frameon=False, fontsize=8)
    return figure
