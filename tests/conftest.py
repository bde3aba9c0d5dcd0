"""Fixtures of all rooms: a small untrained model of either kind, its images, and a browser."""

import copy
import functools

import pytest
from browsers import QUIET, find_browser
from stand_ins import PLAIN, PURSUIT

from atomic_lib import Training


def pytest_collection_modifyitems(items):
    """What looks at built pages takes a built book and a browser: all of it is slow."""
    for item in items:
        if item.path.parent.name == "pages":
            item.add_marker(pytest.mark.slow)
    items.sort(key=lambda item: item.path.name != "test_notebooks.py")  # the longest first: none is alone at the end


@functools.cache
def built(encoder):
    """An untrained one-shot model; of a pursuit, which takes no block that does harm, one of sixty steps."""
    recipe = PLAIN if encoder == PLAIN.encoder else PURSUIT
    training = Training(recipe.replace(steps=60, lr=5e-4, deepen=False), 0, "cpu")
    for _ in range(60 if recipe.encoder == "pursuit" else 0):
        training.advance()
    training.model.recipe = recipe
    return training.model.eval()


@pytest.fixture(params=[PLAIN.encoder, PURSUIT.encoder])
def model(request):
    """A small model of either encoder."""
    return copy.deepcopy(built(request.param))


@pytest.fixture
def sample():
    """Six images that such models take, with their truth."""
    return PLAIN.data.held_out(6, seed=1)


@pytest.fixture(scope="session")
def browser():
    """One headless browser for all tests of pages, which reaches files and this machine, nothing else.

    It waits two minutes for what it is asked: a busy machine takes its time.
    """
    executable = find_browser()
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        arguments = [f"--{flag}" for flag in QUIET]
        chromium = playwright.chromium.launch(executable_path=executable, args=arguments)
        new_context = chromium.new_context

        def patient(**options):
            context = new_context(**options)
            context.set_default_timeout(120_000)  # ms
            return context

        chromium.new_context = patient
        yield chromium
        chromium.close()
