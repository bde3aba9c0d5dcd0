"""The page *Explore* as a reader uses it: opened from disk, without a network, with mouse, fingers or keys alone."""

import base64
import re
from pathlib import Path

import numpy as np
import pytest
from browsers import listen, unable

from atomic_lib import RECIPES

PAGE = Path(__file__).parents[2] / "book" / "_build" / "html" / "explore.html"
WIDE = {"viewport": {"width": 1280, "height": 900}, "reduced_motion": "reduce"}
PHONE = {
    "viewport": {"width": 390, "height": 844},
    "color_scheme": "dark",
    "has_touch": True,
    "reduced_motion": "reduce",
}

PIXELS = """canvas => {
  const { data } = canvas.getContext('2d').getImageData(0, 0, 128, 128), parts = [];
  for (let p = 0; p < data.length; p += 8192) parts.push(String.fromCharCode(...data.subarray(p, p + 8192)));
  return btoa(parts.join(''));
}"""
BROKEN = re.compile(r"NaN|undefined|Infinity|null|\[object")


class Reader:
    """Somebody in front of the page, who sees pixels and words."""

    def __init__(self, tab):
        self.tab = tab
        self.canvas = self.part("canvas")

    def part(self, name):
        return self.tab.locator(f'#explorer [data-part="{name}"]')

    def button(self, name):
        return self.tab.locator("#explorer").get_by_role("button", name=name, exact=True)

    def choose(self, name):
        """One of the radio buttons: a network, or what to do."""
        self.tab.locator("#explorer label", has=self.tab.get_by_role("radio", name=name, exact=True)).click()
        self.tab.wait_for_function("!document.querySelector('#explorer[aria-busy]')")

    def pick(self, i, strip="from"):
        self.part(strip).get_by_role("button").nth(i).click()

    @property
    def blocks(self):
        return self.part("blocks").get_by_role("button")

    def switch(self, i):
        return self.part("blocks").get_by_role("checkbox").nth(i)

    @property
    def sliders(self):
        return self.part("sliders").get_by_role("slider")

    @property
    def status(self):
        return self.part("status").inner_text()

    @property
    def state(self):
        return self.tab.evaluate("explorer.state()")

    def pixels(self, canvas=None):
        """What a canvas shows, (128, 128, 3)."""
        shown = np.frombuffer(base64.b64decode((canvas or self.canvas).evaluate(PIXELS)), np.uint8)
        shown = shown.reshape(128, 128, 4).astype(int)
        assert (shown[..., 3] == 255).all()
        return shown[..., :3]

    def atom(self, i):
        """Where the thumbnail of block i is not white, (128, 128)."""
        return (self.pixels(self.blocks.nth(i).locator("canvas")) < 253).any(axis=2)

    def at(self, row, column, name="picture"):
        """Where on the screen a pixel of the picture, or of the pad, is."""
        box = self.part(name).locator("canvas").bounding_box()
        return box["x"] + (column + 0.5) / 128 * box["width"], box["y"] + (row + 0.5) / 128 * box["height"]

    def peak(self, i):
        """Where block i puts most ink, [row, column]."""
        block = self.state["blocks"][i]
        return block["row"], block["column"]

    def drag(self, name, *places):
        """Press at the first place, go through the others, let go."""
        self.part(name).scroll_into_view_if_needed()
        self.tab.mouse.move(*self.at(*places[0], name))
        self.tab.mouse.down()
        for place in places[1:]:
            self.tab.mouse.move(*self.at(*place, name), steps=6)
        self.tab.mouse.up()

    def away(self):
        """The pointer elsewhere, so that nothing is pointed at."""
        self.tab.mouse.move(1, 1)

    def looks_whole(self):
        text = self.tab.locator("#explorer").inner_text()
        text += " ".join(self.tab.locator("#explorer output").all_inner_texts())
        assert not BROKEN.search(text), BROKEN.search(text)
        assert np.isfinite([[*block["z"], block["share"], block["height"]] for block in self.state["blocks"]]).all()


@pytest.fixture
def opened(browser):
    """Open the page on some screen; at the end, see that no request left and nothing complained."""
    if not PAGE.exists():
        unable("There is no page yet: run `make book` first.")
    contexts, heard = [], []

    def open_page(ready=True, **screen):
        context = browser.new_context(offline=True, **screen)
        contexts.append(context)
        tab = context.new_page()
        tab.set_default_timeout(120_000)  # ms: a busy machine takes its time
        heard.append(listen(tab))
        tab.goto(PAGE.as_uri())
        if ready:
            tab.wait_for_selector("#explorer[data-ready]")
        return Reader(tab)

    yield open_page
    for context in contexts:
        context.close()
    for requests, complaints in heard:
        assert not [url for url in requests if not url.startswith(("file:", "data:", "blob:"))]
        assert not complaints


@pytest.fixture
def reader(opened):
    return opened(**WIDE)


@pytest.fixture
def spikes(reader):
    reader.choose("Spikes")
    return reader


# --- take apart ------------------------------------------------------------------------------------------------------


def test_it_opens_with_a_digit_taken_apart(reader):
    assert reader.part("from").get_by_role("button").count() == 12
    state = reader.state
    assert state["model"] == "digits" and len(state["blocks"]) == reader.blocks.count() >= 2
    assert state["error"] < 0.1 and "left over" in reader.status
    reader.looks_whole()


@pytest.mark.parametrize("model", ["Digits", "Spikes"])
def test_every_image_is_taken_apart(reader, model):
    reader.choose(model)
    for i in range(12):
        reader.pick(i)
        assert reader.state["error"] < 0.15
        assert reader.blocks.count() == len(reader.state["blocks"]) >= 1
    reader.looks_whole()


def test_pointing_lights_up_and_a_click_selects(reader):
    reader.away()
    before = reader.pixels()
    reader.part("picture").scroll_into_view_if_needed()
    reader.tab.mouse.move(*reader.at(*reader.peak(1)))
    assert reader.state["pointed"] == 1
    assert (reader.pixels() != before).any()
    assert re.match(r"Block 2 of \d+ draws this stroke; it holds \d+ % of the picture's energy", reader.status)
    reader.tab.mouse.down()
    reader.tab.mouse.up()
    assert reader.state["selected"] == 1
    assert reader.sliders.count() == 6
    reader.away()
    assert (reader.pixels() == before).all(), "away from the picture, it is the plain sum again"
    assert reader.part("outline").get_attribute("d"), "and what is selected keeps its outline"


def test_a_slider_moves_one_atom_and_nothing_else(reader):
    for model, coordinates in (("Digits", 6), ("Spikes", 3)):
        reader.choose(model)
        reader.blocks.nth(0).click()
        reader.away()
        assert reader.sliders.count() == coordinates
        before, others = reader.pixels(), reader.state["blocks"][1:]
        near = reader.atom(0)
        slider = reader.sliders.nth(1)
        slider.scroll_into_view_if_needed()
        box = slider.bounding_box()
        middle = box["y"] + box["height"] / 2
        reader.tab.mouse.move(box["x"] + box["width"] * 0.5, middle)
        reader.tab.mouse.down()
        reader.tab.mouse.move(box["x"] + box["width"] * 0.8, middle, steps=5)
        reader.tab.mouse.up()
        changed = np.abs(reader.pixels() - before).max(axis=2) > 6
        assert changed.sum() > 10
        assert not (changed & ~(near | reader.atom(0))).any(), "pixels changed where the atom never was"
        z = [block["z"] for block in reader.state["blocks"][1:]]
        assert z == [block["z"] for block in others]
        reader.button("Reset block").click()
        assert (reader.pixels() == before).all()


def test_sliders_at_their_ends(reader):
    for model in ("Digits", "Spikes"):
        reader.choose(model)
        reader.blocks.nth(0).click()
        for key in ("Home", "End"):
            for j in range(reader.sliders.count()):
                reader.sliders.nth(j).focus()
                reader.tab.keyboard.press(key)
            reader.looks_whole()
            reader.pixels()
        low, high = zip(*reader.tab.evaluate(f"explorerData['{model.lower()}-pursuit'].range"), strict=True)
        z = reader.state["blocks"][0]["z"]
        assert all(value >= top - 1e-4 for value, top in zip(z, high, strict=True))


def test_partial_sums(reader):
    reader.away()
    before, atom = reader.pixels(), reader.atom(0)
    reader.switch(0).uncheck()
    changed = (np.abs(reader.pixels() - before) > 6).any(axis=2)
    assert changed.sum() > 30 and not (changed & ~atom).any()
    assert "switched off" in reader.status
    reader.switch(0).check()
    assert (reader.pixels() == before).all()
    for i in range(reader.blocks.count()):
        reader.switch(i).uncheck()
    assert (reader.pixels() == 255).all(), "the sum of nothing is white"
    reader.looks_whole()
    reader.button("Reset image").click()
    assert (reader.pixels() == before).all()


def test_tint_keeps_the_depth_of_the_sum(reader):
    reader.away()
    plain = reader.pixels()
    reader.part("tint").check()
    tinted = reader.pixels()
    assert (tinted.max(axis=2) - tinted.min(axis=2)).max() > 80, "there are colours"
    white = (plain > 252).all(axis=2)
    assert (tinted[white] > 245).all(), "where the sum has no ink, none is shown"
    reader.part("tint").uncheck()
    assert (reader.pixels() == plain).all()


def test_what_is_left_over_is_shown(reader):
    reader.away()
    total = reader.pixels()
    reader.part("view").select_option("image")
    picture = reader.pixels()
    reader.part("view").select_option("left")
    left = reader.pixels()
    assert (255 - left).sum() < 0.5 * (255 - picture).sum() and (picture != total).any()
    assert "vermilion" in reader.status


def test_a_spike_is_dragged_and_lands(spikes):
    spikes.pick(1)
    others = [block["z"] for block in spikes.state["blocks"][1:]]
    row, column = spikes.peak(0)
    height = spikes.state["blocks"][0]["height"]
    goal = (row + (25 if row < 64 else -25), column + (-30 if column > 64 else 30))
    spikes.drag("picture", (row, column), goal)
    moved = spikes.state["blocks"][0]
    assert np.hypot(moved["row"] - goal[0], moved["column"] - goal[1]) < 1.5
    assert abs(moved["height"] - height) < 0.1
    assert [block["z"] for block in spikes.state["blocks"][1:]] == others
    spikes.drag("picture", goal, (0, 0))
    moved = spikes.state["blocks"][0]
    assert np.hypot(moved["row"] - 8.4, moved["column"] - 8.4) < 3, "it stops where spikes of the training do"
    spikes.looks_whole()


def test_a_stroke_is_dragged(reader):
    row, column = reader.peak(0)
    reader.drag("picture", (row, column), (row + 6, column - 6))
    moved = reader.state["blocks"][0]
    assert moved["row"] > row + 1 or moved["column"] < column - 1
    assert "follows" in reader.status
    reader.looks_whole()


def test_a_block_is_copied_onto_another_image(reader):
    assert reader.button("Paste block").is_disabled()
    reader.blocks.nth(0).click()
    atom = reader.atom(0)
    reader.button("Copy block").click()
    reader.pick(6)
    reader.away()
    before, count = reader.pixels(), reader.blocks.count()
    reader.button("Paste block").click()
    assert reader.blocks.count() == count + 1 and reader.state["selected"] == count
    changed = (np.abs(reader.pixels() - before) > 6).any(axis=2)
    assert changed.sum() > 30 and not (changed & ~atom).any()
    reader.button("Reset image").click()
    assert reader.blocks.count() == count and (reader.pixels() == before).all()
    reader.choose("Spikes")
    reader.blocks.nth(0).click()
    assert reader.button("Paste block").is_disabled(), "a stroke is no block of the other network"
    reader.button("Copy block").click()
    for _ in range(24):
        reader.button("Paste block").click()
    assert reader.blocks.count() == 24 and "enough" in reader.status


# --- walk between two ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", ["Digits", "Spikes"])
def test_a_walk_between_two_images(reader, model):
    reader.choose(model)
    ends = []
    for i in (1, 4):
        reader.pick(i)
        reader.away()
        ends.append(reader.pixels())
    reader.choose("Walk between two")
    reader.pick(1)
    reader.pick(4, "to")
    slider = reader.part("t")
    for pairing in ("1", ""):
        reader.part("nearest").select_option(pairing)
        slider.press("Home")
        reader.tab.wait_for_function("explorer.state().t === 0 && /^0 %/.test(explorer.state().status)")
        reader.away()
        assert np.abs(reader.pixels() - ends[0]).max() <= 2, "it begins at the one"
        slider.press("End")
        reader.tab.wait_for_function("/^100 %/.test(explorer.state().status)")
        assert np.abs(reader.pixels() - ends[1]).max() <= 2, "and ends at the other"
        for _ in range(5):
            slider.press("PageDown")
        reader.tab.wait_for_function("/^50 %/.test(explorer.state().status)")
        half = reader.pixels()
        assert all((np.abs(half - end) > 20).any() for end in ends)
        reader.looks_whole()


# --- draw your own ---------------------------------------------------------------------------------------------------


def draw_seven(reader):
    reader.choose("Draw your own")
    reader.drag("pad", (32, 40), (32, 88), (100, 58))


def test_a_drawn_seven_is_taken_apart(reader):
    draw_seven(reader)
    assert len(reader.state["blocks"]) >= 2 and reader.state["error"] < 0.1
    reader.away()
    assert (reader.pixels().min(axis=2) < 60).sum() > 300, "and it is drawn"
    assert "left over" in reader.status
    reader.looks_whole()
    reader.button("Undo").click()
    assert not reader.state["blocks"] and "Nothing to decompose yet" in reader.status


def test_the_pursuit_is_played_step_by_step(opened):
    reader = opened(viewport=WIDE["viewport"])  # with motion
    draw_seven(reader)
    reader.tab.wait_for_function("explorer.state().step === 1")
    assert reader.part("window").is_visible() and reader.status.startswith("Step 2 of")
    reader.tab.wait_for_function("explorer.state().step === -1")
    assert reader.part("window").is_hidden() and "left over" in reader.status
    reader.button("Play the pursuit").click()
    reader.tab.wait_for_function("explorer.state().step >= 0")
    reader.blocks.nth(0).click()
    assert reader.state["step"] == -1 and reader.state["selected"] == 0, "whatever one does ends it"


def test_with_less_motion_the_pursuit_waits_for_a_press(reader):
    reader.button("Play the pursuit").click()
    assert reader.state["step"] == 0
    reader.button("Next step").click()
    assert reader.state["step"] == 1
    for _ in range(len(reader.state["blocks"]) - 1):
        reader.button("Next step").click()
    assert reader.state["step"] == -1


def test_dropped_spikes_are_found(spikes):
    spikes.choose("Draw your own")
    places = [(30, 30), (50, 90), (90, 40), (100, 100), (64, 64)]
    for row, column in places:
        spikes.part("pad").scroll_into_view_if_needed()
        spikes.tab.mouse.click(*spikes.at(row, column, "pad"))
    found = [(block["row"], block["column"]) for block in spikes.state["blocks"]]
    assert len(found) == len(places)
    for place in places:
        assert min(np.hypot(*np.subtract(place, each)) for each in found) < 1
    for i in range(8):  # more than the network was trained on
        spikes.tab.mouse.click(*spikes.at(20, 12 + 12 * i, "pad"))
    assert "no more" in spikes.status and len(spikes.state["blocks"]) <= 10


@pytest.mark.parametrize("model", ["Digits", "Spikes"])
def test_an_empty_drawing(reader, model):
    reader.choose(model)
    reader.choose("Draw your own")
    assert "Nothing to decompose yet" in reader.status
    reader.button("Clear").click()
    reader.button("Undo").click()
    assert "Nothing to decompose yet" in reader.status and reader.blocks.count() == 0
    assert (reader.pixels() == 255).all()
    for name in ("Play the pursuit", "Reset image", "Reset block", "Copy block", "Paste block"):
        assert reader.button(name).is_disabled()
    reader.tab.mouse.move(*reader.at(60, 60))
    reader.part("picture").press("ArrowUp")
    reader.looks_whole()


@pytest.mark.parametrize("centred", [True, False])
def test_a_scribble_filling_the_canvas(reader, centred):
    reader.choose("Draw your own")
    reader.part("centre").set_checked(centred)
    reader.drag("pad", *((row, column) for row in range(0, 128, 10) for column in ((0, 127) if row % 20 else (127, 0))))
    state = reader.state
    assert 1 <= len(state["blocks"]) <= RECIPES["digits-pursuit"].k
    assert np.isfinite(state["error"])
    assert ("unlike what the network was trained on" in reader.status) == (state["error"] > 0.3)
    reader.looks_whole()


def test_a_dot(reader):
    reader.choose("Draw your own")
    reader.tab.mouse.click(*reader.at(20, 20, "pad"))
    assert len(reader.state["blocks"]) >= 1
    reader.looks_whole()


def test_what_is_drawn_can_be_taken_apart_too(reader):
    draw_seven(reader)
    reader.blocks.nth(0).click()
    reader.sliders.nth(0).press("End")
    reader.button("Copy block").click()
    reader.choose("Take apart")
    count = reader.blocks.count()
    reader.button("Paste block").click()
    assert reader.blocks.count() == count + 1
    reader.choose("Draw your own")
    assert reader.state["blocks"], "the drawing is still there"


# --- by keys, by fingers, in a changing window, without scripts ------------------------------------------------------


def test_by_keys_alone(reader):
    tab = reader.tab
    press = tab.keyboard.press
    reach = "document.activeElement.matches('#explorer %s')"

    def tab_to(selector):
        for _ in range(80):
            if tab.evaluate(reach % selector):
                return
            press("Tab")
        raise AssertionError(f"Tab never comes to {selector}")

    reader.tab.locator("article h1").click()
    tab_to("[name=explorer-model]")
    press("ArrowRight")
    tab.wait_for_function("explorer.state().model === 'spikes'")
    tab_to("[data-part=from] button")
    press("Tab")
    press("Enter")
    assert reader.state["from"] == 1
    tab_to("[data-part=picture]")
    press("ArrowRight")  # nothing was selected: the first block is
    assert reader.state["selected"] == 0
    row, column = reader.peak(0)
    away = "ArrowLeft" if column > 64 else "ArrowRight"
    for _ in range(4):
        press(away)
    moved = reader.peak(0)
    assert abs(abs(moved[1] - column) - 4) < 1.5 and abs(moved[0] - row) < 1.5
    tab_to("[data-part=blocks] input")
    press("Space")
    assert "switched off" in reader.status
    tab_to("[data-part=blocks] button")
    press("Enter")
    assert reader.state["selected"] == -1, "a second press lets go of it"
    press("Enter")
    tab_to("[data-part=sliders] input")
    before = reader.state["blocks"][0]["z"][0]
    press("ArrowRight")
    assert reader.state["blocks"][0]["z"][0] > before
    outline = tab.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline != "none", "one sees where one is"


def test_drawing_by_keys_alone(reader):
    reader.choose("Draw your own")
    reader.part("pad").focus()
    press = reader.tab.keyboard.press
    press("Space")
    for key in ["Shift+ArrowDown"] * 5 + ["Shift+ArrowRight"] * 3:
        press(key)
    press("Space")
    assert len(reader.state["blocks"]) >= 1 and reader.state["error"] < 0.2
    reader.choose("Spikes")
    reader.part("pad").focus()
    press("Enter")
    assert len(reader.state["blocks"]) == 1


def test_on_a_phone(opened):
    reader = opened(**PHONE)
    width = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    for model in ("Spikes", "Digits"):
        reader.choose(model)
        for mode in ("Take apart", "Walk between two", "Draw your own"):
            reader.choose(mode)
            assert reader.tab.evaluate(width) <= 1, f"{mode} is wider than the screen"
    reader.choose("Take apart")
    reader.part("picture").scroll_into_view_if_needed()
    reader.tab.touchscreen.tap(*reader.at(*reader.peak(0)))
    assert reader.state["selected"] == 0 and reader.sliders.count() == 6


def test_a_finger_drags_a_spike_and_scrolls_elsewhere(opened):
    reader = opened(**PHONE)
    reader.choose("Spikes")
    reader.pick(2)
    devtools = reader.tab.context.new_cdp_session(reader.tab)

    def swipe(start, end):
        """A finger from one pixel of the picture to another; how far the page scrolled."""
        reader.part("picture").scroll_into_view_if_needed()
        before = reader.tab.evaluate("scrollY")
        (x0, y0), (x1, y1) = reader.at(*start), reader.at(*end)
        for i in range(11):
            point = {"x": x0 + (x1 - x0) * i / 10, "y": y0 + (y1 - y0) * i / 10}
            kind = "touchMove" if i else "touchStart"
            devtools.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [point]})
            reader.tab.wait_for_timeout(40)
        devtools.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        reader.tab.wait_for_timeout(100)
        return reader.tab.evaluate("scrollY") - before

    row, column = reader.peak(0)
    up = (row - 20 if row > 64 else row + 20, column)
    assert swipe((row, column), up) == 0
    assert np.hypot(*np.subtract(reader.peak(0), up)) < 1.5
    empty = 10 if column > 64 else 118
    assert swipe((100, empty), (50, empty)) > 20
    assert np.hypot(*np.subtract(reader.peak(0), up)) < 1.5


def test_the_window_is_resized_in_the_middle_of_a_drag(spikes):
    spikes.pick(1)
    row, column = spikes.peak(0)
    spikes.part("picture").scroll_into_view_if_needed()
    spikes.tab.mouse.move(*spikes.at(row, column))
    spikes.tab.mouse.down()
    spikes.tab.mouse.move(*spikes.at(64, 64), steps=3)
    spikes.tab.set_viewport_size({"width": 390, "height": 844})
    spikes.part("picture").scroll_into_view_if_needed()
    spikes.tab.mouse.move(*spikes.at(50, 70), steps=3)
    spikes.tab.mouse.up()
    moved = spikes.state["blocks"][0]
    assert np.hypot(moved["row"] - 50, moved["column"] - 70) < 1.5
    spikes.choose("Digits")
    spikes.choose("Draw your own")
    spikes.part("pad").scroll_into_view_if_needed()
    spikes.tab.mouse.move(*spikes.at(30, 30, "pad"))
    spikes.tab.mouse.down()
    spikes.tab.set_viewport_size({"width": 1000, "height": 700})
    spikes.tab.mouse.move(*spikes.at(90, 60, "pad"), steps=4)
    spikes.tab.mouse.up()
    assert spikes.state["blocks"]
    spikes.looks_whole()


def test_without_scripts_there_is_a_picture_and_a_sentence(opened):
    reader = opened(ready=False, java_script_enabled=False, **WIDE)
    still = reader.tab.locator("#explorer img")
    assert still.is_visible() and still.bounding_box()["height"] > 50
    assert "JavaScript is off" in reader.tab.locator("#explorer").inner_text()
