import pytest
from browsers import QUIET, find_browser


@pytest.fixture(scope="session")
def browser():
    """One headless browser for all tests of pages, which reaches files and this machine, nothing else."""
    executable = find_browser()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        arguments = [f"--{flag}" for flag in QUIET]
        chromium = playwright.chromium.launch(executable_path=executable, args=arguments)
        yield chromium
        chromium.close()
