"""The field's tables and figures, from recorded runs that are made up here: what is there is told, what is not, too."""

import json

import pytest
import torch

from atomic_lib.errors import BadInput
from atomic_lib.rivals.walks import pack
from atomic_lib.studies import standing_charts, standings

NUMBERS = {
    "parameters": 1000, "nmse": 0.1, "exclusivity": 0.5, "exclusivity_control": 0.4, "exclusivity_truth": 1.0,
    "movers": 2.0, "jaccard": 0.5, "jaccard_readout": 0.6, "recombination": 0.01, "locality": 0.3, "connected": 0.9,
}  # fmt: skip


def record(folder, variant, seed, **numbers):
    """A recorded run, with a walk, in the folder of results."""
    picture = pack(torch.rand(1, 8, 8))
    walk = {"image": picture, "output": picture, "moved": pack(torch.randn(3, 8, 8)), "coordinates": {}}
    looks = [{"step": 10, "nmse": 0.5}, {"step": 20, "nmse": 0.2}]
    found = {
        "ablation": "field", "variant": variant, "seed": seed, "minutes": 0.5, "metrics": {}, "recipe": {},
        "curve": {"held_out": looks}, "field": {**NUMBERS, **numbers, "walk": walk},
    }  # fmt: skip
    (folder / f"{variant}-seed{seed}.json").write_text(json.dumps(found))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("ATOMIC_DATA", str(tmp_path))
    (tmp_path / "results" / "field").mkdir(parents=True)
    return tmp_path / "results" / "field"


@pytest.fixture
def some(folder):
    """Two seeds of NMF, one of the one-shot atomic autoencoder, one system on digits, and one that is told classes."""
    record(folder, "spikes-one-shot", 0, jaccard=0.9)
    record(folder, "spikes-nmf", 0, jaccard=0.1)
    record(folder, "spikes-nmf", 1, jaccard=0.3)
    record(folder, "digits-one-shot", 0)
    record(folder, "digits-xcov", 0, leakage=0.2, swapped=0.9, own=0.95, judge=0.96)
    return folder


def test_runs_are_gathered_in_the_books_order(some):
    runs = standings.gathered()
    assert runs[["kind", "system", "seed"]].to_numpy().tolist() == [
        ["digits", "one-shot", 0], ["digits", "xcov", 0], ["spikes", "nmf", 0], ["spikes", "nmf", 1],
        ["spikes", "one-shot", 0],
    ]  # fmt: skip
    assert runs.jaccard.tolist()[-1] == 0.9


def test_what_is_not_recorded_is_told_by_its_command(some):
    missing = standings.missing()
    assert "python -m atomic_lib ablate field --variant spikes-one-shot --seed 1" in missing
    assert not [command for command in missing if "spikes-nmf --seed 0" in command]


def test_nothing_recorded_is_told(folder):
    with pytest.raises(BadInput, match="make field"):
        standings.gathered()


def test_every_variant_of_the_field_has_its_entry():
    from atomic_lib.studies.ablations import find

    names = {variant.partition("-")[2] for variant in find("field").variants}
    assert names == {*standings.ENTRIES, *standings.TOLD}


def test_verdicts_are_judged_by_set_recovery(some):
    rows = {row["system"]: row for row in standings.verdicts(standings.gathered())}
    assert rows["NMF"]["one spike a part?"] == "no" and rows["atomic, one-shot"]["one spike a part?"] == "yes"
    assert rows["NMF"]["set recovery"] == "0.20 (0.10–0.30)" and rows["NMF"]["seeds"] == 2


def test_those_that_are_told_classes_have_a_table_of_their_own(some):
    runs = standings.gathered()
    assert [row["system"] for row in standings.told(runs)] == ["XCov"]
    assert [row["system"] for row in standings.strokes(runs)] == ["atomic, one-shot"]


def test_walks_have_a_row_a_system(some):
    records = {kind: standings.records(kind, 0) for kind in ("spikes", "digits")}
    figure = standing_charts.walks(records)
    rows = {axis.get_ylabel() for axis in figure.axes} - {""}
    assert rows == {"the image", "NMF", "atomic, one-shot"}
    # the image, two systems on spikes, one system on digits beside its image
    assert sum(bool(axis.images) for axis in figure.axes) == 2 + 3 * 4


def test_a_dot_a_seed_and_what_is_held_against_it(some):
    runs = standings.gathered()
    figure = standing_charts.dots(runs[runs.kind == "spikes"], {"exclusivity": "exclusivity", "nmse": "nmse"})
    first, second = figure.axes[:2]
    marks = [line.get_marker() for line in first.lines]
    assert marks.count("o") == 2 + 2 and marks.count("x") == 2 + 1, "two systems, and the key of two groups"
    assert [len(line.get_xdata()) for line in second.lines if line.get_marker() == "o"] == [2, 1]


def test_curves_are_drawn_against_images(some):
    figure = standing_charts.learned({"one-shot": standings.records("spikes", 0)["one-shot"]}, images=32)
    assert figure.axes[0].lines[0].get_xdata().tolist() == [320, 640]
