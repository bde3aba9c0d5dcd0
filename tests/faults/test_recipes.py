"""A recipe and its data are checked when they are made: words, types, numbers, names; so a record's are too."""

import math

import pytest
import torch
from stand_ins import PLAIN, PURSUIT, seeded

from atomic_lib import RECIPES, BadInput, Recipe
from atomic_lib.data import Digits, Pictures, Spikes
from atomic_lib.studies.other_spikes import OtherSpikes

WORDS = {
    "combine": "mean", "schedule": "cosin", "alignment": "foo", "latents": "boundd", "encoder": "foo", "decoder": "foo",
    "penalty": "foo", "relative": "no", "untied": 1, "deepen": None, "data": "spikes",
}  # fmt: skip
NUMBERS = {
    "steps": (-5, 0, 1.5, "3", True), "k": ("3", 1.5, 0), "d0": (0, None), "batch": (0,), "warm_up": (0,),
    "lr": (0, -1, math.nan, math.inf, 10**400), "clip": (0, -1.0, math.nan), "noise": (-0.1, math.nan),
    "noise_end": (-1,), "early": (-1,), "align": (math.inf,), "penalty_weight": (-1e-9,), "deepen_from": (1.5,),
    "curriculum": (-0.1, 1.5, math.nan, "x"),
}  # fmt: skip
NAMES = ("../x", "a/b", "", " ", ".hidden", "a b", None, 3, "a\0b", "x\n")
OPTIONS = {
    "stride": (0, 1.5), "window": (0, -1), "smooth": (0, -1.0, "x", math.nan), "stop": (math.nan, -1, "x"),
    "again": (-1, 10**9, "x", 1.5), "channels": (0, 1, 10.0, None), "width": (0,), "unheard": (1,),
}  # fmt: skip


def each(table):
    return [(name, value) for name, values in table.items() for value in values]


@pytest.mark.parametrize(("field", "value"), [*WORDS.items(), *each(NUMBERS), *[("name", name) for name in NAMES]])
def test_a_field_that_is_none_of_a_recipes(field, value):
    with pytest.raises(BadInput, match=field):
        PLAIN.replace(**{field: value})


@pytest.mark.parametrize(("option", "value"), each(OPTIONS))
def test_an_option_that_is_none_of_a_pursuits(option, value):
    with pytest.raises(BadInput, match=option):
        PURSUIT.replace(encoder_options={option: value})
    record = PURSUIT.as_json()
    with pytest.raises(BadInput, match="recipe"):
        Recipe.from_json({**record, "encoder_options": {option: value}})


def test_fields_and_options_that_do_not_go_together():
    for changes in (
        {"unheard": 1}, {"alignment": "orthogonal", "d0": 1}, {"encoder": "pursuit", "combine": "max"},
        {"curriculum": 0.5, "data": Digits(size=PLAIN.data.size)}, {"encoder_options": [1]}, {"decoder_options": None},
    ):  # fmt: skip
        with pytest.raises(BadInput):
            PLAIN.replace(**changes)
    for changes in ({"encoder_options": {"channels": 3}}, {"data": Spikes(size=40, sigma=2.0)}):
        with pytest.raises(BadInput):
            PLAIN.replace(**changes).build()


@pytest.mark.parametrize("name", ["spikes-plain", "digits-pursuit"])
def test_a_record_is_checked_as_a_recipe_is(name):
    record = RECIPES[name].as_json()
    assert Recipe.from_json(record) == RECIPES[name]
    for change in (
        {"combine": "mean"}, {"k": 10.0}, {"steps": -5}, {"name": "../x"}, {"data": {"kind": "spikes", "size": 0}},
        {"data": {"kind": "foo"}}, {"data": None}, {"data": {"kind": "pictures", "folder": None}}, {"unheard": 1},
    ):  # fmt: skip
        with pytest.raises(BadInput, match="recipe"):
            Recipe.from_json({**record, **change})


SPIKES = {
    "size": (0, -1, 1.5, 150.5, None, 10**6), "sigma": (0, -1.0, math.nan, 10**400, "x"), "k": (0, 1.5, "3", 10**9),
    "amplitude": (1.0, (1,), (1, math.inf), (0, 1), (1, 0.5), (math.nan, 1)), "border": (math.nan, -1000, math.inf),
    "separation": (math.nan, -1), "fewest": (-1, 11, 0.5),
}  # fmt: skip


@pytest.mark.parametrize(("field", "value"), each(SPIKES))
def test_spikes_that_cannot_be_drawn(field, value):
    with pytest.raises(BadInput):
        Spikes(**{field: value})


def test_other_data_that_cannot_be():
    for make in (
        lambda: OtherSpikes(widths=(0, 1)), lambda: OtherSpikes(widths=(1.0, math.nan)), lambda: OtherSpikes(pairs="x"),
        lambda: Digits(size=0), lambda: Digits(size=1.5), lambda: Digits(size="128"), lambda: Pictures(3),
        lambda: Pictures(""), lambda: Pictures("x", size=-1), lambda: Pictures("x", centre="yes"),
    ):  # fmt: skip
        with pytest.raises(BadInput):
            make()


@pytest.mark.parametrize("data", [Spikes(), OtherSpikes(), Digits(32)], ids=lambda data: type(data).__name__)
def test_how_many_images_is_a_number_and_held_out_ones_are_held_out(data):
    for count, seed in ((-1, 0), (0, 0), (1.5, 0), ("2", 0), (None, 0), (2, -5), (2, 0.5), (2, 2**31)):
        with pytest.raises(BadInput):
            data.held_out(count, seed)
    for count in (-1, 0, 1.5, None):
        with pytest.raises(BadInput):
            data.batch(count, seeded())
    for generator in (0, None, torch):
        with pytest.raises(BadInput):
            data.batch(2, generator)


def test_how_many_of_each_class():
    for number in (-1, 0, 1.5, None):
        with pytest.raises(BadInput):
            Digits(32).of_each_class(number)
        with pytest.raises(BadInput):
            Digits(32).first(number)
