"""Which browser opens the pages, where they are, and what happens where there is none."""

import os
import shutil
from pathlib import Path

import pytest

BOOK = Path(__file__).parents[1] / "book"
QUIET = [
    "no-sandbox", "disable-gpu", "disable-background-networking", "disable-sync", "disable-component-update",
    "no-first-run", "host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]  # fmt: skip


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


def find_browser() -> str:
    """The path of a Chromium or Chrome on this machine."""
    names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
    found = [os.environ.get("ATOMIC_BROWSER"), *map(shutil.which, names)]
    executable = next(filter(None, found), None)
    return executable or unable("No Chromium or Chrome found: install one, or name it in ATOMIC_BROWSER.")
