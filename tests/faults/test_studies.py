"""Ablations and the bench: what hours gave is not lost to what could have been known before."""

import json
import os
import threading

import pytest
from stand_ins import TINY

from atomic_lib import BadInput, training
from atomic_lib.__main__ import main
from atomic_lib.studies import ablations, bench
from atomic_lib.studies.ablations import ABLATIONS, Ablation


@pytest.fixture
def folder(monkeypatch, tmp_path):
    """Where the results of an ablation of one tiny variant go."""
    monkeypatch.setenv("ATOMIC_DATA", str(tmp_path))
    monkeypatch.setitem(
        ABLATIONS, "tiny", Ablation("Does it run?", {"plain": TINY}, 1, measure=lambda model: {"k": model.k}, looks=1)
    )
    return tmp_path / "results" / "tiny"


ONE = ["ablate", "tiny", "--device", "cpu"]


def test_a_result_that_cannot_be_written_is_found_before_the_training(folder, monkeypatch, capsys):
    monkeypatch.setattr(training.Training, "advance", lambda self: pytest.fail("trained, for nothing"))
    result = folder / "plain-seed0.json"
    for make in (result.mkdir, result.touch):
        folder.mkdir(parents=True, exist_ok=True)
        make()
        result.chmod(0o444)
        assert main(ONE) == 2 and str(result) in capsys.readouterr().err
        result.rmdir() if result.is_dir() else result.unlink()
    folder.rmdir()
    folder.parent.rmdir()
    folder.parent.write_text("in the way")
    assert main(ONE) == 2 and "cannot be written" in capsys.readouterr().err


@pytest.mark.slow
def test_what_is_not_whole_is_not_recorded(folder, capsys):
    assert main(ONE) == 0
    result = folder / "plain-seed0.json"
    whole = result.read_text()
    assert os.listdir(folder) == ["plain-seed0.json"] and json.loads(whole)[ABLATIONS["tiny"].measured] == {"k": 3}
    for content in (whole[:300], "", "{}", "[]"):
        result.write_text(content)
        capsys.readouterr()
        assert main(["ablate", "tiny", "--list"]) == 0 and "done" not in capsys.readouterr().out
        with pytest.raises(BadInput, match="not whole"):
            ablations.results("tiny")
    result.unlink()
    result.mkdir()
    assert not ablations.is_recorded("tiny", "plain", 0)
    result.rmdir()
    assert main(ONE) == 0 and ablations.is_recorded("tiny", "plain", 0)


@pytest.mark.slow
def test_a_stopped_run_goes_on(folder, monkeypatch, capsys):
    advance, stop, steps = training.Training.advance, threading.Event(), []

    def counted(self):
        steps.append(self.step)
        if len(steps) == 15:
            stop.set()
        return advance(self)

    monkeypatch.setattr(training.Training, "advance", counted)
    monkeypatch.setattr("atomic_lib.training.stop_requests", lambda: Stop(stop))
    assert main(ONE) == 130 and not (folder / "plain-seed0.json").exists()
    stop.clear()
    checkpoint = folder / "plain-seed0" / "checkpoint.pt"
    whole = checkpoint.read_bytes()
    checkpoint.write_bytes(whole[:-1])
    assert main(ONE) == 2 and f"remove {checkpoint.parent}" in capsys.readouterr().err
    checkpoint.write_bytes(whole)
    assert main(ONE) == 0 and steps == list(range(TINY.steps))
    assert os.listdir(folder) == ["plain-seed0.json"]


class Stop(threading.Event):
    """As `stop_requests`: Ctrl-C, when this test says so."""

    def __init__(self, event):
        self.event = event

    def __enter__(self):
        return self.event

    def __exit__(self, *_):
        pass


@pytest.mark.slow
def test_a_measurement_that_fails_does_not_lose_the_training(folder, monkeypatch, capsys):
    good = ABLATIONS["tiny"]

    def nothing_to_measure(model):
        raise BadInput("there is nothing to measure.")

    monkeypatch.setitem(ABLATIONS, "tiny", Ablation("?", good.variants, 1, measure=nothing_to_measure, looks=1))
    assert main(ONE) == 2 and "nothing to measure" in capsys.readouterr().err
    monkeypatch.setitem(ABLATIONS, "tiny", good)
    monkeypatch.setattr(training.Training, "advance", lambda self: pytest.fail("trained again"))
    assert main(ONE) == 0 and ablations.is_recorded("tiny", "plain", 0)


def test_a_bench_without_weights_or_data_says_so_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr(bench, "reference_step", lambda *_: pytest.fail("measured for minutes first"))
    monkeypatch.setenv("ATOMIC_DATA", str(tmp_path))
    with pytest.raises(BadInput, match="no weights"):
        bench.bench("cpu")
    monkeypatch.setattr(bench, "shipped", lambda: ["tiny"])
    monkeypatch.setattr(bench, "load", lambda name, where: TINY.build())
    monkeypatch.setattr(TINY.data.__class__, "held_out", lambda *_: (_ for _ in ()).throw(BadInput("missing")))
    with pytest.raises(BadInput, match="missing"):
        bench.bench("cpu")
