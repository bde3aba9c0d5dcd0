"""A training keeps what is good: damaged, diverged and half-written things are told from whole ones."""

import json
import math
import random

import numpy as np
import pytest
import torch
from stand_ins import TINY, TINY_PURSUIT

import atomic_lib
from atomic_lib import BadInput, Training, weights
from atomic_lib.data.digits import Digits
from atomic_lib.devices import World


def trained(folder, steps=2, **options):
    training = Training(TINY, device="cpu", steps=steps, **options)
    training.run(folder, progress=False)
    return training


@pytest.mark.slow
def test_no_flipped_bit_of_a_checkpoint_passes(tmp_path):
    trained(tmp_path)
    path, draw = tmp_path / "checkpoint.pt", random.Random(0)
    content = path.read_bytes()
    for _ in range(60):
        flipped = bytearray(content)
        flipped[draw.randrange(len(content))] ^= 1 << draw.randrange(8)
        path.write_bytes(flipped)
        with pytest.raises(BadInput, match="damaged checkpoint"):
            weights.load_checkpoint(path)
    path.write_bytes(content)
    assert weights.load_checkpoint(path)["step"] == 2


def without(name):
    return lambda state: {key: value for key, value in state.items() if key != name}


@pytest.mark.slow
@pytest.mark.parametrize(
    "change",
    [
        without("model"), without("step"), without("optimiser"), without("curve"), lambda state: {},
        lambda state: {**state, "curve": {**state["curve"], "unheard": 1}},
        lambda state: {**state, "model": {name: part[:1] for name, part in state["model"].items()}},
        lambda state: {**state, "step": -5}, lambda state: {**state, "seconds": math.nan},
        lambda state: {**state, "recipe": {**state["recipe"], "again": 1}},
    ],
)  # fmt: skip
def test_a_checkpoint_of_another_version_is_one_sentence(tmp_path, change):
    trained(tmp_path)
    path = tmp_path / "checkpoint.pt"
    state = weights.load_checkpoint(path)
    weights.save_checkpoint(path, change({**state, "recipe": state["recipe"].as_json()}))
    with pytest.raises(BadInput, match=str(path) + "|recipe"):
        Training(TINY, 0, "cpu").resume(tmp_path)


def test_what_cannot_be_read_is_not_called_damaged(tmp_path):
    path = tmp_path / "checkpoint.pt"
    path.mkdir()
    with pytest.raises(BadInput, match="cannot be read, for it is a folder"):
        weights.load_checkpoint(path)
    with pytest.raises(BadInput, match="train without --resume first"):
        weights.load_checkpoint(tmp_path / "none.pt")


@pytest.mark.slow
@pytest.mark.parametrize("recipe", [TINY, TINY.replace(data=Digits(32), decoder="stroke")], ids=["spikes", "digits"])
def test_a_diverged_training_stops_and_keeps_the_last_good_checkpoint(tmp_path, recipe):
    training = Training(recipe.replace(lr=1e9, clip=None, schedule="constant"), 0, "cpu", steps=30)
    with pytest.raises(BadInput, match=r"at step \d+.*(loss is|not finite)|after step \d+"):
        training.run(tmp_path, every=0.0, progress=False)
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint.pt"]
    state = weights.load_checkpoint(tmp_path / "checkpoint.pt")
    assert all(tensor.isfinite().all() for tensor in state["model"].values()) and state["step"] < 30


@pytest.mark.slow
def test_weights_beyond_float16_are_not_written(tmp_path):
    training = Training(TINY, 0, "cpu", steps=1)
    with torch.no_grad():
        training.model.encoder.net[-1].bias.fill_(1e5)  # finite, of a finite loss, for tanh bounds what comes of it
    with pytest.raises(BadInput, match="float16"):
        training.run(tmp_path, progress=False)
    with pytest.raises(BadInput, match="float16"):
        weights.save(tmp_path, training.model, {"name": "tiny"})
    assert not list(tmp_path.glob("*.safetensors")) and not list(tmp_path.glob("*.json"))


@pytest.mark.slow
def test_resume_mends_weights_without_their_record(tmp_path, monkeypatch):
    trained(tmp_path / "whole")
    trained(tmp_path / "old", steps=1)
    old = json.loads((tmp_path / "old" / "tiny.json").read_text())
    folder = tmp_path / "broken"

    def killed(path, record):
        path.write_text(json.dumps(old))  # the record of before; then nothing more
        raise SystemExit

    monkeypatch.setattr(weights, "write_json", killed)
    with pytest.raises(SystemExit):
        trained(folder)
    monkeypatch.undo()
    with pytest.raises(BadInput, match="--resume"):
        atomic_lib.load(folder / "tiny.safetensors")
    Training(TINY, 0, "cpu").resume(folder).run(folder, progress=False)
    mended, whole = (atomic_lib.load(tmp_path / name / "tiny.safetensors") for name in ("broken", "whole"))
    assert mended.record["sha256"] == whole.record["sha256"] and mended.record["steps"] == 2


def test_environments_that_say_half_of_torchrun(monkeypatch):
    for name in ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT"):
        monkeypatch.delenv(name, raising=False)
    for variables in (
        {"RANK": "1"}, {"WORLD_SIZE": "2"}, {"WORLD_SIZE": "0"}, {"WORLD_SIZE": "abc"}, {"RANK": "-1"}, {"RANK": ""},
        {"RANK": "2", "WORLD_SIZE": "2", "MASTER_ADDR": "localhost", "MASTER_PORT": "1"},
        {"RANK": "0", "WORLD_SIZE": "2", "MASTER_ADDR": "localhost", "MASTER_PORT": "nonsense"},
    ):  # fmt: skip
        with monkeypatch.context() as here:
            for name, value in variables.items():
                here.setenv(name, value)
            with pytest.raises(BadInput):
                World.join("cpu")
    assert World.join("cpu").size == 1


@pytest.mark.parametrize(
    "options",
    [
        {"looks": 0}, {"looks": -1}, {"every": math.nan}, {"every": -1}, {"every": "often"}, {"folder": ""},
        {"folder": 3}, {"folder": b"x"}, {"folder": "/proc/x"}, {"folder": "file/x"},
    ],
)  # fmt: skip
def test_what_a_run_cannot_be_given_is_said_before_its_first_step(options, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("in the way")
    training = Training(TINY, 0, "cpu", steps=2)
    with pytest.raises(BadInput):
        training.run(**options, progress=False)
    assert training.step == 0 and [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize(
    "options",
    [
        {"recipe": "spikes-plain"}, {"recipe": None}, {"steps": 1, "minutes": 1.0}, {"seed": 1.5}, {"seed": "0"},
        {"device": None}, {"device": "mps"}, {"device": torch.device("meta")}, {"device": torch.device("cuda", 99)},
    ],
)  # fmt: skip
def test_what_cannot_be_trained(options):
    with pytest.raises(BadInput):
        Training(**{"recipe": TINY_PURSUIT, "device": "cpu", **options})


def test_numpys_numbers_make_a_checkpoint_that_can_be_read(tmp_path):
    Training(TINY, np.int64(3), "cpu", minutes=np.float64(1.0)).save(tmp_path)
    assert Training(TINY, 3, "cpu").resume(tmp_path).minutes == 1.0


def test_a_device_of_torch_is_a_device():
    assert Training(TINY, device=torch.device("cpu")).world.device == torch.device("cpu")
