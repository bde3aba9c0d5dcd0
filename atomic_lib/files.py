"""Files: where the shipped data is, reading what is whole, writing whole or not at all, one writer a folder."""

import json
import os
import socket
import stat
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from .errors import BadInput, check

try:
    import fcntl
except ImportError:  # Windows: nothing keeps two trainings out of one folder there
    fcntl = None  # type: ignore[assignment]


def data_folder() -> Path:
    """The folder that holds `mnist/`, `weights/` and `results/`; raises `BadInput` outside a clone."""
    named = os.environ.get("ATOMIC_DATA")
    folder = Path(named) if named else Path(__file__).resolve().parent.parent / "data"
    if not folder.is_dir():
        clone = "the data/ folder of a clone of the companion, which holds mnist/ and weights/"
        raise BadInput(f"{folder}: the shipped data is not there; set ATOMIC_DATA to {clone}.")
    return folder


def named(path: str | Path, what: str = "the name") -> Path:
    """A path that somebody gave; raises `BadInput` for what is no name, or an empty one."""
    check(what, path, str | Path)
    if not str(path).strip() or "\0" in str(path):
        raise BadInput(f"{what} {str(path)!r} is empty or no name of a file; give one.")
    return Path(path)


def read_whole(path: str | Path, most: int = 2**30, missing: str = "give the name of one that is there") -> bytes:
    """The content of a plain file of at most `most` bytes; raises `BadInput` that says why it cannot be read.

    A pipe could be waited for without end, a device or a sparse file could fill the memory: they are not opened.
    """
    path = named(path)
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise BadInput(f"{path}: cannot be read, for it is a folder, a pipe or a device; name a plain file.")
        if status.st_size > most:
            raise BadInput(f"{path}: cannot be read, for it has {status.st_size:,} bytes; at most {most:,} make sense.")
        return path.read_bytes()
    except FileNotFoundError:
        raise BadInput(f"{path}: there is no such file; {missing}.") from None
    except OSError as error:
        raise BadInput(f"{path}: cannot be read ({error.strerror}); see that it may be, or name another.") from None


def write_whole(path: str | Path, content: bytes = b"", writer=None) -> None:
    """Write a file aside, then rename it: readers see the old file or the new one, never a part.

    Raises `BadInput` when the folder cannot be written or the disk is full; nothing is left then.
    """
    path = check_replaceable(path)
    aside = _aside(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(aside, "xb") as file:
            writer(file) if writer else file.write(content)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    except OSError as error:
        raise BadInput(f"{path}: cannot be written ({error.strerror}); name another, or free some space.") from None
    finally:
        if os.path.exists(aside):
            os.unlink(aside)


def write_json(path: str | Path, content: dict | list) -> None:
    """`write_whole` of plain data, as indented JSON, or as one line on standard output where the path is "-".

    Raises `BadInput` for NaN and infinity, which JSON has not.
    """
    try:
        text = json.dumps(content, indent=None if path == "-" else 1, allow_nan=False)
    except ValueError:
        raise BadInput(f"{path}: not written, for a number in it is not finite: look at what gave it.") from None
    print(text) if path == "-" else write_whole(path, (text + "\n").encode())


def check_outputs(outputs: dict[str, str | Path], inputs: Sequence[str | Path] = ()) -> None:
    """Raise `BadInput` before anything is done, if one of the files {option: path} cannot or should not be written.

    Each must be a name of its own, not that of an input, in a folder that can be made and written; what is there must
    be a plain file that may be written, for it is replaced.
    """
    taken = {Path(path).resolve(): "an input" for path in inputs}
    for option, name in outputs.items():
        path = named(name, option)
        if path.resolve() in taken:
            raise BadInput(f"{option} {path}: that is {taken[path.resolve()]} already; name another file.")
        taken[path.resolve()] = option
        check_writable(path, option)


def check_writable(path: str | Path, what: str = "") -> None:
    """Raise `BadInput` unless a plain file can be written there, which is tried."""
    path = check_replaceable(path, what)
    try:
        tried = _aside(next(one for one in path.absolute().parents if one.exists()) / path.name)
        tried.touch(exist_ok=False)
        tried.unlink()
    except OSError as error:
        raise BadInput(f"{what} {path}: cannot be written ({error.strerror}); name another.".strip()) from None


def check_replaceable(path: str | Path, what: str = "") -> Path:
    """A path at which there is nothing, or a plain file that may be written; else raises `BadInput`."""
    path, told = named(path, what or "the name"), ""
    try:
        if path.is_symlink():
            told = "a link, which would be replaced by a file; name the file that it leads to"
        elif path.exists() and not path.is_file():
            told = "a folder or a device is there; name a plain file"
        elif path.exists() and not (path.stat().st_mode & 0o222 and os.access(path, os.W_OK)):
            told = "the file that is there is read-only; name another"
    except OSError as error:
        told = f"cannot be written ({error.strerror}); name another file"
    if told:
        raise BadInput(f"{what} {path}: {told}.".strip())
    return path


def _aside(path: Path) -> Path:
    """A name beside `path` that no other writer has."""
    return path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.part")


@contextmanager
def locked(folder: str | Path) -> Iterator[Path]:
    """A folder, made if need be, for this process alone; raises `BadInput` that says who holds it.

    The lock goes with its process, however that ends. What a killed one left half-written is removed.
    """
    folder = named(folder, "the folder")
    path = folder / ".lock"
    check_writable(path)
    folder.mkdir(parents=True, exist_ok=True)
    if fcntl is None:
        yield folder
        return
    with open(path, "a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            holder = file.read().strip() or "another process"
            raise BadInput(f"{folder}: {holder} is at work there; wait for it, or name another folder.") from None
        except OSError:  # a file system without locks
            pass
        file.truncate(0)
        file.write(f"process {os.getpid()} on {socket.gethostname()}")
        file.flush()
        try:
            for part in folder.glob(".*.part"):
                part.unlink(missing_ok=True)
            yield folder
        finally:
            path.unlink(missing_ok=True)
