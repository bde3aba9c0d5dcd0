"""What one coordinate moves in one image: recorded with every run, so that all systems can be drawn side by side."""

import base64
import zlib

import numpy as np
import torch
from torch import Tensor

from ..data.sample import Sample
from .systems import System, drawn

SHOWN, LEVELS = 3, 31  # coordinates of an image that are walked along; shades of a recorded picture either side of 0
FOURTH = 3


def walk(system: System, sample: Sample, z: Tensor) -> dict[str, dict]:
    """Pictures of one image, of a sample with codes z (B, m): `image`, `output`, and what three coordinates `moved`.

    Each of the last is D(z + s·e_c) − D(z − s·e_c), s the coordinate's standard deviation over the sample: those that
    move most, of three parts. The image is the first of those with the most spikes; of others the fourth, of digits a
    five.
    """
    i = min(FOURTH, len(z) - 1) if sample.theta is None else int(sample.number.argmax())
    steps = torch.diag(z.std(dim=0))
    moved = drawn(system, z[i] + steps) - drawn(system, z[i] - steps)
    energy = moved.square().sum(dim=(1, 2))
    strongest = sorted((max(part, key=energy.__getitem__) for part in system.parts), key=lambda c: -float(energy[c]))
    chosen = strongest[:SHOWN]
    return {
        "image": pack(sample.images[i]), "output": pack(system.decode(z[[i]])[0]), "moved": pack(moved[chosen]),
        "coordinates": {"chosen": [int(c) for c in chosen]},
    }  # fmt: skip


def pack(pictures: Tensor) -> dict:
    """Pictures (n, N, N) as text: 31 shades either side of 0, compressed; `unpack` takes them back."""
    scale = float(pictures.abs().max()) or 1.0
    shades = (LEVELS * pictures / scale).round().to(torch.int8).cpu().numpy()
    text = base64.b85encode(zlib.compress(shades.tobytes(), 9)).decode()
    return {"shape": list(shades.shape), "scale": scale, "shades": text}


def unpack(packed: dict) -> Tensor:
    """The inverse of `pack`, to within half a shade."""
    shades = np.frombuffer(zlib.decompress(base64.b85decode(packed["shades"])), dtype=np.int8)
    return torch.from_numpy(shades.astype(np.float32)).view(packed["shape"]) * (packed["scale"] / LEVELS)
