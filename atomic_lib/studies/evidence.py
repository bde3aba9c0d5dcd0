"""What the claims of the paper are judged on: records of weights, recorded runs, and what was measured of the weights.

Nothing is computed here when a claim is judged: `gathered` reads files. What neither a record nor a run holds is
measured once, by `python -m atomic_lib claims --measure`, and kept in data/results/claims.json under the weights'
sha256; for other weights it counts as not measured.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import torch

from ..data.sample import Sample
from ..errors import BadInput
from ..files import data_folder, write_json
from ..model.autoencoder import AtomicAutoencoder
from ..recipes import training_range
from ..weights import load, read_record, records
from . import ablations, faults, interpolation, knobs, navigation, strokes, theory

MEASURED = "claims.json"  # in data/results
JUDGES = ("reference", "plain")  # of claims about what training brings about, in this order; never a pursuit
COMPARED = "digits-conventional"  # with what they have
PLATEAU = 0.5  # of an image's energy: with a larger error, a training has not left its first plateau
OTHERS = (  # networks that existed when the paper was written, or appeared in its year, and do not share one g
    "conventional", "beta-vae", "annealed", "factor-vae", "beta-tcvae", "dip-vae-1", "dip-vae-2", "jacobian", "jl1-vae",
    "slot-attention", "untied",
)  # fmt: skip
UNALIGNED = [  # trainings that ask nothing of their coordinates
    ("coordinates", f"one-shot-{way}") for way in ("free", "bounded", "faint", "twelve")
]  # fmt: skip
RUNS = {  # the recorded runs that claims are judged on, (ablation, variant)
    ("seeds", "reference"), ("seeds", "slots"), ("latents", "free"), ("d0", "one-shot-3"), ("d0", "one-shot-6"),
    *UNALIGNED, ("d0", "one-shot-12"), ("d0", "one-shot-4"), ("terms", "base"), ("terms", "blocks"),
    ("terms", "coordinates"), ("terms", "untied"), ("terms", "max"),
    *(("field", f"spikes-{name}") for name in ("one-shot", *OTHERS)),
}  # fmt: skip


@dataclass(frozen=True)
class Evidence:
    """records: of shipped weights, by name; measured: what `measure` found of them; runs: the summaries of recorded
    runs, a row a seed, by (ablation, variant)."""

    records: dict[str, dict]
    measured: dict[str, dict] = field(default_factory=dict)
    runs: dict[tuple[str, str], list[dict]] = field(default_factory=dict)

    def learned(self, name: str) -> bool:
        """Whether weights are there, and have left the plateau on which every training begins."""
        return name in self.records and self.records[name]["metrics"]["nmse"] < PLATEAU

    def judge(self, kind: str) -> str | None:
        """The weights that claims of emergence are judged on: of the authors' network, else one-shot; never a pursuit.

        kind: spikes or digits. None if neither has left its plateau.
        """
        return next((name for name in judges(kind) if self.learned(name)), None)

    def of(self, name: str | None) -> dict:
        """What was measured of weights; nothing if they are not there, or others than those that were measured."""
        found = self.measured.get(name or "", {})
        same = name in self.records and found.get("sha256") == self.records[name].get("sha256")
        return found if same else {}

    def seeds(self, ablation: str, variant: str, what: str) -> list[float]:
        """One number of recorded runs, a value a seed; empty if they were not done."""
        return [float(row[what]) for row in self.runs.get((ablation, variant), []) if what in row]


def judges(kind: str) -> list[str]:
    """The weights that claims about spikes or digits may be judged on, the first choice first."""
    return [f"{kind}-{judge}" for judge in JUDGES]


def gathered() -> Evidence:
    """All that lies in data/; runs that were not done, and measurements that were not made, are simply not there."""
    try:
        measured = ablations.recorded(MEASURED)
    except BadInput:
        measured = {}
    return Evidence(records(), measured, {run: _rows(*run) for run in RUNS})


def _rows(name: str, variant: str) -> list[dict]:
    """The summaries of the recorded seeds of a variant."""
    if name not in ablations.ABLATIONS or variant not in ablations.find(name).variants:
        return []
    ablation, rows = ablations.find(name), []
    for seed in range(ablation.seeds):
        path = ablations.result_path(name, variant, seed)
        if path.is_file():
            row = read_record(path)
            rows.append(row["metrics"] | ablation.summary(row))
    return rows


def measure(progress: Callable[[str], None] = lambda line: None) -> dict[str, dict]:
    """Measure the judges, and what they are compared with, unless that was done; on the CPU. Writes and returns it.

    Weights that are still on their plateau have nothing to measure.
    """
    known = gathered()
    names = [name for name in (*judges("spikes"), *judges("digits"), COMPARED) if known.learned(name)]
    found = {name: known.of(name) for name in names if known.of(name)}
    for name in [name for name in names if name not in found]:
        progress(name)
        found[name] = {"sha256": known.records[name]["sha256"], **measured(load(name, "cpu"))}
        write_json(data_folder() / "results" / MEASURED, dict(sorted(found.items())))
    return found


def measured(model: AtomicAutoencoder) -> dict:
    """What a claim asks of one model and its record does not say: `of_spikes` or `of_digits`, on held-out images."""
    sample = model.recipe.data.held_out(256)
    return of_digits(model, sample) if sample.theta is None else of_spikes(model, sample)


def of_spikes(model: AtomicAutoencoder, sample: Sample) -> dict:
    """alone: share of true spikes that have a block to themselves (`knobs`); faults; navigation: over all blocks that
    hold a spike; valid: share of random codes, in the range of the training's, that decode to spikes within 1 %;
    two: see `two_atoms`."""
    data, generator = model.recipe.data, torch.Generator().manual_seed(0)
    fates = torch.tensor(knobs.contents(model, sample)["fates"]).sum(dim=0).double()
    valid = theory.validity(model, data, 256, generator, 1, training_range(model, 256)).distance <= theory.IN_SIGMA
    return {
        "images": len(sample), "alone": float(fates[0] / fates.sum()), "faults": faults.fault_counts(model, sample),
        "navigation": navigation.navigation_metrics(model, sample), "valid": float(valid.double().mean()),
        "two": two_atoms(model, sample[:64]),
    }  # fmt: skip


def of_digits(model: AtomicAutoencoder, sample: Sample) -> dict:
    """coordinate_spread: of the digit, by one coordinate; walk: mean re-encoding error at the ends and half way, blocks
    in their order, and half way of a cross-fade; two: see `two_atoms`."""
    pairs = model.recipe.data.held_out(64, 1).images
    starts, ends = pairs[0::2], pairs[1::2]
    way = interpolation.off_set(model, interpolation.latent_walk(model, starts, ends, 3, matched=False)).mean(dim=1)
    fade = interpolation.off_set(model, interpolation.pixel_walk(model, starts, ends, 3)).mean(dim=1)
    return {
        "coordinate_spread": strokes.coordinate_spread(model, sample.images[:16]),
        "walk": {
            "pairs": len(starts), "ends": float(way[[0, 2]].mean()), "half_way": float(way[1]),
            "cross_fade": float(fade[1]),
        },
        "two": two_atoms(model, sample[:64]),
    }  # fmt: skip


def two_atoms(model: AtomicAutoencoder, sample: Sample) -> float | None:
    """The median re-encoding error of two active atoms of each image, drawn by lot, alone; None if no image has two."""
    images = sample.images[model.decompose(sample.images).active.any(dim=1)]
    generator = torch.Generator().manual_seed(0)
    parts = dict(theory.partial_sums(model, images, generator)) if len(images) else {}
    if 2 not in parts:
        return None
    return float(interpolation.off_set(model, model.combined(parts[2])[None]).median())
