"""The reader's own pictures, or a copy of HWD+: any file, any light, as strokes on nothing."""

import io
import warnings
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ..errors import BadInput, Side, check_fields, check_range
from ..files import named, read_whole
from ..images import pad_to
from .digits import EXTENT, Stored, pen

NARROWEST = 50  # times as long as it is wide: a picture that is more is no drawing


@dataclass(frozen=True)
class Pictures(Stored):
    """The reader's own pictures: a folder of image files, or of HWD+; one in ten is held out."""

    folder: str
    size: Side = 128
    centre: bool = True  # as `from_image` has it

    def __post_init__(self):
        check_fields(self)
        if not self.folder.strip():
            raise BadInput("pictures: the folder's name is empty; name a folder of pictures.")

    def stored(self, train: bool) -> tuple[Tensor, Tensor | None]:
        training, held_out, labels = _pictures(self)
        return (training, None) if train else (held_out, labels)

    def drawn(self, images: Tensor) -> Tensor:
        return images.float() / 255


def hwdplus(path, size: int = 128) -> tuple[Tensor, Tensor, Tensor]:
    """The paper's own set, from the reader's copy: uint8 images (n, 1, N, N), digits (n,), writers (n,).

    HWD+ (Beaulac & Rosenthal 2023) carries no licence that we found, so it is not shipped here. Its ink is dark on
    255: inverted here. The writer is the last column of `WriterInfo.npy`, the digit the first. Raises `BadInput` when
    the folder does not hold such files.
    """
    folder = named(path, "the folder")
    check_range("size", size, 1, 16_384)
    try:
        raw = np.load(folder / "Images(500x500).npy", mmap_mode="r", allow_pickle=False)
        info = np.load(folder / "WriterInfo.npy", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:  # what numpy says of a broken file would not help
        why = getattr(error, "strerror", None) or "broken, or not of numbers"
        raise BadInput(f"{path}: not a copy of HWD+: Images(500x500).npy or WriterInfo.npy is {why}.") from None
    fits = raw.ndim == 3 and info.ndim == 2 and len(raw) == len(info) and 0 not in raw.shape + info.shape
    if not fits or raw.dtype.kind not in "uif" or info.dtype.kind not in "uif":
        told = f"images {raw.shape} of {raw.dtype} and writers {info.shape} of {info.dtype}"
        raise BadInput(f"{path}: not a copy of HWD+: {told}; expected numbers, (n, 500, 500), (n, columns).")
    info = torch.from_numpy(info.astype(np.int64))
    scaled = []
    for start in range(0, len(raw), 256):  # the file is 3.4 GB: a little at a time
        ink = 255 - torch.from_numpy(np.asarray(raw[start : start + 256], dtype=np.float32))[:, None]
        if not ink.isfinite().all():
            raise BadInput(f"{path}: images from {start} on hold values that are not finite; take the original files.")
        scaled.append(F.interpolate(ink, size=(size, size), mode="area").round().to(torch.uint8))
    return torch.cat(scaled), info[:, 0], info[:, -1]


def from_image(path, size: int = 128, centre: bool = True) -> Tensor:
    """Any picture file → one image (1, 1, N, N) in [0, 1], light on dark.

    Ink and paper are told apart by the picture's edge, in any two colours; transparency becomes paper. With `centre`
    the ink is scaled and placed as MNIST does (longer side 20/32 of N, centre of mass in the middle) and drawn with the
    same pen, and the paper may be lit unevenly; without it pixels keep their place, and a smaller picture is padded.
    Raises `BadInput` for a file that cannot be read or is constant, for a drawing on a photograph, and for a picture
    too large to keep in place.
    """
    check_range("size", size, 8, 16_384)
    ink = _ink(path, drawing=centre)
    if centre:
        return pen(_centred(ink, size), stretch=True)
    height, width = ink.shape[-2:]
    if max(height, width) > size:
        raise BadInput(f"{path}: {height}×{width} pixels, at most {size}×{size} work; crop or shrink the picture.")
    return pad_to(ink, size)


def from_folder(path, size: int = 128, centre: bool = True) -> Tensor:
    """Every picture file of a folder, in the order of names → images (n, 1, N, N) in [0, 1].

    Raises `BadInput` when the folder is missing, holds no picture, or one cannot be read.
    """
    from PIL import Image

    folder, known = named(path, "the folder"), Image.registered_extensions()
    try:
        files = sorted(file for file in folder.iterdir() if file.suffix.lower() in known)
    except (FileNotFoundError, NotADirectoryError):
        raise BadInput(f"{path}: there is no such folder.") from None
    except OSError as error:
        raise BadInput(f"{path}: the folder cannot be read ({error.strerror}).") from None
    if not files:
        raise BadInput(f"{path}: no picture file in this folder (png, jpg, tif, …).")
    return torch.cat([from_image(file, size, centre) for file in files])


@lru_cache(maxsize=2)
def _pictures(source: Pictures) -> tuple[Tensor, Tensor, Tensor | None]:
    """uint8 (training, held-out) pictures of a folder, and the held-out labels of HWD+, which is split by writer."""
    labels = None
    if (Path(source.folder) / "Images(500x500).npy").exists():
        images, labels, writers = hwdplus(source.folder, source.size)
        held = writers % 10 == 0
    else:
        images = (from_folder(source.folder, source.size, source.centre) * 255).round().to(torch.uint8)
        held = torch.arange(len(images)) % 10 == 9
    if held.all() or not held.any():  # too few to hold any out
        return images, images, labels
    return images[~held], images[held], labels if labels is None else labels[held]


def _ink(path, drawing: bool) -> Tensor:
    """A picture file as (1, 1, H, W) in [0, 1], background 0: how far each pixel is from the paper, light on dark.

    Colours are measured along the one direction in which they differ most: red on green is as good as black on white.
    The paper of a `drawing` may be lit unevenly; another picture's is of one colour.
    """
    pixels = _pixels(path)
    rows, columns = pixels.shape[:2]
    edge = torch.zeros(rows, columns, dtype=torch.bool)
    edge[[0, -1]] = edge[:, [0, -1]] = True
    paper = _paper(pixels, edge) if drawing else pixels[edge].median(dim=0).values
    away = pixels - paper
    away = away @ torch.linalg.eigh(away.flatten(0, 1).T @ away.flatten(0, 1)).eigenvectors[:, -1]
    away = away if away.max() > -away.min() else -away
    ink = away / away.max()
    if not torch.isfinite(ink).all() or away.max() < 0.02 * max(1.0, float(pixels.max())):
        raise BadInput(f"{path}: the picture is constant or not finite; expected a drawing on a plain background.")
    if drawing and (ink[edge].abs() > 0.25).float().mean() > 0.3:
        told = "pen and paper cannot be told apart, for its background is not plain"
        raise BadInput(f"{path}: {told}; draw on plain paper, or cut the drawing out.")
    return ink.clamp(min=0)[None, None]


def _pixels(path) -> Tensor:
    """A picture file as numbers (H, W, 3), or (H, W, 1) where they are not colours; what is transparent is paper."""
    from PIL import Image, ImageOps

    content = io.BytesIO(read_whole(named(path, "the picture")))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # large is fine, it is shrunk at once
            with Image.open(content) as opened:
                file: Image.Image = opened
                if max(file.size) > NARROWEST * min(file.size):
                    raise ValueError("{}×{} pixels are a line, not a drawing".format(*file.size))
                file = file.convert({"1": "L", "P": "RGBA"}[file.mode]) if file.mode in ("1", "P") else file
                file.thumbnail((2048, 2048))  # finer than any pen needs
                file = ImageOps.exif_transpose(file)  # a telephone's picture stands upright
                picture = file.convert("RGBA") if file.mode not in ("I", "I;16", "F") else file.copy()
    except Image.DecompressionBombError:
        most = 2 * (Image.MAX_IMAGE_PIXELS or 0) // 10**6
        raise BadInput(f"{path}: the picture has more than {most} million pixels; shrink it.") from None
    except Exception as error:  # Pillow raises many kinds for a broken file
        raise BadInput(f"{path}: cannot be read as a picture ({error}).") from None
    pixels = torch.from_numpy(np.array(picture, dtype=np.float32))
    if pixels.ndim == 2:
        return pixels[..., None]
    colour, alpha = pixels[..., :3], pixels[..., 3:] / 255
    paper = 255.0 if (colour.mean(dim=2, keepdim=True) * alpha).sum() < 127.5 * alpha.sum() else 0.0
    return colour * alpha + paper * (1 - alpha)


def _paper(pixels: Tensor, edge: Tensor, rounds: int = 5) -> Tensor:
    """The paper under a drawing (H, W, C), with its light: a quadratic surface through the picture's edge.

    Fitted to the half of the edge that is nearest to it, again and again, so that ink on the edge doesn't count.
    """
    axes = (torch.linspace(-1, 1, side) for side in pixels.shape[:2])
    row, column = torch.meshgrid(*axes, indexing="ij")
    terms = torch.stack([torch.ones_like(row), row, column, row**2, column**2, row * column], dim=2)
    there, seen = terms[edge], pixels[edge]
    paper = seen.median(dim=0).values
    for _ in range(rounds):
        apart = (seen - paper).square().sum(dim=1)
        near = apart <= apart.median()
        surface = torch.linalg.lstsq(there[near], seen[near], driver="gelsd").solution
        paper = there @ surface
    return terms @ surface


def _centred(ink: Tensor, size: int) -> Tensor:
    """Scale and place ink (1, 1, H, W) as MNIST does → (1, 1, N, N)."""
    from scipy import ndimage

    strong = ink[0, 0] > 0.3
    rows, columns = strong.any(dim=1).nonzero(), strong.any(dim=0).nonzero()
    ink = ink[..., rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    scale = EXTENT * size / max(ink.shape[-2:])
    shape = [max(1, round(scale * side)) for side in ink.shape[-2:]]
    ink = F.interpolate(ink, size=shape, mode="bilinear", antialias=True, align_corners=False)
    canvas = F.pad(ink, (size, size, size, size))
    row, column = ndimage.center_of_mass(canvas[0, 0].numpy())
    top, left = round(row - (size - 1) / 2), round(column - (size - 1) / 2)
    return canvas[..., top : top + size, left : left + size]
