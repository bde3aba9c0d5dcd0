"""pyproject.toml, environment.yml and the book's configuration say one thing."""

import importlib.util
import re
import subprocess
import sys
import tomllib
from importlib.metadata import distributions, version
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf8"))["project"]
CONSTRAINTS = (ROOT / "constraints.txt").read_text(encoding="utf8")
PINS = PROJECT["dependencies"] + sum(PROJECT["optional-dependencies"].values(), [])


@pytest.mark.parametrize("pin", PINS)
def test_what_is_pinned_is_what_runs(pin):
    name, exact = re.fullmatch(r"([\w.-]+)==([\w.]+)", pin).groups()
    assert version(name).split("+")[0] == exact  # torch calls its CPU build 2.13.0+cpu


def exact(lines) -> dict[str, str]:
    """Versions by name, of the lines that are for this machine."""
    found = [line for line in map(Requirement, lines) if not line.marker or line.marker.evaluate()]
    return {canonicalize_name(line.name): str(line.specifier).removeprefix("==") for line in found}


def test_what_they_need_in_turn_is_pinned_and_is_what_runs():
    constraints = exact(re.findall(r"^\w.*$", CONSTRAINTS, re.MULTILINE))
    assert exact(PINS).items() <= constraints.items(), "run `make constraints`"
    there = {canonicalize_name(package.name): package.version.split("+")[0] for package in distributions()}
    runs = {name: there[name] for name in constraints if name in there}
    assert len(runs) > 150 and runs.items() <= constraints.items(), "run `make install`"


def test_a_gpu_machine_chooses_its_own_cuda():
    assert not re.search(r"^(nvidia|cuda|triton)", CONSTRAINTS, re.MULTILINE)


def test_conda_users_get_the_same():
    """Nothing is repeated: conda brings Python, and pip is told what make tells it."""
    conda = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf8"))["dependencies"]
    (pip,) = (entry["pip"] for entry in conda if isinstance(entry, dict))
    assert pip == ["-c constraints.txt", "-e .[book,test]"]
    assert "python" + PROJECT["requires-python"] in conda
    assert "-c constraints.txt -e '.[book,test]'" in (ROOT / "Makefile").read_text(encoding="utf8")


@pytest.mark.slow
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
    """The page is written at each build, from the files that it finds."""
    spec = importlib.util.spec_from_file_location("reference", ROOT / "book" / "_ext" / "reference.py")
    reference = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(reference)
    page = [(ROOT / "book" / "reference.md").read_text(encoding="utf8")]
    reference.list_modules(None, "reference", page)
    described = re.findall(r"automodule:: (atomic_lib[\w.]*)", page[0])
    paths = [path for path in (ROOT / "atomic_lib").rglob("*.py") if path.name != "__main__.py"]
    modules = [".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__") for path in paths]
    assert len(described) > 20 and sorted(described) == sorted(modules)


def test_mathjax_comes_with_its_licence():
    folder = ROOT / "book" / "_extra" / "mathjax"
    assert "Apache License" in (folder / "LICENSE").read_text(encoding="utf8")
    assert (folder / "tex-svg-full.js").stat().st_size > 2_000_000
