"""Competing slots: shapes, the competition itself, spare slots, and refusals."""

import pytest
import torch

from atomic_lib import BadInput
from atomic_lib.model.decoders import SeparableDecoder
from atomic_lib.model.layers import BoundedLatents
from atomic_lib.model.slots import OCTAVES, Round, SlotEncoder, place_code
from atomic_lib.recipes import RECIPES


def encoder(size=32, **options):
    torch.manual_seed(0)
    return SlotEncoder(3, 2, size, BoundedLatents(), **{"width": 16, "rounds": 2, **options})


@pytest.mark.parametrize("size, stride", [(32, 4), (32, 8), (48, 2), (20, 8)])
def test_shapes(size, stride):
    code = encoder(size, stride=stride)(torch.rand(5, 1, size, size), g=None)
    assert code.z.shape == (5, 3, 2) and code.used.all() and code.z.abs().max() <= 1


def test_slots_compete_for_every_place():
    torch.manual_seed(0)
    one, slots, places = Round(16), torch.randn(2, 3, 16), torch.randn(2, 9, 16)
    won = one.claims(slots, places)
    assert won.shape == (2, 3, 9) and torch.allclose(won.sum(dim=1), torch.ones(2, 9))
    assert torch.allclose(one.claims(slots.flip(1), places), won.flip(1), atol=1e-6)  # no slot comes first


def test_of_the_slots_the_brightest_give_the_blocks():
    torch.manual_seed(1)
    one, g = encoder(spare=4), SeparableDecoder(2, 32, channels=8, width=16)
    images = torch.rand(5, 1, 32, 32)
    with torch.no_grad():
        every = one.train()(images, g)
        code = one.eval()(images, g)
    assert every.z.shape == (5, 7, 2) and every.atoms is None  # as long as it learns, all of them draw
    assert code.z.shape == (5, 3, 2) and code.used.all() and code.atoms.shape == (5, 3, 1, 32, 32)
    energy = g(every.z.flatten(0, 1)).square().sum(dim=(1, 2, 3)).view(5, 7)
    taken = g(code.z.flatten(0, 1)).square().sum(dim=(1, 2, 3)).view(5, 3)
    assert torch.allclose(taken, energy.sort(dim=1, descending=True).values[:, :3])
    assert torch.allclose(code.atoms.square().sum(dim=(2, 3, 4)), taken)


def test_every_weight_learns():
    one = encoder(spare=2)
    one(torch.rand(2, 1, 32, 32), g=None).z.square().sum().backward()
    assert all(parameter.grad is not None for parameter in one.parameters())


def test_every_place_has_its_own_code():
    code = place_code(16)
    assert code.shape == (1, 256, 4 * OCTAVES)
    apart = torch.cdist(code[0], code[0]) + 9 * torch.eye(256)
    assert apart.min() > 0.1


def test_the_recipe_is_handed_no_place():
    model = RECIPES["spikes-slots"].build()
    assert (model.k, model.d0, model.size) == (10, 3, 128)
    with pytest.raises(BadInput, match="one-shot encoder gives the k = 10 blocks"):
        model.encode(torch.zeros(1, 1, 128, 128), k=11)


@pytest.mark.parametrize("wrong", [{"stride": 3}, {"stride": 1}, {"stride": 64}, {"width": 12}, {"rounds": 0}])
def test_refusals(wrong):
    with pytest.raises(BadInput):
        encoder(**wrong)
