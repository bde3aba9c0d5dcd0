"""Which browser opens the pages, where they are, what they are asked, and what happens where there is none."""

import functools
import os
import shutil
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

BOOK = Path(__file__).parents[1] / "book"
HTML = BOOK / "_build" / "html"
PAGES = sorted(
    path.relative_to(HTML).as_posix() for path in HTML.rglob("*.html") if "_static" not in path.relative_to(HTML).parts
)
LISTINGS = {"genindex.html", "py-modindex.html", "prf-prf.html", "search.html"}  # Sphinx's own
# The longest first, so that no test of it is alone at the end.
OURS = sorted((p for p in PAGES if "/" not in p and p not in LISTINGS), key=lambda p: -(HTML / p).stat().st_size)
PICTURES = """async () => {
  const missing = [];
  for (const img of document.images)
    await img.decode().catch(() => missing.push(img.getAttribute('src')));
  return missing;
}"""
TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
QUIET = [
    "no-sandbox", "disable-gpu", "disable-background-networking", "disable-sync", "disable-component-update",
    "no-first-run", "host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]  # fmt: skip


@functools.cache
def read(page: str) -> BeautifulSoup:
    return BeautifulSoup((HTML / page).read_text(encoding="utf8"), "html.parser")


def unable(why: str):
    """Skip here; fail in CI, where what is not checked would pass for checked."""
    (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(why)


def listen(tab) -> tuple[list, list]:
    """What the tab asks for from now on, and what it complains of."""
    requests, complaints = [], []
    tab.on("request", lambda request: requests.append(request.url))
    tab.on("websocket", lambda socket: requests.append(socket.url))
    tab.on("pageerror", lambda error: complaints.append(str(error)))
    tab.on("console", lambda said: said.type == "error" and complaints.append(said.text))
    return requests, complaints


def open_quietly(tab, page: str) -> None:
    """Open a page of the book, until half a second has gone by without a request, and it is loaded: on a busy machine
    the first can be true before the second."""
    tab.goto((HTML / page).as_uri(), wait_until="networkidle")
    tab.wait_for_function("document.readyState === 'complete'")


def find_browser() -> str:
    """The path of a Chromium or Chrome on this machine."""
    names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
    found = [os.environ.get("ATOMIC_BROWSER"), *map(shutil.which, names)]
    executable = next(filter(None, found), None)
    return executable or unable("No Chromium or Chrome found: install one, or name it in ATOMIC_BROWSER.")
