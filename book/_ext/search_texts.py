"""A Sphinx extension: what the search page needs to show excerpts where nothing can be fetched, on file:// and offline.

Sphinx's search fetches each page that it finds, to show some of it. Here the build writes the text of all pages, a
section each, into one script that the search page alone loads; `search-excerpts.js` answers from it.
"""

import json
from html import escape
from pathlib import Path

from docutils import nodes

from atomic_lib.files import write_whole

SKIPPED = (nodes.raw, nodes.Invisible, nodes.literal_block, nodes.math, nodes.math_block)


def setup(app):
    """Keep each page's text when it is whole; write all at the end; have the search page load them."""
    app.connect("doctree-resolved", keep)
    app.connect("build-finished", write)
    app.connect("html-page-context", load)
    return {"parallel_read_safe": True, "parallel_write_safe": False}


def keep(app, doctree, page):
    """The text of a page, in sections with the ids that links of a search lead to."""
    if app.builder.format == "html":
        kept(app).mkdir(parents=True, exist_ok=True)
        name = page.replace("/", "--")
        write_whole(kept(app) / f"{name}.json", json.dumps([page, sections(doctree)]).encode())


def sections(node) -> str:
    """Sections as elements that hold their text and their subsections."""
    if isinstance(node, nodes.section):
        ids = "".join(f'<span id="{escape(name)}"></span>' for name in node["ids"][1:])
        inner = "".join(sections(child) for child in node.children)
        return f'<section id="{escape(node["ids"][0])}">{ids}{inner}</section>'
    if isinstance(node, nodes.document) or any(isinstance(child, nodes.section) for child in node.children):
        return "".join(sections(child) for child in node.children)
    if isinstance(node, SKIPPED):
        return ""
    texts = (text.astext() for text in node.findall(nodes.Text) if not isinstance(text.parent, SKIPPED))
    return f"<p>{escape(' '.join(' '.join(texts).split()))}</p>"


def load(app, page, template, context, doctree):
    """Two scripts, on the search page."""
    if page == "search":
        app.add_js_file("search-texts.js")
        app.add_js_file("search-excerpts.js")


def write(app, failure):
    """One script of all that was kept, of the pages that there still are."""
    if failure or app.builder.format != "html":
        return
    found = dict(json.loads(path.read_text()) for path in sorted(kept(app).glob("*.json")))
    texts = {page: text for page, text in found.items() if page in app.env.found_docs}
    content = f"window.searchTexts = {json.dumps(texts, ensure_ascii=False)};\n"
    write_whole(Path(app.outdir) / "_static" / "search-texts.js", content.encode())


def kept(app) -> Path:
    """Beside the pages, so that a build of some pages has the texts of all."""
    return Path(app.outdir).parent / ".search"
