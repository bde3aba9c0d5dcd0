"""Knobs: what blocks hold is counted right for perfect, broken and degenerate models; their data are what they say."""

import numpy as np
import pytest
import torch
from torch import nn

from atomic_lib import RECIPES, BadInput, gaussians
from atomic_lib.data import Sample, Spikes
from atomic_lib.model.autoencoder import AtomicAutoencoder
from atomic_lib.model.encoders import OneShot
from atomic_lib.studies import knobs
from atomic_lib.studies.other_spikes import OtherSpikes

SMALL = {"size": 32, "sigma": 2.0, "k": 2, "amplitude": (0.1, 1.0)}
PLAIN = RECIPES["spikes-plain"].replace(data=Spikes(**SMALL), k=4, steps=2)


@pytest.mark.parametrize(
    ("share", "fates"),
    [
        ([[1, 0], [0, 1], [0, 0]], [0, 0]),  # perfect
        ([[1, 1], [0, 0]], [1, 1]),  # both in one block
        ([[0.9, 0.3], [0, 0.3]], [0, 2]),  # the second over two blocks
        ([[0.6, 0.6], [0.6, 0]], [0, 1]),  # twice there, once alone
        ([[0.4, 0.1], [0, 0.01]], [3, 3]),  # neither is there
        (np.zeros((0, 2)), [3, 3]),  # no blocks at all
    ],
)
def test_fates(share, fates):
    assert knobs.fate_of(np.array(share, float)).tolist() == fates


def test_parts_of_a_spike_do_not_add_up_in_a_maximum():
    share = np.array([[0.25], [0.25], [0.04]])
    assert knobs.fate_of(share).tolist() == [2] and knobs.fate_of(share, "max").tolist() == [3]


@pytest.mark.parametrize(("held", "kind"), [((0, 1), 0), ((2, 3), 0), ((1, 2), 1), ((3,), 2), ((0, 1, 2), 3), ((), 4)])
def test_pairings(held, kind):
    assert knobs.pairing(np.isin(np.arange(4), held)) == kind


def test_explained_variance():
    truth = np.array([[0.0, 5], [1, 5], [2, 5]])
    assert knobs.explained(truth, truth).tolist() == [1, 0]  # what never varies cannot be explained
    assert knobs.explained(np.array([1.0, 5]), truth).tolist() == [0, 0]
    assert knobs.explained(2 - truth, truth)[0] == -3


def test_pictures_are_packed_and_unpacked():
    pictures = torch.randn(3, 16, 16).clamp(-1.2, 1.2)
    assert (knobs.unpacked(knobs.packed(pictures), 16) - pictures).abs().max() <= 0.005 + 1e-6


@pytest.mark.parametrize(
    "changes",
    [
        {}, {"latents": "leaky"}, {"combine": "max"}, {"untied": True}, {"penalty": "blocks"}, {"d0": 1},
        {"data": OtherSpikes(**SMALL, pairs="shared", fewest=2, separation=1.0)},
    ],
)  # fmt: skip
def test_an_untrained_model_is_measured(changes):
    torch.manual_seed(0)
    model = PLAIN.replace(**changes).build()
    found = knobs.measure(model, count=24)
    fates, n = np.array(found["found"]["fates"]), np.array(found["found"]["active"]).sum(axis=1)
    assert n.sum() == 24 and (fates.sum(axis=1) == n * np.arange(len(n))).all()  # every spike has one fate
    assert ("spectrum" in found) == ("untied" not in changes)
    assert knobs.unpacked(found["example"]["pictures"], 32).shape == (2 + 4, 32, 32)


def test_a_model_of_digits_is_refused():
    with pytest.raises(BadInput, match="spikes only"):
        knobs.measure(RECIPES["digits-plain"].build())


@pytest.mark.parametrize(
    ("middle", "dimension"), [([2, 1, 0.01, 0.005], 2), ([2, 0.1, 0.09, 0.08], 1), ([1, 1, 1, 0], 3), (None, 0)]
)
def test_the_dimension_is_where_the_spectrum_falls(middle, dimension):
    spectrum = {"quantiles": [middle] * 3} if middle else {"blocks": 0}
    assert knobs.dimension(spectrum) == dimension


class Fixed(gaussians.IdealDecoder):
    """Spikes of amplitude 1: the block says where, nothing else."""

    d0 = 2

    def forward(self, place):
        return super().forward(torch.cat([torch.ones(len(place), 1), place], dim=1))


def test_an_atom_that_can_fade_lies_in_what_its_block_can_change():
    theta = torch.tensor([[0.7, 30.2, 33.0], [0.4, 20.0, 40.5]])
    box = torch.tensor([[0.1, 1], [10, 54], [10, 54]])
    for g, expected in ((gaussians.IdealDecoder(64, 3.0), 1), (Fixed(64, 3.0), 0)):  # a motion is at right angles to it
        model = AtomicAutoencoder(OneShot(1, g.d0, 64, nn.Identity(), nn.Linear(1, 1)), g)
        z, ranges = theta[:, -g.d0 :], box[-g.d0 :]
        assert abs(knobs.fading(model, z, ranges, g.d0) - expected) < 1e-3
    assert knobs.fading(model, z[:0], ranges, 2) == knobs.fading(model, z, ranges, 0) == 0


@pytest.mark.parametrize("d", [1, 2, 3, 4])
def test_the_dimension_of_points(d):
    points = np.random.default_rng(d).uniform(size=(2000, d))
    turned = np.linalg.qr(np.random.default_rng(9).normal(size=(6, 6)))[0][:d]
    assert abs(knobs.local_dimension(points @ turned) - d) < 0.4  # six coordinates, d of which they need
    assert abs(knobs.local_dimension(np.sin(3 * points @ turned)) - d) < 0.4  # on something curved


def test_the_dimension_of_too_few_or_equal_points():
    assert knobs.local_dimension(np.zeros((0, 6))) == knobs.local_dimension(np.zeros((30, 6))) == 0
    assert knobs.local_dimension(np.zeros((40, 6))) == 0


def test_counting_atoms_takes_a_pursuit():
    torch.manual_seed(0)
    pursuit = PLAIN.replace(encoder="pursuit", encoder_options={"window": 12}).build().eval()
    images = torch.stack([torch.zeros(1, 32, 32), Spikes(**SMALL).held_out(1).images[0]])
    counts = knobs.counted(pursuit, images).tolist()
    assert counts[0] == 0 and counts[1] > 0
    with pytest.raises(BadInput, match="take a pursuit"):
        knobs.counted(PLAIN.build(), images)


def test_a_full_cube_has_nearly_its_dimension():
    assert 0.8 < knobs.full_cube(1, 500) < 1.1 and 1.7 < knobs.full_cube(2, 500) < 2.1
    assert knobs.full_cube(2, 500) == knobs.full_cube(2, 500)


def test_the_best_linear_code_leaves_what_it_must():
    basis = torch.linalg.qr(torch.randn(64, 3, generator=torch.Generator().manual_seed(0)))[0].T
    images = (torch.randn(20, 3, generator=torch.Generator().manual_seed(1)) @ basis).view(20, 1, 8, 8)
    assert knobs.best_linear(images, 3) < 1e-6 < knobs.best_linear(images, 2)
    energy = torch.linalg.svdvals(images.flatten(1)).square()
    assert knobs.best_linear(images, 1) == pytest.approx(float(1 - energy[0] / energy.sum()), abs=1e-5)


def test_a_maximum_of_spikes_is_their_sum_unless_they_overlap():
    place = torch.tensor([[1.0, 8, 8], [1.0, 24, 24]])
    for theta, least, most in ((place, 0, 1e-6), (place[:1].repeat(2, 1), 0.25, 0.25)):  # one of two: half is left
        images = gaussians.render(theta[None], 32, 2.0)
        assert least - 1e-6 <= knobs.maximum_of_spikes(Sample(images, theta[None], 2.0, 0.5)) <= most + 1e-6


def test_how_often_a_number_was_said_for_another():
    counts = knobs.confusion(torch.tensor([0, 1, 1, 2]), torch.tensor([0, 1, 3, 2]))
    assert counts.shape == (4, 4) and counts.sum() == 4
    assert [counts[0, 0], counts[1, 1], counts[1, 3], counts[2, 2]] == [1, 1, 1, 1]


def test_amplitudes_in_an_image():
    data = Spikes(size=32, sigma=2.0, k=2, amplitude=(0.1, 1.0), fewest=2)
    sample = data.held_out(1)
    found = knobs.amplitudes_in(sample.images[0, 0], sample.theta[0], data.sigma)
    assert torch.allclose(found, sample.theta[0, :, 0], atol=1e-4)
