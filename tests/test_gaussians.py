"""Gaussians: the fit finds what drew an atom."""

import numpy as np
import pytest
import torch
from stand_ins import true_atoms

from atomic_lib import gaussians
from atomic_lib.data.spikes import Spikes
from atomic_lib.gaussians import render

DATA = Spikes(size=64, sigma=2.0, k=3)


def test_the_gaussian_fit_finds_what_drew_the_atom():
    sample = Spikes(size=64, sigma=2.0, k=5).held_out(24, seed=3)
    there = sample.theta[..., 0] > 0
    theta = gaussians.fit_gaussians(true_atoms(sample)[there][:, 0], sigma=2.0)
    assert torch.allclose(theta, sample.theta[there], atol=1e-3)
    assert torch.allclose(theta[:, 0], sample.theta[there][:, 0], atol=1e-4)


def test_the_gaussian_fit_is_the_least_squares_one():
    """Against scipy, on an atom that no Gaussian of this width fits exactly."""
    from scipy.optimize import least_squares

    atom = render(torch.tensor([[[0.8, 20.3, 24.6], [-0.2, 27.0, 22.0]]]), 48, 2.6)[0, 0].double()

    def residuals(theta):
        model = render(torch.tensor(theta[None, None]), 48, 2.0)[0, 0]
        return (model - atom).flatten().numpy()

    expected = least_squares(residuals, x0=np.array([0.7, 20.0, 24.0])).x
    found = gaussians.fit_gaussians(atom[None], sigma=2.0, steps=30)
    assert found[0].tolist() == pytest.approx(expected.tolist(), abs=1e-3)
