"""What the README promises: its Python lines run, and the files that it links to are there."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()


@pytest.mark.slow
def test_the_lines_for_ones_own_images_run(tmp_path):
    picture = Image.new("L", (200, 260), 255)
    ImageDraw.Draw(picture).line([(50, 50), (150, 50), (90, 220)], fill=0, width=18, joint="curve")
    picture.save(tmp_path / "seven.png")
    (code,) = re.findall(r"```python\n(.*?)```", README, flags=re.S)
    code += "\nassert found.atoms.shape == (1, model.k, 1, model.size, model.size) and found.used.any()"
    code += "\nassert (found.atoms.sum(1) - found.output).abs().max() < 1e-4 and better.error < found.error"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr


def test_its_links_lead_somewhere():
    links = [link for link in re.findall(r"\]\(([^)]+)\)", README) if not link.startswith("http")]
    assert links and all((ROOT / link).exists() for link in links), links


def test_its_commands_are_commands():
    """Every `python -m atomic_lib` line is understood as far as its options go."""
    from atomic_lib.__main__ import _parser

    lines = re.findall(r"^(?:python|torchrun.*) -m atomic_lib (.*?)(?:\s+#.*)?$", README, flags=re.M)
    assert len(lines) >= 4
    for line in lines:
        _parser().parse_args(line.split())
