"""Figures as readers have them: every one opens large, in the page's ink. (`test_pages` reads their labels.)"""

from browsers import HTML, OURS, PAGES, listen, open_quietly

CHARTS = [page for page in OURS if 'class="chart"' in (HTML / page).read_text(encoding="utf8")]


def test_some_pages_have_charts():
    assert not PAGES or len(CHARTS) > 5


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
