"""One name and one colour for each kind of model."""

from atomic_lib import RECIPES
from atomic_lib.names import COLOURS, called, colour_of


def test_weights_are_called_as_in_the_book():
    assert [called(f"spikes-{kind}") for kind in ("paper", "reference", "plain", "slots", "pursuit")] == [
        "authors'", "authors'", "one-shot", "slots", "pursuit",
    ]  # fmt: skip
    assert called("digits-conventional") == "conventional"


def test_every_recipe_has_a_name_and_colour_and_no_two_names_share_one():
    assert {called(name) for name in RECIPES} <= set(COLOURS)
    assert len(set(COLOURS.values())) == len(COLOURS)
    assert colour_of("spikes-plain") == colour_of("one-shot") != colour_of("own weights") == "#000000"
