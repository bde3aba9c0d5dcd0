"""The command line: an empty option is no absent one, none is passed over, and no stream is a reason to fail."""

import os
import signal
import subprocess
import sys

import numpy as np
import pytest

from atomic_lib.__main__ import main
from atomic_lib.studies import ablations


def refused(capsys, *arguments) -> str:
    """The one sentence that a refused command prints."""
    try:
        status = main([str(argument) for argument in arguments])
    except SystemExit as left:  # argparse: its usage, and its sentence
        status = left.code
    printed = capsys.readouterr()
    assert status == 2 and not printed.out and "Traceback" not in printed.err
    return printed.err.strip().splitlines()[-1]


@pytest.mark.parametrize("nothing", ["", " "])
@pytest.mark.parametrize(
    "command",
    [
        "evaluate spikes-pursuit --spikes ?", "evaluate ?", "train spikes-plain --images ?",
        "train spikes-plain --out ?",
        "train ?", "train spikes-plain --device ?", "ablate seeds --variant ?", "ablate ?", "bench --out ?",
        "decompose seven.png --weights digits-plain --out a.png --json ?",
        "decompose seven.png --weights digits-plain --out ?", "decompose seven.png --weights ? --out a.png",
        "decompose ? --weights digits-plain --out a.png",
    ],
)  # fmt: skip
def test_an_empty_option_is_refused(command, nothing, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "empty" in refused(capsys, *[nothing if word == "?" else word for word in command.split()])
    assert not os.listdir(tmp_path)


@pytest.mark.slow
def test_no_option_is_passed_over(capsys, tmp_path):
    assert "no ablation “NONESUCH”" in refused(capsys, "ablate", "NONESUCH", "--list")
    assert "variant" in refused(capsys, "ablate", "seeds", "--variant", "nonesuch", "--list")
    assert "not allowed with" in refused(capsys, "ablate", "seeds", "--seeds", "2", "--seed", "1")
    assert "seeds" in refused(capsys, "ablate", "seeds", "--seeds", "0", "--list")
    assert "seed" in refused(capsys, "ablate", "seeds", "--seed", "-1")
    assert "not allowed with" in refused(capsys, "train", "spikes-plain", "--steps", "2", "--minutes", "1")
    arrays = {"images": np.zeros((2, 128, 128)), "amplitudes": np.ones((2, 1)), "positions": np.ones((2, 1, 2))}
    np.savez(tmp_path / "x.npz", **arrays)
    given = ("evaluate", "spikes-plain", "--spikes", tmp_path / "x.npz")
    assert "give one of them" in refused(capsys, *given, "--seed", "5")
    assert "count -1" in refused(capsys, *given, "--count", "-1")
    assert main([str(word) for word in (*given, "--json", "--count", "1")]) == 0
    assert '"images": 1' in capsys.readouterr().out


def test_a_list_is_of_what_was_asked_for(capsys):
    assert main(["ablate", "seeds", "--list", "--variant", "slots", "--seed", "7"]) == 0
    asked, *listed = capsys.readouterr().out.splitlines()
    assert asked.startswith("seeds:") and [line.strip() for line in listed] == [ablations.command("seeds", "slots", 7)]


def atomic(*arguments, before=(), **options):
    environment = {**os.environ, "OMP_NUM_THREADS": "1", **options.pop("env", {})}
    command = [*before, sys.executable, "-m", "atomic_lib", *arguments]
    return subprocess.run(command, capture_output=True, env=environment, timeout=240, **options)


@pytest.mark.slow
@pytest.mark.parametrize("encoding", ["cp1252", "ascii"])
def test_help_where_standard_output_is_not_utf_8(encoding):
    done = atomic("--help", env={"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"})
    assert done.returncode == 0 and b"decompose" in done.stdout and not done.stderr


@pytest.mark.slow
def test_a_reader_that_has_enough(tmp_path):
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "atomic_lib", "ablate", "--list"]
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, timeout=240)
    os.close(writing)
    assert done.returncode == 141 and not done.stderr


@pytest.mark.slow
def test_a_stop_while_torch_is_imported_is_not_traced(tmp_path):
    (tmp_path / "torch.py").write_text("raise KeyboardInterrupt")
    done = atomic("--help", env={"PYTHONPATH": f"{tmp_path}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"})
    assert done.returncode in (-signal.SIGINT, 130) and not done.stderr


@pytest.mark.slow
def test_other_things_of_the_environment(tmp_path):
    (tmp_path / "seven.png").write_bytes(b"")
    done = atomic(
        "decompose", "seven.png", "--weights", "digits-plain", "--out", "a.png", cwd=tmp_path,
        env={"MPLBACKEND": "nonsense", "PYTHONPATH": os.getcwd()},
    )  # fmt: skip
    assert done.returncode == 2 and b"MPLBACKEND" in done.stderr and b"Traceback" not in done.stderr
    done = atomic("train", "spikes-plain", "--steps", "1", "--out", "x", cwd=tmp_path, env={"RANK": "1"})
    assert done.returncode == 2 and b"torchrun" in done.stderr and os.listdir(tmp_path) == ["seven.png"]


def test_an_error_of_the_system_is_said_without_its_number(capsys, monkeypatch):
    def unreadable(options):
        raise PermissionError(13, "Permission denied", "/some/folder")

    monkeypatch.setattr("atomic_lib.__main__.evaluate", unreadable)
    assert refused(capsys, "evaluate", "spikes-plain") == "atomic_lib: /some/folder: Permission denied"
