"""Numbers in sentences: written as a reader expects them, under the names that the sentences have."""

import pandas
import pytest

from atomic_lib import BadInput
from atomic_lib.studies import prose


@pytest.mark.parametrize(
    ("value", "form", "written"),
    [
        (0.4567, "percent", "46\u00a0%"), (0.0456, "percent", "4.6\u00a0%"), (0.0, "percent", "0\u00a0%"),
        (1.0, "percent", "100\u00a0%"), (0.4567, ".1f%", "45.7\u00a0%"), (0.00085, ".2g%", "0.085\u00a0%"),
        (-0.42, ".2f", "−0.42"), (4.9e-8, ".2g", "4.9·10⁻⁸"),
        (307097, "count", "307,097"), (0.4567, ".2f", "0.46"), (3, "", "3"), ("2 threads", "", "2 threads"),
    ],
)  # fmt: skip
def test_a_value_is_written_in_its_form(value, form, written):
    assert prose.said(value, form) == written


def test_the_mean_and_the_range():
    assert prose.ranged([0.2, 0.6, 0.1], ".1f") == "0.3 (0.1–0.6)"
    assert prose.ranged(pandas.Series([0.5, 0.25]), "percent") == "38\u00a0% (25\u00a0%–50\u00a0%)"


def test_a_name_for_each_key(monkeypatch):
    given = {}
    monkeypatch.setattr("myst_nb.glue", lambda name, value, display: given.update({name: value}))
    prose.say("size", 128**2, "count")
    prose.say("{}-error", {"plain": 0.25, "pursuit": 0.01}, "percent")
    prose.say("d0-{}", pandas.Series({3: 0.123}), ".2f")
    assert given == {"size": "16,384", "plain-error": "25\u00a0%", "pursuit-error": "1.0\u00a0%", "d0-3": "0.12"}
    with pytest.raises(BadInput, match="2 keys"):
        prose.say("error", {"plain": 0.25, "pursuit": 0.01})


@pytest.mark.parametrize(("value", "word"), [(-1, "no"), (0.0, "no"), (0.49, "no"), (0.5, "half"), (0.95, "yes")])
def test_a_word_for_a_value(value, word):
    assert prose.judged(value, {0.9: "yes", 0: "no", 0.5: "half"}) == word


@pytest.mark.parametrize(
    ("values", "word"), [([0.1, 0.2], "less"), ([0.1, 0.3], "alike"), ([0.3, 0.5], "alike"), ([0.6, 0.7], "more")]
)
def test_runs_held_against_others(values, word):
    """What is said needs all seeds on one side."""
    assert prose.against(values, pandas.Series([0.3, 0.5]), ("less", "alike", "more")) == word
