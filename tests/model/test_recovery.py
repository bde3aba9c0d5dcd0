"""Inverse problems: what is measured is explained, never made worse; and a function that is no linear A is refused."""

import pytest
import torch
import torch.nn.functional as F
from stand_ins import PLAIN, PURSUIT, seeded, told

from atomic_lib import BadInput, load
from atomic_lib.data.spikes import Spikes
from atomic_lib.images import blur
from atomic_lib.model.operators import Operator

MASK = torch.rand(64, 64, generator=seeded(3)) < 0.3
ROWS = torch.randn(1600, 64 * 64, generator=seeded(4)) / 64
OPERATORS = {
    "identity": lambda x: x,
    "blur": lambda x: blur(x, 2.0),
    "mask": lambda x: x * MASK,
    "means of 2×2": lambda x: F.avg_pool2d(x, 2),
    "random projection": lambda x: x.flatten(1) @ ROWS.T,
}


def made(operator, size=64, **given):
    shape = operator(torch.zeros(1, 1, size, size)).shape[1:]
    return Operator(operator, size, shape, **given)


def energy(y):
    return y.double().square().flatten(1).sum(dim=1)


@pytest.mark.parametrize("name", OPERATORS)
def test_the_adjoint_comes_by_itself(name):
    operator = made(OPERATORS[name])
    x = torch.randn(2, 1, 64, 64, generator=seeded())
    y = torch.randn(operator(x).shape, generator=seeded(1))
    assert torch.allclose((operator(x) * y).sum(), (x * operator.adjoint(y)).sum(), rtol=1e-3, atol=1e-2)


@pytest.mark.parametrize("name", OPERATORS)
def test_the_way_back_explains_what_was_measured(name):
    operator, x = made(OPERATORS[name]), Spikes(size=64, sigma=2.0, k=3).held_out(3).images
    y = operator(x)
    there = operator.back(y, smooth=1e-4, steps=100)
    assert (energy(y - operator(there)) < 0.05 * energy(y)).all()
    assert energy(operator.back(0 * y)).max() == 0


def test_where_nothing_was_measured_the_way_back_is_smooth():
    hole = torch.ones(64, 64)
    hole[20:30, 20:30] = 0
    light = torch.linspace(0, 1, 64).expand(1, 1, 64, 64)
    operator = made(lambda x: x * hole)
    assert (operator.back(operator(light), smooth=1e-3, steps=200) - light).abs().max() < 0.05


@pytest.mark.parametrize("name", OPERATORS)
def test_a_perfect_prior_gives_the_image_back(name):
    sample = Spikes(size=64, sigma=2.0, k=3).held_out(4)
    model = told(sample)
    y = OPERATORS[name](sample.images)
    found = model.recover(y, OPERATORS[name])
    assert (energy(found.output - sample.images) < 1e-3 * energy(sample.images)).all()
    assert torch.allclose(found.left, y - OPERATORS[name](found.output), atol=1e-5)
    assert found.atoms.shape == (4, 3, 1, 64, 64) and found.used.sum() == sample.number.sum()


@pytest.mark.parametrize("recipe", [PLAIN, PURSUIT], ids=["one shot", "pursuit"])
@pytest.mark.parametrize("name", ["blur", "mask", "means of 2×2"])
def test_no_harm_whatever_is_measured(recipe, name):
    torch.manual_seed(0)
    model = recipe.replace(data=Spikes(size=64, sigma=2.0, k=3)).build().eval()
    images = torch.randn(4, 1, 64, 64, generator=seeded())
    images[1], images[2], images[3] = 0, 100.0, 0
    images[3, 0, 30, 30] = -50.0
    y = OPERATORS[name](images)
    found = model.recover(y, OPERATORS[name], refine=1)
    assert (energy(found.left) <= energy(y)).all()
    assert not found.used[1].any() and not found.output[1].any()


def test_a_block_that_fits_noise_alone_is_not_needed():
    sample = Spikes(size=64, sigma=2.0, k=3, fewest=3).held_out(2)
    model = told(sample)
    theta = sample.theta.clone()
    theta[:, 1, 0] = 0.002
    y = model.g(model.g.code(theta).flatten(0, 1)).unflatten(0, (2, 3)).sum(dim=1)
    y = y + 0.05 * torch.randn(y.shape, generator=seeded())
    found = model.recover(y, lambda x: x, refine=0)
    assert found.used.tolist() == [[True, False, True]] * 2


def numpy_blur(x):
    return torch.from_numpy(blur(x, 2.0).detach().numpy().copy())


def test_an_operator_of_numpy_needs_its_adjoint():
    for wrong in (numpy_blur, lambda x: x.detach().clone()):
        with pytest.raises(BadInput, match="give `adjoint`"):
            made(wrong)
    sample = Spikes(size=64, sigma=2.0, k=3).held_out(2)
    found = told(sample).recover(numpy_blur(sample.images), numpy_blur, adjoint=numpy_blur)
    assert energy(found.output - sample.images).max() < 1e-2


@pytest.mark.parametrize(
    ("operator", "adjoint", "sentence"),
    [
        (lambda x: x + 1, None, "not linear"),
        (lambda x: x.clamp(min=0), None, "not linear"),
        (lambda x: x - x.mean(dim=0), None, "hangs on its batch"),
        (lambda x: x + torch.randn(x.shape), None, "not linear"),
        (lambda x: x[:, :, ::2], None, "as y has it"),
        (lambda x: x.view(7, 7), None, "operator: fails on a batch"),
        (lambda x: 5.0, None, "operator: gives float"),
        (lambda x: x / 0, None, "finite"),
        (lambda x: x.roll(3, 2), lambda y: y.roll(3, 2), "does not match"),
        (lambda x: x, lambda y: 2 * y, "does not match"),
        (lambda x: x, lambda y: y[:, :, ::2], "adjoint: gives"),
        ("blur", None, "of type str"),
        (lambda x: x, 3.0, "of type float"),
    ],
)
def test_what_is_no_linear_operator(operator, adjoint, sentence):
    model = told(Spikes(size=64, sigma=2.0, k=3).held_out(1))
    with pytest.raises(BadInput, match=sentence):
        model.recover(torch.zeros(1, 1, 64, 64), operator, adjoint)


@pytest.mark.parametrize(
    ("y", "sentence"),
    [
        (torch.zeros(64), "expected \\(B"),
        (torch.zeros(0, 1, 64, 64), "expected \\(B"),
        (torch.full((1, 1, 64, 64), torch.nan), "not finite"),
        ("an image", "of type str"),
    ],
)
def test_what_cannot_have_been_measured(y, sentence):
    with pytest.raises(BadInput, match=sentence):
        told(Spikes(size=64, sigma=2.0, k=3).held_out(1)).recover(y, lambda x: x)


def test_numbers_that_make_no_sense():
    model, y = told(Spikes(size=64, sigma=2.0, k=3).held_out(1)), torch.zeros(1, 1, 64, 64)
    for wrong in ({"rounds": 0}, {"refine": -1}, {"k": 0}, {"batch": 0}):
        with pytest.raises(BadInput, match=next(iter(wrong))):
            model.recover(y, lambda x: x, **wrong)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["blur", "missing"])
def test_the_shipped_pursuit_mends_spikes(name):
    mask = torch.rand(128, 128, generator=seeded(5)) < 0.2
    operator = (lambda x: blur(x, 3.0)) if name == "blur" else (lambda x: x * mask)
    sample = Spikes().held_out(3, seed=11)
    y = operator(sample.images)
    y = y + 0.02 * torch.randn(y.shape, generator=seeded(6))
    found = load("spikes-pursuit", "cpu").recover(y, operator, k=20)
    assert (energy(found.output - sample.images) < 0.01 * energy(sample.images)).all()
    assert (found.used.sum(dim=1) == sample.number).all()
