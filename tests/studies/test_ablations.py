"""Ablations: a run leaves one whole result, is not done twice, and can be repeated from its own command."""

import json

import pytest

from atomic_lib import BadInput, Recipe
from atomic_lib.__main__ import main
from atomic_lib.data.spikes import Spikes
from atomic_lib.studies import ablations
from atomic_lib.studies.ablations import ABLATIONS, Ablation


def counted(model):
    """A measure that costs nothing."""
    return {"blocks": model.k}


@pytest.fixture
def tiny(monkeypatch, tmp_path):
    """An ablation of two steps, recorded in a folder of its own."""
    variants = {
        name: recipe.replace(data=Spikes(size=32, sigma=2.0, k=2), k=2, steps=2)
        for name, recipe in ABLATIONS["d0"].variants.items()
        if name in ("one-shot-3", "pursuit-3")
    }
    monkeypatch.setenv("ATOMIC_DATA", str(tmp_path))
    monkeypatch.setitem(ABLATIONS, "tiny", Ablation("Does it run?", variants, seeds=1, measure=counted))
    return tmp_path / "results" / "tiny"


@pytest.mark.slow
def test_runs_are_recorded_once(tiny, capsys):
    assert main(["ablate", "tiny"]) == 0
    files = sorted(path.name for path in tiny.iterdir())
    assert files == ["one-shot-3-seed0.json", "pursuit-3-seed0.json"]
    result = json.loads((tiny / files[0]).read_text())
    assert result["command"].endswith("ablate tiny --variant one-shot-3 --seed 0") and result["steps"] == 2
    assert {"jaccard", "nmse"} <= set(result["metrics"]) and result["test_ablations"] == {"blocks": 2}
    before = (tiny / files[0]).stat().st_mtime_ns
    assert main(["ablate", "tiny"]) == 0 and (tiny / files[0]).stat().st_mtime_ns == before
    assert capsys.readouterr().out.count("recorded already") == 2
    assert [len(found) for found in ablations.results("tiny").values()] == [1, 1]


def test_the_list_names_every_run_and_its_command(capsys):
    assert main(["ablate", "--list"]) == 0
    listed = capsys.readouterr().out
    for name in ABLATIONS:
        for variant, seed in ablations.runs(name):
            assert ablations.command(name, variant, seed) in listed


def test_what_is_not_there_is_said_in_a_sentence(tiny, capsys):
    assert main(["ablate", "nothing"]) == 2
    assert main(["ablate", "tiny", "--variant", "nothing"]) == 2
    assert main(["ablate", "tiny", "--seeds", "0"]) == 2
    assert "pursuit" in capsys.readouterr().err
    with pytest.raises(BadInput, match="--variant one-shot-3 --seed 0"):
        ablations.results("tiny")


def test_what_several_ablations_share_is_trained_once():
    shared = {"d0": "one-shot-3", "k": "one-shot-10", "terms": "base", "validity": "one-shot-free"}
    paths = {name: ablations.result_path(name, variant, 0) for name, variant in shared.items()}
    assert len(set(paths.values())) == 1 and paths["k"].name == "one-shot-3-seed0.json"
    assert ablations.result_path("k", "one-shot-5", 0) != paths["k"]


def test_recorded_runs_in_one_tidy_table():
    runs = ablations.frame("tight", "k")
    assert len(runs) == len(ablations.runs("tight")) + len(ablations.runs("k"))
    assert set(runs.ablation) == {"tight", "k"} and runs.groupby(["ablation", "variant", "seed"]).size().max() == 1
    free = runs[runs.variant == "pursuit-free-5"]
    assert (free.family == "pursuit-free").all() and (free.k == 5).all() and sorted(free.seed) == [0, 1, 2]
    kept = ablations.results("k")["pursuit-free-5"][0]
    assert float(free.nmse.iloc[0]) == sum(kept["knobs"]["found"]["lost"]) / sum(kept["knobs"]["found"]["energy"])
    assert free.command.iloc[0] == kept["command"]


def test_the_table_of_the_chapter_on_seeds_has_its_own_numbers():
    runs = ablations.frame("seeds")
    assert {"jaccard", "recall", "nmse", "beyond"} <= set(runs.columns) and len(runs) == 15
    kept = ablations.results("seeds")["slots"][3]["territories"]["by_number"][-1]
    assert kept["n"] == 10 and kept["beyond"] in set(runs[runs.variant == "slots"].beyond)


def test_the_budget_of_an_ablation_in_a_row():
    (row,) = ablations.budget(ablations.frame("divisible"))
    assert row["ablation"] == "`divisible`" and row["question"] == ABLATIONS["divisible"].question
    assert (row["variants × seeds"], row["steps"], row["atoms in an image"]) == ("4 × 3", "5,000", "2")
    assert row["minutes a run"].count("–") == 1


@pytest.mark.parametrize("name", ABLATIONS)
def test_what_is_recorded_is_what_its_command_trains_today(name):
    for variant, runs in ablations.results(name).items():
        recipe = ABLATIONS[name].variants[variant]
        for run in runs if isinstance(recipe, Recipe) else []:
            assert recipe.apart(Recipe.from_json(run["recipe"]).replace(name=recipe.name)) == ""


def test_rows_of_a_run_may_be_several():
    rows = ablations.frame("tight", rows=lambda result: [{"n": 1}, {"n": 2}])
    assert len(rows) == 2 * len(ablations.runs("tight")) and rows.n.tolist()[:2] == [1, 2]


def test_a_result_of_any_kind_by_its_path():
    assert "growth" in ablations.recorded("bench.json")
    with pytest.raises(BadInput, match="nothing.json"):
        ablations.recorded("nothing.json")
