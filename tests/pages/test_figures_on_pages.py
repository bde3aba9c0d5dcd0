"""Figures as readers have them: every label can be read, on a phone too, and every figure opens large."""

import pytest
from browsers import HTML, OURS, PAGES, listen, open_quietly

LEAST = 9  # CSS pixels
CHARTS = [page for page in OURS if 'class="chart"' in (HTML / page).read_text(encoding="utf8")]
# The height of the letters as they are on the screen, of every label that is displayed.
LABELS = """() => [...document.querySelectorAll('.chart-box svg text')]
  .filter(text => text.textContent.trim() && text.getClientRects().length)
  .map(text => {
    const { a, b } = text.getScreenCTM();
    const size = parseFloat(getComputedStyle(text.querySelector('tspan[style]') ?? text).fontSize);
    return { label: text.textContent.trim(), size: Math.hypot(a, b) * size };
  })"""
SHOWN = """() => [...document.querySelectorAll('.chart-box')].map(box =>
  [...box.querySelectorAll(':scope > svg')].filter(svg => svg.getClientRects().length).length)"""


def test_some_pages_have_charts():
    assert not PAGES or len(CHARTS) > 5


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("page", CHARTS)
def test_every_label_can_be_read(browser, page, width):
    with browser.new_context(offline=True, viewport={"width": width, "height": 844}) as context:
        tab = context.new_page()
        tab.goto((HTML / page).as_uri())
        tab.evaluate("document.querySelectorAll('details').forEach(part => part.open = true)")
        labels, shown = tab.evaluate(LABELS), tab.evaluate(SHOWN)
    small = [found for found in labels if found["size"] < LEAST - 0.05]
    assert not small, f"{len(small)} of {len(labels)} labels are too small, such as {small[0]}"
    assert set(shown) <= {0, 1}, "a figure is shown twice"


def test_a_figure_opens_large_with_mouse_and_keys_and_fetches_nothing(browser):
    with browser.new_context(offline=True, viewport={"width": 1280, "height": 900}) as context:
        tab = context.new_page()
        open_quietly(tab, "index.html")
        requests, complaints = listen(tab)
        small = tab.locator(".chart-box svg.chart").first.bounding_box()
        tab.locator(".chart-box").first.click()
        large = tab.locator("dialog.large svg").bounding_box()
        assert large["width"] > 1.2 * small["width"]
        tab.keyboard.press("Escape")
        tab.wait_for_selector("dialog.large", state="detached")

        tab.locator(".large-open").first.focus()
        tab.keyboard.press("Enter")
        assert (
            tab.get_by_role("dialog").get_by_role("button", name="Close").evaluate("b => b === document.activeElement")
        )
        tab.keyboard.press("Enter")
        tab.wait_for_selector("dialog.large", state="detached")
        assert tab.locator(".large-open").first.evaluate("button => button === document.activeElement")
        assert not requests and not complaints


def test_text_of_a_chart_takes_the_ink_of_the_page(browser):
    colours = []
    for scheme in ("light", "dark"):
        with browser.new_context(offline=True, color_scheme=scheme) as context:
            tab = context.new_page()
            tab.goto((HTML / "index.html").as_uri())
            text = tab.locator(".chart-box svg.chart text").first
            colours.append(text.evaluate("text => getComputedStyle(text).fill"))
            assert colours[-1] == tab.evaluate("getComputedStyle(document.querySelector('article p')).color")
    assert colours[0] != colours[1]
