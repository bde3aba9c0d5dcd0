"""The survey of territories: what it says of models made to order, how it is kept, and how it is drawn."""

import pytest
import torch
from stand_ins import PLAIN

from atomic_lib import BadInput
from atomic_lib.data.spikes import Spikes
from atomic_lib.files import write_json
from atomic_lib.studies import survey, territories, territory_charts

DATA = Spikes(size=32, sigma=2.0, k=3, separation=2.0)


@pytest.fixture(scope="module")
def found():
    return survey.survey(PLAIN.build().eval(), DATA, count=4, seeds=2, side=4)


def test_a_survey_holds_a_row_for_each_number_and_seed(found):
    assert [[row["n"] for row in rows] for rows in found["by_number"]] == [[1, 2, 3]] * 2
    assert found["beyond"] == [rows[-1]["beyond"] for rows in found["by_number"]]
    assert sum(found["shares"]) == pytest.approx(1) and 0 <= found["loyalty"] <= 1
    assert found["unequal"] == pytest.approx(territories.found_share(3, torch.tensor(found["shares"])))


def test_a_survey_is_of_the_weights_that_ship(found, tmp_path, monkeypatch):
    monkeypatch.setenv("ATOMIC_DATA", str(tmp_path))
    (tmp_path / "weights").mkdir()
    (tmp_path / "results").mkdir()
    (tmp_path / "weights" / "spikes-plain.safetensors").touch()
    write_json(tmp_path / "weights" / "spikes-plain.json", {"sha256": "new"})
    write_json(tmp_path / "results" / survey.RESULT, {"spikes-plain": {"sha256": "old", **found}})
    with pytest.raises(BadInput, match="not surveyed; do it with"):
        survey.surveyed()
    write_json(tmp_path / "results" / survey.RESULT, {"spikes-plain": {"sha256": "new", **found}})
    assert survey.surveyed()["spikes-plain"]["beyond"] == found["beyond"]


def test_curves_lie_beside_the_formula(found):
    (axis,) = territory_charts.recall({"one-shot": found}, 10).axes
    dashed = next(line for line in axis.lines if line.get_linestyle() == "--")
    assert dashed.get_ydata() == pytest.approx([territories.found_share(n, 10) for n in (1, 2, 3)])
    (axis,) = territory_charts.flawless({"one-shot": found}, 10).axes
    dashed = next(line for line in axis.lines if line.get_linestyle() == "--")
    assert dashed.get_ydata() == pytest.approx([1, 0.9, 0.72])


def test_where_no_border_is_there_is_no_line(found):
    rows = [{**row, "images": 0} for row in found["by_distance"]]
    figure = territory_charts.by_distance({"one-shot": found, "pursuit": {**found, "by_distance": rows}})
    assert [text.get_text() for box in figure.legends for text in box.get_texts()] == ["one-shot"]


def test_the_weights_that_ship_are_surveyed():
    kept = survey.surveyed()
    assert list(kept) == survey.present() and "spikes-reference" in kept
