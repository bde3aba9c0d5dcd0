"""A Sphinx extension: the picture and the words with which a link to the book is shown elsewhere.

The picture is drawn at build, 1200 × 630 px, of a digit as the authors' network takes it apart; no service is asked.
"""

import re
from html import escape
from pathlib import Path

from docutils import nodes
from matplotlib.figure import Figure
from repository import pages

from atomic_lib import figures
from atomic_lib.files import write_whole
from atomic_lib.studies import paper_figures
from atomic_lib.studies.page import plain as page_text
from atomic_lib.weights import load

WEIGHTS, DIGIT, ATOMS = "digits-reference", 15, 4
SIZE = (12, 6.3)  # inches of 100 px
PICTURE = "_static/social-card.png"


def setup(app):
    """Once a build, and on each page."""
    app.connect("builder-inited", write)
    app.connect("html-page-context", describe)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def write(app):
    """Draw the card, if these weights have none yet."""
    if app.builder.format != "html":
        return
    model = load(WEIGHTS, "cpu")
    path, kept = Path(app.outdir) / PICTURE, Path(app.outdir).parent / f".card-{model.record['sha256'][:12]}.png"
    if not kept.exists():
        found = model.decompose(model.recipe.data.first(DIGIT + 1).images[DIGIT:])
        write_whole(kept, writer=lambda file: card(found, app.config.html_title).savefig(file, format="png", dpi=100))
    write_whole(path, kept.read_bytes())


def card(found, title: str) -> Figure:
    """The digit, coloured by atom; its strongest atoms; the title."""
    sheet = Figure(figsize=SIZE, facecolor="white")
    large = sheet.add_axes((0.03, 0.3, 0.36, 0.66))
    figures.show(large, paper_figures.inks(found)[0], "", 1)
    for i, block in enumerate(found.strongest()[:ATOMS].tolist()):
        place = sheet.add_axes((0.45 + 0.135 * i, 0.36, 0.125, 0.24))
        figures.show(place, figures.inked(found.atoms[0, [block], 0], [i]), "", 1)
        sheet.text(0.45 + 0.135 * i + 0.0625, 0.62, f"$g(z_{{{i + 1}}})$", fontsize=20, ha="center")
    sheet.text(0.45, 0.83, r"$\hat x = \sum_i\, g(z_i)$", fontsize=30)
    name, _, rest = title.partition(": ")
    sheet.text(0.03, 0.15, name, fontsize=44, weight="bold")
    sheet.text(0.03, 0.055, rest[:1].upper() + rest[1:], fontsize=28, color="#445566")
    return sheet


def describe(app, page, template, context, doctree):
    """Title, words and picture; addresses in full where it is known where the pages are published."""
    words = {
        "og:type": "article", "og:title": context.get("title") or app.config.html_title,
        "og:site_name": app.config.html_title,
        "og:description": _begins(doctree), "og:image": pages() + PICTURE, "og:image:width": "1200",
        "og:image:height": "630", "og:image:alt": "A handwritten five in many colours, one for each atom.",
        "twitter:card": "summary_large_image",
    }  # fmt: skip
    if pages():
        words["og:url"] = f"{pages()}{page}.html"
    words["description"] = words["og:description"]
    tags = "".join(_tag(name, value) for name, value in words.items() if value)
    context["metatags"] = context.get("metatags", "") + tags


def _tag(name: str, value: str) -> str:
    kind = "property" if name.startswith("og:") else "name"
    return f'<meta {kind}="{name}" content="{escape(value, quote=True)}" />\n'


def _begins(doctree) -> str:
    """The first words of a page."""
    for paragraph in doctree.findall(nodes.paragraph) if doctree else ():
        copy = paragraph.deepcopy()
        for formula in list(copy.findall(nodes.math)):
            shown = page_text(f"${formula.astext()}$") or formula.astext()
            formula.replace_self(nodes.Text(re.sub("[\ue000-\ue00f]", "", shown)))
        text = " ".join(copy.astext().split())
        if len(text) > 40:
            return text if len(text) < 200 else text[:197].rsplit(" ", 1)[0] + " …"
    return ""
