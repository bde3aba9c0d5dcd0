"""A Sphinx extension for the buttons of the repository, Binder and Colab, and for date and version at the foot.

Where the book's repository is, is asked of git or of the service that builds it, so that a copy's buttons lead to the
copy. Where neither knows a public address there are no buttons: none that leads nowhere.
"""

import os
import re
import subprocess
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
COLAB = "https://colab.research.google.com"
PUBLIC = re.compile(r"(?:https://|git@|ssh://git@)(github\.com|gitlab\.com)[:/]([\w.-]+/[\w.-]+?)(?:\.git)?/?$")


def setup(app):
    """Before the theme reads its options."""
    app.connect("config-inited", set_buttons)
    app.connect("html-page-context", lead_to_copies, priority=900)  # after the theme has made its buttons
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def set_buttons(app, config):
    """Write the theme's options: what leads to the repository, and the line at the foot of each page."""
    config.html_theme_options["extra_footer"] = foot()
    address = repository()
    if address:
        config.html_theme_options |= {
            "repository_url": address, "repository_branch": "main", "path_to_docs": "book",
            "use_repository_button": True, "use_issues_button": True,
            "launch_buttons": {"notebook_interface": "jupyterlab", "binderhub_url": "https://mybinder.org"},
        }  # fmt: skip
        if address.startswith("https://github.com/"):  # Colab opens notebooks from there only
            config.html_theme_options["launch_buttons"]["colab_url"] = COLAB


def lead_to_copies(app, pagename, templatename, context, doctree):
    """Let the button for Colab lead to the copy of the notebook that installs what it needs (colab.py)."""
    for group in context.get("header_buttons", []):
        for button in group.get("buttons", []) if isinstance(group, dict) else []:
            if button.get("url", "").startswith(COLAB):
                button["url"] = button["url"].replace("/blob/main/", "/blob/colab/")


def repository() -> str:
    """The public address of the repository that is being built, or none."""
    building, named = os.environ.get("GITHUB_REPOSITORY"), os.environ.get("ATOMIC_REPOSITORY")
    server = os.environ.get("GITHUB_SERVER_URL", "https://github.com")
    address = named or (f"{server}/{building}" if building else _git("remote", "get-url", "origin"))
    known = PUBLIC.match(address)
    return f"https://{known[1]}/{known[2]}" if known else ""


def pages() -> str:
    """Where GitHub publishes the book, with a slash at the end, or none."""
    known = re.fullmatch(r"https://github\.com/([\w.-]+)/([\w.-]+)", repository())
    return f"https://{known[1].lower()}.github.io/{known[2]}/" if known else ""


def foot() -> str:
    """Version, from pyproject.toml; day and commit, from git where there is one."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf8"))["project"]["version"]
    when = _git("log", "-1", "--format=%cd of commit %h", "--date=format:%-d %B %Y")
    return f'<p class="book-version">Version {version}{f", {when}" if when else ""}</p>'


def _git(*words: str) -> str:
    """What git says, or nothing where there is no git or no repository."""
    try:
        done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
