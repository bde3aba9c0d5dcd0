"""Charts of recorded runs show every seed, on the scales that they should."""

import numpy as np
import pandas
import pytest
import torch

from atomic_lib.studies import charts, knobs


def test_charts_show_every_seed():
    figure = charts.turned(
        {"a": {"x": {1: [0.1, 0.2, 0.3], 2: [0.4, 0.5, 0.6]}}, "b": {"x": {1: [5.0], 2: [7.0]}}}, "k"
    )
    one, two = figure.axes
    marks = [line for line in one.lines if line.get_linestyle() == "None"]
    assert sum(len(line.get_ydata()) for line in marks) == 6 and one.get_ylim()[1] == pytest.approx(1.03)
    assert two.get_ylim()[1] > 7


def test_charts_of_things_without_an_order_have_no_lines():
    values = {"x": {"free": [0.1, 0.2], "bounded": [0.3, 0.4]}}
    drawn = [charts.turned({"a": values}, "latents", joined=joined).axes[0].lines for joined in (True, False)]
    assert [any(line.get_linestyle() == "-" for line in lines) for lines in drawn] == [True, False]


def test_charts_of_the_same_have_one_scale():
    panels = {"a": {"x": {1: [2.0], 2: [3.0]}}, "b": {"x": {1: [5.0], 2: [70.0]}}}
    one, two = charts.turned(panels, "k", alike=True).axes
    assert one.get_ylim() == two.get_ylim() and one.get_ylim()[1] > 70 and one.get_ylim()[0] < 2


def test_more_than_three_panels_stand_in_two_rows():
    panels = {str(i): {"x": {1: [0.1], 2: [0.2]}} for i in range(5)}
    tops = [round(axis.get_position().y1, 2) for axis in charts.turned(panels, "k", ylabel="share").axes]
    assert len(tops) == 5 and len(set(tops)) == 2


def test_stacks_are_shares():
    (axis,) = charts.stacks({"a": {"3": np.array([[1, 3], [0, 2]])}}, ("held", "lost")).axes
    heights = np.array([[bar.get_height() for bar in part] for part in axis.containers])
    assert heights.tolist() == [[0.25, 0], [0.75, 1]]


def test_a_confusion_matrix_has_its_counts():
    (axis,) = charts.confusion({"a": np.array([[5, 0], [1, 4]])}, "said", "true", first=1).axes
    assert [text.get_text() for text in axis.texts] == ["5", "1", "4"]
    assert [text.get_text() for text in axis.get_yticklabels()] == ["1", "2"]


def test_spectra_mark_the_truth():
    (axis,) = charts.spectra({"a": [np.array([[1, 0.1], [2, 0.2], [3, 0.3]])]}, {"a": 1}, "value").axes
    assert axis.lines[-1].get_xdata()[0] == 1.5 and axis.lines[0].get_ydata().tolist() == [2, 0.2]


RUNS = pandas.DataFrame(
    {"name": list("aabb"), "d0": [3, 1, 3, 3], "nmse": [0.1, 0.2, 0.3, 0.4], "lost": [0.1, 0, 0.5, 1], "held": 0.2}
)


def test_a_table_of_runs_becomes_lines_and_bars():
    assert charts.lines(RUNS, "nmse", "name", "d0") == {"a": {3: [0.1], 1: [0.2]}, "b": {3: [0.3, 0.4]}}
    bars = charts.bars(RUNS, ("held", "lost"), "d0")
    assert list(bars) == ["3", "1"] and bars["3"].tolist() == [[0.2, 0.1], [0.2, 0.5], [0.2, 1]]


def test_examples_ring_the_truth_in_input_and_output_alone():
    kept = {"pictures": knobs.packed(torch.rand(4, 16, 16)), "size": 16, "truth": [[1.0, 3.0, 5.0]]}
    axes = charts.examples({"one": {"knobs": {"example": kept}}, "two": {"knobs": {"example": kept}}}).axes
    ringed = [[(line.get_xdata().tolist(), line.get_ydata().tolist()) for line in axis.lines] for axis in axes[:8]]
    assert ringed == [[([5.0], [3.0])], [([5.0], [3.0])], [([], [])], [([], [])]] * 2
    assert [axis.get_ylabel() for axis in axes[:8:4]] == ["one", "two"]
