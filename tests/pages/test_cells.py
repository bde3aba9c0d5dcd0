"""The marked cells of the committed notebooks print what the book's build has just made them print.

The build runs every notebook once, whole, and keeps it; nbval's own comparison holds the committed outputs against
that, so that nothing need be run again. (`make nbval` does so all the same.)
"""

import jupyter_cache
import nbformat
import pytest
from browsers import BOOK, unable
from nbval.plugin import IPyNbFile, coalesce_streams

CACHE = BOOK / "_build" / ".jupyter_cache"
CHAPTERS = sorted(path.stem for path in BOOK.glob("*.ipynb"))


def executed(notebook):
    """The code cells of `notebook` as the build has run them; the cache knows it by its code."""
    cache = jupyter_cache.get_cache(CACHE)
    try:
        record = cache.match_cache_notebook(notebook)
    except KeyError:
        unable("The book has not been built with this notebook: run `make book`.")
    return [cell for cell in cache.get_cache_bundle(record.pk).nb.cells if cell.cell_type == "code"]


def differences(path, cells, session):
    """Yield what nbval finds of the marked cells of the notebook at `path` against the same cells, executed."""
    file = IPyNbFile.from_parent(session, path=path)
    file.compare_outputs = False  # as with --nbval-lax: no more than what is marked
    for item, cell in zip(file.collect(), cells, strict=True):
        outputs = [coalesce_streams(each.outputs) for each in (cell, item.cell)]
        if item.options["check"] and not item.compare_outputs(*outputs):
            yield "\n".join([f"{item.name}: {item.cell.source}", *item.comparison_traceback])


@pytest.mark.parametrize("name", CHAPTERS)
def test_marked_cells_print_what_they_did(name, request):
    path = BOOK / f"{name}.ipynb"
    cells = executed(nbformat.read(path, as_version=4))
    found = "\n".join(differences(path, cells, request.session))
    assert not found, found


def test_another_number_is_seen(tmp_path, request):
    """A digit is changed in what a marked cell has printed."""
    notebook = nbformat.v4.new_notebook()
    for text, tags in (("nmse 0.012\n", ["nbval-check-output"]), ("3 seconds\n", [])):
        output = nbformat.v4.new_output("stream", name="stdout", text=text)
        cell = nbformat.v4.new_code_cell("f()", outputs=[output], execution_count=1, metadata={"tags": tags})
        notebook.cells.append(cell)
    nbformat.write(notebook, tmp_path / "a.ipynb")
    cells = nbformat.from_dict(notebook).cells
    assert not list(differences(tmp_path / "a.ipynb", cells, request.session))
    cells[1].outputs[0].text = "4 seconds\n"
    assert not list(differences(tmp_path / "a.ipynb", cells, request.session))
    cells[0].outputs[0].text = "nmse 0.013\n"
    (found,) = differences(tmp_path / "a.ipynb", cells, request.session)
    assert "0.013" in found
