"""Files: where the shipped data is, and writing whole or not at all."""

import json
import os
from pathlib import Path

from .errors import BadInput


def data_folder() -> Path:
    """The folder that holds `mnist/`, `weights/` and `results/`; raises `BadInput` outside a clone."""
    named = os.environ.get("ATOMIC_DATA")
    folder = Path(named) if named else Path(__file__).resolve().parent.parent / "data"
    if not folder.is_dir():
        clone = "the data/ folder of a clone of the companion, which holds mnist/ and weights/"
        raise BadInput(f"{folder}: the shipped data is not there; set ATOMIC_DATA to {clone}.")
    return folder


def write_whole(path: str | Path, content: bytes = b"", writer=None) -> None:
    """Write a file aside, then rename it: readers see the old file or the new one, never a part.

    Raises `BadInput` when the folder cannot be written or the disk is full; nothing is left then.
    """
    path = Path(path)
    aside = path.with_name(f".{path.name}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(aside, "wb") as file:
            writer(file) if writer else file.write(content)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    except (OSError, RuntimeError) as error:  # torch.save reports a full disk as a RuntimeError
        why = getattr(error, "strerror", None) or str(error).splitlines()[0]
        raise BadInput(f"{path}: cannot be written ({why}); choose another folder or free some space.") from None
    finally:
        if os.path.exists(aside):
            os.unlink(aside)


def write_json(path: str | Path, content: dict | list) -> None:
    """`write_whole` of plain data, as indented JSON."""
    write_whole(path, (json.dumps(content, indent=1) + "\n").encode())
