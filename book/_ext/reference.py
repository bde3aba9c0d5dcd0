"""A Sphinx extension for the reference page: leave out what Python, not the author, has written."""


def skip_generated(app, what, name, obj, skip, options):
    """Skip the fields of a NamedTuple: its docstring says what they are, theirs is a number."""
    return True if (getattr(obj, "__doc__", None) or "").startswith("Alias for field") else None


def setup(app):
    """Connect the rule to autodoc."""
    app.connect("autodoc-skip-member", skip_generated)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
