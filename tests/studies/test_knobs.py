"""Knobs: what blocks hold is counted right for perfect, broken and degenerate models; their data are what they say."""

import numpy as np
import pytest
import torch
from torch import nn

from atomic_lib import RECIPES, BadInput, gaussians
from atomic_lib.data.spikes import OtherSpikes, Spikes
from atomic_lib.model.autoencoder import AtomicAutoencoder
from atomic_lib.model.encoders import OneShot
from atomic_lib.studies import knobs

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


def a_run(alone=0, together=0, split=0, lost=0):
    """A result as it is recorded, of images with one spike each, which all have two active blocks."""
    spikes = alone + together + split + lost
    found = {
        "fates": [[0] * 4, [alone, together, split, lost]], "active": [[0, 0, 0], [0, 0, spikes]],
        "held": [0, alone, together], "lost": [0.0, 1.0], "energy": [0.0, 4.0], "kept": [0.9, 1.0, 1.0],
        "kept_in_sum": 0.9, "cancelled": 1.0,
    }  # fmt: skip
    metrics = {"jaccard": 0.5, "recall": 0.5, "purity": 0.5}
    return {"knobs": {"found": found, "spectrum": {}}, "metrics": metrics}


def test_a_run_in_one_row():
    row = knobs.summary(a_run(alone=6, together=2, split=1, lost=1))
    assert [row[name] for name in knobs.FATES] == [0.6, 0.2, 0.1, 0.1]
    assert (row["nmse"], row["extra"], row["merged"], row["merged_blocks"]) == (0.25, 1, 0.25, 2)
    assert knobs.success([a_run(alone=1), a_run(alone=1, lost=1), a_run(lost=1)]) == (1, 1, 1)


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
