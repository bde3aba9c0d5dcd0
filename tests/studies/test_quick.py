"""A pursuit in few rounds: the same spikes, no harm whatever the image, and a plain word for other models."""

import pytest
import torch
from stand_ins import PLAIN

from atomic_lib import RECIPES, BadInput, load
from atomic_lib.data.spikes import Spikes
from atomic_lib.gaussians import fit_gaussians
from atomic_lib.model.encoders import PursuitEncoder
from atomic_lib.studies import quick


def small(**options):
    torch.manual_seed(0)
    recipe = RECIPES["spikes-pursuit"].replace(data=Spikes(size=32, sigma=2.0, k=3), encoder_options=options)
    return recipe.build().eval()


def noisy(count, size=32, noise=0.02):
    data = Spikes(size=size, sigma=2.0 if size == 32 else 2.8, k=3 if size == 32 else 10)
    sample = data.held_out(count)
    return sample, sample.images + noise * torch.randn(sample.images.shape, generator=torch.Generator().manual_seed(0))


def parts_of(found, count):
    return found.z.split(torch.bincount(found.which, minlength=count).tolist())


def test_what_is_given_is_what_the_model_draws():
    model, (_, x) = small(again=1), noisy(5)
    found, output = quick.pursue(model, x, 4)
    drawn = torch.zeros_like(x).index_add(0, found.which, model.g(found.z))
    assert len(found.which) and torch.allclose(drawn, output, atol=1e-5)
    assert torch.allclose(found.total(5), output, atol=1e-5)
    atoms = model.g(found.z)
    alone = x[found.which].square().sum((1, 2, 3)) - (x[found.which] - atoms).square().sum((1, 2, 3))
    assert torch.allclose(found.benefit(x), alone, atol=1e-3)
    assert torch.bincount(found.which).max() <= 4 and (found.which.diff() >= 0).all()
    for image, z in zip(x, parts_of(found, 5), strict=True):  # each image alone gives the same
        assert torch.allclose(quick.pursue(model, image[None], 4)[0].z, z, atol=1e-3)


@pytest.mark.parametrize("again", [0, 2])
def test_blocks_and_corrections_that_do_harm_are_refused(again):
    model, (_, x) = small(again=2), noisy(8)
    torch.nn.init.normal_(model.encoder.correction.gain[-1].weight, std=10.0)  # corrections gone wild
    with torch.no_grad():
        model.g.rows[-1].weight *= 30  # atoms far too bright
        found, output = quick.pursue(model, x, 6, again)
    assert ((x - output).square().sum((1, 2, 3)) <= x.square().sum((1, 2, 3))).all()
    assert len(found.which) < 8 * 6, "some block must have been refused, else this shows nothing"


def test_of_blocks_that_only_help_apart_the_first_is_taken():
    bright = torch.zeros(2, 1, 8)
    bright[:, 0, 2:6] = 1.0  # twice the same square
    blocks = quick.Blocks(torch.tensor([0, 0]), torch.zeros(2, 2).long(), torch.eye(2), bright, 1.5 * bright)
    left = bright[:1].transpose(1, 2) @ bright[:1]
    new, after = quick._helpful(blocks, left[None])
    assert new.z.tolist() == [[1.0, 0.0]] and torch.allclose(after, -0.5 * left)


def test_peaks_are_the_highest_around_and_no_more_than_there_is_room_for():
    encoder = PursuitEncoder(3, 3, 64, torch.nn.Identity(), window=24)
    image = torch.zeros(2, 1, 64, 64)
    image[1, 0, [8, 12, 40], [8, 8, 50]] = torch.tensor([5.0, 4.0, 6.0])
    room = torch.tensor([9, 9])
    which, centre = quick.peaks(encoder, image, torch.full((2,), 0.05), room)
    assert which.tolist() == [1, 1] and centre.tolist() == [[40, 50], [8, 8]], "(12, 8) is for the next round"
    assert quick.peaks(encoder, image, torch.full((2,), 0.05), torch.tensor([9, 1]))[1].tolist() == [[40, 50]]
    assert not len(quick.peaks(encoder, image, torch.full((2,), 9.0), room)[0])


def test_nothing_to_explain_and_no_image():
    model = small(again=1)
    for x in (torch.zeros(2, 1, 32, 32), torch.zeros(0, 1, 32, 32)):
        found, output = quick.pursue(model, x, 3)
        assert not len(found.which) and not len(found.spikes(2.0)) and torch.equal(output, x)


def test_other_models_and_broken_ones_are_refused():
    with pytest.raises(BadInput, match="separable"):
        quick.pursue(PLAIN.build(), torch.zeros(1, 1, 32, 32), 3)
    model = small()
    with torch.no_grad():
        model.g.rows[0].weight *= torch.nan
    with pytest.raises(BadInput, match="not finite"):
        quick.pursue(model, noisy(1)[1], 3)


@pytest.mark.slow
def test_the_shipped_pursuit_says_the_same_in_few_rounds():
    model, (_, x) = load("spikes-pursuit"), noisy(16, 128)
    found, output = quick.pursue(model, x, 20, again=3)
    one_by_one = model.decompose(x, 20)
    assert [len(z) for z in parts_of(found, 16)] == one_by_one.used.sum(dim=1).tolist()
    assert (output - one_by_one.output).square().sum() < 1e-3 * x.square().sum()
    spikes = found.spikes(2.8)
    with torch.no_grad():
        assert torch.allclose(spikes, fit_gaussians(model.g(found.z)[:, 0], 2.8), atol=1e-3)
