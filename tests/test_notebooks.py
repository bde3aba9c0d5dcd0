"""The committed notebooks: what a reader finds in them, and that each runs with other parameters.

That the marked cells still print what they printed is nbval's part (`make nbval`). nbval passes
over a cell that was never executed, so here it is made sure that it has something to compare.
"""

import re
import shutil
from pathlib import Path

import nbformat
import papermill
import pytest
import yaml

BOOK = Path(__file__).parents[1] / "book"


TOC = yaml.safe_load((BOOK / "_toc.yml").read_text(encoding="utf8"))
PAGES = [TOC["root"], *(c["file"] for part in TOC["parts"] for c in part["chapters"])]


@pytest.fixture(params=[page for page in PAGES if (BOOK / f"{page}.ipynb").exists()])
def name(request):
    return request.param


@pytest.fixture
def notebook(name):
    return nbformat.read(BOOK / f"{name}.ipynb", as_version=4)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def tags(cell):
    return cell.metadata.get("tags", [])


def assigned(source: str) -> set[str]:
    return set(re.findall(r"^(\w+)\s*(?::[^=\n]+)?=", source, re.MULTILINE))


def texts(cell):
    """Yield each text that the cell put out."""
    for output in cell.outputs:
        if output.output_type == "stream":
            yield output.text
        else:
            yield from (v for k, v in output.get("data", {}).items() if k.startswith("text/"))


def pictures(notebook):
    outputs = (output for cell in code_cells(notebook) for output in cell.outputs)
    return [out for out in outputs if any(k.startswith("image/") for k in out.get("data", {}))]


def test_contents_and_folder_agree():
    written = {path.stem for path in BOOK.iterdir() if path.suffix in (".ipynb", ".md")}
    assert set(PAGES) <= written
    strays = {path.stem for path in BOOK.glob("*.ipynb")} - set(PAGES)
    assert not strays, "a notebook that _toc.yml does not name is in no book"


def test_parameters_come_first(notebook):
    first = code_cells(notebook)[0]
    assert "parameters" in tags(first)
    names = assigned(first.source)
    assert {"seed", "device"} <= names
    quick = notebook.metadata.get("atomic", {}).get("quick")
    assert quick, "metadata atomic.quick must hold the parameters of a small run"
    assert set(quick) <= names, "atomic.quick names what is no parameter"
    assert names - {"seed", "device"}, "there must be a parameter for the size of the run"


def test_some_cells_are_compared(notebook):
    marked = [cell for cell in code_cells(notebook) if "nbval-check-output" in tags(cell)]
    assert marked, "tag a cell that prints a result with nbval-check-output"
    for cell in marked:
        assert cell.execution_count is not None, "nbval would skip it: " + cell.source
        assert any(text.strip() for text in texts(cell)), "nothing to compare in: " + cell.source


def test_executed_once_from_top_to_bottom(notebook):
    counts = [cell.execution_count for cell in code_cells(notebook) if cell.source.strip()]
    assert counts == list(range(1, len(counts) + 1)), "run `make notebooks`"


def test_outputs_are_clean(notebook):
    for cell in code_cells(notebook):
        for output in cell.outputs:
            assert output.output_type != "error", output.get("evalue")
            assert output.get("name") != "stderr", output.get("text")
        for text in texts(cell):
            found = re.search(r"(?<![\w.:/])/(work|root|home|tmp|Users)/\S*", text)
            assert not found, f"a path of one machine: {found.group()}"


def test_runs_with_small_parameters(name, notebook, tmp_path, monkeypatch):
    scratch = tmp_path / "book"
    shutil.copytree(BOOK, scratch, ignore=shutil.ignore_patterns("_build", ".ipynb_checkpoints"))
    monkeypatch.delenv("MPLBACKEND", raising=False)  # else the kernel would show no figure
    ran = papermill.execute_notebook(
        str(scratch / f"{name}.ipynb"),
        str(scratch / f"{name}-quick.ipynb"),
        parameters=dict(notebook.metadata.atomic.quick),
        kernel_name="python3",
        cwd=str(scratch),
        progress_bar=False,
        execution_timeout=600,
    )
    assert pictures(ran) or not pictures(notebook), "a small run draws its figures too"
