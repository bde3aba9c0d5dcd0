"""Numbers for the sentences of a chapter: computed in its cells, written between them.

A sentence names a number as {glue:text}`NAME`; `say` gives it. myst-nb is imported where it is used: it comes with the
book.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from ..errors import BadInput
from ..names import written

SPACE = "\u00a0"  # does not break between a number and its unit


def say(name: str, value: Any, form: str = "") -> None:
    """Give a value to the sentences that name it, written as `said` writes it.

    Of a dict, or a pandas Series, each value is given: under the name with its key in place of {}.
    """
    from myst_nb import glue

    if not hasattr(value, "items"):
        glue(name, said(value, form), display=False)
        return
    if "{}" not in name:
        raise BadInput(f"say: the name “{name}” has no {{}} to put the {len(value)} keys in.")
    for key, one in value.items():
        glue(name.format(key), said(one, form), display=False)


def said(value: Any, form: str = "") -> str:
    """A value as a reader sees it.

    form: one of Python's format specifications; with a % at its end, the value is a share and written in percent.
    "percent" is a share in whole percents, or in tenths of one where it is less than five of them; "count" a whole
    number with commas; without one, the value is written as it is.
    """
    if form == "percent":
        form = ".1f%" if 0 < value < 0.05 else ".0f%"
    if form == "count":
        return f"{int(value):,}"
    if form.endswith("%"):
        return written(f"{100 * float(value):{form[:-1]}}") + f"{SPACE}%"
    return written(format(float(value), form)) if form else str(value)


def ranged(values: Iterable[float], form: str) -> str:
    """The mean of some values, and in brackets the least and the most of them, in one form."""
    values = [float(value) for value in values]
    return f"{said(sum(values) / len(values), form)} ({said(min(values), form)}–{said(max(values), form)})"


def judged(value: float, words: Mapping[float, str]) -> str:
    """The word for a value: that of the largest of the bounds that it reaches; of the least bound below all of them."""
    reached = [bound for bound in sorted(words) if value >= bound]
    return words[reached[-1] if reached else min(words)]


def against(values: Iterable[float], others: Iterable[float], words: tuple[str, str, str]) -> str:
    """The word for some runs held against others: below, alike or above.

    The first word if each of the values is below each of the others, the last if each is above: what is said of runs
    then does not hang on the seed. Else the word in the middle.
    """
    values, others = [float(value) for value in values], [float(value) for value in others]
    return words[0] if max(values) < min(others) else words[2] if min(values) > max(others) else words[1]
