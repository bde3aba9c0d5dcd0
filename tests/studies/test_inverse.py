"""Broken images mended: every rival does what its name says, and the comparison gives each its due."""

import numpy as np
import pytest
import torch
from stand_ins import seeded

from atomic_lib import BadInput
from atomic_lib.data.spikes import Spikes
from atomic_lib.gaussians import pairs
from atomic_lib.images import blur
from atomic_lib.model.operators import Operator
from atomic_lib.studies import inverse, restorers

DATA = Spikes(size=64, sigma=2.0, k=3, fewest=3)
MASK = torch.rand(64, 64, generator=seeded(3)) < 0.4
THROUGH = {"identity": lambda x: x, "blur": lambda x: blur(x, 1.5), "mask": lambda x: x * MASK}


def noisy(name, noise=0.03, count=2):
    sample = DATA.held_out(count)
    y = inverse.broken(sample, THROUGH[name], noise, 1)
    return sample, y, Operator(THROUGH[name], 64, y.shape[1:])


@pytest.mark.parametrize("size", [32, 128])
def test_every_task_is_linear_and_the_same_at_every_call(size):
    x = torch.rand(1, 1, size, size, generator=seeded())
    for name, function in inverse.operators(size).items():
        Operator(function, size, function(x).shape[1:])  # tried there
        assert torch.equal(function(x), inverse.operators(size)[name](x)), name


def test_tikhonov_solves_its_equation():
    _, y, operator = noisy("blur", count=1)
    x = restorers.tikhonov(operator, y, 0.1)

    def objective(x):
        rough = sum(x.diff(dim=axis).square().sum() for axis in (2, 3))
        return (y - operator(x)).square().sum() + 0.1 * operator.energy * rough

    for seed in range(5):
        off = 0.01 * torch.randn(x.shape, generator=seeded(seed))
        assert objective(x + off) > objective(x) and objective(x) <= objective(x + 0.05 * (y - x))


def test_total_variation_denoises_as_scikit_image_does():
    from skimage.restoration import denoise_tv_chambolle

    _, y, operator = noisy("identity")
    mine = restorers.total_variation(operator, y, 0.05)
    theirs = denoise_tv_chambolle(y[1, 0].double().numpy(), weight=0.05, eps=1e-5, max_num_iter=200)
    assert np.allclose(mine[1, 0], theirs, atol=1e-5)


@pytest.mark.parametrize("name", THROUGH)
def test_what_is_mended_is_nearer_to_the_truth(name):
    sample, y, operator = noisy(name)
    before = restorers.psnr(y, sample.images)
    for solve in (restorers.tikhonov, restorers.total_variation):
        strength = restorers.tuned(solve, (1e-3, 1e-2, 1e-1), operator, y, sample.images)
        assert (restorers.psnr(solve(operator, y, strength), sample.images) > before + 1).all()


def test_non_local_means_takes_noise_away():
    sample, y, operator = noisy("identity", 0.05)
    mended = restorers.non_local_means(operator, y, 0.05)
    assert (restorers.psnr(mended, sample.images) > restorers.psnr(y, sample.images) + 3).all()


def test_the_best_strength_is_chosen():
    images = torch.ones(1, 1, 8, 8)

    def solve(operator, y, strength):
        return strength * y

    assert restorers.tuned(solve, (0.1, 0.9, 2.0), None, images, images) == 0.9


@pytest.mark.slow
@pytest.mark.parametrize("name", THROUGH)
def test_who_knows_the_kernel_finds_the_spikes(name):
    sample, y, operator = noisy(name, 0.01)
    for i, theta in enumerate(restorers.known_kernel(operator, y, 2.0, 0.01)):
        assert len(pairs(theta[:, 1:], sample.truth(i)[:, 1:], 0.2)) == len(theta) == 3
    assert [len(theta) for theta in restorers.known_kernel(operator, 0 * y, 2.0, 0.01)] == [0, 0]


def test_a_perfect_way_and_one_that_gives_nothing():
    sample = DATA.held_out(2)
    truth = [sample.truth(i) for i in range(2)]
    best = inverse.judged(lambda y: (sample.images, truth, 0.5), sample.images, sample)
    assert best["jaccard"] == 1 and best["rmse_px"] == 0 and min(best["psnr"]) > 100 and best["strength"] == 0.5
    none = inverse.judged(lambda y: (0 * y, [torch.zeros(0, 3)] * 2, float("nan")), sample.images, sample)
    assert none["jaccard"] == 0 and "rmse_px" not in none and "strength" not in none


ROWS = [
    {"kind": "digits", "task": task, "noise": noise, "way": way, "psnr": [value - 1, value + 1]}
    for task, ours, other in (("holes", 20.0, 15.0), ("few pixels", 18.0, 19.0))
    for noise in inverse.NOISES
    for way, value in ((inverse.OURS, ours), ("Tikhonov", other), (inverse.ORACLE, 99.0))
]


def test_losses_are_told_by_task_and_by_whom():
    table = inverse.by_task(ROWS, "digits", 0.05)
    assert table[0] == {"task": "holes", inverse.OURS: 20.0, "Tikhonov": 15.0, inverse.ORACLE: 99.0}
    beaten = inverse.beaten(ROWS, "digits")
    assert beaten[0] == {"task": "holes", "noise 0.02": "–", "noise 0.05": "–", "noise 0.1": "–"}
    assert beaten[1] == {"task": "few pixels"} | dict.fromkeys(list(beaten[0])[1:], "Tikhonov")
    assert inverse.how_often(beaten) == "3 of 6"
    assert inverse.lead(ROWS, "digits", "Tikhonov") == [5.0, -1.0] * 3


def test_a_panel_a_task():
    axes = inverse.against_noise(ROWS, "digits").axes
    assert [axis.get_title() for axis in axes] == ["holes", "few pixels"]
    assert list(axes[0].lines[0].get_ydata()) == [20.0] * 3


def test_only_what_has_a_prior_is_mended():
    with pytest.raises(BadInput, match="no images of “cats”"):
        inverse.measure("cats")


def test_what_was_measured_is_kept_and_holds():
    rows = inverse.recorded()
    assert {row["kind"] for row in rows} == set(inverse.PRIORS)
    assert {row["task"] for row in rows} == set(inverse.operators())
    spikes = [row for row in rows if row["kind"] == "spikes"]
    assert inverse.how_often(inverse.beaten(rows, "spikes")) == "0 of 18", (
        "of spikes, the learned prior is the best of those who were not told ψ"
    )
    assert all("jaccard" in row for row in spikes)
