"""A Sphinx extension for the reference page: all modules as they are found, without what Python has written."""

from pathlib import Path

HERE = "<!-- modules -->"  # where the page wants them
PACKAGE = Path(__file__).resolve().parents[2] / "atomic_lib"


GENERATED = ("Alias for field", "Set multiple properties at once")  # how their docstrings begin


def skip_generated(app, what, name, obj, skip, options):
    """Skip the fields of a NamedTuple, whose own docstring says what they are, and what matplotlib writes."""
    return True if (getattr(obj, "__doc__", None) or "").strip().startswith(GENERATED) else None


def rooms(package=PACKAGE):
    """Yield (name of a package, names of its public modules), the package itself first, then its rooms by name."""
    for folder in [package, *sorted(path.parent for path in package.glob("*/__init__.py"))]:
        name = ".".join(folder.relative_to(package.parent).parts)
        yield name, [f"{name}.{path.stem}" for path in sorted(folder.glob("*.py")) if not path.stem.startswith("_")]


def described(name, *options):
    """One module, as autodoc describes it."""
    lines = "".join(f"\n   :{option}:" for option in options)
    return f"```{{eval-rst}}\n.. automodule:: {name}{lines}\n```\n"


def list_modules(app, page, source):
    """Write a section a room and in it one a module, in the place that the page keeps for them."""
    if HERE not in source[0]:
        return
    sections = []
    for room, modules in rooms():
        sections += [f"## `{room}`\n\n{described(room)}"]
        sections += [f"### `{module}`\n\n{described(module, 'members')}" for module in modules]
    source[0] = source[0].replace(HERE, "\n".join(sections))


def setup(app):
    """Connect both rules."""
    app.connect("source-read", list_modules)
    app.connect("autodoc-skip-member", skip_generated)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
