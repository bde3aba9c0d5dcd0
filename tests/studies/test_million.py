"""Power laws: found where they are, with an interval that holds them, and refused where they are not."""

import numpy as np
import pytest

from atomic_lib import BadInput
from atomic_lib.studies.ablations import frame
from atomic_lib.studies.million import (
    AUTHORS,
    STARTS,
    STEPPERS,
    Estimate,
    after,
    beginnings,
    extrapolated,
    laws,
    learning_curve,
    learning_figure,
    million_figure,
    missed,
    power_law,
    started,
)  # fmt: skip

STEPS = [10, 20, 40, 70, 100, 200, 400]


def noisy(seed, exponent=-0.5):
    return STEPS, 0.8 * np.array(STEPS) ** exponent * np.exp(0.05 * np.random.default_rng(seed).standard_normal(7))


def test_a_power_law_is_found():
    law = power_law(STEPS, 3.0 * np.array(STEPS) ** -0.25)
    assert law == pytest.approx((3.0, -0.25, 10.0)) and law.at(10**4) == pytest.approx(0.3)


def test_the_interval_holds_the_truth_and_is_wider_far_away():
    curves = [noisy(seed) for seed in range(3)]
    near, far = extrapolated(curves, 400), extrapolated(curves)
    assert far.low < 0.8e-3 < far.high and far.low < far.value < far.high
    assert far.high / far.low > near.high / near.low > 1
    assert Estimate(0.031, 0.024, 0.0409).said(".2f") == "0.03 (0.02–0.04)"
    assert extrapolated(curves) == far  # to the bit


@pytest.mark.parametrize(
    "steps, values", [([10], [1.0]), ([10, 10], [1.0, 2.0]), ([1, 2], [0.0, 1.0]), ([0, 2], [1, 1])]
)
def test_no_power_law(steps, values):
    with pytest.raises(BadInput, match="power law"):
        power_law(steps, values)


LOOKS = [{"step": step, "nmse": 1 / step, "jaccard": 0.1} for step in STEPS]
RECORD = {"curve": {"held_out": LOOKS}}


def test_curves():
    curve = learning_curve(RECORD, "nmse")
    assert curve[0] == STEPS and after(curve, 100) == ([100, 200, 400], [0.01, 0.005, 0.0025])
    assert missed(RECORD) == (STEPS, [0.9] * 7)


def test_a_panel_a_start_and_a_line_a_seed():
    runs = {f"{start}-{stepper}": [RECORD] * 2 for start in STARTS for stepper in STEPPERS}
    axes = learning_figure(runs).axes
    # three optimisers from two seeds; in the panels of the error, that of a black picture
    assert [len(axis.lines) for axis in axes] == [7, 7, 6, 6]
    assert axes[0].get_xscale() == "log" and axes[0].get_yscale() == "log"


def test_the_law_is_drawn_to_the_end():
    [axis] = million_figure({"nmse": (STEPS, [3 * step**-0.5 for step in STEPS])}, first=40).axes
    steps, values = axis.lines[1].get_data()
    assert list(steps) == [40, AUTHORS] and values[1] == pytest.approx(3 * AUTHORS**-0.5)


def test_the_recorded_runs_make_a_table():
    rows = beginnings(frame("million", rows=started), {"kaiming-muon": Estimate(0.25, 0.1, 0.5)})
    assert len(rows) == len(STARTS) * len(STEPPERS) and all("(" in row["nmse at the end"] for row in rows)
    assert [row["nmse at 10⁶, by its law"] for row in rows] == ["–"] * 5 + ["0.25 (0.10–0.50)"]


def test_there_is_no_law_for_what_has_not_begun():
    falling = {"curve": {"held_out": [{"step": step, "nmse": 0.9 * step**-0.1} for step in STEPS]}}
    black = {"curve": {"held_out": [{"step": step, "nmse": 1 + 9 / step} for step in STEPS]}}
    found = laws({"both": [falling, black], "one": [falling, falling]}, first=40)
    assert list(found) == ["one"] and found["one"].value == pytest.approx(0.9 * AUTHORS**-0.1)
