"""Notebooks for Colab: copies whose first cell fetches this repository and installs what Colab lacks.

On Colab a page comes alone, without the library and the weights beside it. CI writes the copies to the branch `colab`,
and the button of each page leads there (repository.py); the notebooks of the book stay as they are.

    python book/_ext/colab.py FOLDER    write the copies to FOLDER/book
    %run _ext/colab.py                  in a copy, on Colab: install, and let the notebook find the library
"""

import json
import re
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
IMPORTED = {"astropy", "myst-nb", "pandas", "photutils", "scikit-image"}  # of what the book needs, by its notebooks
SETUP = """\
# @title Run this first: it fetches the book and installs what Colab lacks (a minute or two, once)
import os

if not os.path.exists("/content/companion"):
    !git clone -q --depth 1 {address} /content/companion
%cd -q /content/companion/book
%run _ext/colab.py"""


def needed() -> list[str]:
    """What notebooks import, pinned: the library's dependencies, and some of the book's."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf8"))["project"]
    books = [pin for pin in project["optional-dependencies"]["book"] if pin.partition("==")[0] in IMPORTED]
    return [*project["dependencies"], *books]


def missing() -> list[str]:
    """Of these, what is not installed. What Colab has stays in its version, so that torch keeps its GPU."""
    lacking = []
    for pin in needed():
        try:
            distribution(pin.partition("==")[0])
        except PackageNotFoundError:
            lacking.append(pin)
    return lacking


def copied(notebook: dict, address: str) -> dict:
    """A notebook with the cell that sets Colab up before its others, and without outputs."""
    cells = [
        cell | ({"outputs": [], "execution_count": None} if cell["cell_type"] == "code" else {})
        for cell in notebook["cells"]
    ]
    setup = {
        "cell_type": "code", "id": "colab-setup", "execution_count": None, "outputs": [],
        "metadata": {"cellView": "form"}, "source": SETUP.format(address=address).splitlines(keepends=True),
    }  # fmt: skip
    return notebook | {"cells": [setup, *cells]}


def write(folder: Path, address: str) -> list[Path]:
    """Write all copies; where they are."""
    written = []
    (folder / "book").mkdir(parents=True, exist_ok=True)
    for path in sorted((ROOT / "book").glob("*.ipynb")):
        copy = copied(json.loads(path.read_text(encoding="utf8")), address)
        written.append(folder / "book" / path.name)
        written[-1].write_text(json.dumps(copy, ensure_ascii=False, indent=1) + "\n", encoding="utf8")
    return written


def main(arguments: list[str]) -> None:
    """Write the copies, or set Colab up."""
    if arguments:
        from repository import repository

        if not re.match(r"https://github\.com/", address := repository()):
            sys.exit("No address on GitHub is known: set ATOMIC_REPOSITORY=https://github.com/OWNER/NAME.")
        print(*write(Path(arguments[0]), address), sep="\n")
        return
    if lacking := missing():
        subprocess.run([sys.executable, "-m", "pip", "install", "-q", *lacking], check=True)
    sys.path.insert(0, str(ROOT))


if __name__ == "__main__":
    main(sys.argv[1:])
