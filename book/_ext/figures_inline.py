"""A Sphinx extension that sets the figures of `atomic_lib.studies.page` into the page itself.

As a part of the page their text can be read aloud, searched and copied, and takes the page's font and ink. A figure
that has a second drawing for a phone gets both; the style sheet shows one. Many pictures get the full width.
"""

import re
from html import escape
from pathlib import Path

from docutils import nodes

MANY = 12  # pictures that make a gallery
PHONE = re.compile(r'<svg [^>]*class="phone" display="none".*</svg>(?=</svg>\s*$)', re.S)


def setup(app):
    """Do so when a page is whole."""
    app.connect("doctree-resolved", set_in)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def set_in(app, doctree, page):
    """Put the SVG in place of each image that is a figure of ours, when HTML is written."""
    if app.builder.format != "html":
        return
    for image in list(doctree.findall(nodes.image)):
        path = Path(app.srcdir) / image["uri"]
        if path.suffix == ".svg" and path.is_file():
            drawn = path.read_text(encoding="utf8").strip()
            if 'class="chart"' in drawn[:400]:
                image.replace_self(nodes.raw("", framed(drawn, image.get("alt", "")), format="html"))


def framed(drawn: str, alt: str) -> str:
    """The figure, and that for a phone beside it instead of within it, in a frame that scrolls where need be."""
    phone = PHONE.search(drawn)
    kinds = ["chart-box", *(["has-phone"] if phone else []), *(["full-width"] if drawn.count("<image") >= MANY else [])]
    label = f'role="img" aria-label="{escape(alt or "A figure", quote=True)}"'
    wide = drawn.replace(phone[0], "") if phone else drawn
    small = phone[0].replace(' display="none"', "") if phone else ""
    both = "\n".join(part.replace("<svg ", f"<svg {label} ", 1) for part in (wide, small) if part)
    name = escape(alt or "A figure", quote=True)
    return f'<div class="{" ".join(kinds)}" tabindex="0" role="group" aria-label="{name}">\n{both}\n</div>\n'
