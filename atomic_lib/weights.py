"""Weights in safetensors (float16) beside a JSON record of how they were trained; checked on every load.

The record holds the recipe, seed, steps, minutes, hardware, torch version, commit, the curves of the training, the
final metrics on held-out data, and the sha256 of the weights.
"""

import hashlib
import io
import json
import os
import pickle
import subprocess
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load as parse
from safetensors.torch import save as serialise
from torch import nn

from .devices import pick_device
from .errors import BadInput
from .files import data_folder, named, read_whole, write_json, write_whole
from .recipes import Recipe

LARGEST = 2**33  # bytes of weights or of a checkpoint that are read


def load(name: str | Path, device: str | torch.device = "auto") -> Any:
    """A trained model in eval mode, by the name of shipped weights or the path of a .safetensors file.

    device: "auto" (a GPU where there is one), "cpu", "cuda", or a torch.device. Its `recipe` and `record` say
    what it is and how it was trained. Raises `BadInput` when weights or record are missing, altered, or of another
    recipe.
    """
    path, device = _locate(name), pick_device(device)
    content, record = read_whole(path, LARGEST), read_record(path.with_suffix(".json"))
    mend = "restore both with git, or go on with the training by --resume"
    if hashlib.sha256(content).hexdigest() != record.get("sha256"):
        raise BadInput(f"{path}: its sha256 is not the one in {path.stem}.json; {mend}.")
    model = Recipe.from_json(record.get("recipe", {})).build()
    try:
        tensors = parse(content)
        if not all(tensor.is_floating_point() and tensor.isfinite().all() for tensor in tensors.values()):
            raise ValueError("some are NaN, infinite or no real numbers")
        model.load_state_dict(tensors)
    except (RuntimeError, SafetensorError, LookupError, TypeError, ValueError, MemoryError) as error:
        why = error if isinstance(error, ValueError) else type(error).__name__
        told = f"these are not weights of the recipe “{record.get('name')}” that the record names"
        raise BadInput(f"{path}: {told} ({why}); {mend}.") from None
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
    content = read_whole(path, 2**28, "the record of weights lies beside them, under their name")
    try:
        record = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"{path}: truncated or altered, not a JSON record ({error}).") from None
    if not isinstance(record, dict):
        raise BadInput(f"{path}: not a record of weights; expected a JSON object.")
    return record


def save(folder: str | Path, model: nn.Module, record: dict) -> Path:
    """Write NAME.safetensors and NAME.json, NAME being the record's; returns the weights' path.

    The model's weights are to be rounded to float16 already: that is how they are written. Killed between the two, the
    pair is refused by `load`, and `Training.resume` mends it. Raises `BadInput` for weights that are not finite.
    """
    check_finite(model, "not written")
    content = serialise({name: tensor.cpu().half().contiguous() for name, tensor in model.state_dict().items()})
    record = {**record, "sha256": hashlib.sha256(content).hexdigest()}
    path = Path(folder) / f"{record['name']}.safetensors"
    write_whole(path, content)
    write_json(path.with_suffix(".json"), record)
    return path


def check_finite(model: nn.Module, what: str) -> None:
    """Raise `BadInput`, said of `what`, if a weight is NaN or infinite: the training has diverged."""
    for name, tensor in model.state_dict().items():
        if not tensor.isfinite().all():
            told = "a weight is not finite, or beyond what float16 holds: the training diverged"
            raise BadInput(f"{what}: in {name} {told}; take a smaller lr, or a clip.")


def save_checkpoint(path: Path, state: dict) -> None:
    """Write the state of a training, and at the end the sha256 of what was written."""
    torch.save(state, buffer := io.BytesIO())
    content = buffer.getvalue()
    write_whole(path, content + hashlib.sha256(content).digest())


def load_checkpoint(path: Path) -> dict:
    """What `save_checkpoint` wrote; raises `BadInput` when it is missing, cannot be read, or is not to the bit that."""
    content = read_whole(path, LARGEST, "there is no checkpoint to resume from, so train without --resume first")
    damaged = f"{path}: a damaged checkpoint, or one of another version; move it away and train again."
    if hashlib.sha256(content[:-32]).digest() != content[-32:]:
        raise BadInput(damaged)
    try:
        state = torch.load(io.BytesIO(content[:-32]), map_location="cpu", weights_only=True)
        return {**state, "recipe": Recipe.from_json(state["recipe"])}
    except (RuntimeError, EOFError, pickle.UnpicklingError, LookupError, TypeError) as error:
        raise BadInput(f"{damaged} ({type(error).__name__})") from None


def commit() -> str:
    """The commit of the code at work, with “-dirty” if it was edited since; "unknown" outside git."""
    git = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty", "--exclude=*", "--abbrev=40"]
    try:
        return subprocess.run(git, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def _locate(name: str | Path) -> Path:
    path = named(name, "weights")
    if path.suffix == ".safetensors":
        return path
    path = data_folder() / "weights" / f"{name}.safetensors"
    if not os.path.isfile(path):
        names = ", ".join(shipped()) or "none"
        elsewhere = "or name a .safetensors file, or let ATOMIC_DATA name the data/ folder of a clone"
        raise BadInput(f"there are no weights “{name}”; shipped are {names}; {elsewhere}.")
    return path
