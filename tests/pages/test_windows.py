"""Windows that nobody designs for: narrow, wide, enlarged, printed, without JavaScript; and those who listen."""

import pytest
from browsers import HTML, OURS, PICTURES, TOO_WIDE, open_quietly

# Words of the article that are displayed and lie within the window's width, or in something that scrolls by itself.
OUTSIDE = """() => {
  const scrolls = part => {
    for (; part && part.tagName !== 'ARTICLE'; part = part.parentElement)
      if (/auto|scroll|hidden|clip/.test(getComputedStyle(part).overflowX)) return true;
    return false;
  };
  const found = [];
  for (const part of document.querySelectorAll('article :is(p, li, h1, h2, h3, td, figcaption, dt, dd)')) {
    const box = part.getBoundingClientRect();
    if (box.width && (box.right > innerWidth + 1 || box.left < -1) && !scrolls(part.parentElement) && !scrolls(part))
      found.push(part.textContent.trim().slice(0, 60));
  }
  return found;
}"""
WORDS = "document.querySelector('article').innerText.split(/\\s+/).length"
# What Sphinx writes itself: lists of citations, and the lists of its descriptions of Python.
ARTICLE = {"include": [["article"]], "exclude": [[".citation-list"]]}
# Of rules that pass, axe need not write down every node: that would take most of its time.
OPTIONS = {
    "preload": False, "resultTypes": ["violations"], "selectors": False,
    "rules": {"definition-list": {"enabled": False}, "dlitem": {"enabled": False}},
}  # fmt: skip
# Whether the article is as wide as it was a tenth of a second ago: side bars take their time.
SETTLED = """async width => {
  const wide = () => document.querySelector('article').getBoundingClientRect().width;
  const before = wide();
  await new Promise(done => setTimeout(done, 100));
  return innerWidth === width && wide() === before;
}"""
WIDTHS = {"narrow": (320, 640), "at 200 %": (640, 450), "wide": (2560, 1300)}


@pytest.mark.parametrize("page", OURS)
def test_every_page_is_readable_narrow_wide_enlarged_and_on_paper(browser, page):
    with browser.new_context(offline=True, viewport={"width": 320, "height": 640}) as context:
        tab = context.new_page()
        tab.goto((HTML / page).as_uri())
        for name, (width, height) in WIDTHS.items():
            tab.set_viewport_size({"width": width, "height": height})
            tab.wait_for_function(SETTLED, arg=width)
            assert tab.evaluate(TOO_WIDE) <= 1, f"{name}: wider than the window"
            assert tab.evaluate(OUTSIDE) == [], name
        lines = tab.evaluate("Math.max(0, ...[...document.querySelectorAll('article p')].map(p => p.clientWidth))")
        assert lines < 1300, "lines too long to read"
        words = tab.evaluate(WORDS)
        tab.emulate_media(media="print")
        assert tab.evaluate(WORDS) >= 0.95 * words
        assert not tab.locator(".bd-sidebar-primary:visible, .large-open:visible").count()


@pytest.mark.parametrize("page", OURS)
def test_every_page_can_be_read_without_javascript(browser, page):
    with browser.new_context(
        offline=True, viewport={"width": 390, "height": 844}, java_script_enabled=False
    ) as context:
        tab = context.new_page()
        tab.goto((HTML / page).as_uri())
        assert len(tab.locator("article").inner_text().split()) > 20
        assert tab.evaluate(TOO_WIDE) <= 1
        assert tab.evaluate(PICTURES) == []


@pytest.mark.parametrize("page", OURS)
def test_axe_finds_nothing_serious_in_light_or_dark(browser, page):
    from axe_playwright_python.sync_playwright import Axe

    with browser.new_context(offline=True, viewport={"width": 1280, "height": 900}, reduced_motion="reduce") as context:
        tab = context.new_page()
        open_quietly(tab, page)
        for scheme, options in (("light", OPTIONS), ("dark", {**OPTIONS, "runOnly": ["color-contrast"]})):
            tab.emulate_media(color_scheme=scheme)
            tab.wait_for_function("theme => document.documentElement.dataset.theme === theme", arg=scheme)
            found = Axe().run(tab, context=ARTICLE, options=options).response["violations"]
            serious = {
                one["id"]: [node["html"][:120] for node in one["nodes"][:3]]
                for one in found
                if one["impact"] in ("serious", "critical")
            }
            assert not serious, scheme
