"""pyproject.toml, environment.yml and the book's configuration say one thing."""

import re
import subprocess
import sys
import tomllib
from importlib.metadata import version
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf8"))["project"]
PINS = PROJECT["dependencies"] + sum(PROJECT["optional-dependencies"].values(), [])


@pytest.mark.parametrize("pin", PINS)
def test_what_is_pinned_is_what_runs(pin):
    name, exact = re.fullmatch(r"([\w.-]+)==([\w.]+)", pin).groups()
    assert version(name).split("+")[0] == exact  # torch calls its CPU build 2.13.0+cpu


def test_conda_users_get_the_same():
    conda = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf8"))["dependencies"]
    (pip,) = (entry["pip"] for entry in conda if isinstance(entry, dict))
    assert sorted(pip) == sorted([*PINS, "-e ."])
    assert "python" + PROJECT["requires-python"] in conda


def test_import_is_light():
    """Training runs on a bare GPU machine: nothing that draws is imported before it draws."""
    code = "import sys, atomic_lib; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert not {"matplotlib", "ipywidgets", "IPython", "scipy"} & set(done.stdout.split())


@pytest.mark.parametrize("name", ["_config.yml", "_toc.yml"])
def test_the_book_reads_the_configuration_at_the_top(name):
    link = ROOT / "book" / name
    assert link.is_symlink() and link.resolve() == ROOT / name


def test_the_reference_leaves_no_module_out():
    page = (ROOT / "book" / "reference.md").read_text(encoding="utf8")
    documented = set(re.findall(r"automodule:: (atomic_lib[\w.]*)", page))
    package = ROOT / "atomic_lib"
    modules = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in package.rglob("*.py")
        if not path.name.startswith("_")
    }
    assert modules <= documented, f"book/reference.md lacks {sorted(modules - documented)}"


def test_mathjax_comes_with_its_licence():
    folder = ROOT / "book" / "_extra" / "mathjax"
    assert "Apache License" in (folder / "LICENSE").read_text(encoding="utf8")
    assert (folder / "tex-svg-full.js").stat().st_size > 2_000_000
