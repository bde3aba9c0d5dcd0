"""A perfect model verifies every statement, a broken one fails in its way, a degenerate one scores as it must."""

import pytest
import torch
from stand_ins import PLAIN, Drawer, seeded

from atomic_lib import BadInput
from atomic_lib.data import Digits, Spikes
from atomic_lib.gaussians import fit_gaussians, render
from atomic_lib.model.autoencoder import AtomicAutoencoder
from atomic_lib.model.encoders import Code
from atomic_lib.model.layers import BoundedLatents
from atomic_lib.recipes import training_range
from atomic_lib.studies import theory
from atomic_lib.studies.other_spikes import OtherSpikes

DATA = Spikes(size=64, sigma=2.0, k=3, separation=8.0)


class Finder(torch.nn.Module):
    """Spikes far from each other, the brightest first; each in `shares` blocks."""

    d0 = 3

    def __init__(self, shares=1):
        super().__init__()
        self.k, self.shares, self.latents = 3 * shares, shares, BoundedLatents()

    def forward(self, images, g, k=None):
        residual, theta = images.squeeze(1).clone(), []
        for _ in range(3):
            fit = fit_gaussians(residual, DATA.sigma)
            residual -= render(fit[:, None], 64, DATA.sigma).squeeze(1)
            theta += [fit / torch.tensor([self.shares, 1, 1])] * self.shares
        theta = torch.stack(theta, dim=1)
        z, used = g.code(theta), theta[..., 0] > 0.1
        return Code(z, used, g(z.flatten(0, 1)).unflatten(0, used.shape) * used[..., None, None, None])


def made(fault=None, shares=1):
    return AtomicAutoencoder(Finder(shares), Drawer(fault=fault)).eval()


@pytest.fixture(scope="module")
def images():
    return DATA.held_out(12, seed=3).images


def test_the_nearest_element_of_the_set_is_found_and_its_distance_exact():
    sample = DATA.held_out(4, seed=1)
    truth, present = sample.theta, sample.theta[..., 0] > 0
    start = truth + torch.tensor([0.1, 0.6, -0.6]) * (truth[..., :1] > 0)
    there = theory.nearest(sample.images, start, DATA)
    assert there.distance.max() < 1e-9
    assert torch.allclose(there.theta[present], truth[present], atol=1e-3)
    corner = torch.zeros(1, 1, 64, 64)
    corner[..., 0, 0] = 0.5  # orthogonal to every spike of the image, as far as one can see
    energy = sample.images.square().flatten(1).sum(1)
    away = theory.nearest(sample.images + corner, start, DATA)
    assert torch.allclose(away.distance, 0.25 / (energy + 0.25), rtol=0.01)
    minus = theory.nearest(-sample.images, -truth, DATA)
    assert minus.theta[..., 0].min() == 0 and torch.allclose(minus.distance, torch.ones(4))  # no amplitude below 0
    assert theory.nearest(torch.zeros(1, 1, 64, 64), torch.zeros(1, 2, 3), DATA).distance == 0  # nothing is in Σ


def test_a_derivative_that_loses_a_direction_is_seen(images):
    good = theory.bijection(made(), images)
    assert good.joint.min() > theory.FLOOR
    # of a spike that stands alone: ‖∂ψ/∂t‖/‖ψ‖ = 1/(σ√2) a pixel, and half the box is 25 pixels
    assert torch.allclose(good.blocks[:, :2], torch.full_like(good.blocks[:, :2], 25 / (2 * 2**0.5)), rtol=0.02)
    assert theory.bijection(made("deaf"), images).blocks[:, 2].max() < 1e-6
    split = theory.bijection(made(shares=2), images)
    assert split.blocks.min() > theory.FLOOR and split.joint.max() < 1e-3  # each block alone is fine: together not
    half = theory.bijection(made(), images, torch.tensor([[-0.5, 0.5]] * 3))
    assert torch.allclose(half.joint, good.joint / 2, rtol=1e-3)


def test_blocks_that_draw_next_to_nothing_are_not_active(images):
    z, atoms = theory.active_blocks(made(), images)
    assert len(z) == len(atoms) == int(DATA.held_out(12, seed=3).number.sum())
    for ask in (theory.active_blocks, theory.bijection):
        with pytest.raises(BadInput, match="no block is active"):
            ask(made("blank"), images)


def test_the_set_reaches_around_a_code_as_far_as_it_does(images):
    radii = [0.02, 0.1, 0.3]
    good = theory.neighbourhood(made(), images, DATA, radii, seeded())
    assert good.distance.shape == (3, 12) and good.distance.max() < 1e-6 and good.outside.max() < 1e-3
    ghost = theory.neighbourhood(made("ghost"), images, DATA, radii, seeded())
    assert (ghost.distance > theory.IN_SIGMA).float().mean() > 0.8 and ghost.outside.median() > 0.01
    narrow = theory.neighbourhood(made(), images, DATA, radii, seeded(), torch.tensor([[-9.0, -8.0]] * 3))
    assert good.inside[0].any() and not narrow.inside.any()


def test_reach_stops_at_the_first_gap():
    holds = torch.tensor([[True, True, False], [True, False, True], [True, True, True]])
    assert theory.reach([0.1, 0.2, 0.4], holds).tolist() == pytest.approx([0.4, 0.1, 0.0])


def test_an_even_set_fills_its_box_and_a_collapsed_one_does_not():
    box = torch.tensor([[-1.0, 1.0], [0.0, 4.0]])
    even = torch.rand(4000, 2, generator=seeded()) * torch.tensor([2.0, 4.0]) - torch.tensor([1.0, 0.0])
    point = torch.tensor([[0.1, 2.1]]).repeat(4000, 1)
    tied = even[:, :1].repeat(1, 2) * torch.tensor([1.0, 2.0]) + torch.tensor([0.0, 2.0])
    assert (theory.coverage(even, box) > 0.99).all() and (theory.coverage(tied, box) > 0.99).all()
    assert theory.coverage(point, box).tolist() == pytest.approx([1 / 20] * 2)
    found = [float(theory.discrepancies(z, box)[0, 1]) for z in (even, tied, point)]
    assert found[0] < 0.02 < 0.08 < found[1] < found[2]


def test_random_codes_of_a_perfect_model_are_all_valid():
    good = theory.validity(made(), DATA, 40, seeded())
    assert good.distance.max() < 1e-6 and good.images.shape == (40, 1, 64, 64)
    assert 0.5 <= good.theta[..., 0].min() and good.theta[..., 0].max() <= 1
    assert (theory.validity(made(), DATA, 10, seeded(), blocks=3).distance <= theory.IN_SIGMA).float().mean() > 0.8
    assert (theory.validity(made("ghost"), DATA, 40, seeded()).distance > theory.IN_SIGMA).float().mean() > 0.8
    assert theory.validity(made("blank"), DATA, 4, seeded()).distance.max() == 0  # no spike at all is in Σ


def test_a_part_of_the_blocks_is_encoded_as_those_blocks(images):
    good = theory.subsums(made(), images, seeded())
    assert {size for size, _ in good} == {1, 2, 3} and max(error for _, error in good) < 1e-5
    shared = theory.subsums(made(shares=2), images, seeded())
    alone = [error for size, error in shared if size == 1]
    assert alone == pytest.approx([0.5] * len(alone), abs=0.01)  # half a spike comes back as two quarters


def test_recoding_error_of_the_same_of_other_and_of_missing_atoms():
    one, two, three = torch.eye(3)
    same, none = torch.stack([one, two]), torch.zeros(0, 3)
    assert theory.recoding_error(same, same.flip(0)) == 0
    assert theory.recoding_error(one[None], three[None]) == 2
    assert theory.recoding_error(same, none) == 1
    assert theory.recoding_error(one[None], -one[None]) == 2  # better alone than paired
    assert theory.recoding_error(one[None], torch.stack([one / 2, one / 2])) == pytest.approx(0.5)


def test_after_half_a_turn_the_image_is_the_same_and_the_blocks_have_jumped():
    sample = theory.exchange(DATA, 21)
    assert torch.allclose(sample.images[0], sample.images[-1], atol=1e-5)
    assert (sample.images[10] - sample.images[0]).abs().max() > 0.1
    held = theory.owners(made(), sample)
    assert held.shape == (21, 3) and (held >= 0).all()
    assert held[0, :2].tolist() == held[-1, :2].flip(0).tolist()
    assert (theory.owners(made("blank"), sample) == -1).all()


def test_an_encoder_that_goes_by_brightness_jumps_when_ranks_change():
    held = theory.owners(made(), theory.exchange(DATA, 20, ranks=True))  # no frame at which they tie
    assert held[:10, 1].tolist() == [0] * 10 and held[10:, 0].tolist() == [0] * 10


def test_what_the_theory_does_not_cover_is_refused(images):
    for data in (Digits(64), OtherSpikes(size=64, sigma=2.0, k=2, widths=(0.5, 1.5))):
        with pytest.raises(BadInput, match="spikes only"):
            theory.validity(made(), data, 3, seeded())
        with pytest.raises(BadInput, match="take a model of spikes"):
            theory.neighbourhood(made(), images, data, [0.1], seeded())
    with pytest.raises(BadInput, match="k 2: expected"):
        theory.exchange(Spikes(k=2), 5)


class Twins(Drawer):
    """Every spike twice, the second on the other side."""

    def forward(self, z):
        return super().forward(z) + super().forward(z).flip(2, 3)


def test_atoms_of_images_and_of_random_codes_are_one_piece_or_two(images):
    assert theory.connectedness(made(), images, 32, seeded()) == {"encoded": 1, "random": 1}
    broken = theory.connectedness(AtomicAutoencoder(Finder(), Twins()).eval(), images, 32, seeded())
    assert broken["encoded"] < 0.2 and broken["random"] < 0.2  # but for those in the middle
    with pytest.raises(BadInput, match="no block is active"):
        theory.connectedness(made("blank"), images, 8, seeded())


def test_errors_are_sorted_by_size():
    found = theory.by_size([(2, 0.5), (1, 0.1), (2, 0.7)], least=2)
    assert list(found) == [2] and found[2].tolist() == pytest.approx([0.5, 0.7])
    assert list(theory.by_size([(2, 0.5), (1, 0.1)])) == [1, 2]


def test_handovers_are_counted_between_frames_that_hold_both():
    held = torch.tensor([[0, 1], [0, 1], [1, 0], [-1, 0], [2, 0], [0, 2]])
    assert theory.handovers(held) == (pytest.approx(5 / 6), 2)


def test_the_box_of_free_latents_is_what_training_images_take():
    free = PLAIN.replace(latents="leaky", noise=0.0, noise_end=0.0).build().eval()
    assert torch.equal(theory.box_of(free, 16), training_range(free, 16))
    bounded = PLAIN.replace(latents="bounded").build().eval()
    assert torch.equal(theory.box_of(bounded), torch.tensor([[-1.0, 1.0]] * PLAIN.d0))
