"""A Sphinx extension: the first use of each word of the glossary on a page leads to what the glossary says of it.

Words are found in paragraphs and lists as they stand, in one or in many; symbols as formulas. What is a link, code or
a heading already stays as it is.
"""

import re

from docutils import nodes
from sphinx import addnodes
from sphinx.transforms.post_transforms import SphinxPostTransform

PAGE = "glossary"
SYMBOLS = {  # TeX of a formula, whole: the term
    "k": "k", "d_0": "d₀", "z": "z", "z_i": "z", "g": "g", r"\psi": "ψ", r"\zeta": "ζ", r"\sigma": "σ",
    r"\Sigma": "Σ", r"\theta": "θ", r"\hat x": "x̂",
}  # fmt: skip
ENDINGS = {"territory": "territor(?:y|ies)", "one-shot": "one-shot", "active": "active", "connected": "connected"}
CLOSED = (
    nodes.title, nodes.caption, nodes.reference, nodes.literal, nodes.raw, nodes.footnote, nodes.Invisible,
    addnodes.pending_xref, addnodes.desc_signature, nodes.literal_block, nodes.math_block, nodes.thead,
)  # fmt: skip


def setup(app):
    """After a page is read, before its references are looked up."""
    app.add_post_transform(LinkTerms)
    app.connect("doctree-resolved", name_formulas)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def name_formulas(app, doctree, page):
    """A link that shows a formula has no words to be read aloud: its title says which term it is."""
    for link in doctree.findall(nodes.reference):
        formula = next((inside for inside in link.findall(nodes.math)), None)
        if formula is not None and formula.astext().strip() in SYMBOLS:
            link["reftitle"] = f"{SYMBOLS[formula.astext().strip()]}: in the glossary"


class LinkTerms(SphinxPostTransform):
    """Link the first use of every term on this page."""

    default_priority = 5  # the resolver of references has 10

    def run(self, **kwargs):
        """On all pages but the glossary and the lists."""
        if self.env.docname in (PAGE, "reference", "bibliography"):
            return
        terms = [name for kind, name in self.env.get_domain("std").objects if kind == "term"]
        left = set(terms)
        for node in [*self.document.findall(lambda node: isinstance(node, nodes.Text | nodes.math))]:
            if left and _open(node):
                (self._formula if isinstance(node, nodes.math) else self._words)(node, left)

    def _formula(self, node, left):
        term = SYMBOLS.get(node.astext().strip())
        if term in left:
            left.remove(term)
            node.replace_self(self._link(term, node.deepcopy()))

    def _words(self, node, left):
        """Replace the text by text and links, the first use of each term that is still left."""
        text, new, found = node.astext(), [], True
        while found:
            found = min(
                filter(None, (_first(text, term) for term in left)), default=None, key=lambda use: use[1].start()
            )
            if found:
                term, use = found
                left.remove(term)
                new += [nodes.Text(text[: use.start()]), self._link(term, nodes.Text(use[0]))]
                text = text[use.end() :]
        if new:
            node.parent.replace(node, [part for part in (*new, nodes.Text(text)) if part.astext()])

    def _link(self, term, shown):
        link = addnodes.pending_xref(
            "", nodes.inline("", "", shown, classes=["term"]), refdomain="std", reftype="term", reftarget=term,
            refexplicit=True, refwarn=True, refdoc=self.env.docname,
        )  # fmt: skip
        return link


def _open(node) -> bool:
    """Whether a text stands where a link may stand."""
    inside = node.parent
    while inside is not None:
        if isinstance(inside, CLOSED):
            return False
        inside = inside.parent
    return True


def _first(text, term):
    """The term, and its first use as a word, or None; a symbol is no word."""
    if term in SYMBOLS.values():
        return None
    use = re.search(rf"(?<![\w-]){ENDINGS.get(term, re.escape(term) + 's?')}(?![\w-])", text, re.I)
    return (term, use) if use else None
