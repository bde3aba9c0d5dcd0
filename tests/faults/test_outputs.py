"""What is there is not lost: no output replaces what is no plain file of its own, and a folder has one writer."""

import json
import os
import signal
import subprocess
import sys
import threading

import pytest
from PIL import Image, ImageDraw
from stand_ins import TINY

from atomic_lib import BadInput, Training, files
from atomic_lib.__main__ import main


@pytest.fixture
def seven(tmp_path):
    picture = Image.new("L", (200, 260), 255)
    ImageDraw.Draw(picture).line([(50, 50), (150, 50), (90, 220)], fill=0, width=18)
    picture.save(tmp_path / "seven.png")
    return tmp_path / "seven.png"


def link(path):
    path.with_name("real").write_text("real")
    path.symlink_to(path.with_name("real"))


def dangling(path):
    path.symlink_to(path.with_name("nowhere"))


def read_only(path):
    path.write_text("precious")
    path.chmod(0o444)


def device(path):
    if os.geteuid():
        pytest.skip("only root makes devices")
    os.mknod(path, 0o666 | 0o020000, os.makedev(1, 3))


THERE = [link, dangling, read_only, os.mkfifo, os.mkdir, device]


@pytest.mark.parametrize("make", THERE, ids=lambda make: make.__name__)
def test_what_is_no_plain_file_is_not_replaced(make, tmp_path, seven, capsys):
    path = tmp_path / "there"
    make(path)
    before = path.lstat()
    with pytest.raises(BadInput):
        files.write_whole(path, b"new")
    out = tmp_path / "out.png"
    command = ["decompose", str(seven), "--weights", "digits-pursuit", "--out", str(out), "--json", str(path)]
    assert main(command) == 2 and "--json" in capsys.readouterr().err
    after = path.lstat()
    assert (after.st_ino, after.st_mode, after.st_size) == (before.st_ino, before.st_mode, before.st_size)
    assert not out.exists() and not list(tmp_path.glob(".*"))


def test_outputs_have_names_of_their_own(tmp_path, seven, capsys):
    picture, weights = seven.read_bytes(), tmp_path / "w.safetensors"
    record = weights.with_suffix(".json")
    record.write_text("{}")
    plain = ["decompose", str(seven), "--weights"]
    for ending in (
        ["digits-pursuit", "--out", str(seven)],
        ["digits-pursuit", "--out", str(tmp_path / "sub" / ".." / "seven.png")],
        ["digits-pursuit", "--out", str(tmp_path / "a.png"), "--json", str(tmp_path / "a.png")],
        [str(weights), "--out", str(tmp_path / "a.png"), "--json", str(record)],
    ):
        assert main([*plain, *ending]) == 2, ending
        assert "name another" in capsys.readouterr().err
    assert seven.read_bytes() == picture and record.read_text() == "{}" and not (tmp_path / "a.png").exists()


@pytest.mark.slow
def test_outputs_are_tried_before_anything_is_done(tmp_path, seven, capsys, monkeypatch):
    from atomic_lib.studies import bench

    monkeypatch.setattr(bench, "bench", lambda *_, **__: pytest.fail("measured, though nothing can be written"))
    (tmp_path / "file").write_text("in the way")
    for place in (tmp_path / "file" / "x.json", tmp_path, "/proc/x.json"):
        assert main(["bench", "--out", str(place)]) == 2
        out = tmp_path / "b.png"
        assert (
            main(["decompose", str(seven), "--weights", "digits-pursuit", "--out", str(out), "--json", str(place)]) == 2
        )
        assert not out.exists()
    assert capsys.readouterr().err.count("atomic_lib: ") == 6


def test_two_writers_of_one_file_do_not_meet(tmp_path):
    path, both, failed = tmp_path / "file", threading.Barrier(2, timeout=60), []

    def write(letter):
        def half_by_half(file):
            file.write(letter * 1000)
            both.wait()
            file.write(letter * 1000)

        try:
            files.write_whole(path, writer=half_by_half)
        except BadInput as error:
            failed.append(error)

    threads = [threading.Thread(target=write, args=(letter,)) for letter in (b"a", b"b")]
    [thread.start() for thread in threads], [thread.join() for thread in threads]
    assert not failed and path.read_bytes() in (b"a" * 2000, b"b" * 2000) and os.listdir(tmp_path) == ["file"]


def test_a_number_that_is_not_finite_is_not_json(tmp_path):
    for bad in (float("nan"), float("inf")):
        with pytest.raises(BadInput, match="not finite"):
            files.write_json(tmp_path / "x.json", {"deep": [bad]})
    assert not os.listdir(tmp_path)


@pytest.mark.slow
def test_one_training_a_folder(tmp_path):
    first = Training(TINY, 0, "cpu", steps=2)
    first.save(tmp_path)
    with files.locked(tmp_path):
        for other in (Training(TINY, 1, "cpu", steps=2), Training(TINY, 0, "cpu").resume(tmp_path)):
            with pytest.raises(BadInput, match=f"process {os.getpid()} on"):
                other.run(tmp_path, progress=False)
    assert Training(TINY, 0, "cpu").resume(tmp_path).run(tmp_path, progress=False)["steps"] == 2
    assert not list(tmp_path.glob(".*"))


@pytest.mark.slow
def test_a_lock_goes_with_its_process_and_what_it_left_too(tmp_path):
    script = f"""
import os, signal
from atomic_lib.files import locked
with locked({str(tmp_path)!r}):
    open({str(tmp_path / ".checkpoint.pt.12345678.part")!r}, "w").write("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", script], timeout=240)
    assert done.returncode == -signal.SIGKILL and (tmp_path / ".lock").exists()
    with files.locked(tmp_path):
        assert os.listdir(tmp_path) == [".lock"]
    assert not os.listdir(tmp_path)


@pytest.mark.slow
def test_a_training_is_not_replaced_by_another(tmp_path):
    Training(TINY, 0, "cpu", steps=1).run(tmp_path, progress=False)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(BadInput, match="a training is there already"):
        Training(TINY, 1, "cpu", steps=1).run(tmp_path, progress=False)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before
    assert json.loads((tmp_path / "tiny.json").read_text())["seed"] == 0
