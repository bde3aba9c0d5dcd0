"""A Sphinx extension for the page *Explore*: what its scripts need of the trained weights, written at every build.

A page from `file://` may load scripts but fetch nothing, so each model is a script of one assignment, a JSON object
whose "data" is base64 of a gzip of bytes. The weights are float16 there as they are in `data/weights`, all their high
bytes first, then all their low bytes, for gzip makes something of the high ones only. The page loads
`explorer-models.js`, which says what models there are and has the images, and each `explorer-NAME.js` when that model
is chosen.
"""

import base64
import gzip
import hashlib
import json
from pathlib import Path

import numpy as np
import torch

from atomic_lib.data.digits import mnist, smooth_strokes
from atomic_lib.errors import BadInput
from atomic_lib.files import write_whole
from atomic_lib.model.autoencoder import AtomicAutoencoder
from atomic_lib.recipes import RECIPES, training_range
from atomic_lib.studies.fields import FIELDS
from atomic_lib.studies.fields import shipped as shipped_field
from atomic_lib.studies.find import enlarged, sky
from atomic_lib.weights import load, shipped

KINDS = (
    "reference",
    "slots",
    "plain",
    "pursuit",
    "conventional",
)  # those of digits and of spikes that ship, in this order
TRAINING_IMAGES = 256  # that the range of each coordinate is taken from
MANY = 12  # coordinates of a block: when there are more, the page begins with those that change most
SPIKES = (5, 4, 1, 2, 3, 6, 7, 8, 9, 10, 5, 7)  # of the dozen images on the page
DIGITS = (2, 7, 3, 0, 4, 5, 1, 6, 8, 9, 5, 4)
STARS = 234, 126  # first row and column of a part of M13 without a star that outshines all others
DARKEST = -0.1  # of the stars' picture, whose brightest star is 1 high: what a byte of 0 stands for


def setup(app):
    """Write the scripts as soon as it is known where the pages go."""
    app.connect("builder-inited", write_scripts)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def write_scripts(app):
    """All scripts of the page, into the built `_static/explorer`; a model's anew only when its weights are others."""
    if app.builder.format != "html":
        return
    folder = Path(app.outdir) / "_static" / "explorer"
    folder.mkdir(parents=True, exist_ok=True)
    for stale in folder.glob("explorer-*-*.js"):
        stale.unlink()
    write_whole(folder / "explorer-models.js", index().encode())
    for name in models():
        script = kept(name, Path(app.outdir).parent)
        write_whole(folder / script.name, script.read_bytes())


def kept(name: str, build: Path) -> Path:
    """The script of shipped weights as it is kept in the folder `build`, written anew only when it is of others."""
    path = build / ".explorer" / f"explorer-{name}.js"
    if not (path.exists() and path.read_text().startswith(_title(load(name, "cpu")))):
        export(name, path.parent)
    return path


def models() -> list[str]:
    """The names of the shipped weights that the page shows."""
    return [name for data in ("digits", "spikes") for kind in KINDS if (name := f"{data}-{kind}") in shipped()]


def index() -> str:
    """The text of `explorer-models.js`: which models there are, and a dozen held-out images of each kind."""
    named = [{"name": name, "data": name.split("-")[0], "kind": name.split("-")[1]} for name in models()]
    return _script("explorerIndex", {"models": named, "images": {"digits": _digits(), "spikes": _spikes()}})


def export(weights: str | Path, folder: str | Path, count: int = TRAINING_IMAGES) -> Path:
    """Write `explorer-NAME.js` of weights, shipped or a file, into a folder and return its path.

    count: training images that the range of each coordinate is taken from. Raises `BadInput` for weights that the page
    has no arithmetic for, or that float16 cannot hold, and for a folder that cannot be written.
    """
    model, name = load(weights, "cpu"), Path(weights).stem
    recipe = model.recipe
    if recipe.untied or recipe.combine != "sum":
        raise BadInput(f"{name}: the page adds up atoms of one g; “untied” and “max” are not among its arithmetic.")
    content, tensors = _weights(model)
    ranges = training_range(model, count)
    header = {
        "name": name, "sha256": model.record["sha256"], "k": model.k, "d0": model.d0, "size": model.size,
        "encoder": recipe.encoder, "decoder": recipe.decoder, "latents": recipe.latents,
        **_options(model), **({"order": _order(model, ranges)} if model.d0 > MANY else {}),
        "range": [[round(value, 4) for value in ends] for ends in ranges.tolist()],
        "tensors": tensors, "data": _packed(content),
    }  # fmt: skip
    path = Path(folder) / f"explorer-{name}.js"
    script = _script(f"(window.explorerData ??= {{}})[{json.dumps(name)}]", header)
    write_whole(path, f"{_title(model)}\n{script}".encode())
    return path


def read(path: str | Path) -> tuple[dict, dict[str, torch.Tensor]]:
    """The inverse of `export`: header and weights (float16) of a script, as the page will have them.

    Raises `BadInput` when there is no such file, or it is not one that `export` wrote.
    """
    try:
        header = json.loads(Path(path).read_text().split(" =", 2)[-1].strip().removesuffix(";"))
        content = np.frombuffer(gzip.decompress(base64.b64decode(header.pop("data"))), dtype=np.uint8)
        sizes = [int(np.prod(shape)) for _, shape in header["tensors"]]
        halves = (content[: sum(sizes)].astype(np.uint16) << 8 | content[sum(sizes) :]).view(np.float16)
        parts = zip(header["tensors"], np.split(halves, np.cumsum(sizes)[:-1]), strict=True)
        return header, {name: torch.from_numpy(part.reshape(shape).copy()) for (name, shape), part in parts}
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise BadInput(f"{path}: not a model of the page Explore ({error}); build the book to have it.") from None


def _options(model: AtomicAutoencoder) -> dict:
    """What the arithmetic has to know besides the weights."""
    options = {"maps": getattr(model.g, "maps", 0), "slope": getattr(model.g, "slope", None)}
    if model.recipe.encoder == "pursuit":
        encoder = model.encoder
        options |= {name: getattr(encoder, name) for name in ("window", "smooth", "stop", "again")}
        options["strides"] = [layer.stride[0] for layer in encoder.look if isinstance(layer, torch.nn.Conv2d)]
    return options


@torch.inference_mode()
def _order(model: AtomicAutoencoder, ranges: torch.Tensor, count: int = 8) -> list[int]:
    """The coordinates, those first that change the atoms of `count` training images most, from end to end."""
    images = model.recipe.data.batch(count, torch.Generator().manual_seed(0))
    z, used = model.encode(images)
    effects = []
    for j, ends in enumerate(ranges):
        low, high = (z[used].index_fill(1, torch.tensor([j]), float(end)) for end in ends)
        effects.append((model.g(high) - model.g(low)).square().sum())
    return torch.stack(effects).argsort(descending=True).tolist()


def _weights(model: AtomicAutoencoder) -> tuple[bytes, list]:
    """All weights as float16, high bytes before low ones, and their names and shapes in that order."""
    state = {name: tensor.float().contiguous() for name, tensor in model.state_dict().items()}
    if any(not torch.equal(tensor.half().float(), tensor) for tensor in state.values()):
        raise BadInput(f"{model.recipe.name}: its weights are not float16, the page would run another network.")
    halves = np.concatenate([tensor.half().numpy().ravel() for tensor in state.values()]).view(np.uint16)
    planes = (halves >> 8).astype(np.uint8).tobytes() + (halves & 255).astype(np.uint8).tobytes()
    return planes, [[name, list(tensor.shape)] for name, tensor in state.items()]


def _spikes() -> dict:
    """Held-out spikes by their truth [amplitude, row, column], and the set they are of; lengths in px."""
    data = RECIPES["spikes-plain"].data
    theta = data.held_out(256).theta
    chosen = _first((theta[..., 0] > 0).sum(dim=1).tolist(), SPIKES)
    return {
        "sigma": data.sigma, "border": data.border * data.sigma, "separation": data.separation * data.sigma,
        "amplitude": list(data.amplitude), "most": data.k, "stars": _stars(data.size, data.sigma),
        "spikes": [[[float(v) for v in spike] for spike in image if spike[0] > 0] for image in theta[chosen].numpy()],
    }  # fmt: skip


def _stars(size: int, sigma: float) -> dict:
    """A part of M13 without its background, enlarged until its stars are as wide as the spikes: an 8-bit picture."""
    field, width = shipped_field("m13").double(), FIELDS["m13"].sigma
    background, _ = sky(field, field.new_zeros(0, 3), width)
    side = round(size * width / sigma)
    rows, columns = (slice(start, start + side) for start in STARS)
    picture = enlarged((field - background)[rows, columns], size / side, size, 0)[0, 0]
    bytes_ = (255 * (picture / picture.max() - DARKEST) / (1 - DARKEST)).round().clamp(0, 255).to(torch.uint8)
    return {"name": "stars of M13, a globular cluster", "darkest": DARKEST, "data": _packed(bytes_.numpy().tobytes())}


def _digits() -> dict:
    """Held-out digits as 8-bit pictures, with their labels and their numbers in MNIST's test set."""
    images, labels = mnist(train=False)
    chosen = _first(labels.tolist(), DIGITS)
    pictures = smooth_strokes(images[chosen], RECIPES["digits-plain"].data.size)
    packed = _packed((pictures * 255).round().to(torch.uint8).numpy().tobytes())
    return {"labels": labels[chosen].tolist(), "numbers": chosen, "data": packed}


def _first(values: list[int], wanted: tuple[int, ...]) -> list[int]:
    """For each wanted value the place where it first occurs; for one wanted again, where it next does."""
    chosen = []
    for value in wanted:
        chosen.append(next(i for i, v in enumerate(values) if v == value and i not in chosen))
    return chosen


def _packed(content: bytes) -> str:
    return base64.b64encode(gzip.compress(content, 9, mtime=0)).decode()


def _script(variable: str, value: dict) -> str:
    """One assignment, a key a line."""
    lines = ",\n".join(f" {json.dumps(key)}: {json.dumps(part)}" for key, part in value.items())
    return f"{variable} = {{\n{lines}\n}};\n"


def _title(model: AtomicAutoencoder) -> str:
    """The first line of a script: what it was made of, these weights and this code."""
    code = hashlib.sha256(Path(__file__).read_bytes()).hexdigest()
    return f"// Made by book/_ext/explorer_page.py {code[:12]} from weights {model.record['sha256'][:12]}."
