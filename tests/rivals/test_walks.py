"""What is recorded of a walk along a coordinate is what the coordinate moves."""

import json

import torch
from stand_ins import seeded

from atomic_lib.data import Spikes
from atomic_lib.rivals import walks
from atomic_lib.rivals.systems import Truth, encoded

DATA = Spikes(size=32, sigma=1.4, k=3)


def test_pictures_come_back_to_within_half_a_shade():
    pictures = torch.randn(4, 16, 16, generator=seeded())
    back = walks.unpack(json.loads(json.dumps(walks.pack(pictures))))
    assert back.shape == pictures.shape
    assert (back - pictures).abs().max() <= 0.51 * pictures.abs().max() / walks.LEVELS


def test_nothing_comes_back_as_nothing():
    assert walks.unpack(walks.pack(torch.zeros(1, 8, 8))).abs().max() == 0


def test_a_walk_of_the_truth_moves_one_spike_in_three_parts():
    sample = DATA.held_out(48, seed=2)
    system = Truth(3, 32, 1.4, known=sample)
    packed = walks.walk(system, sample, encoded(system, sample.images))
    moved = walks.unpack(packed["moved"])
    assert len({c // 3 for c in packed["coordinates"]["chosen"]}) == len(moved) == 3
    crowded = sample.number.argmax()
    assert torch.allclose(walks.unpack(packed["image"])[0], sample.images[crowded, 0], atol=0.05)
    for picture in moved:  # a spike that goes from one place to another: as much appears as is lost
        assert picture.max() > 0.3 and picture.min() < -0.3
