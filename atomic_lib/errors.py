"""One exception for everything a user can put right: its message is the one sentence shown."""


class BadInput(ValueError):
    """Says what was wrong, what was expected and what to do.

    The command line prints the message and exits with status 2; in Python it is a `ValueError`.
    """
