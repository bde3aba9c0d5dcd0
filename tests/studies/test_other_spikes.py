"""Spikes with other atoms: as many parameters as they say, and a word in the record of a recipe."""

import pytest
import torch
from stand_ins import PLAIN, seeded

from atomic_lib import BadInput
from atomic_lib.recipes import Recipe
from atomic_lib.studies.other_spikes import OtherSpikes

SMALL = {"size": 32, "sigma": 2.0, "k": 2, "amplitude": (0.1, 1.0)}


@pytest.mark.parametrize(
    ("changes", "parameters"),
    [
        ({"amplitude": (1.0, 1.0), "line": True}, 1), ({"amplitude": (1.0, 1.0)}, 2), ({}, 3),
        ({"widths": (0.6, 1.4)}, 4), ({"pairs": "shared"}, 5), ({"pairs": "free"}, 6),
    ],
)  # fmt: skip
def test_other_spikes(changes, parameters):
    data = OtherSpikes(**{**SMALL, "separation": 1.0, **changes})
    assert data.parameters == parameters
    assert Recipe.from_json(PLAIN.replace(data=data).as_json()).data == data
    theta = data.sample(64, seeded()).theta
    amplitudes, positions = theta[..., 0], theta[..., 1:]
    there, members = amplitudes > 0, 2 if parameters > 4 else 1
    assert set(there.sum(dim=1).tolist()) == {members, 2 * members}
    assert (amplitudes[:, ::2] == amplitudes[:, 1::2]).all() == (parameters == 5)
    assert (positions[..., 0] == 15.5).all() == (parameters == 1)
    absent = ~(there[:, :, None] & there[:, None]) | torch.eye(2 * members, dtype=torch.bool)
    assert torch.cdist(positions, positions)[~absent].min() >= data.separation * data.sigma


def test_widths_vary_the_energy_alone():
    thin, wide = (OtherSpikes(**SMALL, fewest=2, widths=(w, w)).sample(8, seeded()) for w in (0.7, 1.4))
    assert torch.equal(thin.theta, wide.theta)
    assert torch.allclose(4 * thin.images.sum(), wide.images.sum(), rtol=0.02)


def test_atoms_that_cannot_be_are_refused():
    with pytest.raises(BadInput, match="widths"):
        OtherSpikes(widths=(1.4, 0.6))
    with pytest.raises(BadInput, match="pairs"):
        OtherSpikes(pairs="many")
