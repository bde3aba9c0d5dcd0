"""A second generator that agrees with the first where it must, noise of its standard deviation, and its limit."""

import pytest
import torch
from stand_ins import told

from atomic_lib import BadInput
from atomic_lib.data import Sample, Spikes
from atomic_lib.gaussians import fit_gaussians, render
from atomic_lib.studies import robustness

DATA = Spikes(size=64, sigma=2.8, k=3)
DEAF = torch.tensor([False, True, True])  # the first block is not used


def test_integrated_spikes_have_all_of_their_light_and_are_wider_by_a_pixel():
    sample = DATA.held_out(8)
    drawn = robustness.integrated(sample)
    light = 2 * torch.pi * DATA.sigma**2 * sample.theta[..., 0].sum(dim=1)
    assert torch.allclose(drawn.images.sum(dim=(1, 2, 3)), light, rtol=0.02)  # but for what lies past the border
    wider = (DATA.sigma**2 + 1 / 12) ** 0.5  # the variance of a pixel is added to the Gaussian's
    theta = torch.cat([sample.theta[..., :1] * (DATA.sigma / wider) ** 2, sample.theta[..., 1:]], dim=2)
    assert torch.allclose(drawn.images, render(theta, 64, wider), atol=1e-3)
    assert (drawn.images - sample.images).abs().max() > 5e-3  # it is another generator
    assert torch.equal(drawn.theta, sample.theta) and drawn.sigma == DATA.sigma


def test_integration_needs_a_truth():
    with pytest.raises(BadInput, match="truth"):
        robustness.integrated(Sample(torch.zeros(1, 1, 8, 8)))


def test_noise_has_its_standard_deviation_and_its_seed():
    sample = DATA.held_out(32)
    noise = robustness.noisy(sample, 0.05, seed=1).images - sample.images
    assert float(noise.std()) == pytest.approx(0.05, rel=0.02) and float(noise.mean()) == pytest.approx(0, abs=1e-3)
    again, other = (robustness.noisy(sample, 0.05, seed).images - sample.images for seed in (1, 2))
    assert torch.equal(noise, again) and not torch.equal(noise, other)
    with pytest.raises(BadInput, match="std"):
        robustness.noisy(sample, -1.0)


def test_least_squares_reach_the_bound_and_do_not_pass_it():
    sample, std = Spikes(size=64, sigma=2.8, k=1).held_out(400), 0.02
    found = fit_gaussians(robustness.noisy(sample, std).images[:, 0], 2.8)
    error = float((found[:, 1:] - sample.theta[:, 0, 1:]).square().sum(dim=1).mean().sqrt())
    bound = robustness.cramer_rao(sample.theta[:, 0, 0], std)
    assert 0.9 < error / bound < 1.15
    assert robustness.cramer_rao(torch.tensor([0.5]), 2 * std) == pytest.approx(8 * std / torch.pi**0.5)


def test_recall_by_distance_knows_which_spikes_were_found():
    """The truth finds all; without its first block it misses the first spike, which is 1σ from the second."""
    theta = torch.tensor(
        [[[0.8, 20.0, 20.0], [0.8, 20.0, 22.0], [0.8, 40.0, 40.0]], [[0.8, 30.0, 30.0], [0, 0, 0], [0, 0, 0]]]
    )
    sample = Sample(render(theta, 64, 2.0), theta=theta, sigma=2.0, detection=0.25)
    model = told(sample)
    near, far = robustness.recall_by_distance(model, sample, (2.0, 5.0)).items()
    assert near == ("under 2σ", (1.0, 2)) and far == ("over 5σ", (1.0, 1)), "a lone spike has no distance"
    whole = model.encoder.forward
    model.encoder.forward = lambda *args, **how: (code := whole(*args, **how))._replace(used=code.used & DEAF)
    found = robustness.recall_by_distance(model, sample, (2.0, 5.0))
    assert found["under 2σ"] == (0.5, 2) and found["over 5σ"] == (1.0, 1)


def test_recall_by_distance_needs_a_truth():
    with pytest.raises(BadInput):
        robustness.recall_by_distance(told(DATA.held_out(2)), Sample(torch.zeros(1, 1, 64, 64)), (2.0,))
