"""What a notebook may hand over: numbers of any kind are taken, the rest is refused in one sentence."""

import math

import numpy as np
import pytest
import torch
from stand_ins import PLAIN, PURSUIT, seeded

import atomic_lib
from atomic_lib import AtomicAutoencoder, BadInput, evaluate
from atomic_lib.data import Sample, Spikes

Z = torch.linspace(-0.8, 0.8, 18).view(2, 3, 3)
IMAGES = PLAIN.data.held_out(2).images
TAKEN = [torch.Tensor.numpy, torch.Tensor.double, torch.Tensor.half, lambda one: one.double().numpy()]
REFUSED = [
    None, "x", [1.0], np.array(["x"]), np.array([None]), torch.zeros(2, 1, 32, 32) + 1j,
    torch.zeros(2, 1, 32, 32, device="meta"), torch.zeros(2, 1, 32, 32).to_sparse(),
    torch.full((2, 1, 32, 32), math.nan),
    torch.zeros(2, 1, 0, 0), torch.zeros(2, 3, 32, 32), torch.zeros(32, 32), torch.full((2, 1, 32, 32), 255),
]  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("kind", TAKEN)
def test_numbers_of_any_kind_are_taken(model, kind):
    z, used = model.encode(kind(IMAGES))
    assert torch.allclose(z, model.encode(IMAGES)[0], atol=0.05)
    for give in (model.decode, model.atoms, lambda z: model.jacobian(z[0])):
        assert torch.allclose(give(kind(Z)), give(Z), atol=1e-2) and give(kind(Z)).dtype == torch.float32
    assert torch.equal(model.atoms(Z, used.numpy()), model.atoms(Z, used))
    assert model.refine(kind(IMAGES), kind(Z), 1).shape == Z.shape


def test_whole_numbers_are_taken(model):
    assert torch.equal(model.encode(IMAGES > 0.5)[0], model.encode((IMAGES > 0.5).int())[0])
    assert torch.equal(model.decode(Z.round().int()), model.decode(Z.round()))
    assert len(model.sample(np.int64(2), seeded())) == 2


@pytest.mark.parametrize("images", [*REFUSED, PLAIN.data.held_out(2)], ids=lambda one: type(one).__name__)
def test_what_are_no_images(model, images):
    for give in (model.encode, model.decompose, model, lambda one: model.refine(one, Z), Sample):
        with pytest.raises(BadInput):
            give(images)
    with pytest.raises(BadInput):
        atomic_lib.explore(model, images)


@pytest.mark.parametrize("z", [*REFUSED, Z[0], Z[..., :2], Z * math.nan, Z / 0], ids=lambda one: type(one).__name__)
def test_what_are_no_latents(model, z):
    for give in (model.decode, model.atoms, lambda one: model.refine(IMAGES, one)):
        with pytest.raises(BadInput):
            give(z)


def test_what_is_no_choice_of_blocks(model):
    for used in (
        torch.ones(4, 3),
        torch.ones(2, 3),
        torch.ones(2, 3).long(),
        [[True]],
        "x",
        np.ones((2, 3)),
        np.ones(2),
    ):
        with pytest.raises(BadInput, match="used"):
            model.atoms(Z, used)
    with pytest.raises(BadInput, match="one B"):
        model.refine(IMAGES[:1], Z)


def test_numbers_that_make_no_sense(model):
    for give in (
        lambda: model.encode(IMAGES, 1.5), lambda: model.encode(IMAGES, "3"), lambda: model.refine(IMAGES, Z, 1.5),
        lambda: model.decompose(IMAGES, refine=None), lambda: model.decompose(IMAGES, batch=0),
        lambda: model.sample(0, seeded()), lambda: model.sample(2.5, seeded()), lambda: model.sample(2, 0),
        lambda: model.sample(2, seeded(), ranges=torch.tensor([[-math.inf, math.inf]] * 3)),
        lambda: model.sample(2, seeded(), ranges=[[-1, 1]]), lambda: model.sample(2, seeded(), blocks=1.0),
        lambda: model.jacobian(Z), lambda: model.jacobian("x"), lambda: model.box("x"),
        lambda: atomic_lib.explore(model, IMAGES, ranges=torch.tensor([[1.0, -1.0]] * 3)),
        lambda: atomic_lib.explore(None, IMAGES), lambda: evaluate(model, Spikes(), 2.0),
        lambda: evaluate(model, seed="x"),
    ):  # fmt: skip
        with pytest.raises(BadInput):
            give()


def test_halves_that_do_not_fit(model):
    half = PLAIN.replace(data=Spikes(size=16, sigma=1.0, k=3)).build()
    with pytest.raises(BadInput, match="32 pixels"):
        AtomicAutoencoder(model.encoder, half.g)
    with pytest.raises(BadInput, match="d0"):
        AtomicAutoencoder(model.encoder, PLAIN.replace(d0=2).build().g)


@pytest.mark.parametrize("recipe", [PLAIN, PURSUIT], ids=lambda recipe: recipe.encoder)
def test_a_model_in_the_middle_of_its_training_is_measured_as_any(recipe):
    torch.manual_seed(0)
    model = recipe.replace(noise=0.5).build()
    model.encoder.latents.noise = 0.5
    found = [evaluate(model.train(mode), PLAIN.data, 8) for mode in (True, False, True)]
    assert found[0] == found[1] == found[2] and model.training
    assert torch.equal(model.encode(IMAGES)[0], model.eval().encode(IMAGES)[0])


def test_a_model_whose_weights_are_bad_is_not_measured(model):
    for bad in (math.nan, math.inf, 1e30):
        with torch.no_grad():
            next(model.g.parameters()).fill_(bad)
        with pytest.raises(BadInput, match="not finite"):
            evaluate(model, PLAIN.data, 4)


def test_a_sample_takes_arrays_and_refuses_what_does_not_fit(model, sample):
    same = Sample(sample.images.numpy(), sample.theta.double().numpy(), 2.0, 0.25)
    assert evaluate(model, same) == evaluate(model, sample)
    assert evaluate(model, sample, 2)["images"] == 2 and evaluate(model, Sample(sample.images))["images"] == len(sample)
    negative = sample.theta.clone()
    negative[0, 0, 0] = -1
    for theta in (
        sample.theta[:1],
        sample.theta[..., :2],
        sample.theta * math.nan,
        "x",
        [[1]],
        negative,
        sample.theta[0],
    ):
        with pytest.raises(BadInput, match="theta"):
            Sample(sample.images, theta, 2.0, 0.25)
    for options in ({"sigma": -1}, {"sigma": "x"}, {"sigma": math.nan}, {"detection": 0}):
        with pytest.raises(BadInput):
            Sample(sample.images, sample.theta, **options)


def test_what_cannot_be_measured(model, sample):
    for data in ("x", 3, IMAGES, PLAIN, sample[:0]):
        with pytest.raises(BadInput):
            evaluate(model, data)
    for other in (None, "spikes-plain", model.encoder):
        with pytest.raises(BadInput, match="model"):
            evaluate(other, sample)
    bare = AtomicAutoencoder(model.encoder, model.g)
    assert evaluate(bare, sample) == evaluate(model, sample)
    with pytest.raises(BadInput, match="no recipe"):
        evaluate(bare)
