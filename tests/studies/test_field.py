"""The field: weights chosen by one rule from the record, one budget for all, and measures that a table can hold."""

import pytest
import torch
from small_rivals import TINY, tiny

from atomic_lib import BadInput, Recipe
from atomic_lib.data.digits import Digits
from atomic_lib.rivals import classes
from atomic_lib.rivals.labelled import LabelledDigits
from atomic_lib.rivals.recipes import CHOSEN, RIVALS, SYSTEMS, TRIED
from atomic_lib.studies import ablations, field
from atomic_lib.studies.variants import ABLATIONS


def test_the_weight_with_the_least_of_its_own_term_is_chosen_of_those_that_draw_well():
    tried = {1.0: {"nmse": 0.1, "pressure": 9.0}, 4.0: {"nmse": 0.12, "pressure": 5.0}}
    assert field.chosen(tried) == 4
    assert field.chosen({**tried, 16.0: {"nmse": 0.13, "pressure": 1.0}}) == 4  # more than 1.25 times 0.1
    with pytest.raises(BadInput, match="no weight was tried"):
        field.chosen({})


def test_what_was_tried_is_of_the_published_grids():
    assert all(set(weights) <= set(SYSTEMS[system].grid) for system, weights in TRIED.items())
    assert {system for system, cls in SYSTEMS.items() if len(cls.grid) > 1} == set(TRIED)


def test_weights_are_chosen_on_a_seed_and_images_that_nothing_else_uses():
    choice, chosen = ABLATIONS["field-choice"], ABLATIONS["field"]
    seeds = [{seed for _, seed in ablations.runs(name)} for name in ("field-choice", "field")]
    assert not seeds[0] & seeds[1] and chosen.seeds == 3 and choice.seeds == 1 and field.VALIDATION != 0
    assert {recipe.steps * recipe.batch for recipe in RIVALS.values()} == {600 * 32}


def test_the_chosen_weights_are_those_that_the_rule_gives_on_the_record():
    for kind in ("spikes", "digits"):
        found = {}
        for system, weights in TRIED.items():
            results = [ablations.results("field-choice")[f"{kind}-{system}-{weight:g}"][0] for weight in weights]
            found[system] = field.chosen({result["recipe"]["weight"]: result["field"] for result in results})
        assert found == CHOSEN[kind]
        assert all(RIVALS[f"{kind}-{system}"].weight == weight for system, weight in found.items())


@pytest.mark.parametrize("variant", RIVALS)
def test_every_run_is_recorded_with_the_recipe_that_the_field_has(variant):
    for seed in range(3):
        result = ablations.recorded(f"field/{variant}-seed{seed}.json")
        assert Recipe.from_json(result["recipe"]) == RIVALS[variant] and not result["short_run"]
        assert result["seed"] == seed and result["field"]["nmse"] > 0 and result["field"]["parameters"] > 0


def test_what_was_tried_is_one_table():
    tried = ablations.frame("field-choice")
    assert len(tried) == 2 * sum(map(len, TRIED.values())) and {"system", "weight", "nmse", "pressure"} <= {*tried}
    assert (tried.nmse > 0).all() and (tried.seed == 100).all()


@pytest.mark.slow
@pytest.mark.parametrize("system", ["conventional", "beta-vae", "slot-attention", "untied"])
def test_a_run_has_its_numbers_and_a_table_takes_them(system):
    torch.manual_seed(0)
    recipe = tiny(system)
    model = recipe.build().eval()
    model.recipe = recipe
    result = {"variant": f"spikes-{system}", "recipe": recipe.as_json(), "field": field.measure(model)}
    row = field.summary(result)
    assert row["kind"] == "spikes" and row["system"] == system and row["parameters"] > 0 and 0 < row["nmse"]
    assert all(isinstance(value, int | float | str | None) for value in row.values())


def test_what_a_weight_is_chosen_by_is_its_own_term_on_validation_images():
    torch.manual_seed(0)
    model = tiny("beta-vae", weight=1).build().eval()
    found = field.chooses(model)
    sample = TINY["data"].held_out(field.IMAGES, field.VALIDATION)
    assert found["pressure"] == model.pressure(sample) > 0 and found["nmse"] > 0


class Cheat:
    """A system whose code is the image at half size, and whose y is the class, or the class and nothing."""

    def __init__(self, tells):
        self.m, self.tells = 256, tells

    def coded(self, sample):
        z = classes.small(sample.images) * (1 if self.tells else 0)
        return torch.cat([z, torch.nn.functional.one_hot(sample.labels, 10).float()], dim=1)

    def decode(self, code):
        if self.tells:
            picture = code[:, :256].view(-1, 1, 16, 16)
        else:
            picture = self.of_class[code[:, 256:].argmax(1)]
        return torch.nn.functional.interpolate(picture, scale_factor=2)


@pytest.mark.slow
def test_a_code_that_keeps_the_class_leaks_it_and_one_that_has_it_in_y_alone_swaps_it(monkeypatch):
    monkeypatch.setattr(classes, "SHOWN", 400)
    monkeypatch.setattr(classes, "JUDGED", 1000)
    data = LabelledDigits(size=32)
    leaks = classes.measure(Cheat(True), data)
    apart = Cheat(False)
    images, labels = Digits(32).of_each_class(1)
    apart.of_class = classes.small(images[labels.argsort()]).view(-1, 1, 16, 16)
    parted = classes.measure(apart, data)
    assert leaks["leakage"] > 0.6 and leaks["swapped"] < 0.3 and leaks["own"] == leaks["judge"] > 0.7
    assert parted["leakage"] < 0.3 and parted["swapped"] > 0.7
