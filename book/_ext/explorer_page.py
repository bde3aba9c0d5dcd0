"""The page *Explore*: what its scripts need of a trained model, in one file that a page opened from disk can load.

`python -m atomic_lib.explorer.page` (or `make explorer`) writes these files anew from the shipped weights, after a
training has changed them. A page from `file://` may load scripts but fetch nothing, so each file is a script of one
assignment: a JSON object whose "data" is base64 of a gzip of bytes. The weights are float16 there as they are in
`data/weights`, all their high bytes first, then all their low bytes, for gzip makes something of the high ones only.
"""

import argparse
import base64
import gzip
import json
import sys
from pathlib import Path

import numpy as np
import torch

from ..checkpoints import load, write_whole
from ..digits import mnist
from ..errors import BadInput
from ..model import AtomicAutoencoder
from ..navigation import training_range
from ..spikes import Spikes

MODELS = ("spikes-pursuit", "digits-pursuit")
FOLDER = Path(__file__).resolve().parents[2] / "book" / "_extra" / "_static" / "explorer"
TRAINING_IMAGES = 1024  # that the range of each coordinate is taken from
ASSIGNS = "(window.explorerData ??= {})[%s] ="


def main(arguments: list[str] | None = None) -> int:
    """Write the files of all models of the page; returns the exit status."""
    parser = argparse.ArgumentParser("python -m atomic_lib.explorer.page", description=main.__doc__)
    parser.add_argument("--out", type=Path, default=FOLDER, help="where to; default: where the book looks for them")
    options = parser.parse_args(arguments)
    try:
        for name in MODELS:
            path = export(name, options.out)
            print(f"{path.name}: {path.stat().st_size:,} bytes")
    except BadInput as problem:
        print(f"atomic_lib: {problem}", file=sys.stderr)
        return 2
    return 0


def export(name: str, folder: str | Path = FOLDER) -> Path:
    """Write `explorer-NAME.js` from the shipped weights NAME and return its path.

    Raises `BadInput` for weights that are not shipped, that the page has no arithmetic for, or that float16 cannot
    hold, and for a folder that cannot be written.
    """
    model = load(name)
    if (model.recipe.encoder, model.recipe.latents) != ("pursuit", "bounded") or model.recipe.decoder == "reference":
        wanted = "a pursuit with bounded latents and a separable or stroke decoder"
        raise BadInput(f"{name}: the page runs {wanted}, nothing else.")
    weights, tensors = _weights(model)
    pictures, images = _images(model)
    encoder = model.encoder
    header = {
        "name": name,
        "sha256": model.record["sha256"],  # of the shipped weights that these are
        "k": model.k, "d0": model.d0, "size": model.size, "maps": getattr(model.g, "maps", 0),
        "slope": getattr(model.g, "slope", None),
        "window": encoder.window, "smooth": encoder.smooth, "stop": encoder.stop, "again": encoder.again,
        "strides": [layer.stride[0] for layer in encoder.look if isinstance(layer, torch.nn.Conv2d)],
        "range": [[round(value, 4) for value in ends] for ends in training_range(model, TRAINING_IMAGES).tolist()],
        "rangeImages": TRAINING_IMAGES,
        "tensors": tensors,
        "images": images,
    }  # fmt: skip
    data = base64.b64encode(gzip.compress(weights + pictures, 9, mtime=0)).decode()
    lines = ",\n".join(f" {json.dumps(key)}: {json.dumps(value)}" for key, value in {**header, "data": data}.items())
    path = Path(folder) / f"explorer-{name}.js"
    made = "// Made by `make explorer` (atomic_lib/explorer/page.py) from data/weights: not to be edited.\n"
    write_whole(path, f"{made}{ASSIGNS % json.dumps(name)} {{\n{lines}\n}};\n".encode())
    return path


def read(name: str, folder: str | Path = FOLDER) -> tuple[dict, dict[str, torch.Tensor]]:
    """The inverse of `export`: header and weights (float16) of `explorer-NAME.js`, as the page will have them.

    Raises `BadInput` when there is no such file, or it is not one that `export` wrote.
    """
    path = Path(folder) / f"explorer-{name}.js"
    try:
        header = json.loads(path.read_text().split("=", 2)[2].strip().removesuffix(";"))
        content = np.frombuffer(gzip.decompress(base64.b64decode(header.pop("data"))), dtype=np.uint8)
        total = sum(int(np.prod(shape)) for _, shape in header["tensors"])
        halves = (content[:total].astype(np.uint16) << 8 | content[total : 2 * total]).view(np.float16)
        parts = np.split(halves, np.cumsum([int(np.prod(shape)) for _, shape in header["tensors"]])[:-1])
        tensors = zip(header["tensors"], parts, strict=True)
        return header, {name: torch.from_numpy(part.reshape(shape).copy()) for (name, shape), part in tensors}
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise BadInput(f"{path}: not a file of the page ({error}); write it with `make explorer`.") from None


def _weights(model: AtomicAutoencoder) -> tuple[bytes, list]:
    """All weights as float16, high bytes before low ones, and their names and shapes in that order."""
    state = {name: tensor.float().contiguous() for name, tensor in model.state_dict().items()}
    if any(not torch.equal(tensor.half().float(), tensor) for tensor in state.values()):
        raise BadInput(f"{model.recipe.name}: its weights are not float16, the page would run another network.")
    halves = np.concatenate([tensor.half().numpy().ravel() for tensor in state.values()]).view(np.uint16)
    planes = (halves >> 8).astype(np.uint8).tobytes() + (halves & 255).astype(np.uint8).tobytes()
    return planes, [[name, list(tensor.shape)] for name, tensor in state.items()]


def _images(model: AtomicAutoencoder) -> tuple[bytes, dict]:
    """A dozen held-out images: spikes by their truth, exact; digits as 8-bit pictures (bytes), with their labels."""
    data = model.recipe.data
    if isinstance(data, Spikes):
        sample = data.held_out(256)
        number = (sample.amplitudes > 0).sum(dim=1).tolist()
        chosen = _first(number, (5, 4, 1, 2, 3, 6, 7, 8, 9, 10, 5, 7))
        rows = torch.cat([sample.amplitudes[..., None], sample.positions], dim=2)[chosen]
        return b"", {
            "sigma": data.sigma,
            "border": data.border * data.sigma,
            "amplitude": list(data.amplitude),
            "spikes": [[[float(v) for v in spike] for spike in image if spike[0] > 0] for image in rows.numpy()],
        }
    _, labels = mnist(train=False)
    chosen = _first(labels.tolist(), (2, 7, 3, 0, 4, 5, 1, 6, 8, 9, 5, 4))
    pictures = (data.held_out(10_000)[chosen] * 255).round().to(torch.uint8)
    return pictures.numpy().tobytes(), {"labels": labels[chosen].tolist(), "numbers": chosen}


def _first(values: list[int], wanted: tuple[int, ...]) -> list[int]:
    """For each wanted value the place where it first occurs; for one wanted again, where it next does."""
    chosen = []
    for value in wanted:
        chosen.append(next(i for i, v in enumerate(values) if v == value and i not in chosen))
    return chosen


if __name__ == "__main__":
    sys.exit(main())
