"""Figures that compare models show each of them, on one scale, and mark what they should."""

import pytest
import torch
from stand_ins import oracle

from atomic_lib.data import Sample
from atomic_lib.gaussians import render
from atomic_lib.names import COLOURS
from atomic_lib.studies import plates
from atomic_lib.studies.navigation import Sweep
from atomic_lib.studies.strokes import Strokes


def panels(figure):
    return [axis for axis in figure.axes if axis.get_images()]


def test_walks_are_compared_on_one_scale():
    errors = {
        "a line": {"one-shot": torch.full((5, 8), 0.1)}, "a fade": {"one-shot": torch.rand(5, 8)},
    }  # fmt: skip
    left, right = plates.strayed(errors).axes
    assert left.get_ylim() == right.get_ylim() and left.get_ylim()[1] > 10
    assert left.lines[0].get_ydata() == pytest.approx([10.0] * 5)
    assert right.lines[0].get_ydata() == pytest.approx(100 * errors["a fade"]["one-shot"].mean(dim=1).numpy(), rel=1e-5)
    assert left.lines[0].get_color() == right.lines[0].get_color() == COLOURS["one-shot"]


def test_a_stroke_and_its_lookalikes_the_nearest_first():
    atoms = torch.zeros(4, 4, 4)
    atoms[0, 0, 0], atoms[1, 3, 3], atoms[2, 0, 0], atoms[3, 0, 0] = 1.0, 1.0, 0.5, 1.0
    found = Strokes(atoms, torch.arange(4), torch.tensor([4, 1, 7, 4]))
    shown = panels(plates.lookalikes(found, torch.zeros(4, 1, 4, 4), torch.tensor([0]), columns=3))
    assert [axis.get_title() for axis in shown] == ["of a 4", "7: 25 %", "1: 200 %"]  # none of its own class


def test_what_coordinates_move_a_row_a_model():
    effects = {name: torch.arange(1.0, 6)[:, None, None] * torch.ones(5, 8, 8) for name in "ab"}
    axes = panels(plates.moved(effects, torch.zeros(1, 1, 8, 8), {"a": 0.25, "b": 1}, shown=3))
    assert len(axes) == 6 and axes[0].get_ylabel() == "a: 0.25" and axes[3].get_ylabel() == "b: 1.00"
    assert axes[0].get_images()[0].get_array()[0, 0].tolist() == pytest.approx(
        [0, 0.45, 0.7], abs=0.04
    )  # more ink: blue


def test_claims_on_an_image_of_spikes_are_marked_by_what_they_are():
    """Found; found, and claimed by another block; not found; claimed where nothing is."""
    theta = torch.tensor([[[1.0, 16, 16], [0.8, 40, 40], [0.9, 16, 44]]])
    claims = torch.tensor([[[1.0, 16, 16], [0.5, 40, 40], [0.5, 41, 40], [0.7, 50, 10]]])
    atoms = render(claims.flatten(0, 1)[:, None], 64, 2.0)[None]
    found = oracle(atoms).decompose(render(theta, 64, 2.0))
    right = panels(plates.told({"one": found}, Sample(render(theta, 64, 2.0), theta, 2.0, 0.25)))[1]
    ring, lost, twice, nothing = right.lines
    assert ring.get_xydata() == pytest.approx(torch.tensor([[16.0, 16.0], [40.0, 40.0]]).numpy(), abs=1e-2)
    assert lost.get_xydata().tolist() == [[44, 16]] and len(twice.get_xydata()) == 1
    assert nothing.get_xydata() == pytest.approx(torch.tensor([[10.0, 50]]).numpy(), abs=1e-2)
    assert ring.get_markersize() > 20 and ring.get_markerfacecolor() == "none"  # round the spike, not on it


def test_a_trajectory_has_a_dot_where_a_spike_is_drawn():
    fitted = torch.tensor([[[0.1, 5, 5], [0.6, 10, 20], [0.9, 12, 25]], [[0.8, 3, 3], [0.8, 4, 4], [0.8, 5, 5]]])
    path = Sweep(torch.zeros(2, 3), torch.zeros(2, 3, 32, 32), fitted, torch.tensor([0.8, 10, 20]))
    first, second = plates.trajectories({"pursuit": path}, torch.tensor([[1.0, 2.0], [11, 20]]), 0.25).axes
    (stays,) = [line for line in first.lines if line.get_color() == plates.GREY]
    assert stays.get_xydata().tolist() == [[2, 1]]  # not the one that moves
    dots = [line for line in first.lines if line.get_marker() == "o" and len(line.get_xdata()) == 1][:2]
    assert [line.get_xydata().tolist()[0] for line in dots] == [[20, 10], [25, 12]]  # the faint one has none
    assert dots[0].get_markersize() < dots[1].get_markersize() and dots[0].get_alpha() < dots[1].get_alpha()
    assert first.get_title().endswith("0.6–0.9") and second.get_title().endswith("0.8–0.8")


def test_a_stroke_that_moves_is_in_colour():
    rest, stroke = torch.zeros(8, 8), torch.zeros(8, 8)
    rest[0], stroke[4] = 1.0, 1.0
    path = Sweep(torch.zeros(2, 3), (rest + stroke).expand(2, 3, 8, 8), torch.zeros(2, 3, 3), torch.zeros(3))
    shown = panels(plates.stroke_walk(path, rest))
    picture = shown[0].get_images()[0].get_array()
    assert len(shown) == 6 and picture[0, 0].std() == 0 and picture[4, 0].std() > 0.2  # grey; in colour


def test_numbers_of_seeds_lie_on_one_axis():
    found = {"one-shot": [{"jaccard": 0.4, "recall": 0.5}, {"jaccard": 0.6}], "free": [{"jaccard": 0.9, "recall": 1.0}]}
    (axis,) = plates.dots(found, {"jaccard": "jaccard", "recall": "found"}).axes
    assert axis.get_xlim() == (-0.02, 1.02) and [tick.get_text() for tick in axis.get_yticklabels()] == [
        "jaccard",
        "found",
    ]
    circles = [line for line in axis.lines if line.get_linestyle() == "None" and len(line.get_xdata())]
    assert sum(len(line.get_xdata()) for line in circles) == 5 and circles[0].get_color() == COLOURS["one-shot"]
    means = [line.get_xdata()[0] for line in axis.lines if line.get_linestyle() == "-"]
    assert means == pytest.approx([0.5, 0.9, 0.5, 1.0])
