"""The oracles on small problems whose answers are known."""

import pytest
import torch

from atomic_lib.gaussians import pairs
from atomic_lib.studies import solvers
from atomic_lib.studies.spots import drawn

SIGMA, SHAPE = 2.0, (40, 36)
TRUTH = torch.tensor([[1.0, 10.3, 9.6], [0.6, 13.9, 12.2], [0.8, 27.1, 25.8]], dtype=torch.float64)


def picture(noise=0.0, truth=TRUTH):
    white = torch.randn(SHAPE, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return drawn(truth, SHAPE, SIGMA) + noise * white


def same(found, truth, radius=1e-3):
    matched = pairs(found[:, 1:], truth[:, 1:], radius)
    return len(found) == len(truth) == len(matched)


ALL = {
    "sliding Frank–Wolfe": lambda x, noise=0.0: solvers.sliding_frank_wolfe(x, SIGMA, 1e-3 + 16 * noise),
    "OP-COMP": lambda x, noise=0.0: solvers.op_comp(x, SIGMA, 3, 0.2, steps=1500),
    "photutils": lambda x, noise=0.0: solvers.photometry(x, SIGMA, noise or 0.01),
}


@pytest.mark.parametrize("name", ALL)
def test_clean_spikes_are_found_to_a_thousandth_of_a_pixel(name):
    if name == "photutils":
        pytest.importorskip("photutils")
    found = ALL[name](picture())
    assert same(found, TRUTH)
    assert found[:, 0].sort().values.tolist() == pytest.approx([0.6, 0.8, 1.0], abs=1e-3)


@pytest.mark.parametrize("name", ALL)
def test_noisy_spikes_are_found_within_five_standard_errors(name):
    if name == "photutils":
        pytest.importorskip("photutils")
    found, least = ALL[name](picture(0.02), 0.02), solvers.cramer_rao(TRUTH, SHAPE, SIGMA, 0.02)
    found = found[found[:, 0] > 0.25]  # what is fainter is no detection
    matched = pairs(found[:, 1:], TRUTH[:, 1:], SIGMA)
    assert len(found) == len(TRUTH) == len(matched)
    for i, j in matched:
        assert ((found[i] - TRUTH[j]).abs() < 5 * least[j]).all()


def test_blob_log_names_the_pixels():
    pytest.importorskip("skimage")
    found = solvers.blobs(picture(truth=TRUTH[[0, 2]]), SIGMA, 0.3)
    assert {tuple(place) for place in found[:, 1:].tolist()} == {(10, 10), (27, 26)}


def test_the_bound_is_the_textbooks():
    alone = torch.tensor([[0.5, 20.2, 17.7]], dtype=torch.float64)
    bound = solvers.cramer_rao(alone, SHAPE, SIGMA, 0.02)[0]
    assert bound[0] == pytest.approx(0.02 / (SIGMA * torch.pi**0.5), rel=1e-3)
    assert bound[1] == pytest.approx((2 / torch.pi) ** 0.5 * 0.02 / 0.5, rel=1e-3)


def test_nothing_is_made_of_nothing():
    empty = torch.zeros(SHAPE, dtype=torch.float64)
    assert len(solvers.sliding_frank_wolfe(empty, SIGMA, 1e-3)) == 0
    assert len(solvers.op_comp(empty, SIGMA, 3, 0.2)) == 0


def test_a_heavy_penalty_keeps_the_bright_alone():
    found = solvers.sliding_frank_wolfe(picture(), SIGMA, penalty=0.95 * 4 * torch.pi)
    assert len(found) == 1 and found[0, 0] > 0.9
