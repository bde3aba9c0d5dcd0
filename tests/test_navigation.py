"""A block whose coordinates are amplitude, row and column scores as one; a turned one does not."""

import math

import pytest
import torch

from atomic_lib import RECIPES, BadInput
from atomic_lib.data import spikes
from atomic_lib.data.spikes import Spikes
from atomic_lib.gaussians import effects, render
from atomic_lib.model.autoencoder import AtomicAutoencoder, latent_range
from atomic_lib.model.encoders import Code
from atomic_lib.model.losses import misalignment
from atomic_lib.studies.navigation import dci, navigation_metrics

DATA = Spikes(size=64, sigma=2.0, k=3)
TURNS = {
    "aligned": torch.eye(3),
    "motions turned": torch.tensor([[1, 0, 0], [0, 0.6, -0.8], [0, 0.8, 0.6]]),
    "all turned": torch.linalg.qr(torch.tensor([[1.0, 2, 3], [-2, 1, 1], [1, 1, -2]]))[0],
}


class Gaussian(torch.nn.Module):
    """g(z) = a·G(t), exactly, with (a, t) from z by a rotation."""

    d0, size = 3, 64

    def __init__(self, turn):
        super().__init__()
        self.register_buffer("turn", turn)
        self.register_buffer("middle", torch.tensor([0.75, 32.0, 32.0]))
        self.register_buffer("scale", torch.tensor([0.25, 32.0, 32.0]))
        self.anchor = torch.nn.Parameter(torch.zeros(1))

    def forward(self, z):
        a, row, column = (self.middle + self.scale * (z @ self.turn.T)).T
        return render(a[:, None], torch.stack([row, column], dim=1)[:, None], 64, DATA.sigma)


class Teller(torch.nn.Module):
    """The encoder that knows the truth of a sample."""

    k, d0 = 3, 3

    def __init__(self, sample, g):
        super().__init__()
        self.sample, self.g, self.latents = sample, g, torch.nn.Identity()

    def forward(self, images, g, k=None):
        rows = [int((self.sample.images - image).abs().amax((1, 2, 3)).argmin()) for image in images]
        a, p = self.sample.amplitudes[rows], self.sample.positions[rows]
        theta = torch.cat([a[..., None], p], dim=2)
        z = (theta - g.middle) / g.scale @ g.turn
        return Code(z, a > 0)


@pytest.fixture(params=TURNS)
def found(request):
    sample, g = DATA.held_out(96, seed=1), Gaussian(TURNS[request.param])
    model = AtomicAutoencoder(Teller(sample, g), g).eval()
    model.recipe = RECIPES["spikes-pursuit"].replace(data=DATA)
    return request.param, navigation_metrics(model, sample)


def test_coordinates_score_as_they_must(found):
    how, found = found
    assert found["spikes"] == int((DATA.held_out(96, seed=1).amplitudes > 0).sum())
    assert found["outside"] < 0.01 and found["on_set"] == pytest.approx(1.0, abs=0.01)
    if how == "all turned":
        assert found["amplitude_share"] < 0.2 and found["disentanglement"] < 0.5 and found["still_px"] > DATA.sigma
        return
    assert found["amplitude_coordinate"] == 1
    assert found["amplitude_share"] > 0.999 and found["motion_share"] > 0.999 and found["still_px"] < 0.01
    assert found["motion_angle"] == pytest.approx(90, abs=0.1) and found["speed_ratio"] == pytest.approx(1, abs=0.01)
    assert found["disentanglement"] > (0.9 if how == "aligned" else 0.4)
    assert found["r2_amplitude"] > 0.9 and found["r2_row"] > 0.9


def test_effects_are_lengths_along_the_set():
    g, z = Gaussian(TURNS["aligned"]), torch.tensor([[0.2, 0.1, -0.3]])
    model = AtomicAutoencoder(Teller(DATA.held_out(1), g), g)
    a = 0.75 + 0.25 * 0.2
    got = effects(model.jacobian(z), torch.tensor([[a, 35.2, 22.4]]), DATA.sigma)
    expected = torch.diag(torch.tensor([math.sqrt(2) * DATA.sigma * 0.25 / a, 32.0, 32.0]))
    assert torch.allclose(got[0], expected, atol=0.02)


def test_misalignment_knows_orthogonal_from_turned():
    scores = {}
    for how, turn in TURNS.items():
        g = Gaussian(turn)
        model = AtomicAutoencoder(Teller(DATA.held_out(1), g), g)
        z = 0.5 * torch.rand(16, 3, generator=torch.Generator().manual_seed(0)) - 0.25
        scores[how] = [float(misalignment(model, z, kind)) for kind in ("orthogonal", "scaling")]
    assert max(scores["aligned"] + scores["motions turned"]) < 1e-4
    assert min(scores["all turned"]) > 0.05


def test_dci_of_perfect_and_of_useless_codes():
    factors = torch.rand(600, 2, generator=torch.Generator().manual_seed(0)).numpy()
    perfect = dci(factors, factors, ("a", "b"))
    assert perfect["disentanglement"] > 0.95 and perfect["completeness"] > 0.95 and perfect["r2_a"] > 0.99
    noise = torch.rand(600, 2, generator=torch.Generator().manual_seed(1)).numpy()
    useless = dci(noise, factors, ("a", "b"))
    assert useless["disentanglement"] < 0.1 and useless["r2_a"] < 0.1


def test_a_model_that_finds_nothing_is_refused_in_a_sentence():
    sample, g = DATA.held_out(4), Gaussian(TURNS["aligned"])
    model = AtomicAutoencoder(Teller(sample, g), g)
    model.recipe = RECIPES["spikes-pursuit"].replace(data=DATA)
    elsewhere = spikes.Sample(sample.images, sample.amplitudes, sample.positions + 30)
    with pytest.raises(BadInput, match="no block"):
        navigation_metrics(model, elsewhere)


def test_latent_range_leaves_the_tails():
    z = torch.linspace(0, 1, 101).view(1, -1, 1).repeat(1, 1, 2)
    assert torch.allclose(latent_range(z, torch.ones(1, 101, dtype=torch.bool), 0.1), torch.tensor([[0.1, 0.9]] * 2))


def test_refinement_finds_the_truth_and_never_a_worse_fit():
    sample, g = DATA.held_out(12, seed=2), Gaussian(TURNS["all turned"])
    model = AtomicAutoencoder(Teller(sample, g), g).eval()
    z, used = model.encode(sample.images)
    away = z + 0.02 * torch.randn(z.shape, generator=torch.Generator().manual_seed(0))

    def errors(z):
        return (sample.images - model.decode(z, used)).square().flatten(1).sum(1)

    assert (errors(model.refine(sample.images, away, 8, used)) < 1e-3 * errors(away)).all()
    far = torch.randn(z.shape, generator=torch.Generator().manual_seed(0))
    for steps in (0, 1, 5):
        assert (errors(model.refine(sample.images, far, steps, used)) <= errors(far)).all()
    with pytest.raises(BadInput, match="steps"):
        model.refine(sample.images, z, -1)


def test_refined_latents_stay_in_their_box():
    model = RECIPES["spikes-pursuit"].replace(data=DATA, encoder_options={"window": 18}).build().eval()
    images = DATA.held_out(3).images
    z, used = model.encode(images)
    assert model.refine(images, z, 4, used).abs().max() <= 1
