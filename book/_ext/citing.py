"""A Sphinx extension: the directive `citing` shows how to cite the paper and this companion, as CITATION.cff has it."""

from itertools import chain
from pathlib import Path
from textwrap import wrap

import yaml
from docutils import nodes
from sphinx.util.docutils import SphinxDirective

FILE = Path(__file__).resolve().parents[2] / "CITATION.cff"
INDENT = {"initial_indent": "  ", "subsequent_indent": "    "}  # long values go on in the next line, as BibTeX allows


def setup(app):
    """Let pages say so."""
    app.add_directive("citing", Citing)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


class Citing(SphinxDirective):
    """A box with both BibTeX entries, each with a button that copies it."""

    def run(self):
        """The box."""
        self.env.note_dependency(str(FILE))
        cff = yaml.safe_load(FILE.read_text(encoding="utf8"))
        box = nodes.admonition("", nodes.title("", "How to cite"), classes=["citing"])
        box += nodes.paragraph("", cff["message"])
        for entry in entries(cff):
            box += nodes.literal_block(entry, entry, language="bibtex")
        return [box]


def entries(cff: dict) -> list[str]:
    """The paper and the companion in BibTeX."""
    paper = cff["preferred-citation"]
    names = " and ".join(f"{one['family-names']}, {one['given-names']}" for one in paper["authors"])
    first = paper["authors"][0]["family-names"].lower()
    companion = {
        "author": " and ".join(f"{{{one['name']}}}" for one in cff["authors"]), "title": cff["title"],
        "version": cff["version"], "note": f"A companion to the paper of {names}",
    }  # fmt: skip
    return [
        _bibtex("inproceedings", f"{first}{paper['year']}", {
            "author": names, "title": paper["title"], "booktitle": paper["collection-title"], "year": paper["year"],
            "url": paper["url"],
        }),
        _bibtex("software", f"{first}{paper['year']}companion", companion),
    ]  # fmt: skip


def _bibtex(kind: str, key: str, fields: dict) -> str:
    lines = (wrap(f"{name} = {{{value}}},", 68, **INDENT, break_on_hyphens=False) for name, value in fields.items())
    return "\n".join([f"@{kind}{{{key},", *chain(*lines), "}"])
