"""A reader who is told the truth finds what is in a code, turned or not; and nothing where nothing is."""

import dataclasses

import pytest
import torch

from atomic_lib.data import Spikes
from atomic_lib.rivals import readout
from atomic_lib.rivals.systems import Rotated, Truth, encoded

DATA = Spikes(size=32, sigma=1.4, k=2)


class Fixed:
    """Two fixed samples, so that the truth knows all of their images."""

    def __init__(self):
        self.learn, self.test = DATA.sample(512, torch.Generator().manual_seed(0)), DATA.held_out(64, 1)
        both = [self.learn, self.test]
        images, theta = torch.cat([one.images for one in both]), torch.cat([one.theta for one in both])
        self.all = dataclasses.replace(self.learn, images=images, theta=theta)

    def sample(self, count, generator):
        return self.learn

    def held_out(self, count, seed):
        return self.test


@pytest.fixture(scope="module")
def data():
    return Fixed()


@pytest.mark.parametrize("apart", [False, True])
def test_the_truth_is_read_out(data, apart):
    found = readout.read(Truth(2, 32, 1.4, apart, known=data.all), data)
    assert found["jaccard"] > 0.8 and found["jaccard_near"] > 0.9


def test_a_code_without_parts_is_read_as_well_when_it_is_turned(data):
    """What is there stays there: this is why the readout tells nothing of parts."""
    system = Truth(2, 32, 1.4, apart=True, known=data.all)
    turned = Rotated(system, encoded(system, data.learn.images))
    assert readout.read(turned, data)["jaccard_near"] > 0.9


def test_a_part_that_holds_no_spike_of_its_own_is_not_read(data):
    system = Truth(2, 32, 1.4, known=data.all)
    turned = Rotated(system, encoded(system, data.learn.images))
    assert readout.read(turned, data)["jaccard"] < 0.3


def test_nothing_is_read_out_of_noise(data):
    class Noise(Truth):
        def encode(self, images):
            return torch.randn(len(images), 6, generator=torch.Generator().manual_seed(len(images)))

    assert readout.read(Noise(2, 32, 1.4, True), data)["jaccard_near"] < 0.3


def test_sets_in_another_order_are_equal():
    theta = torch.tensor([[[0.5, 3.0, 4.0], [0.9, 10.0, 1.0]]])
    assert readout.set_error(theta.flip(1), theta) == 0
    more = torch.cat([theta, torch.tensor([[[0.0, 50.0, 50.0]]])], dim=1)
    assert readout.set_error(more, theta) == 0, "an absent spike has no place"
    assert readout.set_error(theta, theta + torch.tensor([0, 1.0, 0])) == pytest.approx(2)
