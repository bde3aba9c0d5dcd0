"""The library's functions stay short enough to be read at once."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LONGEST = 40  # lines, docstring and all


@pytest.mark.parametrize("room", ["atomic_lib", "book/_ext"])
def test_no_function_is_longer_than_can_be_read_at_once(room):
    functions = [
        (path.name, node.name, node.end_lineno - node.lineno + 1)
        for path in (ROOT / room).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    assert functions and [one for one in functions if one[2] > LONGEST] == []
