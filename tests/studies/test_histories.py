"""Recorded trainings drawn: the authors' network as released and as trained here, and what is whose."""

from atomic_lib import records
from atomic_lib.recipes import RECIPES, find
from atomic_lib.studies import histories


def test_what_is_theirs_is_said_once():
    rows = {row[""]: row for row in histories.theirs_and_ours(find("spikes-paper"), find("spikes-reference"))}
    for shared in ("latents", "encoder $f_E$", "decoder block $g$"):
        assert rows[shared]["here"] == "the same"
    assert (rows["optimiser"]["as released"], rows["optimiser"]["here"]) == ("Adam", "Muon")
    assert rows["steps"]["as released"] == "1,000,000"


def test_a_curve_is_what_its_record_says():
    shipped = records()
    axis = histories.learning(shipped).axes[0]
    looks = shipped["spikes-reference"]["curve"]["held_out"]
    assert axis.lines[0].get_ydata().tolist() == [look["nmse"] for look in looks]
    assert axis.lines[1].get_xdata()[-1] <= shipped["spikes-paper"]["steps"]


def test_every_recorded_training_has_a_line():
    spikes, digits = histories.recorded(records()).axes
    assert len(spikes.lines) + len(digits.lines) == len(records())


def test_the_first_look_at_a_goal():
    looks = [{"step": 1, "jaccard": 0.2, "nmse": 0.5}, {"step": 2, "jaccard": 0.8, "nmse": 0.04}]
    record = {"curve": {"held_out": [*looks, {"step": 3, "jaccard": 0.9, "nmse": 0.03}]}}
    assert histories.first_at(record, "jaccard", 0.8) == histories.first_at(record, "nmse", 0.05) == looks[1]
    assert histories.first_at(record, "jaccard", 0.95) is None


def test_every_network_trained_anew_is_in_the_table_and_in_the_figure():
    before, now = histories.before_and_now()
    rows = histories.to_goals(before, now)
    assert [row["weights"] for row in rows] == [f"`{name}`" for name in histories.GOALS]
    assert rows[0]["whole, Adam"].startswith("24,000 steps")
    spikes, digits = histories.sooner(before, now).axes
    assert [len(axis.lines) for axis in (spikes, digits)] == [6, 9]  # two curves and a goal each


def test_anew_a_training_takes_half_the_time_at_most():
    before, now = histories.before_and_now()
    for name in histories.GOALS:
        assert now[name]["recipe"]["optimiser"] == "muon" and now[name]["steps"] < before[name]["steps"]
        assert 2 * now[name]["minutes"] <= before[name]["minutes"]


def test_what_ships_stands_below_what_was_tried():
    *tried, last = histories.pursuits()
    assert [row["optimiser"] for row in tried] == ["Adam", "Muon", "Muon", "Muon", "Adam"]
    rates = [float(row["rate"]) for row in tried[1:4]]
    assert rates == sorted(rates) and len(set(rates)) == 3 and float(last["rate"]) in rates
    assert [row["taken back"] for row in (*tried, last)] == ["no"] * 4 + ["yes"] * 2
    assert last["corrections"] == tried[-1]["corrections"] == RECIPES["spikes-pursuit"].encoder_options["again"]
    assert last["false"] <= min(row["false"] for row in tried)


def test_better_and_worse_are_told_apart():
    old = {name: {"metrics": {"jaccard": 0.8, "nmse": 0.1, "images": 3}} for name in histories.GOALS}
    new = {name: {"metrics": {"jaccard": 0.9, "nmse": 0.2, "images": 3}} for name in histories.GOALS}
    row = histories.changed(old, new)[0]
    assert row["as good or better"] == "jaccard 0.8 → 0.9" and row["worse"] == "nmse 0.1 → 0.2"


def test_a_share_that_is_worse_has_its_standard_error():
    old, new = (
        {name: {"metrics": {"connected": share, "active_blocks": 1.0, "images": 100}} for name in histories.GOALS}
        for share in (0.5, 0.4)
    )
    assert histories.changed(old, new)[0]["worse"] == "connected 0.5 → 0.4 (± 0.07)"
    assert (
        histories.chance(old["digits-plain"]["metrics"], old["digits-plain"]["metrics"], "connected")
        == (1 / 200) ** 0.5
    )
