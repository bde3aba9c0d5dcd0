"""Where the shipped data is: the clone's `data/`, or the folder named by ATOMIC_DATA."""

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
