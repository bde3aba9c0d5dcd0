"""Real fields of spots: a star cluster and two tissues that ship with the book, and the reader's own files.

A field is one plane of numbers (H, W), of any size and any brightness, rows as they lie in the file.
"""

import hashlib
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ..errors import BadInput
from ..files import data_folder

FITS = (".fits", ".fit", ".fts", ".fits.gz", ".fits.fz")
SMALLEST = 16  # px: the background needs something to be measured on
SATURATED = 0.05  # share of pixels at the largest value, past which nothing can be measured


@dataclass(frozen=True)
class Field:
    """One shipped field: its file in `data/fields`, the width of its spots, px, its hash, and what it shows."""

    file: str
    sigma: float
    sha256: str
    what: str


FIELDS = {
    "m13": Field(
        "m13.fits", 1.37, "eb3e208edbe302cae0ea45d17ab618930d85847da3f5e6ffd53d9410ec0a5a45",
        "the globular cluster M13; SkyView, by way of the tests of astropy (BSD-3)",
    ),
    "hybiss": Field(
        "hybiss.tif", 1.3, "debc9a03facb2c8f46b9bbf17ae74e6033c4d87df5abba31cc2a16f0833d3671",
        "HybISS spots in tissue; sample data of spotiflow (BSD-3)",
    ),
    "terra": Field(
        "terra.tif", 1.26, "be072552846e973ef73b2bb51338a08b94acf31f6b4a32ec2d2192da36869809",
        "spots in cell nuclei, a crop; sample data of spotiflow (BSD-3)",
    ),
}  # fmt: skip


def shipped(name: str) -> Tensor:
    """A shipped field (H, W) by its name in `FIELDS`; raises `BadInput` when its file is missing or altered."""
    if name not in FIELDS:
        raise BadInput(f"there is no field “{name}”; shipped are {', '.join(FIELDS)}.")
    path = data_folder() / "fields" / FIELDS[name].file
    if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != FIELDS[name].sha256:
        raise BadInput(f"{path}: missing, or not the file that was shipped; restore it with git.")
    return read(path)


def read(path: str | Path) -> Tensor:
    """A FITS file, or a grey picture of 8, 16 or 32 bits (TIFF, PNG) → a field (H, W).

    Raises `BadInput` for a file that cannot be read, of colours or several planes, too small, empty (constant), not
    finite, or saturated.
    """
    if not Path(path).is_file():
        raise BadInput(f"{path}: there is no such file.")
    fits = str(path).lower().endswith(FITS)
    return check_field(from_fits(path) if fits else from_picture(path), str(path))


def from_fits(path: str | Path) -> Tensor:
    """The first image of a FITS file, (H, W); raises `BadInput` without one, or if it has several planes."""
    try:
        from astropy.io import fits
    except ImportError:
        raise BadInput(f"{path}: FITS files are read with astropy; pip install astropy, or give a TIFF.") from None
    try:
        with warnings.catch_warnings(), fits.open(path, memmap=False) as file:
            warnings.simplefilter("ignore")  # of headers that are not quite the standard
            planes = [part.data for part in file if getattr(part, "is_image", False) and part.data is not None]
    except Exception as error:  # astropy raises many kinds for a broken file
        raise BadInput(f"{path}: cannot be read as a FITS file ({error}).") from None
    if not planes:
        raise BadInput(f"{path}: this FITS file holds no image; expected one of (H, W).")
    return _plane(planes[0], path)


def from_picture(path: str | Path) -> Tensor:
    """A grey picture (H, W) in the units of the file; raises `BadInput` for colours or several pages."""
    from PIL import Image

    try:
        with Image.open(path) as file:
            pages, mode, pixels = getattr(file, "n_frames", 1), file.mode, np.asarray(file)
    except Exception as error:  # Pillow raises many kinds for a broken file
        raise BadInput(f"{path}: cannot be read as a picture ({error}).") from None
    if pages > 1:
        raise BadInput(f"{path}: {pages} pages; expected one plane: save the one you mean, or their maximum, alone.")
    if mode not in ("L", "F", "I") and not mode.startswith("I;16"):
        raise BadInput(f"{path}: a picture of colours ({mode}); expected grey: save one channel alone.")
    return _plane(pixels, path)


def check_field(field: Tensor, what: str = "field") -> Tensor:
    """Return a field (H, W) unchanged, or raise `BadInput` if no spot could be measured in it."""
    if field.ndim != 2 or min(field.shape) < SMALLEST:
        raise BadInput(f"{what}: the shape is {tuple(field.shape)}; expected (H, W), {SMALLEST} px a side or more.")
    if not torch.isfinite(field).all():
        share = 1 - torch.isfinite(field).double().mean()
        raise BadInput(f"{what}: {share:.1%} of the values are not finite (NaN or infinity); cut out or fill them.")
    if field.min() == field.max():
        raise BadInput(f"{what}: empty, every pixel is {field.min():g}.")
    if (field == field.max()).double().mean() > SATURATED:
        share = (field == field.max()).double().mean()
        raise BadInput(f"{what}: saturated, {share:.0%} of the pixels are {field.max():g}; expose less.")
    return field


def _plane(values: np.ndarray, path) -> Tensor:
    values = np.asarray(values).squeeze()
    if values.ndim != 2:
        raise BadInput(f"{path}: {values.ndim} axes, {values.shape}; expected one plane (H, W): save it alone.")
    return torch.from_numpy(values.astype(np.float32))
