"""bench measures what it says; how fast is for the reader's machine to tell."""

import json

import pytest
import torch

from atomic_lib import RECIPES
from atomic_lib.__main__ import main
from atomic_lib.data.digits import Digits
from atomic_lib.data.spikes import Spikes
from atomic_lib.studies import bench


@pytest.mark.slow
def test_the_ways_of_a_reference_step_are_compared():
    found = bench.reference_step(torch.device("cpu"), batch=2, repeats=1)
    assert found["float32_speedup"] == found["released"] / found["float32"] and found["released"] > 0


def test_as_released_g_is_called_block_after_block(monkeypatch):
    calls, g = [], bench.as_released
    monkeypatch.setattr(bench, "as_released", lambda *given: calls.append(len(given[1])) or g(*given))
    bench.step_of("float32", "cpu", batch=2, repeats=1)
    assert not calls
    bench.step_of("released", "cpu", batch=2, repeats=1)
    assert calls == 2 * RECIPES["spikes-paper"].k * [2]  # a step to warm up, and one that counts


@pytest.mark.slow
def test_a_step_has_a_cost_and_it_is_measured_apart():
    cost = bench.apart(bench.step_cost, "spikes-plain", "cpu", 2, 64)
    assert cost["seconds"] > 0 and cost["mb"] > 0
    ballast = torch.ones(200_000_000)  # what this process holds is not the other's
    again = bench.apart(bench.step_cost, "spikes-plain", "cpu", 2, 64)
    assert again["mb"] < cost["mb"] + ballast.nbytes / 2e6


@pytest.mark.parametrize("name", ["spikes-pursuit", "digits-plain"])
def test_encoding_decoding_and_refining_are_timed(name):
    recipe = RECIPES[name]
    data = Spikes(size=32, sigma=2.0, k=2) if isinstance(recipe.data, Spikes) else Digits(32)
    model = recipe.replace(data=data, k=2, encoder_options={}, decoder_options={}).build().eval()
    speeds = bench.throughput(model, count=8)
    assert set(speeds) == {"encoded", "decoded", "refined"} and min(speeds.values()) > 0


def test_time_to_a_goal_is_read_from_the_record():
    looks = [{"seconds": 60.0, "jaccard": 0.5}, {"seconds": 120.0, "jaccard": 0.85}, {"seconds": 180.0, "jaccard": 0.9}]
    assert bench.time_to_jaccard({"curve": {"held_out": looks}}) == 2.0
    assert bench.time_to_jaccard({"curve": {"held_out": looks[:1]}}) is None


def test_the_command_prints_one_json_object(monkeypatch, capsys, tmp_path):
    cost, speeds = {"seconds": 1.0, "mb": 1.0}, {"encoded": 1.0, "decoded": 1.0, "refined": 1.0}
    monkeypatch.setattr(bench, "apart", lambda *_, **__: cost)
    monkeypatch.setattr(bench, "reference_step", lambda *_: {"released": 1.0})
    monkeypatch.setattr(bench, "throughput", lambda _: speeds)
    out = tmp_path / "bench.json"
    assert main(["bench", "--json", "--out", str(out), "--device", "cpu"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == json.loads(out.read_text())
    assert {"machine", "reference_step", "models", "growth", "time_to_jaccard"} <= set(printed)
    assert {(p["recipe"], p["along"], p[p["along"]]) for p in printed["growth"]} >= {("spikes-paper", "k", 80)}
    assert main(["bench", "--device", "cpu"]) == 0
