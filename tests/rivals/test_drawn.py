"""Measures on strokes with truth: a code of one stroke a part is best; turned, or of patches, it is worse."""

import pytest
import torch

from atomic_lib.rivals import drawn
from atomic_lib.rivals.hanzi import Hanzi

SAMPLE = Hanzi(size=48).held_out(4, seed=1)


class Strokes:
    """The truth of one sample as a system: a brightness for each stroke of each image, and zeros for all others."""

    additive = True
    absent = torch.zeros(1)

    def __init__(self, sample):
        self.sample, self.size = sample, sample.images.shape[-1]
        self.pictures = torch.cat([sample.drawn(i) for i in range(len(sample))])
        self.parts = [[i] for i in range(len(self.pictures))]

    def encode(self, images):
        z = torch.zeros(len(images), len(self.pictures))
        for row, image in zip(z, images, strict=True):
            i = int((self.sample.images - image).abs().amax((1, 2, 3)).argmin())
            before = sum(len(self.sample.drawn(j)) for j in range(i))
            row[before : before + len(self.sample.drawn(i))] = 1
        return z

    def decode(self, z):
        return torch.einsum("bc,cxy->bxy", z, self.pictures)[:, None]


@pytest.mark.slow
def test_one_stroke_a_part_is_pure_and_a_turned_code_is_not():
    found = drawn.measure(Strokes(SAMPLE), SAMPLE)
    assert found["purity"] > 0.95 > 0.6 > found["purity_control"]
    assert found["exclusivity"] > found["exclusivity_control"]


def test_the_truth_is_almost_exclusive_but_for_crossings():
    found = drawn.of_truth(SAMPLE)
    assert 0.85 < found["exclusivity"] < 1 and found["on_set"] > 0.9 and found["purity"] > 0.95


def test_a_part_of_all_strokes_is_pure_of_none():
    whole = SAMPLE.drawn(0).sum(dim=0, keepdim=True)
    energy = drawn.stroke_energies(whole, SAMPLE.drawn(0))
    assert (energy > 0).all() and drawn.purity(energy).max() < 0.6


def test_every_pixel_near_ink_has_an_owner_and_crossings_are_shared():
    strokes = torch.zeros(2, 24, 24)
    strokes[0, 11:13, 4:20] = 1
    strokes[1, 4:20, 11:13] = 1
    mine = drawn.owned(strokes)
    assert mine[:, 11, 11].tolist() == [0.5, 0.5] and mine[:, 12, 5].tolist() == [1, 0]
    assert mine[:, 0, 0].sum() == 0
    assert mine.sum(dim=0).max() == pytest.approx(1)
