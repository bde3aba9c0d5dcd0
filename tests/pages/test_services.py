"""What a page offers besides its text: glossary, citation, search offline, version, card, and the small explorer."""

import subprocess
import sys
from urllib.parse import unquote, urlsplit

import pytest
from browsers import BOOK, HTML, find_browser, listen, read


def test_the_first_use_of_a_word_leads_to_the_glossary_and_only_the_first():
    links = [link["href"] for link in read("idea.html").select("article a:has(.term)")]
    assert len(links) > 5 and len(links) == len(set(links))
    assert all(link.startswith("glossary.html#term-") for link in links)
    assert not read("idea.html").select("h1 .term, h2 .term, code .term, figcaption .term")
    assert not read("glossary.html").select(".term")


def test_the_front_page_says_how_to_cite():
    box = " ".join(read("index.html").select_one(".citing").get_text().split())
    assert "@inproceedings{newson2023" in box and "Disentangled latent representations" in box and "hal-03962759" in box


def test_every_page_has_its_version_and_its_card():
    for page in ("index.html", "idea.html"):
        assert read(page).select_one(".book-version").get_text().startswith("Version ")
        (card,) = read(page).select('meta[property="og:image"]')
        assert card["content"].endswith("_static/social-card.png")
        assert len(read(page).select_one('meta[property="og:description"]')["content"]) > 40
    png = (HTML / "_static" / "social-card.png").read_bytes()
    assert [int.from_bytes(png[i : i + 4], "big") for i in (16, 20)] == [1200, 630]


def test_search_shows_excerpts_without_a_network(browser):
    with browser.new_context(offline=True) as context:
        tab = context.new_page()
        requests, complaints = listen(tab)
        tab.goto((HTML / "search.html").as_uri() + "?q=territories")
        tab.wait_for_selector("#search-results li .context")
        excerpts = tab.locator("#search-results li .context").all_inner_texts()
        assert any("territor" in text.lower() for text in excerpts)
        assert all(url.startswith(("file:", "data:")) for url in requests) and not complaints


MOVES = """async () => {
  const canvas = document.querySelector('[data-explorer-small] canvas'), seen = new Set();
  for (let i = 0; i < 12; i++) {
    seen.add(canvas.toDataURL());
    await new Promise(done => setTimeout(done, 100));
  }
  return seen.size;
}"""


@pytest.mark.parametrize("motion", ["no-preference", "reduce"])
def test_the_small_explorer_plays_by_itself_and_stops_when_asked(browser, motion):
    with browser.new_context(offline=True, reduced_motion=motion) as context:
        tab = context.new_page()
        requests, complaints = listen(tab)
        tab.goto((HTML / "index.html").as_uri())
        tab.locator("[data-explorer-small]").scroll_into_view_if_needed()
        tab.wait_for_selector("[data-explorer-small][data-ready] canvas", timeout=60_000)
        button = tab.locator("[data-explorer-small] button")
        assert button.inner_text() == ("Stop" if motion == "no-preference" else "Play")
        assert (tab.evaluate(MOVES) > 1) == (motion == "no-preference")
        if motion == "no-preference":
            button.click()
            assert button.inner_text() == "Play" and tab.evaluate(MOVES) == 1
        scripts = {unquote(urlsplit(url).path) for url in requests if "explorer" in url}
        assert sum((HTML / path).stat().st_size for path in scripts) < 1_000_000 and not complaints


def test_pages_print_into_one_pdf(tmp_path):
    import pypdf

    find_browser()
    code = f"import sys, pathlib; sys.path.insert(0, {str(BOOK / '_ext')!r}); import to_pdf; "
    code += f"to_pdf.main(['glossary', 'bibliography'], pathlib.Path({str(tmp_path / 'some.pdf')!r}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    pdf = pypdf.PdfReader(tmp_path / "some.pdf")
    text = "\n".join(page.extract_text() for page in pdf.pages)
    assert "jaccard" in text and "Locatello" in text and len(pdf.outline) == 2
