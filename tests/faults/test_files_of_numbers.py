"""Files of spikes, of MNIST and of weights that are not what they are named."""

import gzip
import hashlib
import io
import json
import os
import warnings

import numpy as np
import pytest
import torch
from safetensors.torch import load as parse
from safetensors.torch import save as serialise
from stand_ins import TINY

import atomic_lib
from atomic_lib import BadInput, weights
from atomic_lib.data import digits, from_npz

GOOD = {"images": np.zeros((2, 16, 16)), "amplitudes": np.ones((2, 1)), "positions": np.full((2, 1, 2), 8.0)}
ARRAYS = {
    "dates": {"images": np.zeros((2, 16, 16), "datetime64[s]")}, "texts": {"amplitudes": np.array([["0.5"], ["1"]])},
    "records": {"images": np.zeros((2, 16, 16), [("x", float)])}, "bool": {"amplitudes": np.ones((2, 1), bool)},
    "complex": {"images": np.zeros((2, 16, 16), complex)}, "empty": {"images": np.zeros((2, 0, 0))},
    "objects": {"positions": np.full((2, 1, 2), None)}, "far": {"positions": np.full((2, 1, 2), 1e6)},
    "negative": {"amplitudes": -np.ones((2, 1))}, "huge": {"images": np.full((2, 16, 16), 1e300)},
    "nan": {"positions": np.full((2, 1, 2), np.nan)}, "flat": {"images": np.zeros((2, 256))},
    "three": {"images": np.zeros((3, 16, 16))}, "none": {name: array[:0] for name, array in GOOD.items()},
}  # fmt: skip


def test_a_good_file_is_taken(tmp_path):
    np.savez(tmp_path / "x.npz", **{name: array.astype(np.float16) for name, array in GOOD.items()})
    sample = from_npz(tmp_path / "x.npz", 2.0)
    assert len(sample) == 2 and sample.truth(1).tolist() == [[1.0, 8.0, 8.0]]


@pytest.mark.parametrize("name", ARRAYS)
def test_arrays_that_are_no_spikes(name, tmp_path):
    np.savez(tmp_path / "x.npz", **{**GOOD, **ARRAYS[name]})
    with warnings.catch_warnings(), pytest.raises(BadInput, match=r"x\.npz|no image"):
        warnings.simplefilter("error")
        atomic_lib.evaluate(TINY.build(), from_npz(tmp_path / "x.npz", 2.0))


def plain_array(path):
    with open(path, "wb") as file:
        np.save(file, np.zeros(3))


FILES = [lambda path: path.write_text("hi"), lambda path: path.write_bytes(b""), plain_array, os.mkfifo, os.mkdir]


@pytest.mark.parametrize("make", [*FILES, lambda path: None])
def test_files_that_are_no_spikes(make, tmp_path):
    make(tmp_path / "x.npz")
    with pytest.raises(BadInput) as refused:
        from_npz(tmp_path / "x.npz", 2.0)
    assert "pickle" not in str(refused.value) and "protocol" not in str(refused.value)
    for nothing in ("", None, 3):
        with pytest.raises(BadInput):
            from_npz(nothing, 2.0)


def bomb(path):
    with gzip.open(path, "wb", compresslevel=1) as file:
        for _ in range(100):
            file.write(bytes(2**20))


@pytest.mark.parametrize("make", [*FILES, bomb])
def test_files_that_are_no_mnist(make, tmp_path, monkeypatch):
    (tmp_path / "mnist").mkdir()
    make(tmp_path / "mnist" / "t10k-images-idx3-ubyte.gz")
    monkeypatch.setenv("ATOMIC_DATA", str(tmp_path))
    digits.mnist.cache_clear()
    with pytest.raises(BadInput, match="git checkout|cannot be read"):
        digits.Digits().held_out(2)
    digits.mnist.cache_clear()


@pytest.fixture
def shipped(tmp_path):
    """Weights and their record, and how to alter both so that they still agree."""
    torch.manual_seed(0)
    weights.save(tmp_path, TINY.build(), {"name": "tiny", "recipe": TINY.as_json()})
    path = tmp_path / "tiny.safetensors"
    tensors, record = parse(path.read_bytes()), json.loads(path.with_suffix(".json").read_text())

    def alter(change=lambda tensor: tensor, **recipe):
        content = serialise({name: change(tensor).contiguous() for name, tensor in tensors.items()})
        path.write_bytes(content)
        altered = {**record, "recipe": {**record["recipe"], **recipe}, "sha256": hashlib.sha256(content).hexdigest()}
        path.with_suffix(".json").write_text(json.dumps(altered))
        return path

    return alter


def test_weights_that_agree_with_their_record_and_are_none(shipped):
    assert atomic_lib.load(shipped()).recipe == TINY
    for change in (
        lambda tensor: tensor * torch.nan, lambda tensor: tensor / 0, torch.Tensor.long, torch.Tensor.bool,
        lambda tensor: tensor.to(torch.complex64), lambda tensor: tensor[:1],
    ):  # fmt: skip
        path = shipped(change)
        with pytest.raises(BadInput, match=str(path)):
            atomic_lib.load(path)
    for recipe in (
        {"k": 10.0}, {"encoder_options": {"again": "x"}}, {"encoder_options": {"stride": 0}}, {"data": None},
        {"encoder": "pursuit", "encoder_options": {"again": 10**9}}, {"data": {"kind": "digits", "size": 0}},
        {"data": {"kind": "pictures", "folder": None}}, {"k": 4},
    ):  # fmt: skip
        with pytest.raises(BadInput, match="recipe"):
            atomic_lib.load(shipped(**recipe))


def test_records_that_are_none(shipped):
    record = shipped().with_suffix(".json")
    for content in ("[" * 200_000, "{", "", "[]", "null", "{}", '{"recipe": 3}', "\xff"):
        record.write_text(content, "latin-1")
        with pytest.raises(BadInput):
            atomic_lib.load(record.with_suffix(".safetensors"))
    for make in (os.mkfifo, os.mkdir):
        record.unlink()
        make(record)
        with pytest.raises(BadInput, match="cannot be read"):
            atomic_lib.load(record.with_suffix(".safetensors"))


def test_a_file_of_300_gb_is_not_read(shipped):
    path = shipped()
    os.truncate(path, 300 * 10**9)
    with pytest.raises(BadInput, match="bytes"):
        atomic_lib.load(path)


@pytest.mark.parametrize("name", [None, "", " ", 3, "a" * 3000, "a\0b", "/", "nonesuch", "..", "x/y.safetensors", io])
def test_names_that_are_none_of_weights(name):
    with pytest.raises(BadInput):
        atomic_lib.load(name)


def test_devices_by_word_and_by_torch(shipped, monkeypatch):
    path = shipped()
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    for device in ("auto", "cpu", torch.device("cpu")):
        assert atomic_lib.load(path, device).device == torch.device("cpu")
    for device in ("cuda", "mps", "foo", "meta", None, 0, torch.device("meta"), torch.device("cuda", 7)):
        with pytest.raises(BadInput, match="device"):
            atomic_lib.load(path, device)
