"""One exception for everything a user can put right: its message is the one sentence shown."""

import dataclasses
import sys
import types
from numbers import Integral, Real
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin, get_type_hints


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


class Within(NamedTuple):
    """The least and the largest number that a field may hold, said beside its type: `Annotated[int, Within(1, 9)]`."""

    low: float
    high: float


Blocks = Annotated[int, Within(1, 1024)]  # or coordinates of one
Side = Annotated[int, Within(1, 16_384)]  # px


def check_fields(instance: Any) -> None:
    """Raise `BadInput` where a field of a dataclass does not hold what its annotation says, with the words that exist.

    Knows Literal, int, float (finite), both `Within` bounds, bool, str, dict, pairs of these, and None; other classes
    are asked for by name.
    """
    hints = get_type_hints(type(instance), include_extras=True)
    for field in dataclasses.fields(instance):
        check(f"{type(instance).__name__}: {field.name}", getattr(instance, field.name), hints[field.name])


def check(name: str, value: Any, hint: Any) -> None:
    """Raise `BadInput` unless a value is what a type hint says, as `check_fields` reads it."""
    if not _is(value, hint):
        plain = value is None or isinstance(value, bool | int | float | str | tuple | list | dict)
        raise BadInput(f"{name}: {repr(value) if plain else type(value).__name__}; expected {_said(hint)}.")


def _is(value: Any, hint: Any) -> bool:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        kind, (low, high) = arguments
        return _is(value, kind) and low <= value <= high
    if origin is Literal:
        return isinstance(value, str) and value in arguments
    if origin in (Union, types.UnionType):
        return any(_is(value, one) for one in arguments)
    if origin is tuple:
        return isinstance(value, tuple) and len(value) == len(arguments) and all(map(_is, value, arguments))
    if hint in (int, float):
        number = isinstance(value, int if hint is int else int | float) and not isinstance(value, bool)
        return number and abs(value) <= sys.float_info.max
    return hint is Any or isinstance(value, hint)


def _said(hint: Any) -> str:
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return f"{_said(arguments[0])} from {arguments[1].low:,} to {arguments[1].high:,}"
    if origin is Literal:
        return "one of " + ", ".join(arguments)
    if origin in (Union, types.UnionType):
        return " or ".join(map(_said, arguments))
    if origin is tuple:
        return f"a tuple ({', '.join(map(_said, arguments))})"
    words = {int: "a whole number", float: "a finite number", bool: "True or False", str: "a text", type(None): "None"}
    return words.get(hint, getattr(hint, "__name__", str(hint)))
