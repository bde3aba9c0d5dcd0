"""Fixtures of all rooms: a small untrained model of either kind, its images, and a browser."""

import pytest
import torch
from browsers import QUIET, find_browser
from stand_ins import PLAIN, PURSUIT


def pytest_collection_modifyitems(items):
    """What looks at built pages takes a built book and a browser: all of it is slow."""
    for item in items:
        if item.path.parent.name == "pages":
            item.add_marker(pytest.mark.slow)


@pytest.fixture(params=[PLAIN, PURSUIT], ids=lambda recipe: recipe.encoder)
def model(request):
    """An untrained model of either encoder."""
    torch.manual_seed(0)
    return request.param.build().eval()


@pytest.fixture
def sample():
    """Six images that such models take, with their truth."""
    return PLAIN.data.held_out(6, seed=1)


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
