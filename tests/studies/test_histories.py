"""Recorded trainings drawn: the authors' network as released and as trained here, and what is whose."""

from atomic_lib import records
from atomic_lib.recipes import find
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
