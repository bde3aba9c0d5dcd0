"""One exception for everything a user can put right: its message is the one sentence shown."""

import dataclasses
import sys
import types
from numbers import Integral, Real
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints


class BadInput(ValueError):
    """Says what was wrong, what was expected and what to do.

    The command line prints the message and exits with status 2; in Python it is a `ValueError`.
    """


def check_range(name: str, value: float, low: float, high: float) -> None:
    """Raise `BadInput` unless value is a number, low ≤ value ≤ high, and whole where both bounds are."""
    whole = isinstance(low, int) and isinstance(high, int)
    fits = isinstance(value, Integral if whole else Real) and not isinstance(value, bool) and low <= value <= high
    if not fits:
        said = value if isinstance(value, Real) else f"“{value}”" if isinstance(value, str) else type(value).__name__
        raise BadInput(f"{name} {said}: expected a {'whole ' if whole else ''}number from {low:,} to {high:,}.")


def check_type(name: str, value: Any, *kinds: type) -> None:
    """Raise `BadInput` unless value is of one of these kinds."""
    if not isinstance(value, kinds):
        expected = " or ".join(kind.__name__ for kind in kinds)
        raise BadInput(f"{name}: of type {type(value).__name__}; expected {expected}.")


def check_fields(instance: Any) -> None:
    """Raise `BadInput` where a field of a dataclass does not hold what its annotation says, with the words that exist.

    Knows Literal, int, float (finite), bool, str, dict, pairs of these, and None; other classes are asked for by name.
    """
    hints = get_type_hints(type(instance))
    for field in dataclasses.fields(instance):
        value, hint = getattr(instance, field.name), hints[field.name]
        if not _is(value, hint):
            raise BadInput(f"{type(instance).__name__}: {field.name} = {value!r}; expected {_said(hint)}.")


def _is(value: Any, hint: Any) -> bool:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Literal:
        return isinstance(value, str) and value in arguments
    if origin in (Union, types.UnionType):
        return any(_is(value, one) for one in arguments)
    if origin is tuple:
        return isinstance(value, tuple) and len(value) == len(arguments) and all(map(_is, value, arguments))
    if hint is float:
        return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max
    if hint is int:
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, hint)


def _said(hint: Any) -> str:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Literal:
        return "one of " + ", ".join(arguments)
    if origin in (Union, types.UnionType):
        return " or ".join(map(_said, arguments))
    if origin is tuple:
        return f"a tuple ({', '.join(map(_said, arguments))})"
    words = {int: "a whole number", float: "a finite number", bool: "True or False", str: "a text", type(None): "None"}
    return words.get(hint, getattr(hint, "__name__", str(hint)))
