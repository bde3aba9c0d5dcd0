"""Which browser opens the pages, and what happens where there is none."""

import os
import shutil

import pytest

QUIET = [
    "no-sandbox", "disable-gpu", "disable-background-networking", "disable-sync", "disable-component-update",
    "no-first-run", "host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]  # fmt: skip


def unable(why: str):
    """Skip here; fail in CI, where what is not checked would pass for checked."""
    (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(why)


def find_browser() -> str:
    """The path of a Chromium or Chrome on this machine."""
    names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
    found = [os.environ.get("ATOMIC_BROWSER"), *map(shutil.which, names)]
    executable = next(filter(None, found), None)
    return executable or unable("No Chromium or Chrome found: install one, or name it in ATOMIC_BROWSER.")
