"""The book's notebooks are executed before the pages are built, each once, and a cell that fails is told."""

import sys
from pathlib import Path

import jupyter_cache
import nbformat
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "book" / "_ext"))
import execute  # noqa: E402


@pytest.fixture
def book(tmp_path):
    (tmp_path / "_config.yml").write_text("execute: {timeout: 120}")
    return tmp_path


def write(book, name, source):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    notebook.metadata.kernelspec = {"name": "python3", "language": "python", "display_name": "Python 3"}
    nbformat.write(notebook, book / f"{name}.ipynb")


@pytest.mark.slow
def test_each_notebook_is_executed_once_and_kept(book, capsys):
    write(book, "one", "print(6 * 7)")
    write(book, "two", "import os; print(os.getcwd())")
    execute.main(book)
    assert sorted(line.split(":")[0] for line in capsys.readouterr().out.splitlines()) == ["one.ipynb", "two.ipynb"]
    cache = jupyter_cache.get_cache(book / "_build" / ".jupyter_cache")
    assert execute.unknown(book, cache) == []
    printed = [cache.get_cache_bundle(record.pk).nb.cells[0].outputs[0].text for record in cache.list_cache_records()]
    assert sorted(printed) == sorted(["42\n", f"{book}\n"]), "beside the pages"
    write(book, "two", "print(1)")
    assert [path.name for path in execute.unknown(book, cache)] == ["two.ipynb"]
    execute.main(book)
    assert capsys.readouterr().out.startswith("two.ipynb")


@pytest.mark.slow
def test_a_cell_that_fails_ends_it(book):
    write(book, "bad", "1 / 0")
    with pytest.raises(SystemExit, match=r"(?s)bad\.ipynb.*ZeroDivisionError"):
        execute.main(book)
    assert execute.unknown(book, jupyter_cache.get_cache(book / "_build" / ".jupyter_cache"))
