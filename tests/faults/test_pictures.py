"""Pictures in which nothing is drawn, and files that are no pictures."""

import os

import numpy as np
import pytest
import torch
from PIL import Image

from atomic_lib import BadInput
from atomic_lib.data import from_folder, from_image, pictures


def ramp(low, high):
    return np.tile(np.linspace(low, high, 200), (200, 1))


def one_pixel(by):
    canvas = np.full((64, 64), 128)
    canvas[30, 30] += by
    return canvas


NOTHING = {
    "gradient": ramp(0, 255), "faint gradient": ramp(100, 110), "both ways": (ramp(0, 255) + ramp(0, 255).T) / 2,
    "one level": one_pixel(1), "one level darker": one_pixel(-1), "line": np.zeros((20, 6000)) + 9 * np.eye(20, 6000),
    "grey": np.full((40, 40), 90),
}  # fmt: skip


@pytest.mark.parametrize("name", NOTHING)
def test_a_picture_in_which_nothing_is_drawn(name, tmp_path):
    path = tmp_path / "picture.png"
    Image.fromarray(NOTHING[name].round().astype(np.uint8)).save(path)
    for centre in (True, False) if name in ("grey", "one level", "line") else (True,):
        with pytest.raises(BadInput, match=str(path)):
            from_image(path, 6000, centre) if not centre else from_image(path)


def test_a_faint_drawing_is_one(tmp_path):
    canvas = np.full((200, 200), 128, np.uint8)
    canvas[40:160, 90:110] = 160
    Image.fromarray(canvas).save(tmp_path / "faint.png")
    assert from_image(tmp_path / "faint.png", 64).max() > 0.9


@pytest.mark.parametrize("size", [0, -1, 1.5, None, "128", 10**5])
def test_sizes_that_are_none(size, tmp_path):
    Image.fromarray(np.eye(30, dtype=np.uint8) * 255).save(tmp_path / "x.png")
    for read, path in ((from_image, tmp_path / "x.png"), (from_folder, tmp_path), (pictures.hwdplus, tmp_path)):
        with pytest.raises(BadInput):
            read(path, size)


@pytest.mark.parametrize(
    "given", [None, "", " ", 3, b"bytes" * 1000, np.zeros((8, 8)), Image.new("L", (8, 8))], ids=type
)
def test_what_is_no_name(given):
    for read in (from_image, from_folder, pictures.hwdplus):
        with pytest.raises(BadInput) as refused:
            read(given)
        assert len(str(refused.value)) < 120


def sparse(path):
    path.touch()
    os.truncate(path, 2**40)


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, sparse])
def test_what_is_no_plain_file_of_some_size_is_not_opened(make, tmp_path):
    make(tmp_path / "x.png")
    for read, path in ((from_image, tmp_path / "x.png"), (from_folder, tmp_path)):
        with pytest.raises(BadInput, match="cannot be read"):
            read(path)


def test_copies_of_hwdplus_that_are_none(tmp_path):
    good, info = np.full((20, 50, 50), 255.0), np.zeros((20, 3), int)
    for images, writers in (
        (good * np.nan, info), (good[:, :0, :0], info), (good[0], info), (good, info[:5]), (good, info[:, 0]),
        (good > 0, info), (good, np.full((20, 3), "x")), (np.array([None] * 20), info), (good[:0], info[:0]),
    ):  # fmt: skip
        np.save(tmp_path / "Images(500x500).npy", images)
        np.save(tmp_path / "WriterInfo.npy", writers)
        with pytest.raises(BadInput) as refused:
            pictures.hwdplus(tmp_path, 32)
        assert "pickle" not in str(refused.value)
    for content in (b"", b"nonsense"):
        (tmp_path / "Images(500x500).npy").write_bytes(content)
        with pytest.raises(BadInput, match="not a copy of HWD"):
            pictures.hwdplus(tmp_path, 32)


def test_a_source_of_pictures_that_is_gone_is_one_sentence(tmp_path):
    with pytest.raises(BadInput, match="no such folder"):
        pictures.Pictures(str(tmp_path / "none")).batch(1, torch.Generator())
