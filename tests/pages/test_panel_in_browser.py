"""The panel of `atomic_lib.explore` under a reader's hand: JupyterLab and Voilà, in a browser.

Everything is asked of this machine alone, but for one thing that is not ours: Voilà's own page names style sheets of
icons on a CDN, which are withheld here, and not missed.
"""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import nbformat
import pytest
from browsers import listen

CELL = """
import torch, atomic_lib
from atomic_lib.data.spikes import Spikes

data = Spikes(size=32, sigma=2.0, k=3)
recipe = atomic_lib.Recipe("small", data, "one-shot", "separable", k=4, d0=3, steps=1)
torch.manual_seed(0)
atomic_lib.explore(recipe.build().eval(), data.held_out(3, seed=1).images)
"""
SERVERS = {
    "voila": ["voila", "panel.ipynb", "--no-browser", "--Voila.ip=127.0.0.1", "--port={port}"],
    "jupyterlab": ["jupyterlab", "--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1", "--ServerApp.port={port}",
                   "--ServerApp.port_retries=0", "--IdentityProvider.token=", "--LabApp.news_url=None"],
}  # fmt: skip
PATIENCE = 180  # seconds: a busy machine takes its time to start a kernel and to import torch
ICONS = "https://cdn.jsdelivr.net/npm/@fortawesome/"
# The bytes of each picture, fetched from the blob behind it, as a short text.
PICTURES = """async () => Promise.all([...document.querySelectorAll('img.widget-image')].map(async image => {
  const bytes = await (await fetch(image.src)).arrayBuffer();
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest.slice(0, 6), byte => byte.toString(16).padStart(2, '0')).join('');
}))"""


@pytest.fixture(params=SERVERS)
def server(request, tmp_path):
    """The address of a notebook with a panel, and whether the page runs it by itself."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CELL.strip())])
    notebook.metadata.kernelspec = {"name": "python3", "language": "python", "display_name": "Python 3"}
    nbformat.write(notebook, tmp_path / "panel.ipynb")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}/"
    command = [part.format(port=port) for part in SERVERS[request.param]]
    home = {"HOME": str(tmp_path / "home"), "JUPYTER_CONFIG_DIR": str(tmp_path / "config")}  # nobody's own settings
    with open(tmp_path / "log", "w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", *command], cwd=tmp_path, env={**os.environ, **home}, stdout=log, stderr=log
        )
    try:
        while True:
            time.sleep(0.3)
            assert process.poll() is None, (tmp_path / "log").read_text()
            if answers(address + ("voila/static/" if request.param == "voila" else "api")):
                break
        yield request.param, address if request.param == "voila" else address + "doc/tree/panel.ipynb"
    finally:
        process.terminate()
        process.wait(timeout=30)


def answers(address: str) -> bool:
    try:
        urllib.request.urlopen(address, timeout=10).close()
    except urllib.error.HTTPError:
        return True  # somebody is there
    except OSError:
        return False
    return True


def settled(tab):
    """The pictures, once they stay what they are."""
    now, earlier = tab.evaluate(PICTURES), None
    while now != earlier:
        tab.wait_for_timeout(500)
        now, earlier = tab.evaluate(PICTURES), now
    return now


def changed(tab, before):
    """The pictures, once the sum is another and they stay what they are."""
    deadline = time.monotonic() + PATIENCE
    while (now := settled(tab))[1] == before[1]:
        assert time.monotonic() < deadline, "the picture did not change"
    return now


def test_a_hand_on_the_sliders(browser, server):
    name, address = server
    with browser.new_context(viewport={"width": 1280, "height": 900}) as context:
        context.set_default_timeout(1000 * PATIENCE)
        context.route(ICONS + "**", lambda route: route.fulfill(content_type="text/css", body=""))
        tab = context.new_page()
        requests, complaints = listen(tab)
        tab.goto(address)
        if name == "jupyterlab":
            tab.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
            tab.locator(".jp-CodeCell .cm-content").click()
            tab.keyboard.press("Shift+Enter")
        tab.locator("img.widget-image").nth(4).wait_for()
        first = settled(tab)

        def handle(label):
            return tab.locator(".widget-slider", has_text=label).locator(".noUi-handle")

        handle("coordinate 1").focus()
        for _ in range(5):
            tab.keyboard.press("ArrowRight")
        moved = changed(tab, first)
        same = [a == b for a, b in zip(first, moved, strict=True)]
        assert same == [i not in (1, 2, 3) for i in range(len(same))], "the sum, the atom, and it in the strip"

        box = handle("coordinate 2").bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        tab.mouse.move(x, y)
        tab.mouse.down()
        tab.mouse.move(x + (20 if x < tab.viewport_size["width"] - 200 else -20), y, steps=8)
        tab.mouse.up()
        dragged = changed(tab, moved)

        tab.get_by_title("choose block 2").click()  # another block, then its switch
        tab.get_by_text("Block 2 of").wait_for()
        tab.locator(".widget-checkbox", has_text="on").nth(1).locator("input").uncheck()
        tab.get_by_text("1 switched off").wait_for()
        changed(tab, dragged)

        tab.get_by_role("button", name="reset image").click()
        tab.get_by_title("choose block 1").click()
        tab.get_by_text("Block 1 of").wait_for()
        assert changed(tab, dragged) == first

        handle("how far").focus()  # there, slowly, and back at once
        for _ in range(20):
            tab.keyboard.press("PageUp")
        tab.get_by_text("100 % of the way from image 1 to image 2").wait_for()
        changed(tab, first)
        tab.keyboard.press("Home")
        tab.get_by_text("of the way").wait_for(state="detached")
        assert settled(tab) == first, "nothing was moved but by hand"
        tab.get_by_text("tint the atoms").click()
        tinted = changed(tab, first)
        assert tinted[0] == first[0]
        if folder := os.environ.get("ATOMIC_SCREENSHOTS"):
            tab.screenshot(path=f"{folder}/panel-{name}.png")

        here = ("http://127.0.0.1:", "ws://127.0.0.1:", "data:", "blob:", ICONS)
        assert not [url for url in requests if not url.startswith(here)]
        assert not complaints
