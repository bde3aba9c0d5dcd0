"""Recorded runs in tables: every number is counted right, and a run that was not asked has none."""

import pandas
import pytest

from atomic_lib.studies import knobs, outcomes


def a_run(alone=0, together=0, split=0, lost=0, **measured):
    """A result as it is recorded, of images with one spike each, which all have two active blocks."""
    spikes = alone + together + split + lost
    found = {
        "fates": [[0] * 4, [alone, together, split, lost]], "active": [[0, 0, 0], [0, 0, spikes]],
        "held": [0, alone, together], "lost": [0.0, 1.0], "energy": [0.0, 4.0], "kept": [0.9, 1.0, 1.0],
        "kept_in_sum": 0.9, "cancelled": 1.0, "pairs": [1, 2, 0, 0, 3], "repeated": 2,
    }  # fmt: skip
    metrics = {"jaccard": 0.5, "recall": 0.5, "purity": 0.5}
    return {"knobs": {"found": found, **measured}, "metrics": metrics}


def test_a_run_in_one_row():
    row = outcomes.summary(a_run(alone=6, together=2, split=1, lost=1))
    assert [row[name] for name in knobs.FATES] == [0.6, 0.2, 0.1, 0.1]
    assert (row["nmse"], row["extra"], row["merged"], row["merged_blocks"]) == (0.25, 1, 0.25, 2)
    assert row["repeated"] == 0.2 and [row[name] for name in knobs.PAIRINGS] == [1, 2, 0, 0, 3]
    assert not {"jacobian", "neighbours", "fading", "ranges-one"} & set(row)


def test_what_codes_say():
    asked = {
        "spectrum": {"quantiles": [[2, 1, 0.01]] * 3}, "ranges": [[-1, 1], [-0.9, 0.95], [-0.1, 0.1]],
        "neighbours": {"dimension": 1.9, "points": 500}, "fading": 0.7, "valid": {"ranges-one": {"share": 0.8}},
    }  # fmt: skip
    row = outcomes.summary(a_run(alone=1, **asked))
    assert (row["jacobian"], row["wide"], row["neighbours"], row["points"], row["fading"]) == (2, 2, 1.9, 500, 0.7)
    assert row["ranges-one"] == 0.8


def test_a_row_for_each_number_of_spikes():
    (row,) = outcomes.by_number(a_run(alone=3, split=1))
    assert row == {"spikes": 1, "alone": 0.75, "together": 0, "split": 0.25, "lost": 0, "active": 2, "error": 0.25}
    nothing = outcomes.by_number(a_run())
    assert nothing[0]["alone"] == nothing[0]["active"] == 0


def test_counts_of_several_runs_are_summed():
    runs = [a_run(alone=3), a_run(alone=1, lost=1)]
    assert outcomes.pooled(runs, "fates").tolist() == [[0, 0, 0, 0], [4, 0, 0, 1]]


def test_seeds_that_separate():
    assert outcomes.success([1.0, 0.9, 0.89, 0.5, 0.49]) == (2, 2, 1)


def test_the_table_has_a_row_a_variant():
    rows = [
        {"ablation": "k", "variant": name, **outcomes.summary(a_run(alone=n, lost=1))}
        for name, n in (("a", 1), ("a", 9))
    ]
    (row,) = outcomes.table(pandas.DataFrame(rows))
    assert row["alone"] == "0.70 (0.50–0.90)" and row["separate / half / not"] == "1 / 1 / 0"
    assert row["ablation"] == "`k`" and row["relative error"] == "0.250 (0.250–0.250)"


@pytest.mark.parametrize("key", outcomes.COLUMNS)
def test_every_column_of_the_table_is_in_a_row(key):
    assert key in outcomes.summary(a_run(alone=1))


def test_pairs_are_shares_of_the_blocks_that_hold_two():
    runs = outcomes.paired(pandas.DataFrame([{"true pair": 1, "mixed pair": 3, "one spike": 9}]))
    assert runs.two.tolist() == [4] and runs["true"].tolist() == [0.25]


def test_estimates_are_held_against_full_cubes():
    seeds = [{"variant": "plane", "points": 400.0, "neighbours": said, "jacobian": 3.0} for said in (1.8, 2.0)]
    seeds += [{"variant": "line", "points": 400.0, "neighbours": 1.0, "jacobian": 1.0}]
    found = outcomes.estimates(pandas.DataFrame(seeds), {"line": 1, "plane": 2})
    assert found.index.tolist() == ["line", "plane"] and found.nearest.tolist() == [1, 2]
    assert found.neighbours["plane"] == [1.8, 2.0] and found.jacobian["plane"] == [3, 3]
    assert found.cube["plane"] == knobs.full_cube(2, 400)
    line, plane = outcomes.estimated(found)
    assert line == {
        "data": "*line*", "an atom has": "1 parameter", "by neighbours": "**1** (1.0)", "by the Jacobian": "**1**",
    }  # fmt: skip
    assert plane["by neighbours"] == "**2** (1.8, 2.0)" and plane["by the Jacobian"] == "3, 3"
    assert outcomes.right(found) == "on all 2 data"
    assert outcomes.right(found.assign(nearest=[2, 2])) == "on 1 of 2 data; not on “line”"


def test_runs_have_the_titles_of_the_chapter():
    runs = pandas.DataFrame({"ablation": ["k", "terms"], "family": ["pursuit-free", "base"]})
    assert outcomes.entitled(runs).title.fillna("").tolist() == ["pursuit, free latents", ""]
