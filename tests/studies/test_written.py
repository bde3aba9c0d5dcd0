"""Strokes on characters: the table of what was recorded."""

from atomic_lib.studies import written

ONE = {"nmse": 0.2, "exclusivity": 0.7, "exclusivity_control": 0.5, "purity": 0.4, "purity_control": 0.1}


def test_the_truth_stands_last_and_names_are_the_books():
    record = {"systems": {"digits-plain": ONE, "nmf": ONE}, "truth": {"exclusivity": 0.95, "purity": 1.0}}
    rows = written.rows(record, {"digits-plain": "one-shot"})
    assert [row["network"] for row in rows] == ["one-shot", "nmf", "the strokes themselves"]
    assert rows[0]["purity"] == 0.4 and rows[-1]["nmse"] == 0
    assert len({tuple(row) for row in rows}) == 1, "one heading for all"
