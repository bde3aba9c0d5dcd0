"""Print the built book into one PDF: `python book/_ext/to_pdf.py`. A Chromium opens each page and prints it."""

import io
import os
import shutil
import sys
from pathlib import Path

import yaml

BOOK = Path(__file__).resolve().parents[1]
HTML = BOOK / "_build" / "html"
OUT = BOOK / "_build" / "atomic-autoencoders.pdf"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking")
OPEN = """async () => {
  document.querySelectorAll('details').forEach(part => part.open = true);
  document.querySelectorAll('img').forEach(image => image.loading = 'eager');
  await window.MathJax?.startup?.promise;
}"""
STYLE = "font-size: 8px; text-align: center; width: 100%"
FOOT = f'<div style="{STYLE}"><span class="title"></span>, <span class="pageNumber"></span></div>'


def main(pages: list[str] | None = None, out: Path = OUT) -> None:
    """Print pages, by default those of _toc.yml in its order, and say where the PDF is."""
    browser = next(filter(None, [os.environ.get("ATOMIC_BROWSER"), *map(shutil.which, NAMES)]), None)
    if browser is None:
        sys.exit("A Chromium or Chrome prints the PDF, and none was found: install one, or name it in ATOMIC_BROWSER.")
    pages = pages or chapters()
    missing = [page for page in pages if not (HTML / f"{page}.html").is_file()]
    if missing:
        sys.exit(f"There is no built page “{missing[0]}”: run `make book` first.")
    out.parent.mkdir(parents=True, exist_ok=True)
    printed(pages, browser, out)
    print(f"The book is at {out}")


def chapters() -> list[str]:
    """The pages of the book in their order."""
    contents = yaml.safe_load((BOOK / "_toc.yml").read_text(encoding="utf8"))
    return [contents["root"], *(chapter["file"] for part in contents["parts"] for chapter in part["chapters"])]


def printed(pages: list[str], browser: str, out: Path) -> None:
    """One PDF of all pages, with their titles as bookmarks; written whole or not at all."""
    from playwright.sync_api import sync_playwright
    from pypdf import PdfWriter

    whole = PdfWriter()
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser, args=list(FLAGS))
        tab = chromium.new_context(offline=True, color_scheme="light").new_page()
        for page in pages:
            tab.goto((HTML / f"{page}.html").as_uri(), wait_until="load", timeout=120_000)
            tab.evaluate(OPEN)
            sheet = tab.pdf(
                format="A4", print_background=True, display_header_footer=True, header_template="<span></span>",
                footer_template=FOOT, margin={"top": "15mm", "bottom": "18mm", "left": "15mm", "right": "15mm"},
            )  # fmt: skip
            whole.append(io.BytesIO(sheet), outline_item=tab.title().split(" — ")[0])
        chromium.close()
    half = out.with_suffix(".part")
    whole.write(half)
    half.replace(out)


if __name__ == "__main__":
    main()
