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
    check_writable(path)
    aside = path.with_name(f".{path.name}.{os.getpid()}.part")  # two writers must not share it
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


def check_outputs(outputs: dict[str, str | Path], inputs: list[str | Path] = ()) -> None:
    """Raise `BadInput` before anything is done, if one of the files {option: path} cannot or should not be written.

    Each must be a name of its own, not that of an input, in a folder that can be made and written; what is there must
    be a plain file that may be written, for it is replaced.
    """
    taken = {Path(path).resolve(): "the input" for path in inputs}
    for option, name in outputs.items():
        path = Path(name)
        if not str(name).strip():
            raise BadInput(f"{option}: the name is empty; name a file.")
        if path.resolve() in taken:
            raise BadInput(f"{option} {path}: that is {taken[path.resolve()]} already; name another file.")
        taken[path.resolve()] = option
        check_writable(path, option)


def check_writable(path: str | Path, what: str = "") -> None:
    """Raise `BadInput` unless a plain file can be written there; what is not a plain file is never replaced."""
    path, head = Path(path), f"{what} {path}".strip()
    try:
        if path.is_symlink():
            raise BadInput(f"{head}: a link, which would be replaced by a file; name the file that it leads to.")
        if path.exists() and not path.is_file():
            raise BadInput(f"{head}: a folder or a device is there; name a plain file.")
        if path.exists() and not path.stat().st_mode & 0o222:
            raise BadInput(f"{head}: the file that is there is read-only; name another.")
        folder = next(one for one in (path.parent, *path.parent.absolute().parents) if one.exists())
        if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
            raise BadInput(f"{head}: cannot be written, {folder} is no folder that may be written; name another.")
    except OSError as error:
        raise BadInput(f"{head}: cannot be written ({error.strerror}); name another file.") from None
