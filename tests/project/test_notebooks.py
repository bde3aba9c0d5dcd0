"""The committed notebooks: what a reader finds in them, and that each runs with other parameters.

That the marked cells still print what they printed is held against the built book (tests/pages/test_cells.py).
nbval passes over a cell that was never executed, so here it is made sure that it has something to compare.
"""

import ast
import re
import shutil
from pathlib import Path

import nbformat
import numpy as np
import papermill
import pytest
import torch
import yaml

from atomic_lib.data import digits

BOOK = Path(__file__).parents[2] / "book"


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


def test_notebooks_call_and_do_not_define(notebook):
    """What a chapter needs is in the library, where it is tested and can be imported."""
    for cell in code_cells(notebook):
        source = "".join(line for line in cell.source.splitlines(True) if not line.lstrip().startswith(("%", "!")))
        for node in ast.walk(ast.parse(source)):
            kept = isinstance(node, ast.Assign | ast.AnnAssign | ast.NamedExpr) and isinstance(node.value, ast.Lambda)
            makes = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            assert not (makes or kept), f"line {node.lineno} defines a helper in:\n{source}"


def test_cells_are_short(notebook):
    for cell in code_cells(notebook):
        lines = [line for line in cell.source.splitlines() if line.strip()]
        assert len(lines) <= 20, "too long for a cell; what it works out belongs to atomic_lib/studies: " + cell.source


def test_every_number_of_the_prose_is_said(notebook):
    prose = " ".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    outputs = [output for cell in code_cells(notebook) for output in cell.outputs]
    said = {output.metadata["scrapbook"]["name"] for output in outputs if "scrapbook" in output.get("metadata", {})}
    assert set(re.findall(r"\{glue:text\}`([^`]+)`", prose)) <= said


def test_outputs_are_clean(notebook):
    for cell in code_cells(notebook):
        for output in cell.outputs:
            assert output.output_type != "error", output.get("evalue")
            assert output.get("name") != "stderr", output.get("text")
        for text in texts(cell):
            found = re.search(r"(?<![\w.:/])/(work|root|home|tmp|Users)/\S*", text)
            assert not found, f"a path of one machine: {found.group()}"


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run a chapter with other parameters, in a copy of the book."""
    scratch = tmp_path / "book"
    shutil.copytree(BOOK, scratch, ignore=shutil.ignore_patterns("_build", ".ipynb_checkpoints"))
    monkeypatch.delenv("MPLBACKEND", raising=False)  # else the kernel would show no figure

    def execute(name: str, **parameters):
        return papermill.execute_notebook(
            str(scratch / f"{name}.ipynb"),
            str(scratch / f"{name}-quick.ipynb"),
            parameters=parameters,
            kernel_name="python3",
            cwd=str(scratch),
            progress_bar=False,
            execution_timeout=1800,
        )

    return execute


@pytest.mark.slow
def test_runs_with_small_parameters(name, notebook, run):
    ran = run(name, **notebook.metadata.atomic.quick)
    assert pictures(ran) or not pictures(notebook), "a small run draws its figures too"


@pytest.mark.slow
def test_strokes_run_on_the_readers_own_hwdplus(run, tmp_path):
    """A small file of the same format: dark ink on 255, 500×500, the digit first and the writer last."""
    images, labels = digits.Digits(500).of_each_class(3)
    np.save(tmp_path / "Images(500x500).npy", (255 * (1 - images[:, 0])).round().byte().numpy())
    writers = torch.arange(len(labels)) % 3 * 5  # two of three are held out: writers 0 and 10
    np.save(tmp_path / "WriterInfo.npy", torch.stack([labels, writers], dim=1).numpy())
    ran = run("strokes", count=8, hwdplus_path=str(tmp_path))
    (table,) = (text for cell in code_cells(ran) for text in texts(cell) if text.startswith("| digits |"))
    assert re.search(r"\| images \| 8 \| 8 \|", table) and len(pictures(ran)) > 10
