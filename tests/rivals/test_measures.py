"""What any decoder is asked: the truth scores best, nothing scores nothing, a code turned at random scores worse."""

import pytest
import torch
from stand_ins import seeded

from atomic_lib.data import Spikes
from atomic_lib.data.sample import Sample
from atomic_lib.errors import BadInput
from atomic_lib.rivals import measures
from atomic_lib.rivals.systems import Rotated, Truth, encoded

DATA = Spikes(size=32, sigma=1.4, k=3)


class Pixels:
    """A code of lone numbers, with an image for each: x = Σ z_c · picture c, and the pictures are orthonormal."""

    absent, additive = None, True

    def __init__(self, pictures):
        self.pictures, self.size = pictures, pictures.shape[-1]
        self.parts = [[c] for c in range(len(pictures))]

    def encode(self, images):
        return images.flatten(1) @ self.pictures.flatten(1).T

    def decode(self, z):
        return torch.einsum("bc,cxy->bxy", z, self.pictures)[:, None]


class Twice(Truth):
    """Every spike is drawn by two parts, each with half of its amplitude."""

    @property
    def parts(self):
        return [[*range(3 * i, 3 * i + 3)] for i in range(2 * self.k)]

    def encode(self, images):
        half = super().encode(images).view(-1, self.k, 3) * torch.tensor([0.5, 1, 1])
        return torch.cat([half, half], dim=1).flatten(1)

    def decode(self, z):
        both = z.unflatten(1, (2, self.k, 3))
        return sum(Truth.decode(self, one.flatten(1)) for one in both.unbind(1))


class Blank(Truth):
    """Draws nothing, whatever the code."""

    def decode(self, z):
        return 0 * super().decode(z)


class Lumped(Truth):
    """One part holds all of the code."""

    @property
    def parts(self):
        return [list(range(3 * self.k))]

    @property
    def absent(self):
        return None


@pytest.fixture(scope="module")
def spikes():
    return DATA.held_out(48, seed=2)


def truth(sample, kind=Truth, **options):
    return kind(DATA.k, DATA.size, DATA.sigma, known=sample, **options)


def measured(system, sample):
    return measures.measure(system, sample)


@pytest.fixture(scope="module")
def best(spikes):
    """What the truth scores."""
    return measured(truth(spikes), spikes)


def test_the_truth_scores_best(best):
    found = best
    assert found["nmse"] < 1e-9
    assert found["exclusivity"] == pytest.approx(1) and found["on_set"] > 0.99  # absent spikes may appear anywhere
    assert 1 <= found["movers"] < 1.1
    assert found["jaccard"] == 1 and found["rmse_px"] < 0.01
    assert found["interaction"] < 1e-6
    assert {name: found[f"{name}_truth"] for name in ("exclusivity", "jaccard", "movers")} == pytest.approx(
        {name: found[name] for name in ("exclusivity", "jaccard", "movers")}
    )


def test_a_code_turned_at_random_scores_worse_by_every_measure(spikes, best):
    """The same images, at the same error: what does not fall here measures nothing."""
    found = best
    assert found["exclusivity_control"] < 0.85 < found["exclusivity"]
    assert found["jaccard_control"] < 0.5 < found["jaccard"]
    assert found["movers_control"] > 1.8 > found["movers"]
    turned = Rotated(truth(spikes), encoded(truth(spikes), spikes.images))
    assert measures.nmse(turned, spikes.images, encoded(turned, spikes.images)) < 1e-9


def test_nothing_scores_nothing(spikes):
    found = measured(truth(spikes, Blank), spikes)
    assert found["nmse"] == 1
    assert found["exclusivity"] == found["on_set"] == found["jaccard"] == found["movers"] == found["used_latents"] == 0


def test_a_spike_in_two_parts_has_two_movers_and_is_found_twice(spikes, best):
    once, twice = best, measured(truth(spikes, Twice), spikes)
    assert twice["nmse"] < 1e-9
    assert twice["exclusivity"] == pytest.approx(1)  # each coordinate moves one spike, though not alone
    assert twice["movers"] == pytest.approx(2 * once["movers"], rel=0.02)
    assert twice["recall"] > 0.9 and twice["precision"] < 0.6


def test_one_part_of_everything_holds_no_spike_of_its_own(spikes):
    found = measured(truth(spikes, Lumped), spikes)
    assert found["movers"] == pytest.approx(1)
    assert found["recall"] < 0.6


def test_lone_numbers_of_the_truth_are_exclusive_but_no_spikes(spikes):
    """Its own value stands beside what a system without blocks scores: 1 cannot be had there."""
    found = measured(truth(spikes, apart=True), spikes)
    assert found["exclusivity"] == pytest.approx(1)
    assert found["jaccard"] == found["jaccard_truth"] < 0.7
    assert found["movers"] == found["movers_truth"] > 1.2


def test_no_measure_hangs_on_the_scale_of_a_coordinate(spikes, best):
    class Scaled(Truth):
        factors = torch.tensor([0.01, 5.0, 100.0] * DATA.k)

        def encode(self, images):
            return super().encode(images) * self.factors

        def decode(self, z):
            return super().decode(z / self.factors)

    plain, scaled = best, measured(truth(spikes, Scaled), spikes)
    for name in ("exclusivity", "on_set", "movers", "jaccard", "used_latents", "exclusivity_control"):
        assert scaled[name] == pytest.approx(plain[name], rel=1e-3), name


def test_along_spikes_gives_each_tangent_to_its_spike():
    theta = torch.tensor([[0.8, 10.0, 10.0], [0.6, 10.0, 14.0]])
    tangents = measures.moves(Truth(2, 32, 1.4), theta.flatten()[None])[0]
    energy, along = measures.along_spikes(tangents, theta, 1.4)
    whole = tangents.double().square().sum(dim=(1, 2))
    assert torch.allclose(energy[:3, 0], whole[:3]) and torch.allclose(energy[3:, 1], whole[3:])
    assert energy[:3, 1].max() < 1e-6 and torch.allclose(along, whole)


def test_along_spikes_sees_nothing_far_from_all_spikes():
    away = torch.zeros(1, 32, 32)
    away[0, 28:, 28:] = 1
    energy, along = measures.along_spikes(away, torch.tensor([[0.8, 8.0, 8.0]]), 1.4)
    assert energy.abs().max() < 1e-6 and along.abs().max() < 1e-6


@pytest.mark.parametrize("count", [1, 2, 5])
def test_movers_counts_who_moves_a_pixel(count):
    one = torch.rand(1, 8, 8, generator=seeded())
    top, bottom = measures.movers(one.repeat(count, 1, 1), [[c] for c in range(count)])
    assert top / bottom == pytest.approx(count)


def test_codes_put_together_are_good_where_the_encoder_knows_all_codes():
    pictures = torch.linalg.qr(torch.randn(64, 16, generator=seeded()))[0].T.view(16, 8, 8)
    system = Pixels(pictures)
    found = measures.recombined(system, torch.randn(32, 16, generator=seeded()))
    assert found["recombination"] < 1e-9 and found["interaction"] < 1e-5


def test_codes_put_together_are_bad_where_the_encoder_knows_some_codes_alone():
    class Shy(Pixels):
        def encode(self, images):
            return super().encode(images).clamp(max=0.1)

    pictures = torch.linalg.qr(torch.randn(64, 16, generator=seeded()))[0].T.view(16, 8, 8)
    assert measures.recombined(Shy(pictures), torch.randn(32, 16, generator=seeded()))["recombination"] > 0.1


def test_codes_whose_images_are_out_of_bounds_are_measured_too():
    pictures = torch.ones(2, 8, 8)
    found = measures.recombined(Pixels(pictures), 30 * torch.randn(32, 2, generator=seeded()))
    assert found["recombination"] > 0


def test_parts_that_do_not_add_interact():
    class Product(Pixels):
        def decode(self, z):
            return super().decode(torch.stack([z[:, 0] * z[:, 1]] * z.shape[1], dim=1))

    pictures = torch.rand(2, 8, 8, generator=seeded())
    codes = torch.randn(32, 2, generator=seeded())
    assert measures.recombined(Product(pictures), codes)["interaction"] > 0.3


def test_what_a_pixel_moves_is_local_and_what_a_wave_moves_is_not():
    pixels = torch.eye(256).view(256, 16, 16)
    along = torch.arange(16) + 0.5
    waves = torch.cos(torch.pi / 16 * along * torch.arange(16)[:, None])
    waves = waves / waves.norm(dim=1, keepdim=True)
    waves = torch.einsum("ax,by->abxy", waves, waves).reshape(256, 16, 16)
    images = torch.zeros(8, 1, 16, 16)
    images[:, 0, 4:12, 4:12] = torch.rand(8, 8, 8, generator=seeded())
    few, all_ = (measures.measure(Pixels(pictures), Sample(images)) for pictures in (pixels, waves))
    assert few["nmse"] < 1e-6 and all_["nmse"] < 1e-6
    assert few["locality"] < 0.01 and all_["locality"] > 0.8
    assert few["participation"] < 0.05 < 1 < all_["participation"]
    assert few["movers"] == pytest.approx(1) and all_["movers"] > 10
    assert few["movers_control"] > 10


def test_a_measure_needs_an_image():
    with pytest.raises(BadInput, match="no image"):
        measures.measure(Truth(3, 32, 1.4), Sample(torch.zeros(0, 1, 32, 32)))


def test_the_truth_knows_the_codes_of_its_sample_alone():
    with pytest.raises(BadInput, match="known"):
        Truth(3, 32, 1.4).encode(torch.zeros(1, 1, 32, 32))
