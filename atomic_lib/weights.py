"""Weights in safetensors (float16) beside a JSON record of how they were trained; checked on every load.

The record holds the recipe, seed, steps, minutes, hardware, torch version, commit, the curves of the training, the
final metrics on held-out data, and the sha256 of the weights.
"""

import hashlib
import json
import pickle
import subprocess
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load as parse
from safetensors.torch import save as serialise

from .devices import pick_device
from .errors import BadInput
from .files import data_folder, write_json, write_whole
from .model.autoencoder import AtomicAutoencoder
from .recipes import Recipe


def load(name: str | Path, device: str | torch.device = "auto") -> AtomicAutoencoder:
    """A trained model in eval mode, by the name of shipped weights or the path of a .safetensors file.

    device: "auto" (a GPU where there is one), "cpu", "cuda", or a torch.device. Its `recipe` and `record` say
    what it is and how it was trained. Raises `BadInput` when weights or record are missing, altered, or of another
    recipe.
    """
    path, device = _locate(name), pick_device(device)
    record = read_record(path.with_suffix(".json"))
    try:
        content = path.read_bytes()
    except OSError as error:
        raise BadInput(f"{path}: the weights cannot be read ({error.strerror}).") from None
    if hashlib.sha256(content).hexdigest() != record.get("sha256"):
        raise BadInput(f"{path}: its sha256 is not the one in {path.stem}.json; restore both with git, or train again.")
    try:
        model = Recipe.from_json(record.get("recipe", {})).build()
        model.load_state_dict(parse(content))
    except (RuntimeError, SafetensorError, KeyError, TypeError, AttributeError) as error:
        named = f"these are not weights of the recipe “{record.get('name')}” that the record names"
        raise BadInput(f"{path}: {named} ({type(error).__name__}); restore both with git, or train again.") from None
    model.record = record
    return model.to(device).eval()


def shipped() -> list[str]:
    """The names of the weights in `data/weights`."""
    return sorted(file.stem for file in (data_folder() / "weights").glob("*.safetensors"))


def records() -> dict[str, dict]:
    """The records of the weights in `data/weights`, by name."""
    return {name: read_record(data_folder() / "weights" / f"{name}.json") for name in shipped()}


def read_record(path: str | Path) -> dict:
    """The JSON record at `path`; raises `BadInput` when it is missing or no record."""
    try:
        record = json.loads(Path(path).read_text())
    except OSError as error:
        raise BadInput(f"{path}: the record of these weights cannot be read ({error.strerror}).") from None
    except ValueError as error:
        raise BadInput(f"{path}: truncated or altered, not a JSON record ({error}).") from None
    if not isinstance(record, dict):
        raise BadInput(f"{path}: not a record of weights; expected a JSON object.")
    return record


def save(folder: str | Path, model: AtomicAutoencoder, record: dict) -> Path:
    """Write NAME.safetensors and NAME.json, NAME being the record's; returns the weights' path.

    The model's weights are to be rounded to float16 already: that is how they are written.
    """
    content = serialise({name: tensor.cpu().half().contiguous() for name, tensor in model.state_dict().items()})
    record = {**record, "sha256": hashlib.sha256(content).hexdigest()}
    path = Path(folder) / f"{record['name']}.safetensors"
    write_whole(path, content)
    write_json(path.with_suffix(".json"), record)
    return path


def load_checkpoint(path: Path) -> dict:
    """What `Training.save` wrote; raises `BadInput` when it is missing or damaged."""
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        return {**state, "recipe": Recipe.from_json(state["recipe"])}
    except FileNotFoundError:
        raise BadInput(f"{path}: there is no checkpoint to resume from; train without --resume first.") from None
    except (RuntimeError, EOFError, OSError, pickle.UnpicklingError, KeyError, TypeError, IndexError) as error:
        raise BadInput(f"{path}: a damaged checkpoint ({type(error).__name__}); delete it and train again.") from None


def commit() -> str:
    """The commit of the code at work, with “-dirty” if it was edited since; "unknown" outside git."""
    git = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty", "--exclude=*", "--abbrev=40"]
    try:
        return subprocess.run(git, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _locate(name: str | Path) -> Path:
    path = Path(name)
    if path.suffix == ".safetensors":
        if not path.is_file():
            raise BadInput(f"{path}: there is no such file of weights.")
        return path
    path = data_folder() / "weights" / f"{name}.safetensors"
    if not path.is_file():
        names = ", ".join(shipped()) or "none"
        elsewhere = "or name a .safetensors file, or let ATOMIC_DATA name the data/ folder of a clone"
        raise BadInput(f"there are no weights “{name}”; shipped are {names}; {elsewhere}.")
    return path
