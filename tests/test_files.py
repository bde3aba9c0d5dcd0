"""Files are written whole, or left as they were."""

import os

import pytest

from atomic_lib import files


def test_an_interrupted_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "file"
    files.write_whole(path, b"old")

    def dies(file):
        file.write(b"half of the n")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        files.write_whole(path, writer=dies)
    assert path.read_bytes() == b"old" and os.listdir(tmp_path) == ["file"]
