"""Gains: whatever the brightness, the same atoms; and no harm, whatever the image."""

import pytest
import torch
from stand_ins import PLAIN

from atomic_lib import BadInput, load
from atomic_lib.gaussians import render
from atomic_lib.studies import gains


@pytest.fixture(scope="module")
def model():
    return load("spikes-pursuit")


THETA = torch.tensor([[0.9, 40.2, 50.7], [0.55, 81.0, 66.3]])


@pytest.mark.slow
@pytest.mark.parametrize("joint", [True, False])
@pytest.mark.parametrize("times", [1e-3, 1.0, 7.0])
def test_brightness_changes_the_gains_alone(model, joint, times):
    image = times * render(THETA[None], 128, 2.8)
    code = gains.pursue(model, image, 6, stop=0.1 * times, joint=joint)
    assert code.used.sum() == 2
    assert (image - code.atoms.sum(dim=1)).square().sum() < 0.01 * image.square().sum()
    same = gains.pursue(model, image / times, 6, stop=0.1, joint=joint)
    assert torch.allclose(code.gain, same.gain * times, rtol=0.01, atol=1e-3 * times)


@pytest.mark.slow
@pytest.mark.parametrize("joint", [True, False])
def test_gains_do_no_harm(model, joint):
    generator = torch.Generator().manual_seed(0)
    noise = torch.randn(3, 1, 128, 128, generator=generator)
    light = torch.linspace(0, 300, 128).expand(1, 1, 128, 128)
    dot = torch.zeros(1, 1, 128, 128)
    dot[..., 64, 64] = 1e4
    images = torch.cat([noise, light, dot, -dot, 0 * dot])
    code = gains.pursue(model, images, 10, stop=0.05, joint=joint)
    energy, left = (x.double().square().sum(dim=(1, 2, 3)) for x in (images, images - code.atoms.sum(dim=1)))
    assert (left <= energy * (1 + 1e-5)).all() and (code.gain >= 0).all()


@pytest.mark.slow
def test_refined_gains_fit_no_worse(model):
    image = 0.02 * render(THETA[None], 128, 2.8)
    code = gains.pursue(model, image, 4, stop=0.002)
    better = gains.refined(model, code, image, 2)
    errors = [(image - one.atoms.sum(dim=1)).square().sum() for one in (code, better)]
    assert errors[1] <= errors[0] * (1 + 1e-5) and better.used.sum() == 2


def test_the_best_gains_that_are_not_negative():
    atoms = render(THETA[:, None], 64, 4.0)[None].clone()
    atoms[0, 1] = render(torch.tensor([[[1.0, 10, 12]]]), 64, 4.0)[0]
    image = 3 * atoms[:, 0] - 2 * atoms[:, 1]
    found = gains.settled(torch.zeros(1, 2, 3), atoms, image)
    assert found.gain[0].tolist() == pytest.approx([3, 0], abs=0.05) and found.used[0].tolist() == [True, False]


def test_only_a_pursuit_has_gains():
    with pytest.raises(BadInput, match="trained pursuit"):
        gains.pursue(PLAIN.build(), torch.zeros(1, 1, 32, 32), 3, 0.1)
