"""Repository, citation and the rest know what they say, or say nothing."""

import ast
import os
import re
import subprocess
import sys
from importlib.metadata import distribution, packages_distributions
from pathlib import Path

import nbformat
import pytest
import yaml
from docutils import nodes
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "book" / "_ext"))
import citing  # noqa: E402
import colab  # noqa: E402
import figures_inline  # noqa: E402
import repository  # noqa: E402
import search_texts  # noqa: E402
import to_pdf  # noqa: E402


@pytest.mark.parametrize(
    ("origin", "address"),
    [
        ("https://github.com/some/book.git", "https://github.com/some/book"),
        ("git@github.com:some/book.git", "https://github.com/some/book"),
        ("/a/folder", ""),
        ("", ""),
        ("https://user:secret@github.com/some/book", ""),
    ],
)
def test_buttons_lead_to_a_public_repository_or_there_are_none(monkeypatch, origin, address):
    monkeypatch.delenv("GITHUB_REPOSITORY", raising=False)
    monkeypatch.delenv("ATOMIC_REPOSITORY", raising=False)
    monkeypatch.setattr(repository, "_git", lambda *words: origin)
    assert repository.repository() == address
    assert repository.pages() == ("https://some.github.io/book/" if address else "")


def test_the_service_that_builds_knows_its_repository(monkeypatch):
    monkeypatch.delenv("ATOMIC_REPOSITORY", raising=False)
    monkeypatch.setenv("GITHUB_REPOSITORY", "some/fork")
    assert repository.repository() == "https://github.com/some/fork"


def test_binder_installs_what_make_installs():
    lines = (ROOT / ".binder" / "postBuild").read_text()
    assert os.access(ROOT / ".binder" / "postBuild", os.X_OK)
    assert "-c constraints.txt -e '.[book]'" in lines and "set -euo pipefail" in lines
    environment = (ROOT / ".binder" / "runtime.txt").read_text().strip()
    assert environment == "python-3.11"
    assert subprocess.run(["bash", "-n", ROOT / ".binder" / "postBuild"]).returncode == 0


def test_on_colab_a_first_cell_fetches_the_book_and_the_rest_stays(tmp_path, monkeypatch):
    monkeypatch.setenv("ATOMIC_REPOSITORY", "https://github.com/some/book")
    colab.main([str(tmp_path)])
    names = {path.name for path in (ROOT / "book").glob("*.ipynb")}
    assert {path.name for path in (tmp_path / "book").iterdir()} == names
    for name in names:
        copy, own = nbformat.read(tmp_path / "book" / name, 4), nbformat.read(ROOT / "book" / name, 4)
        nbformat.validate(copy)
        first, *others = copy.cells
        assert (
            "git clone -q --depth 1 https://github.com/some/book " in first.source and "_ext/colab.py" in first.source
        )
        assert [cell.source for cell in others] == [cell.source for cell in own.cells]


def test_without_an_address_there_are_no_copies(tmp_path, monkeypatch):
    monkeypatch.setenv("ATOMIC_REPOSITORY", "/a/folder")
    with pytest.raises(SystemExit, match="ATOMIC_REPOSITORY"):
        colab.main([str(tmp_path)])
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_colab_installs_all_that_notebooks_import_and_does_not_have(monkeypatch):
    """Whatever the library or a notebook imports is pinned in what Colab is told, or comes with any notebook."""
    sources = [path.read_text(encoding="utf8") for path in (ROOT / "atomic_lib").rglob("*.py")]
    for path in (ROOT / "book").glob("*.ipynb"):
        code = (cell.source for cell in nbformat.read(path, 4).cells if cell.cell_type == "code")
        sources += ["\n".join(line for line in cell.splitlines() if not line.startswith("%")) for cell in code]
    nodes_of = (node for source in sources for node in ast.walk(ast.parse(source)))
    names = {
        name.partition(".")[0]
        for node in nodes_of
        if isinstance(node, ast.Import) or (isinstance(node, ast.ImportFrom) and not node.level)
        for name in ([node.module] if isinstance(node, ast.ImportFrom) else [one.name for one in node.names])
    }
    foreign = names - set(sys.stdlib_module_names) - {"atomic_lib", "IPython"}
    packages = {canonicalize_name(package) for name in foreign for package in packages_distributions()[name]}
    needed = {canonicalize_name(pin.partition("==")[0]) for pin in colab.needed()}
    assert len(packages) > 10 and packages <= needed
    monkeypatch.setattr(colab, "distribution", lambda name: None)
    assert colab.missing() == []
    monkeypatch.setattr(colab, "distribution", lambda name: distribution("no-such-package"))
    assert colab.missing() == colab.needed()


def test_the_button_for_colab_leads_to_the_copy():
    page = "https://colab.research.google.com/github/some/book/blob/main/book/idea.ipynb"
    buttons = [{"type": "group", "buttons": [{"url": page}, {"url": "https://mybinder.org/v2/gh/some/book/main"}]}]
    repository.lead_to_copies(None, "idea", "", {"header_buttons": [{"type": "link"}, *buttons]}, None)
    colabs, binder = (button["url"] for button in buttons[0]["buttons"])
    assert colabs.endswith("/blob/colab/book/idea.ipynb") and binder.endswith("/main")


def test_the_citation_is_that_of_the_file():
    cff = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf8"))
    paper, companion = citing.entries(cff)
    words = " ".join(paper.split())
    assert cff["preferred-citation"]["title"] in words and "Newson, Alasdair and Traonmilin, Yann" in words
    assert cff["title"] in " ".join(companion.split()) and cff["version"] in companion
    assert max(map(len, (paper + companion).splitlines())) <= 72, "wider than the box"


def test_a_figure_is_framed_with_its_own_for_a_phone():
    phone = '<svg class="phone" display="none" width="345"><text>b</text></svg>'
    framed = figures_inline.framed(f'<svg class="chart" width="690"><text>a</text>{phone}</svg>', 'A "chart"')
    assert framed.count("<svg") == 2 and "display" not in framed and 'aria-label="A &quot;chart&quot;"' in framed
    assert framed.index("</svg>") < framed.index('class="phone"'), "beside it, not within it"


def test_texts_for_the_search_keep_sections_and_leave_out_code():
    section = nodes.section(
        "", nodes.title("", "Spikes & more"), nodes.paragraph("", "One <spike>."), ids=["sec", "old"]
    )
    section += nodes.literal_block("", "print(1)")
    text = search_texts.sections(section)
    assert text == '<section id="sec"><span id="old"></span><p>Spikes &amp; more</p><p>One &lt;spike&gt;.</p></section>'


def test_without_a_browser_the_pdf_says_so(monkeypatch):
    monkeypatch.delenv("ATOMIC_BROWSER", raising=False)
    monkeypatch.setattr(to_pdf.shutil, "which", lambda name: None)
    with pytest.raises(SystemExit, match="install one"):
        to_pdf.main()


def test_the_pdf_has_all_pages_of_the_contents():
    pages = to_pdf.chapters()
    assert pages[0] == "index" and "glossary" in pages and len(pages) > 12


def test_no_work_has_two_entries_and_the_papers_references_are_all_there():
    bibliography = (ROOT / "book" / "references.bib").read_text(encoding="utf8")
    keys = re.findall(r"^@\w+\{([^,]+),", bibliography, re.M)
    assert len(keys) == len(set(keys)), "BibTeX would read no entry at all"
    cited = re.search(
        r"What the paper cites.*?\{cite\}`([^`]+)`", (ROOT / "book" / "bibliography.md").read_text(), re.S
    )
    assert len(cited[1].split(",")) == 20 and set(cited[1].split(",")) <= set(keys)
