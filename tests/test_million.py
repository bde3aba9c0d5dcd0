"""Power laws: found where they are, with an interval that holds them, and refused where they are not."""

import numpy as np
import pytest

from atomic_lib import BadInput
from atomic_lib.studies.million import extrapolated, learning_curve, learning_figure, power_law

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
    assert extrapolated(curves) == far  # to the bit


@pytest.mark.parametrize(
    "steps, values", [([10], [1.0]), ([10, 10], [1.0, 2.0]), ([1, 2], [0.0, 1.0]), ([0, 2], [1, 1])]
)
def test_no_power_law(steps, values):
    with pytest.raises(BadInput, match="power law"):
        power_law(steps, values)


def test_curves_and_their_figure():
    looks = [{"step": step, "nmse": 1 / step, "jaccard": 0.1} for step in STEPS]
    record = {"curve": {"held_out": looks}}
    assert learning_curve(record, "nmse", first=100) == ([100, 200, 400], [0.01, 0.005, 0.0025])
    axes = learning_figure({"one": [record, record], "two": [record]}).axes
    assert [axis.get_ylabel() for axis in axes] == ["nmse", "jaccard"] and len(axes[0].lines) == 5
    assert axes[0].get_xscale() == "log" and axes[0].get_yscale() == "log"
