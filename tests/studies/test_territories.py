"""Territories: the formula by hand and by simulation; maps, recall and precision of models made to order."""

import math
from itertools import permutations

import pandas
import pytest
import torch
from matplotlib.figure import Figure
from stand_ins import PLAIN

from atomic_lib import BadInput
from atomic_lib.data.spikes import Spikes
from atomic_lib.gaussians import IdealDecoder, fit_gaussians, render
from atomic_lib.model.autoencoder import AtomicAutoencoder
from atomic_lib.model.encoders import Code
from atomic_lib.studies import territories, territory_charts
from atomic_lib.studies.territories import (
    Map,
    by_number,
    drawn,
    every_slot,
    found_share,
    loyalty,
    perfect_chance,
    precision_by_distance,
    territory_map,
)

SIGMA, K = 1.0, 4
DATA = Spikes(size=48, sigma=SIGMA, k=4, separation=5.0, border=3.0)


class Dealer(torch.nn.Module):
    """An encoder that sees perfectly, and gives the spikes to blocks as `deal` says: (places (n, 2)) → blocks (n,).

    Of several spikes for one block, the block draws the last; block −1 is nobody.
    """

    k, d0, size = K, 3, DATA.size

    def __init__(self, deal, twice):
        super().__init__()
        self.deal, self.twice, self.latents = deal, twice, torch.nn.Identity()

    def forward(self, images, g, k=None):
        z = torch.zeros(len(images), K, 3)
        for i, image in enumerate(images):
            spikes, left = [], image.clone()
            while left.max() > 0.3:
                spikes.append(fit_gaussians(left, SIGMA)[0])
                left = left - render(spikes[-1][None, None], DATA.size, SIGMA)[0]
            for spike, block in zip(spikes, self.deal(torch.stack(spikes)[:, 1:]).tolist(), strict=True):
                if block >= 0:
                    z[i, block] = spike
                if self.twice(spike[1:]):
                    z[i, (block + 1) % K] = spike
        return Code(z, torch.ones(z.shape[:2], dtype=torch.bool))


def dealing(deal, twice=lambda place: False):
    return AtomicAutoencoder(Dealer(deal, twice), IdealDecoder(DATA.size, SIGMA))


def quadrant(places):
    middle = (DATA.size - 1) / 2
    return 2 * (places[:, 0] > middle).long() + (places[:, 1] > middle).long()


def at_random():
    generator = torch.Generator().manual_seed(0)
    return lambda places: torch.randperm(K, generator=generator)[: len(places)]


IDEAL = dealing(lambda places: torch.arange(len(places)))
TERRITORIAL = dealing(quadrant)
BLIND = dealing(lambda places: torch.full((len(places),), -1))


def test_the_formula_by_hand():
    assert found_share(1, 10) == pytest.approx(1) and found_share(5, 1) == pytest.approx(1 / 5)
    assert found_share(2, 2) == pytest.approx(0.75)  # together or apart, with equal chances
    assert found_share(10, 10) == pytest.approx(0.6513, abs=1e-4)
    assert found_share(2, torch.tensor([0.9, 0.1])) == pytest.approx((2 - 0.01 - 0.81) / 2)


def test_the_formula_by_simulation():
    p = torch.tensor([0.4, 0.3, 0.2, 0.1])
    where = torch.multinomial(p, 5 * 20_000, replacement=True, generator=torch.Generator().manual_seed(0)).view(-1, 5)
    kinds = torch.tensor([len(set(row)) for row in where.tolist()], dtype=torch.double)
    assert kinds.mean() / 5 == pytest.approx(found_share(5, p), abs=0.005)


def test_unequal_territories_find_less():
    for n in (2, 5, 20):
        assert found_share(n, torch.tensor([0.5, 0.3, 0.1, 0.1])) < found_share(n, 4)


def test_the_chance_of_a_perfect_picture():
    assert perfect_chance(3, 10) == pytest.approx(10 * 9 * 8 / 1000)
    assert perfect_chance(10, 10) == pytest.approx(math.factorial(10) / 10**10)
    assert perfect_chance(5, 4) == pytest.approx(0) and perfect_chance(0, 4) == 1
    p = [0.5, 0.3, 0.2]
    assert perfect_chance(2, torch.tensor(p)) == pytest.approx(sum(a * b for a, b in permutations(p, 2)))


@pytest.mark.slow
def test_the_map_of_quadrants():
    regions = territory_map(TERRITORIAL, DATA, SIGMA, side=12)
    assert torch.equal(regions.owner[0, [0, -1]], torch.tensor([0, 1]))
    assert torch.equal(regions.owner[-1, [0, -1]], torch.tensor([2, 3]))
    assert torch.allclose(regions.shares(K), torch.full((K,), 0.25))
    places = torch.tensor([[10.0, 10.0], [10.0, 40.0], [23.0, 10.0]])
    assert torch.equal(regions.at(places), torch.tensor([0, 1, 0]))
    near, far = regions.distance(places[[2, 0]])
    assert near < 2.1 and far == pytest.approx(13.5, abs=2)  # the middle is at 23.5


def test_one_owner_has_no_border():
    regions = Map(torch.zeros(3, 3, dtype=torch.long), torch.tensor([0.0, 5.0, 10.0]))
    assert regions.distance(torch.tensor([[5.0, 5.0]])).isinf().all() and regions.shares(2).tolist() == [1, 0]


@pytest.mark.slow
def test_quadrants_find_what_the_formula_says():
    for row in by_number(TERRITORIAL, DATA, SIGMA, (1, 2, 4), count=200):
        assert row["recall"] == pytest.approx(row["territories"], abs=0.05), row  # spikes kept apart share a bit less
        assert row["precision"] == 1 and row["beyond"] == pytest.approx(1, abs=0.08)
        assert row["perfect"] == pytest.approx(perfect_chance(row["n"], K), abs=0.1)


@pytest.mark.slow
def test_an_ideal_model_is_beyond_them_and_a_blind_one_is_not():
    assert by_number(IDEAL, DATA, SIGMA, [4], 40)[0]["beyond"] == pytest.approx(1 / found_share(4, K))
    row = by_number(BLIND, DATA, SIGMA, (2,), count=10)[0]
    assert (row["recall"], row["precision"], row["beyond"], row["perfect"]) == (0, 0, 0, 0)


def test_who_draws_what_and_who_is_missed():
    truth = torch.tensor([[[0.8, 10.0, 10.0], [0.9, 15.0, 15.0], [0.7, 10.0, 40.0], [0.0, 0.0, 0.0]]])
    found = drawn(TERRITORIAL, render(truth, DATA.size, SIGMA), truth, SIGMA, 0.25)
    blocks = found.block[0].tolist()
    assert sorted(blocks[:2]) == [-1, 0] and blocks[2:] == [1, -2]
    assert (found.found.item(), found.detected.item()) == (2, 2)


def test_a_spike_that_two_atoms_claim_is_split():
    double = dealing(quadrant, twice=lambda place: place[0] < DATA.size / 2)  # in the upper half
    truth = torch.tensor([[[0.8, 10.0, 10.0], [0.9, 40.0, 40.0], [0.0, 0.0, 0.0]]])
    found = drawn(double, render(truth, DATA.size, SIGMA), truth, SIGMA, 0.25)
    assert found.claims.tolist() == [[2, 1, 0]]
    assert by_number(IDEAL, DATA, SIGMA, [2], 20)[0]["split"] == 0


def test_what_territories_say_of_a_network():
    words = [territories.verdict(beyond) for beyond in (0.9, 1.1, 1.4)]
    assert words == list(territories.LEAVING.values())


@pytest.mark.slow
def test_loyalty_tells_territories_from_chance():
    sample = Spikes(**{**vars(DATA), "fewest": 4}).held_out(60)
    values = {}
    for name, model in {"territories": TERRITORIAL, "chance": dealing(at_random())}.items():
        found = drawn(model, sample.images, sample.theta, SIGMA, 0.25)
        values[name] = loyalty(territory_map(model, DATA, SIGMA, side=12), found, sample.theta)
    assert values["territories"] == 1 and values["chance"] == pytest.approx(1 / K, abs=0.12)


@pytest.mark.slow
def test_precision_falls_at_a_border_that_draws_twice():
    model = dealing(quadrant, twice=lambda place: min((place - (DATA.size - 1) / 2).abs()) < 2)
    regions = territory_map(TERRITORIAL, DATA, SIGMA, side=24)
    near, far = precision_by_distance(model, DATA, SIGMA, regions, (0, 2, math.inf), count=200)
    assert near["images"] + far["images"] == 200 and near["precision"] < 0.7 and far["precision"] > 0.95


def test_the_map_of_slots_is_that_of_all_of_them():
    torch.manual_seed(0)
    recipe = PLAIN.replace(encoder="slots", encoder_options={"spare": 2, "width": 16})
    model = recipe.build().eval()
    whole = every_slot(model)
    assert (model.k, whole.k) == (recipe.k, recipe.k + 2) and every_slot(whole) is whole
    images = torch.rand(3, 1, recipe.data.size, recipe.data.size)
    every = whole.decompose(images).atoms.square().sum(dim=(2, 3, 4))
    taken = model.decompose(images).atoms.square().sum(dim=(2, 3, 4))
    assert torch.allclose(every.sort(dim=1, descending=True).values[:, : model.k], taken, rtol=1e-4)
    plain = PLAIN.build()
    assert every_slot(plain) is plain


def test_refusals():
    for wrong in (lambda: found_share(0, 3), lambda: found_share(3, 0), lambda: territory_map(IDEAL, DATA, SIGMA, 1)):
        with pytest.raises(BadInput):
            wrong()


@pytest.mark.slow
def test_figures_say_what_they_are_given():
    regions = territory_map(TERRITORIAL, DATA, SIGMA, side=12)
    theta = torch.tensor([[0.8, 10.0, 10.0], [0.9, 15.0, 15.0], [0.7, 10.0, 40.0]])
    figure = territory_charts.map_of(
        {"one": regions, "two": regions}, theta, dict.fromkeys(("one", "two"), torch.tensor([0, -1, 1]))
    )
    assert isinstance(figure, Figure) and [axis.get_title() for axis in figure.axes] == ["one", "two"]
    assert {text.get_text() for text in figure.axes[0].texts} == {"1", "2", "3", "4"}
    assert [line.get_marker() for line in figure.axes[0].lines] == ["o", "x", "o"]
    curves = {"a": [{"n": 1, "recall": 1.0}, {"n": 4, "recall": 0.7}]}
    surveys = {"one-shot": {"by_number": [curves["a"]]}}
    lines = territory_charts.recall(surveys, K).axes[0].lines
    (dashed,) = [line for line in lines if line.get_linestyle() == "--"]
    assert list(lines[0].get_ydata()) == [1.0, 0.7] and dashed.get_ydata()[3] == pytest.approx(found_share(4, K))


def test_patience_has_a_circle_for_each_training():
    rows = [{"family": "slots", "steps": steps, "beyond": 1 + steps / 1000} for steps in (100, 100, 200)]
    axis = territory_charts.patience(pandas.DataFrame(rows), 10).axes[0]
    assert axis.lines[0].get_xdata().tolist() == [100, 100, 200] and axis.lines[1].get_ydata().tolist() == [1.1, 1.2]
    assert axis.lines[3].get_ydata()[0] == pytest.approx(1 / found_share(10, 10))


def test_a_row_for_each_number_of_blocks():
    number = {"recall": 0.5, "territories": 0.8, "beyond": 0.6, "precision": 0.9, "split": 0.1}
    rows = territories.crowd_rows(pandas.DataFrame([{"k": k, **number} for k in (10, 10, 20)]))
    assert [row["blocks"] for row in rows] == [10, 20] and rows[0]["split"] == "10.0\xa0% (10.0\xa0%–10.0\xa0%)"


def test_a_row_for_each_way_to_make_slots():
    runs = [{"variant": name, "jaccard": share, "beyond": 1.0} for name, share in (("slots", 0.5), ("slots", 0.7))]
    (row,) = territories.slot_rows(pandas.DataFrame([*runs, {"variant": "pursuit", "jaccard": 1.0, "beyond": 1.5}]))
    assert row == {"slots": "as they are", "runs": 2, "jaccard": "0.60 (0.50–0.70)", "beyond": "1.00 (1.00–1.00)"}
