"""The built pages: whole, linked, and able to do without a network. Run by `make pages`.

First their text is read, then a browser opens each one from disk with the network cut: on a wide
light screen, and on a phone in the dark.
"""

import functools
import os
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

import nbformat
import pytest
from browsers import BOOK, HTML, PAGES, PICTURES, TOO_WIDE, listen, open_quietly, read, unable

CHAPTERS = sorted(path.stem for path in BOOK.glob("*.ipynb"))
SCREENS = {
    "wide and light": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "light"},
    "phone and dark": {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"},
}
REMOTE = re.compile(r"\s*(https?:|wss?:)?//", re.I)
FETCHED_BY_CSS = re.compile(r"(?:url\(|@import)\s*['\"]?\s*((?:https?:)?//[^'\")\s]+)", re.I)
# Relations of a <link> that name another page and fetch nothing.
NAMES_ONLY = {"canonical", "license", "author", "prev", "next", "index", "search", "copyright"}


@functools.cache
def anchors(page: str) -> set[str]:
    return {tag.get("id") or tag.get("name") for tag in read(page).find_all(id=True)} | {
        tag["name"] for tag in read(page).find_all("a", attrs={"name": True})
    }


def addresses(page: str):
    """Yield (tag, address) for all that the page refers to."""
    for tag in read(page).find_all(True):
        for attribute in ("src", "href", "data", "poster"):
            if tag.get(attribute):
                yield tag, tag[attribute]
        for candidate in tag.get("srcset", "").split(","):
            if candidate.strip():
                yield tag, candidate.split()[0]


def test_the_book_is_built():
    if not PAGES:
        unable("There are no pages yet: run `make book` first.")
    assert {"index.html", *(f"{name}.html" for name in CHAPTERS)} <= set(PAGES)


# --- what is written in them ---------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page):
    broken = []
    for tag, address in addresses(page):
        url = urlsplit(address)
        if url.scheme or url.netloc:
            continue
        path = HTML / page if not url.path else (HTML / page).parent / unquote(url.path)
        target = Path(os.path.normpath(path))
        if not target.is_file():
            broken.append(f"<{tag.name}> {address}")
        elif url.fragment and target.suffix == ".html":
            if unquote(url.fragment) not in anchors(target.relative_to(HTML).as_posix()):
                broken.append(f"<{tag.name}> {address}: no such place on that page")
    assert not broken


@pytest.mark.parametrize("page", PAGES)
def test_nothing_is_fetched_from_elsewhere(page):
    remote = [
        f"<{tag.name}> {address}"
        for tag, address in addresses(page)
        if REMOTE.match(address)
        and tag.name != "a"
        and not (tag.name == "link" and set(tag.get("rel", [])) <= NAMES_ONLY)
    ]
    inline = [tag.get_text() for tag in read(page).find_all("style")]
    inline += [tag["style"] for tag in read(page).find_all(style=True)]
    assert not remote + FETCHED_BY_CSS.findall("\n".join(inline))


def test_no_style_sheet_fetches_from_elsewhere():
    sheets = {str(path): path.read_text(encoding="utf8") for path in HTML.rglob("*.css")}
    fetched = {path: FETCHED_BY_CSS.findall(text) for path, text in sheets.items()}
    assert not {path: found for path, found in fetched.items() if found}


@pytest.mark.parametrize("name", CHAPTERS)
def test_every_figure_is_there(name):
    """As many pictures on the page as the notebook draws and its text sets in."""
    expected = 0
    for cell in nbformat.read(BOOK / f"{name}.ipynb", as_version=4).cells:
        if cell.cell_type == "markdown":
            expected += len(re.findall(r"^[`:]{3,}\{(?:glue:)?(?:figure|image)\}|!\[", cell.source, re.MULTILINE))
        elif not {"remove-output", "remove-cell"} & set(cell.metadata.get("tags", [])):
            expected += sum(
                any(kind.startswith("image/") for kind in output.get("data", {})) for output in cell.get("outputs", [])
            )
    assert len(read(f"{name}.html").select("article :is(img, svg.chart)")) >= expected


@pytest.mark.parametrize("page", PAGES)
def test_a_widget_comes_with_its_scripts(page):
    if read(page).find("script", type="application/vnd.jupyter.widget-view+json"):
        scripts = [tag["src"] for tag in read(page).find_all("script", src=True)]
        assert any(re.search("html-manager|embed", src) for src in scripts), "a dead widget"


# --- what a reader sees --------------------------------------------------------------------------


CODE = [page for page in PAGES if "/" in page]  # listings of the library, which differ by their length alone
OPENED = [page for page in PAGES if "/" not in page] + sorted(CODE, key=lambda page: (HTML / page).stat().st_size)[-2:]
FORMULAS = """async () => {
  const marked = [...document.querySelectorAll('.math')];
  if (marked.length) await window.MathJax?.startup?.promise;
  return {
    blank: marked.filter(m => !m.querySelector('mjx-container')).map(m => m.textContent),
    wrong: [...document.querySelectorAll('[data-mml-node=merror]')].map(m => m.textContent),
  };
}"""


LEAST = 9  # CSS pixels
# The height of the letters as they are on the screen, of every label of a figure that is displayed.
LABELS = """() => [...document.querySelectorAll('.chart-box svg text')]
  .filter(text => text.textContent.trim() && text.getClientRects().length)
  .map(text => {
    const { a, b } = text.getScreenCTM();
    const size = parseFloat(getComputedStyle(text.querySelector('tspan[style]') ?? text).fontSize);
    return { label: text.textContent.trim(), size: Math.hypot(a, b) * size };
  })"""
SHOWN = """() => [...document.querySelectorAll('.chart-box')].map(box =>
  [...box.querySelectorAll(':scope > svg')].filter(svg => svg.getClientRects().length).length)"""


@pytest.fixture(scope="module", params=[(page, screen) for page in OPENED for screen in SCREENS], ids=" on ".join)
def opened(request, browser):
    """A page on a screen, what it asked for and what it complained of."""
    page, screen = request.param
    with browser.new_context(offline=True, **SCREENS[screen]) as context:
        tab = context.new_page()
        requests, complaints = listen(tab)
        open_quietly(tab, page)
        yield tab, requests, complaints


def test_opens_from_disk_without_a_network(opened):
    tab, requests, complaints = opened
    assert tab.evaluate(FORMULAS) == {"blank": [], "wrong": []}
    assert tab.evaluate(PICTURES) == []
    assert tab.evaluate(TOO_WIDE) <= 1, "the page is wider than the screen"
    assert not [url for url in requests if not url.startswith(("file:", "data:", "blob:"))]
    assert not complaints


def test_every_label_of_a_figure_can_be_read(opened):
    tab, *_ = opened
    tab.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")
    labels, shown = tab.evaluate(LABELS), tab.evaluate(SHOWN)
    small = [found for found in labels if found["size"] < LEAST - 0.05]
    assert not small, f"{len(small)} of {len(labels)} labels are too small, such as {small[0]}"
    assert set(shown) <= {0, 1}, "a figure is shown twice"
