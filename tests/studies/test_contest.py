"""The contest: a perfect way gets full marks, a blind one none, and what is recorded keeps its bars."""

import pytest
import torch

from atomic_lib.data.spikes import Spikes
from atomic_lib.studies import ablations, contest
from atomic_lib.studies.spots import drawn


def test_perfect_and_blind_ways():
    data = Spikes(size=64, sigma=2.0, k=3)
    sample = data.held_out(3)
    truth = [theta[theta[:, 0] > 0] for theta in sample.theta]

    def perfect(images):
        return truth[: len(images)], sample.images[: len(images)]

    def blind(images):
        return [torch.zeros(0, 3)] * len(images), torch.zeros_like(images)

    found = contest.measured(perfect, sample.images, sample, 2.0)
    assert found["jaccard"] == 1 and found["nmse"] == found["rmse_px"] == 0
    found = contest.measured(blind, sample.images, sample, 2.0)
    assert found["jaccard"] == found["recall"] == 0 and found["nmse"] == 1


def test_stars_are_put_where_they_can_be_judged():
    theta = contest._outer_stars(30, torch.Generator().manual_seed(0))
    assert ((theta[:, 1:] - torch.tensor(contest.CENTRE)).norm(dim=1) > contest.OUTER).all()
    apart = torch.cdist(theta[:, 1:], theta[:, 1:]) + 1e3 * torch.eye(30)
    assert apart.min() > 8 and theta[:, 0].min() >= 12


def test_a_curve_counts_who_is_found():
    noise = torch.full((300, 300), 10.0, dtype=torch.float64)
    truth = torch.tensor([[15.0, 20, 20], [300, 40, 40], [900, 60, 60]], dtype=torch.float64)
    seen = torch.tensor([[290.0, 40.3, 40.4], [900, 60, 60]], dtype=torch.float64)
    known, wrong = ([[200.0, 80, 80]], [[200.0, 80, 80.5], [300.0, 200, 10], [300.0, 147, 153]])  # the last in the core
    claims = torch.cat([seen, torch.tensor(wrong, dtype=torch.float64)])
    itself = {"mine": torch.tensor(known, dtype=torch.float64)}
    curve = contest._curve("mine", [(truth, {"mine": claims})], itself, noise, 1.4)
    assert curve["bright"]["precision"] == pytest.approx(2 / 3), (
        "two are right, and one is neither known nor in the core"
    )
    assert "precision" not in curve["bins"][0], "nobody claimed so faint a star"
    assert curve["bright"]["stars"] == 2 and curve["bright"]["recall"] == 1
    assert curve["bright"]["rmse_px"] == pytest.approx((0.25 / 2) ** 0.5)
    assert [one["stars"] for one in curve["bins"]] == [1, 0, 0, 0, 2]


def test_the_bound_of_a_lone_spike():
    data = Spikes(k=1)
    sample = data.held_out(4)
    found = contest.bound(sample, data, 0.02)
    a = sample.theta[:, 0, 0]
    assert found["rmse_px"] == pytest.approx(float((4 / torch.pi / a**2).mean().sqrt()) * 0.02, rel=1e-2)
    assert drawn(sample.theta[0], (128, 128), 2.8).shape == (128, 128)


def test_like_is_compared_with_like():
    noise = torch.full((300, 300), 10.0, dtype=torch.float64)
    truth = torch.tensor([[300.0, 40, 40], [900, 60, 60], [20, 80, 80]], dtype=torch.float64)
    mine = truth + torch.tensor([0.0, 0.3, 0.4], dtype=torch.float64)
    theirs = truth[1:] + torch.tensor([0.0, 0.1, 0.0], dtype=torch.float64)
    found = contest._common(["mine", "theirs"], [(truth, {"mine": mine, "theirs": theirs})], noise, 1.4)
    assert found["stars"] == 1, "bright, and found by both"
    assert found["rmse_px"] == pytest.approx({"mine": 0.5, "theirs": 0.1})
    assert found["bound_px"] == pytest.approx(2 / torch.pi**0.5 * 10 / 900)  # 2s/(a√π): of a lone spike in white noise


def test_a_mean_over_seeds():
    rows = [{"method": "a", "x": 1.0}, {"method": "b", "x": 5.0}, {"method": "a", "x": 2.0}]
    assert contest.by_method(rows, "x") == {"a": 1.5, "b": 5.0}


@pytest.mark.slow
def test_speed_is_measured_on_the_same_images_by_turns():
    rows = contest.speed(count=2, seeds=(0, 7))
    assert [(row["seed"], row["method"]) for row in rows] == [
        (seed, method) for seed in (0, 7) for method in (contest.BARE, contest.QUICK, contest.WOLFE)
    ]
    assert all(row["jaccard"] == 1 and row["nmse"] < 1 for row in rows)


def test_the_recorded_contest_keeps_its_bars():
    record = ablations.recorded("solvers.json")
    assert all(row["nmse"] <= 1 for row in record["sets"] if "ours" in row["method"])
    ours, *others = (curve["bright"] for curve in record["m13"]["injected"])
    assert ours["recall"] >= max(0.95, *(other["recall"] for other in others))
    for row in record["m13"]["common"]:
        mine, theirs = row["rmse_px"].values()
        assert mine <= 1.3 * theirs and row["stars"] > 50
    jaccard = contest.by_method(record["speed"], "jaccard")
    for way in (contest.BARE, contest.QUICK):
        assert jaccard[way] >= jaccard[contest.WOLFE] - 1e-3, "as good as who knows the kernel, and faster"


def test_each_part_keeps_the_commit_it_was_measured_at():
    record = contest.joined({"sets": [1], "commit": {"sets": "old"}}, {"m13": 2, "commit": {"m13": "new"}})
    assert record == {"sets": [1], "m13": 2, "commit": {"sets": "old", "m13": "new"}}
    assert contest.joined({"commit": "one for all"}, {"m13": 2, "commit": {"m13": "new"}})["commit"] == {"m13": "new"}


def test_a_table_by_brightness():
    bins = [
        {"from": 3, "stars": 2, "recall": 0.5, "precision": 1.0, "rmse_px": 0.25},
        {"from": 5, "stars": 0, "recall": 0.0},
    ]
    rows = contest.by_brightness([{"method": "mine", "bins": bins}])
    assert rows == [
        {"signal to noise from": 3, "stars": 2, "mine": "0.50 / 1.00 / 0.25"},
        {"signal to noise from": 5, "stars": 0, "mine": "0.00 / – / –"},
    ]
