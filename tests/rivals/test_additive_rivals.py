"""Slots, masks and the consistency loss; and who is additive."""

import pytest
import torch
from small_rivals import TINY, tiny

from atomic_lib.rivals.consistency import inconsistency, recombined
from atomic_lib.rivals.networks import Blocks, Rival, learned, system
from atomic_lib.rivals.recipes import RIVALS
from atomic_lib.rivals.slot_attention import SlotAttention, grid


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)


def images(count=4):
    """A few images of the small recipe."""
    return TINY["data"].held_out(count).images


def small(name):
    """A small untrained network of any kind, as a system of codes."""
    options = {"encoder_options": {"window": 8, "again": 1}} if name == "pursuit" else {}
    options = {"encoder_options": {"stride": 4}} if name == "slots" else options
    return system(RIVALS[f"spikes-{name}"].replace(**{**TINY, **options}).build().eval())


ADDITIVE = {"slot-additive", "consistent", "untied", "one-shot", "slots", "pursuit"}


@torch.no_grad()
@pytest.mark.parametrize("name", [*sorted(ADDITIVE), "slot-attention", "max", "conventional", "beta-vae"])
def test_a_system_is_additive_exactly_if_two_parts_never_interact(name):
    one = small(name)
    z, other = torch.rand(3, 6) - 0.5, torch.rand(3, 6) - 0.5
    first, second = (one.parts[i] for i in (0, -1))

    def mixed(*parts):
        taken = z.clone()
        for part in parts:
            taken[:, part] = other[:, part]
        return one.decode(taken)

    interaction = (mixed(first, second) - mixed(first) - mixed(second) + mixed()).abs().max()
    assert (interaction < 1e-5) == one.additive == (name in ADDITIVE)


@pytest.mark.parametrize("name", ["conventional", "untied", "slot-attention", "one-shot", "pursuit"])
def test_every_system_has_codes_of_one_length_and_parts_that_make_them_up(name):
    one, x = small(name), images()
    z = one.encode(x)
    assert z.shape == (4, 6) and one.decode(z).shape == x.shape and one.size == 16
    assert sorted(number for part in one.parts for number in part) == list(range(6))
    assert len(one.parts) == (6 if isinstance(one, Rival) else 2)
    assert (one.absent is None) == (name != "pursuit")


@torch.no_grad()
def test_a_block_that_a_pursuit_leaves_unused_draws_nothing():
    one = small("pursuit")
    assert isinstance(one, Blocks)
    z = one.encode(torch.zeros(1, 1, 16, 16))
    assert torch.equal(z, one.absent.repeat(2)[None]) and one.decode(z).abs().max() == 0
    z[0, :3] = 0.2
    assert torch.allclose(one.decode(z), one.model.g(torch.full((1, 3), 0.2)), atol=1e-6)


@torch.no_grad()
def test_masks_of_slots_sum_to_one_at_every_pixel():
    g = small("slot-attention").model.g
    z = torch.randn(6, 3)
    image, mask = g.net(z).unflatten(0, (-1, 2)).split(1, dim=2)
    share = g(z).unflatten(0, (-1, 2)) / image
    assert torch.allclose(share.sum(1), torch.ones(3, 1, 16, 16), atol=1e-3)
    assert torch.allclose(share, mask.softmax(1), atol=1e-3)


@torch.no_grad()
def test_slots_share_out_every_place_and_start_from_one_gaussian():
    net = SlotAttention(3, 2, 32).eval()
    share = net.claims(torch.randn(2, 3, 64), torch.randn(2, 16, 64))
    assert torch.allclose(share.sum(1), torch.ones(2, 16), atol=1e-6)
    assert torch.equal(net.drawn(2), net.drawn(2)) and torch.equal(net.drawn(2)[0], net.drawn(2)[1])
    net.train()
    assert not torch.equal(net.drawn(2), net.drawn(2))
    net.mean.fill_(5.0)
    net.log_std.fill_(-20.0)
    assert torch.allclose(net.drawn(2), torch.full((2, 3, 64), 5.0))


def test_the_code_of_a_place_is_x_y_and_what_is_left_of_them():
    assert torch.equal(grid(2)[0], torch.tensor([[0, 0, 1, 1], [1, 0, 0, 1], [0, 1, 1, 0], [1, 1, 0, 0.0]]))


def test_the_consistency_loss_of_a_perfect_pair_is_nothing_in_any_order_and_scale():
    z = torch.randn(5, 4, 3)
    again = torch.stack([one[torch.randperm(4)] for one in z])
    assert inconsistency(z, again) < 1e-9
    assert inconsistency(z, 3 * again + 7) < 1e-9
    assert inconsistency(z, torch.randn(5, 4, 3)) > 0.5


def test_the_consistency_loss_is_the_sum_over_the_best_pairs():
    z = torch.tensor([[[1.0], [-1.0]]])
    again = torch.tensor([[[-0.5], [1.5]]])
    mean, std = 0.5, 2**0.5  # of `again`; of z: 0 and √2
    expected = (1 / 2**0.5 - (1.5 - mean) / std) ** 2 + (-1 / 2**0.5 - (-0.5 - mean) / std) ** 2
    assert float(inconsistency(z, again)) == pytest.approx(expected, abs=1e-6)


def test_recombined_codes_are_made_of_blocks_of_the_batch():
    z = torch.arange(24.0).view(4, 2, 3)
    blocks = {tuple(block) for block in z.flatten(0, 1).tolist()}
    made = recombined(z)
    assert made.shape == z.shape and {tuple(block) for block in made.flatten(0, 1).tolist()} <= blocks


def test_consistency_teaches_the_encoder_alone_and_only_from_a_third_on():
    model, x = tiny("consistent").build(), images()
    state = torch.get_rng_state()
    values, gradients = [], []
    for progress in (0.0, 0.5):
        torch.set_rng_state(state)
        model.zero_grad()
        value = model.loss(x, progress)
        value.backward()
        values.append(float(value))
        gradients.append([weight.grad.clone() for weight in model.g.parameters()])
    assert values[1] > values[0]
    assert all(torch.allclose(a, b, atol=1e-6) for a, b in zip(*gradients, strict=True))


def test_critics_and_teachers_do_not_count_as_numbers_that_a_system_learns():
    plain = learned(tiny("conventional").build())
    assert learned(tiny("jacobian").build()) == plain
    assert learned(tiny("factor-vae").build()) == learned(tiny("beta-vae").build()) > plain
