"""What is varied: every ablation by name, recipes that differ in one thing, `ABLATIONS[name]`."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..data.spikes import Spikes
from ..recipes import RECIPES, Recipe
from ..rivals.dictionaries import DICTIONARIES
from ..rivals.recipes import RIVALS, TRIED, rival
from . import field, knobs, navigation, outcomes, territories
from .other_spikes import OtherSpikes


@dataclass(frozen=True)
class Ablation:
    """A question, and the recipes by variant that answer it, each trained from `seeds` seeds, from `first` on.

    measure: what is measured of the model at the end, a function of the module that it lies in and is recorded under.
    summary: the numbers that a table has of a recorded result. looks: how many held-out evaluations there are on the
    way, or after which steps.
    """

    question: str
    variants: dict[str, Any]
    seeds: int = 5
    measure: Callable[[Any], dict] = navigation.measure
    summary: Callable[[dict], dict] = navigation.summary
    looks: int | tuple[int, ...] = 20
    first: int = 0

    @property
    def measured(self) -> str:
        """The name that the measurements are recorded under."""
        return self.measure.__module__.rsplit(".", 1)[-1]


_LOOSE: dict[str, Any] = {"latents": "leaky", "noise": 0.0, "noise_end": 0.0}


def _small(name: str, **changes) -> Recipe:
    """A spikes recipe for images of 64×64, everything in pixels scaled with them (σ = 2 px)."""
    before = {"optimiser": "adam", "lr": 1e-3}  # most of these were recorded before Muon
    if name == "pursuit":
        changes = {**before, "batch": 32, "encoder_options": {"window": 18, "smooth": 1.0, "again": 1}, **changes}
    if name == "plain":
        changes = {**before, "latents": "bounded", "noise": 0.01, "noise_end": 0.001, **changes}
    return RECIPES[f"spikes-{name}"].replace(**{"data": Spikes(size=64, sigma=2.0), **changes})


# Few spikes: what a block holds is learned well. A one-shot encoder has blocks to spare, for it deals out the picture.
_FEW: dict[str, Any] = {"data": Spikes(size=64, sigma=2.0, k=3), "k": 3, "steps": 1500, "lr": 3e-3}
_FAINT: dict[str, Any] = {"data": Spikes(size=64, sigma=2.0, k=3, amplitude=(0.1, 1.0))}


def _coordinates(**changes) -> Recipe:
    return _small("plain", **{**_FEW, "k": 10, "steps": 600, "optimiser": "muon", "lr": 0.01, **changes})


ABLATIONS: dict[str, Ablation] = {
    "coordinates": Ablation(
        "What makes a coordinate hold the amplitude alone, and the others perpendicular motions?",
        {
            "free": _small("pursuit", **_FEW, **_LOOSE),
            "bounded": _small("pursuit", **_FEW),
            "orthogonal": _small("pursuit", **_FEW, alignment="orthogonal"),
            "scaling": _small("pursuit", **_FEW, alignment="scaling"),
            "one-shot-free": _coordinates(**_LOOSE),
            "one-shot-bounded": _coordinates(),
            "one-shot-orthogonal": _coordinates(alignment="orthogonal"),
            "one-shot-scaling": _coordinates(alignment="scaling"),
            "one-shot-faint": _coordinates(**_LOOSE, **_FAINT),
            "one-shot-twelve": _coordinates(**_LOOSE, d0=12),
        },
        seeds=3,
    ),
}


# The two knobs. At most three broad spikes (σ = 4 px) and a small network: what a one-shot encoder learns in a minute.
# Amplitudes down to 0.1, so that it shows where they are lost. The one-shot encoder has the latents that it learns best
# with, the pursuit those that ship and, to tell what they do, free ones.
_ATOMS: dict[str, Any] = {"size": 64, "sigma": 4.0, "k": 3, "amplitude": (0.1, 1.0)}
_MINUTE: dict[str, Any] = {
    "data": Spikes(**_ATOMS), "k": 10, "lr": 3e-3, "decoder_options": {"channels": 16, "width": 64},
}  # fmt: skip
_LATENTS: dict[str, dict[str, Any]] = {
    "free": _LOOSE,
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


_KNOBS: dict[str, Any] = {"seeds": 3, "measure": knobs.measure, "summary": outcomes.summary, "looks": 4}
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
_HALF: dict[str, Any] = {"data": Spikes(size=64, sigma=1.4)}
_STEPPERS: dict[str, dict[str, Any]] = {
    "released": {"optimiser": "adam", "lr": 1e-4, "schedule": "constant"},
    "adam": {"optimiser": "adam", "lr": 1e-3},
    "muon": {"optimiser": "muon", "lr": 0.01},
}


def _one_shot(**changes) -> Recipe:
    return RECIPES["spikes-plain"].replace(**{**_HALF, **_STEPPERS["muon"], "steps": 1000, **changes})


_HALVED: dict[str, Any] = {
    "reference": {}, "slots": {"encoder_options": {"stride": 4, "spare": 22}},
    "pursuit": {"encoder_options": {"window": 14, "smooth": 0.75, "again": 1}, "batch": 32},
}  # fmt: skip


def _fair(name: str, steps: int) -> Recipe:
    """A recipe at half the size, in so many steps."""
    return RECIPES[f"spikes-{name}"].replace(**_HALF, **_HALVED[name], steps=steps)


def _slots(**options) -> Recipe:
    """The slots of `seeds` with other options."""
    slots = _fair("slots", 1200)
    return slots.replace(encoder_options={**slots.encoder_options, **options})


_JUDGED: dict[str, Any] = {"seeds": 3, "measure": territories.measure, "summary": territories.summary}
ABLATIONS |= {
    "million": Ablation(
        "Why does the authors' network take a million steps?",
        {
            f"{init}-{name}": RECIPES["spikes-reference"].replace(
                **{**_HALF, **stepper, "init": init, "steps": 1000}
            )
            for init in ("torch", "kaiming")
            for name, stepper in _STEPPERS.items()
        },
        looks=(10, 20, 40, 70, 100, 150, 200, 300, 400, 550, 750, 1000), **_JUDGED,
    ),
    "latents": Ablation(
        "Which latents does a one-shot encoder learn best with?",
        {name: _one_shot(**latents) for name, latents in _LATENTS.items()},
        looks=(100, 200, 400, 700, 1000), **_JUDGED,
    ),
    "blocks": Ablation(
        "Do more blocks than spikes find more of them, or are spikes split?",
        {f"one-shot-{k}": _one_shot(**_LATENTS["free"], k=k) for k in (10, 20, 40)},
        looks=(100, 200, 400, 700, 1000), **_JUDGED,
    ),
    "seeds": Ablation(
        "Does one spike come to lie in one block, whatever the seed?",
        {"reference": _fair("reference", 800), "slots": _fair("slots", 1200), "pursuit": _fair("pursuit", 800)},
        **{**_JUDGED, "seeds": 5},
    ),
    "patience": Ablation(
        "Does a longer training leave its territories?",
        {f"{name}-{steps}": _fair(name, steps) for name, most in {"reference": 800, "slots": 1200}.items()
         for steps in (most // 4, most // 2, most)},
        **_JUDGED,
    ),
    "slots": Ablation(
        "What do slots need to leave the territories?",
        {
            "no-spare": _slots(spare=0), "one-round": _slots(rounds=1),
            "free": _slots().replace(**_LATENTS["free"]), "curriculum": _slots().replace(curriculum=0.5),
        },
        looks=(300, 600, 900, 1200), **_JUDGED,
    ),
    "loss": Ablation(
        "What does the authors' network learn from a squared error, and from that over the batch's energy?",
        {"squared": _fair("reference", 800), "over-energy": _fair("reference", 800).replace(relative=True, clip=1.0)},
        **_JUDGED,
    ),
}  # fmt: skip


# The systems that the paper names, and those since; and before that their weights, tried on a seed of their own.
_WEIGHED = {
    f"{kind}-{system}-{weight:g}": rival(system, kind, weight, steps=300)
    for kind in ("spikes", "digits") for system, weights in TRIED.items() for weight in weights
}  # fmt: skip
ABLATIONS |= {
    "field-choice": Ablation(
        "Which weight of its own grid does a system do best with, by its own term?", _WEIGHED, seeds=1, first=100,
        measure=field.chooses, summary=field.choice, looks=1,
    ),
    "field": Ablation(
        "What do other systems have of what an atomic autoencoder has?", {**RIVALS, **DICTIONARIES}, seeds=3,
        measure=field.measure, summary=field.summary, looks=4,
    ),
}  # fmt: skip
