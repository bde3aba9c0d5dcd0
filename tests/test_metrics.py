"""Each metric scores a perfect, a useless and a duplicated decomposition as it should."""

from dataclasses import replace

import pytest
import torch
from stand_ins import oracle, true_atoms

from atomic_lib import BadInput, metrics
from atomic_lib.data import Sample, Spikes
from atomic_lib.gaussians import IdealDecoder
from atomic_lib.model.autoencoder import AtomicAutoencoder
from atomic_lib.model.encoders import Code


@pytest.fixture
def sample():
    return Spikes(size=64, sigma=2.0, k=5).held_out(24, seed=3)


def scores(atoms, sample):
    return metrics.spike_metrics(oracle(atoms), sample)


def test_a_perfect_decomposition_of_spikes(sample):
    got = scores(true_atoms(sample), sample)
    for name in ("jaccard", "precision", "recall", "purity"):
        assert got[name] == pytest.approx(1.0, abs=1e-4), name
    for name in ("rmse_px", "amplitude_error", "nmse"):
        assert got[name] == pytest.approx(0.0, abs=1e-3), name


def test_one_block_holding_the_whole_image(sample):
    atoms = torch.zeros_like(true_atoms(sample))
    atoms[:, 0] = sample.images
    got = scores(atoms, sample)
    assert got["nmse"] < 1e-6 and got["recall"] < 0.6 and got["purity"] < 0.6  # a lone spike may score


def test_nothing_drawn(sample):
    got = scores(torch.zeros_like(true_atoms(sample)), sample)
    assert got["jaccard"] == got["recall"] == got["precision"] == got["purity"] == 0.0
    assert got["nmse"] == pytest.approx(1.0)


def test_each_spike_split_over_two_blocks(sample):
    half = true_atoms(sample) / 2
    got = scores(torch.cat([half, half], dim=1), sample)
    assert got["nmse"] < 1e-6 and got["recall"] == pytest.approx(1.0, abs=1e-3)
    assert got["precision"] == pytest.approx(0.5, abs=1e-3)
    assert got["purity"] == pytest.approx(0.5, abs=1e-3)
    assert got["amplitude_error"] == pytest.approx(0.5, abs=1e-3)


def test_a_known_displacement_is_the_rmse(sample):
    moved = replace(sample, theta=sample.theta + torch.tensor([0, 0.3, -0.4]))
    got = scores(true_atoms(moved), sample)
    assert got["rmse_px"] == pytest.approx(0.5, abs=2e-3) and got["jaccard"] == pytest.approx(1.0)


@pytest.mark.parametrize("std", [0.0, 0.01, 0.5])
def test_purity_of_spikes_that_almost_coincide(std):
    torch.manual_seed(0)
    theta = torch.cat([torch.ones(1, 12, 1), 32 + std * torch.randn(1, 12, 2)], dim=2)
    sample = Sample(torch.zeros(1, 1, 64, 64), theta, 2.0, 0.25)
    got = scores(true_atoms(sample), sample)
    assert 0 <= got["purity"] <= 1


def test_a_spike_outside_of_the_picture():
    sample = Sample(torch.zeros(1, 1, 64, 64), torch.tensor([[[1.0, 500.0, 500.0]]]), 2.0, 0.25)
    assert scores(torch.zeros(1, 1, 1, 64, 64), sample)["purity"] == 0


def test_held_out_seeds_are_held_out():
    for seed in (-1, 2**40):
        with pytest.raises(BadInput, match="seed"):
            metrics.evaluate(None, Spikes(), 4, seed)


def test_no_image_no_spike():
    got = scores(torch.zeros(2, 3, 1, 64, 64), Sample(torch.zeros(2, 1, 64, 64), torch.zeros(2, 3, 3), 2.0, 0.25))
    assert got["jaccard"] == got["false_positives"] == got["nmse"] == 0


def test_matching_takes_most_pairs_before_least_distance():
    # Greedy would pair 0–0 (distance 0.1) and leave 1 without a partner in reach.
    found = torch.tensor([[1.0, 0.0, 0.0], [1.0, 0.0, 1.9]])
    true = torch.tensor([[1.0, 0.0, -1.0], [1.0, 0.0, 0.1]])
    got = metrics.match(found, true, radius=2.0)
    assert got.true == 2 and got.squared_distance == pytest.approx(1.0 + 1.8**2, rel=1e-5)


def test_a_pair_out_of_reach_is_never_matched():
    got = metrics.match(torch.tensor([[1.0, 0.0, 0.0]]), torch.tensor([[1.0, 0.0, 2.1]]), radius=2.0)
    assert (got.true, got.false, got.missed) == (0, 1, 1)


def disc(row, column, radius, size=64):
    y, x = torch.meshgrid(torch.arange(size), torch.arange(size), indexing="ij")
    return ((y - row) ** 2 + (x - column) ** 2 <= radius**2).float()


def test_connected_ignores_specks_but_not_a_second_blob():
    one, two = disc(20, 20, 8), disc(44, 44, 8)
    assert metrics.is_connected(one)
    assert not metrics.is_connected(one + two)
    assert metrics.is_connected(one + disc(44, 44, 1))
    assert not metrics.is_connected(-one)


def test_the_radius_of_gyration_of_a_disc():
    assert float(metrics.radius_of_gyration(disc(32, 32, 20))) == pytest.approx(20 / 2**0.5, rel=0.02)


def test_stroke_metrics_of_known_decompositions():
    image = disc(20, 20, 8) + disc(44, 44, 8)
    parts = torch.stack([disc(20, 20, 8), disc(44, 44, 8), torch.zeros(64, 64)])[None, :, None]
    got = metrics.stroke_metrics(oracle(parts), Sample(image[None, None]))
    assert got["connected"] == 1 and got["active_blocks"] == 2 and got["nmse"] == 0
    assert got["largest_share"] == pytest.approx(0.5) and got["negative_energy"] == 0 and got["spread"] < 0.4
    whole = torch.stack([image, torch.zeros(64, 64)])[None, :, None]
    got = metrics.stroke_metrics(oracle(whole), Sample(image[None, None]))
    assert got["connected"] == 0 and got["active_blocks"] == 1
    assert got["largest_share"] == pytest.approx(1) and got["spread"] == pytest.approx(1)
    cancelling = torch.stack([2 * image, -image])[None, :, None]
    got = metrics.stroke_metrics(oracle(cancelling), Sample(image[None, None]))
    assert got["negative_energy"] == pytest.approx(0.5) and got["nmse"] == 0


def test_what_is_measured_is_the_data_that_was_given():
    """Not the default set, with the default σ and threshold, in their place."""
    faint = Spikes(k=15, fewest=15, amplitude=(0.1, 0.2))
    sample = faint.held_out(3)
    assert sample.number.tolist() == [15] * 3 and sample.detection == pytest.approx(0.05)
    got = metrics.evaluate(oracle(true_atoms(sample, 128)), faint, 3)
    assert got["recall"] == pytest.approx(1) and got["true_positives"] == 45
    wide = Spikes(size=64, sigma=4.0, k=2).held_out(5)
    assert scores(true_atoms(wide), wide)["rmse_px"] < 1e-2, "fitted with the data's σ, not with a model's"
    with pytest.raises(BadInput, match="no truth, σ or threshold"):
        metrics.spike_metrics(oracle(true_atoms(wide)), replace(wide, sigma=None))


def test_a_model_without_a_recipe_can_be_measured(sample):
    got = metrics.evaluate(oracle(true_atoms(sample)), sample)
    assert got["jaccard"] == pytest.approx(1) and got["images"] == 24
    assert metrics.evaluate(oracle(true_atoms(sample)[:5]), sample, 5)["images"] == 5
    with pytest.raises(BadInput, match="no recipe"):
        metrics.evaluate(oracle(true_atoms(sample)))
    with pytest.raises(BadInput, match="expected Spikes, Digits, Pictures or a Sample"):
        metrics.evaluate(oracle(true_atoms(sample)), "spikes")


def test_the_output_is_the_models_own_for_a_maximum_too(sample):
    atoms = true_atoms(sample)
    largest = oracle(atoms, "max").decompose(sample.images)
    assert torch.equal(largest.output, atoms.amax(dim=1)) and (largest.output - atoms.sum(dim=1)).abs().max() > 0.01
    assert metrics.spike_metrics(oracle(atoms, "max"), sample)["nmse"] == pytest.approx(
        float((largest.output - sample.images).square().sum() / sample.images.square().sum())
    )


def test_a_pursuit_is_not_told_how_many_spikes_there_are():
    """It has at least its own k blocks to go wrong with, and as many as there may be spikes."""
    asked = []

    class Asked(torch.nn.Module):
        k, d0, size, stops, latents = 3, 3, 64, True, torch.nn.Identity()

        def forward(self, images, g, k=None):
            asked.append(k)
            return Code(torch.zeros(len(images), k, 3), torch.zeros(len(images), k, dtype=torch.bool))

    model = AtomicAutoencoder(Asked(), IdealDecoder(64, 2.0))
    for most in (1, 3, 5):
        metrics.evaluate(model, Spikes(size=64, sigma=2.0, k=most), 2)
    assert asked == [3, 3, 5]
