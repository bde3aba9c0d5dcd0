"""Real fields: what ships is what it says, and what cannot be measured is refused in one sentence."""

import sys

import numpy as np
import pytest
import torch
from PIL import Image

from atomic_lib import BadInput
from atomic_lib.studies import fields


@pytest.mark.parametrize("name", fields.FIELDS)
def test_what_ships_is_what_it_says(name):
    if name == "m13":
        pytest.importorskip("astropy")
    field = fields.shipped(name)
    assert field.shape == ((300, 300) if name == "m13" else (512, 512)) and field.dtype == torch.float32
    assert field.max() > 20 * (field - field.median()).abs().median()  # spots stand far above what is around them


def test_an_altered_field_is_refused(tmp_path, monkeypatch):
    (tmp_path / "fields").mkdir()
    (tmp_path / "fields" / "hybiss.tif").write_bytes(b"II*\0")
    monkeypatch.setenv("ATOMIC_DATA", str(tmp_path))
    with pytest.raises(BadInput, match="restore it with git"):
        fields.shipped("hybiss")
    with pytest.raises(BadInput, match="shipped are m13"):
        fields.shipped("m31")


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.float32])
def test_grey_pictures_keep_their_numbers(kind, tmp_path):
    pixels = np.arange(20 * 24, dtype=np.float64).reshape(20, 24) % 251
    Image.fromarray(pixels.astype(kind)).save(tmp_path / "grey.tif")
    assert torch.equal(fields.read(tmp_path / "grey.tif"), torch.tensor(pixels, dtype=torch.float32))


@pytest.mark.parametrize(
    ("pixels", "sentence"),
    [
        (np.zeros((20, 20), np.uint16), "empty"),
        (np.zeros((20, 8), np.uint16), "16 px a side"),
        (np.zeros((20, 20, 3), np.uint8), "colours"),
        (np.minimum(np.arange(400).reshape(20, 20), 255).astype(np.uint8), "saturated"),
    ],
)
def test_pictures_that_cannot_be_measured(pixels, sentence, tmp_path):
    Image.fromarray(pixels).save(tmp_path / "bad.png")
    with pytest.raises(BadInput, match=sentence):
        fields.read(tmp_path / "bad.png")


def test_a_stack_is_refused(tmp_path):
    pages = [Image.fromarray(np.full((20, 20), i, np.uint16)) for i in range(3)]
    pages[0].save(tmp_path / "stack.tif", save_all=True, append_images=pages[1:])
    with pytest.raises(BadInput, match="3 pages"):
        fields.read(tmp_path / "stack.tif")


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (None, "no image"),
        (np.zeros((3, 20, 20), np.int16), "3 axes"),
        (np.full((20, 20), np.nan, np.float32), "100.0% of the values are not finite"),
    ],
)
def test_fits_files_that_cannot_be_measured(data, sentence, tmp_path):
    fits = pytest.importorskip("astropy.io.fits")
    fits.PrimaryHDU(data).writeto(tmp_path / "bad.fits")
    with pytest.raises(BadInput, match=sentence):
        fields.read(tmp_path / "bad.fits")


def test_files_that_are_none(tmp_path, monkeypatch):
    (tmp_path / "no.tif").write_text("not a picture")
    (tmp_path / "no.fits").write_text("not a star")
    for name, sentence in (("no.tif", "as a picture"), ("away.tif", "no such file")):
        with pytest.raises(BadInput, match=sentence):
            fields.read(tmp_path / name)
    monkeypatch.setitem(sys.modules, "astropy.io", None)
    with pytest.raises(BadInput, match="pip install astropy"):
        fields.read(tmp_path / "no.fits")
