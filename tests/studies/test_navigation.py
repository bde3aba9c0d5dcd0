"""A block whose coordinates are amplitude, row and column scores as one; a turned one does not."""

import math
from dataclasses import replace

import pytest
import torch
from stand_ins import TURNS, told

from atomic_lib import BadInput
from atomic_lib.data import Spikes
from atomic_lib.studies.navigation import Sweep, dci, effects, has_form, navigation_metrics, summary, travel

DATA = Spikes(size=64, sigma=2.0, k=3)


@pytest.fixture(params=TURNS)
def found(request):
    sample = DATA.held_out(96, seed=1)
    return request.param, navigation_metrics(told(sample, request.param), sample)


def test_coordinates_score_as_they_must(found):
    how, found = found
    assert found["spikes"] == int(DATA.held_out(96, seed=1).number.sum())
    assert found["outside"] < 0.01 and found["on_set"] == pytest.approx(1.0, abs=0.01)
    if how == "all turned":
        assert found["amplitude_share"] < 0.2 and found["disentanglement"] < 0.5 and found["still_px"] > DATA.sigma
        return
    assert found["amplitude_coordinate"] == 1
    assert found["amplitude_share"] > 0.999 and found["motion_share"] > 0.999 and found["still_px"] < 0.01
    assert found["motion_angle"] == pytest.approx(90, abs=0.1) and found["speed_ratio"] == pytest.approx(1, abs=0.01)
    assert found["disentanglement"] > (0.9 if how == "aligned" else 0.4)
    assert found["r2_amplitude"] > 0.9 and found["r2_row"] > 0.9


def test_dci_of_perfect_and_of_useless_codes():
    factors = torch.rand(600, 2, generator=torch.Generator().manual_seed(0)).numpy()
    perfect = dci(factors, factors, ("a", "b"))
    assert perfect["disentanglement"] > 0.95 and perfect["completeness"] > 0.95 and perfect["r2_a"] > 0.99
    noise = torch.rand(600, 2, generator=torch.Generator().manual_seed(1)).numpy()
    useless = dci(noise, factors, ("a", "b"))
    assert useless["disentanglement"] < 0.1 and useless["r2_a"] < 0.1


def test_a_model_that_finds_nothing_is_refused_in_a_sentence():
    sample = DATA.held_out(4)
    elsewhere = replace(sample, theta=sample.theta + torch.tensor([0.0, 30, 30]) * (sample.theta[..., :1] > 0))
    with pytest.raises(BadInput, match="no block"):
        navigation_metrics(told(sample), elsewhere)


def test_travel_leaves_out_what_has_no_place():
    fitted = torch.tensor([
        [[0.2, 30.0, 9.0], [0.5, 10.0, 20.0], [0.9, 12.0, 23.0]],  # too faint at first: nowhere, but an amplitude
        [[0.5, 10.0, 20.0], [0.7, 11.0, 20.0], [0.8, 40.0, 20.0]],  # out of the picture at last
    ])  # fmt: skip
    walk = Sweep(torch.zeros(2, 3), torch.zeros(2, 3, 32, 32), fitted, fitted[0, 0])
    least, largest = travel(walk, 0.25)
    assert torch.equal(least, torch.tensor([[0.2, 10.0, 20.0], [0.5, 10.0, 20.0]]))
    assert torch.equal(largest, torch.tensor([[0.9, 12.0, 23.0], [0.7, 11.0, 20.0]]))


@pytest.mark.parametrize(
    ("jaccard", "share", "angle", "expected"),
    [(0.95, 0.95, 88, (True, True)), (0.95, 0.5, 88, (True, False)), (0.5, 0.95, 60, (False, False))],
)
def test_what_a_recorded_run_shows(jaccard, share, angle, expected):
    metrics = {"jaccard": jaccard, "recall": 1.0, "purity": 1.0, "nmse": 0.1}
    row = summary({"metrics": metrics, "navigation": {"amplitude_share": share, "motion_angle": angle}})
    assert (row["separate"], row["shows"]) == expected and row["nmse"] == 0.1


def test_the_loose_rule_lets_pass_what_the_strict_one_does_not():
    half = {"amplitude_share": 0.6, "motion_angle": 65}
    assert has_form(half, "loose") and not has_form(half)
    assert not has_form({**half, "amplitude_share": 0.4}, "loose") and not has_form(
        {**half, "motion_angle": 50}, "loose"
    )


def test_effects_are_lengths_along_the_set():
    model, z = told(DATA.held_out(1)), torch.tensor([[0.2, 0.1, -0.3]])
    a = 0.75 + 0.25 * 0.2
    got = effects(model.jacobian(z), torch.tensor([[a, 35.2, 22.4]]), DATA.sigma)
    expected = torch.diag(torch.tensor([math.sqrt(2) * DATA.sigma * 0.25 / a, 32.0, 32.0]))
    assert torch.allclose(got[0], expected, atol=0.02)
