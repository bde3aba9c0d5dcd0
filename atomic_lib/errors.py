"""One exception for everything a user can put right: its message is the one sentence shown."""


class BadInput(ValueError):
    """Says what was wrong, what was expected and what to do.

    The command line prints the message and exits with status 2; in Python it is a `ValueError`.
    """


def check_range(name: str, value: float, low: float, high: float) -> None:
    """Raise `BadInput` unless low ≤ value ≤ high."""
    if not low <= value <= high:
        raise BadInput(f"{name} {value}: expected a number from {low:,} to {high:,}.")
