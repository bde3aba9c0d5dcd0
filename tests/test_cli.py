"""The command line: what it answers, and one clear sentence, status 2 and nothing half-written."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image, ImageDraw
from stand_ins import arrays

from atomic_lib import RECIPES, shipped
from atomic_lib.__main__ import main
from atomic_lib.data import digits
from atomic_lib.data.spikes import Spikes

SPIKE_FIELDS = {"jaccard", "precision", "recall", "rmse_px", "amplitude_error", "purity", "nmse"}
DIGIT_FIELDS = {"connected", "active_blocks", "largest_share", "negative_energy", "spread", "nmse", "psnr_db"}


def refused(capsys, *arguments) -> str:
    """The one sentence that a refused command prints."""
    assert main([str(argument) for argument in arguments]) == 2
    printed = capsys.readouterr()
    sentences = [line for line in printed.err.strip().splitlines() if "evaluate:" not in line]  # the bar aside
    assert len(sentences) == 1 and sentences[0].startswith("atomic_lib: ") and not printed.out, printed.err
    return sentences[0]


@pytest.fixture
def seven(tmp_path):
    picture = Image.new("L", (200, 260), 255)
    ImageDraw.Draw(picture).line([(50, 50), (150, 50), (90, 220)], fill=0, width=18, joint="curve")
    picture.save(tmp_path / "seven.png")
    return tmp_path / "seven.png"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["spikes-plain", "spikes-pursuit", "digits-plain", "digits-pursuit"])
def test_evaluate_prints_one_flat_json_object(name, capsys):
    assert main(["evaluate", name, "--count", "24", "--seed", "7", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (SPIKE_FIELDS if name.startswith("spikes") else DIGIT_FIELDS) <= set(found)
    assert found["images"] == 24 and not any(isinstance(value, dict | list) for value in found.values())


@pytest.mark.slow
def test_evaluate_spikes_made_elsewhere(tmp_path, capsys):
    """A pursuit may use as many blocks as the file has columns, and smaller images are padded."""
    sample = Spikes(k=12, fewest=11).held_out(6)
    np.savez(tmp_path / "twelve.npz", **arrays(sample))
    small = Spikes(size=96, k=2).held_out(6)
    np.savez(tmp_path / "small.npz", **arrays(small))
    for file in ("twelve.npz", "small.npz"):
        assert main(["evaluate", "spikes-pursuit", "--spikes", str(tmp_path / file), "--json"]) == 0
        found = json.loads(capsys.readouterr().out)
        assert found["images"] == 6 and found["recall"] > 0.95, file


@pytest.mark.slow
def test_decompose_a_picture_of_ones_own(seven, tmp_path, capsys):
    out, latents = tmp_path / "out" / "atoms.png", tmp_path / "latents.json"
    files = ["--out", str(out), "--json", str(latents)]
    assert main(["decompose", str(seven), "--weights", "digits-pursuit", *files]) == 0
    assert Image.open(out).size[0] > 300
    written = json.loads(latents.read_text())
    assert len(written["z"]) == len(written["used"]) == RECIPES["digits-pursuit"].k and any(written["used"])
    capsys.readouterr()
    assert main(["decompose", str(seven), "--weights", "digits-pursuit", "--out", str(out), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == written, "without a file, standard output and nothing else"


@pytest.mark.slow
def test_decompose_what_a_telephone_or_a_drawing_program_gives(tmp_path, capsys):
    """A coloured drawing, a transparent one, a very large one and one in poor light: the same strokes."""
    pen, found = [(50, 50), (150, 50), (90, 220)], {}
    pictures = {
        "plain": Image.new("L", (200, 260), 255),
        "coloured": Image.new("RGB", (200, 260), (120, 190, 90)),
        "transparent": Image.new("RGBA", (200, 260), (0, 0, 0, 0)),
        "large": Image.new("L", (6000, 7800), 255),
        "shaded": Image.fromarray(np.tile(np.linspace(120, 250, 200), (260, 1)).astype(np.uint8)),
    }
    inks = {"coloured": (190, 40, 150), "transparent": (250, 240, 90, 255)}
    for name, picture in pictures.items():
        scale = picture.width // 200
        path = [(scale * x, scale * y) for x, y in pen]
        ImageDraw.Draw(picture).line(path, fill=inks.get(name, 0), width=18 * scale, joint="curve")
        picture.save(tmp_path / f"{name}.png")
        files = ["--out", str(tmp_path / "atoms.png"), "--json", str(tmp_path / "z.json")]
        assert main(["decompose", str(tmp_path / f"{name}.png"), "--weights", "digits-pursuit", *files]) == 0
        found[name] = np.array(json.loads((tmp_path / "z.json").read_text())["z"])
    for name, z in found.items():
        assert np.abs(z[0] - found["plain"][0]).max() < 0.1, name


def test_names_that_do_not_exist(capsys, tmp_path):
    assert "spikes-pursuit" in refused(capsys, "train", "spikes-persuit", "--out", tmp_path / "x")
    sentence = refused(capsys, "evaluate", "nonesuch")
    assert all(name in sentence for name in shipped())
    assert "no such file" in refused(capsys, "evaluate", tmp_path / "none.safetensors")
    assert not (tmp_path / "x").exists()


def test_what_cannot_be_trained(capsys, tmp_path, monkeypatch):
    plain = ("train", "spikes-plain", "--device", "cpu", "--out", tmp_path / "x")
    assert "steps" in refused(capsys, *plain, "--steps", "0")
    assert "minutes" in refused(capsys, *plain, "--minutes", "-1")
    assert "seed" in refused(capsys, *plain, "--steps", "1", "--seed", "-3")
    assert "no checkpoint" in refused(capsys, *plain, "--resume")
    assert "no such folder" in refused(capsys, *plain, "--images", tmp_path / "none")
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert "no CUDA" in refused(capsys, "train", "spikes-plain", "--device", "cuda", "--out", tmp_path / "x")
    assert "no CUDA" in refused(capsys, "evaluate", "spikes-plain", "--device", "cuda")
    for device in ("abacus", "meta", "cuda:99"):
        assert "unknown" in refused(capsys, "evaluate", "spikes-plain", "--device", device)
    assert not (tmp_path / "x").exists()


def test_a_training_is_not_overwritten(capsys, tmp_path):
    (tmp_path / "checkpoint.pt").write_bytes(b"precious")
    assert "--resume" in refused(capsys, "train", "spikes-plain", "--steps", "1", "--out", tmp_path)
    assert (tmp_path / "checkpoint.pt").read_bytes() == b"precious"


def test_what_cannot_be_evaluated(capsys, tmp_path):
    (tmp_path / "bad.npz").write_bytes(b"PK")
    assert "cannot be read" in refused(capsys, "evaluate", "spikes-pursuit", "--spikes", tmp_path / "bad.npz")
    assert "models of spikes" in refused(capsys, "evaluate", "digits-plain", "--spikes", tmp_path / "bad.npz")
    assert "from 1 to" in refused(capsys, "evaluate", "spikes-plain", "--count", "0")
    assert "from 1 to" in refused(capsys, "evaluate", "spikes-plain", "--count", "10000000000")
    assert "seed" in refused(capsys, "evaluate", "spikes-plain", "--seed", "-1")
    assert "seed" in refused(capsys, "evaluate", "digits-plain", "--seed", "99999999999999999999")
    assert "k 0" in refused(capsys, "evaluate", "spikes-pursuit", "--count", "2", "--k", "0")
    assert "there are no weights" in refused(capsys, "evaluate", "a" * 300)
    assert "blocks it was trained with" in refused(capsys, "evaluate", "spikes-plain", "--count", "2", "--k", "4")
    large = np.zeros((1, 200, 200)), np.zeros((1, 1)), np.zeros((1, 1, 2))
    np.savez(tmp_path / "large.npz", images=large[0], amplitudes=large[1], positions=large[2])
    assert "at most 128×128" in refused(capsys, "evaluate", "spikes-pursuit", "--spikes", tmp_path / "large.npz")


def test_what_cannot_be_decomposed(capsys, tmp_path, seven):
    out = ("--weights", "digits-plain", "--out", tmp_path / "new" / "atoms.png")
    Image.new("L", (30, 30), 9).save(tmp_path / "flat.png")
    photograph = Image.effect_noise((10, 13), 90).resize((200, 260), Image.Resampling.BICUBIC).convert("RGB")
    ImageDraw.Draw(photograph).line([(50, 50), (150, 50), (90, 220)], fill=(200, 0, 0), width=18)
    photograph.save(tmp_path / "photograph.jpg")
    assert "background is not plain" in refused(capsys, "decompose", tmp_path / "photograph.jpg", *out)
    assert "constant" in refused(capsys, "decompose", tmp_path / "flat.png", *out)
    assert "no such file" in refused(capsys, "decompose", tmp_path / "none.png", *out)
    assert ".xyz" in refused(capsys, "decompose", seven, "--weights", "digits-plain", "--out", tmp_path / "a.xyz")
    assert "at most 128×128" in refused(capsys, "decompose", seven, "--weights", "spikes-plain", *out[2:])
    assert sorted(os.listdir(tmp_path)) == ["flat.png", "photograph.jpg", "seven.png"]


def test_data_that_is_missing_leaves_nothing_behind(capsys, tmp_path, monkeypatch):
    (tmp_path / "data").mkdir()
    monkeypatch.setenv("ATOMIC_DATA", str(tmp_path / "data"))
    digits.mnist.cache_clear()
    out = tmp_path / "x"
    assert "missing" in refused(capsys, "train", "digits-plain", "--steps", "1", "--device", "cpu", "--out", out)
    assert "ATOMIC_DATA" in refused(capsys, "evaluate", "digits-plain")
    assert not out.exists()


def test_a_folder_that_cannot_be_written(capsys, tmp_path):
    (tmp_path / "file").write_text("in the way")
    plain = ("train", "spikes-plain", "--device", "cpu", "--steps", "1")
    assert "cannot be written" in refused(capsys, *plain, "--out", tmp_path / "file" / "x")


@pytest.mark.slow
def test_a_full_disk(tmp_path):
    """A limit on the size of files stops the write half-way, as a full disk does."""
    script = """
import resource, sys
from atomic_lib.__main__ import main
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
sys.exit(main(sys.argv[1:]))
"""
    arguments = ["train", "spikes-plain", "--device", "cpu", "--steps", "1", "--out", str(tmp_path / "x")]
    done = subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, text=True, timeout=240)
    assert done.returncode == 2 and "cannot be written" in done.stderr and "Traceback" not in done.stderr
    assert os.listdir(tmp_path / "x") == []


@pytest.mark.slow
def test_outside_a_clone_it_says_where_the_data_is_to_be_had(tmp_path):
    environment = {**os.environ, "ATOMIC_DATA": str(tmp_path / "none")}
    arguments = [sys.executable, "-m", "atomic_lib", "evaluate", "digits-plain"]
    done = subprocess.run(arguments, capture_output=True, text=True, env=environment, timeout=240)
    assert done.returncode == 2 and "ATOMIC_DATA" in done.stderr and "Traceback" not in done.stderr
