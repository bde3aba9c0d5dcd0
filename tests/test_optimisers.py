"""Adam, and Muon for matrices: which weights get which, exact resume, several processes, refusals."""

import json
import os
import subprocess
import sys

import pytest
import torch
from torch import nn

from atomic_lib import BadInput, Recipe, Training
from atomic_lib.data.spikes import Spikes
from atomic_lib.optimisers import REST, Optimiser, is_matrix
from atomic_lib.recipes import RECIPES

SHORT = {"steps": 40, "batch": 4, "bfloat16": False}
REFERENCE = RECIPES["spikes-reference"].replace(data=Spikes(size=16, sigma=1.0, k=2, border=2.0), k=2, **SHORT)
TINY = Recipe(
    "tiny", Spikes(size=32, sigma=2.0, k=3), "one-shot", "separable", k=3, d0=3, noise=0.02, optimiser="muon", lr=0.006,
    encoder_options={"channels": 4, "width": 16}, decoder_options={"channels": 8, "width": 16}, **SHORT,
)  # fmt: skip
SLOTS = TINY.replace(encoder="slots", encoder_options={"width": 16, "rounds": 2, "spare": 1})


def advanced(recipe, steps, training=None):
    training = training or Training(recipe, seed=3, device="cpu")
    losses = [training.advance() for _ in range(steps)]
    return training, losses


def test_a_matrix_has_more_than_four_rows_and_columns():
    shapes = {(5, 5): True, (4, 9): False, (8, 1, 3, 3): True, (1, 32, 3, 3): False, (32, 4): False, (8, 2, 5): True}
    assert {shape: is_matrix(torch.zeros(shape)) for shape in shapes} == shapes
    assert not is_matrix(torch.zeros(100))


def test_every_weight_has_one_optimiser():
    model = RECIPES["spikes-reference"].build()
    optimiser = Optimiser("muon", model, 0.01)
    muon, adam = (sum(p.numel() for p in part.param_groups[0]["params"]) for part in optimiser.parts.values())
    assert muon + adam == 307_097 and muon > 0.98 * 307_097
    assert [group["lr"] for group in optimiser.param_groups] == [0.01, REST]


def test_what_a_training_starts_with_is_in_its_recipe():
    slow = Training(RECIPES["spikes-reference"].replace(rest=1e-4, faint=0.03), 0, "cpu")
    usual = Training(RECIPES["spikes-reference"], 0, "cpu")
    assert [group["lr"] for group in slow.optimiser.param_groups] == pytest.approx([0.01, 1e-4])
    for one, other in zip(slow.model.g.stages[-1], usual.model.g.stages[-1], strict=True):
        assert torch.allclose(one.weight, 0.1 * other.weight)


def test_steps_reach_the_network_and_are_orthogonal():
    layer = nn.Conv2d(3, 8, 3, bias=False)
    before = layer.weight.detach().clone()
    optimiser = Optimiser("muon", layer, 0.1)
    layer(torch.randn(2, 3, 9, 9)).square().sum().backward()
    optimiser.step()
    moved = (layer.weight.detach() - before).flatten(1) / 0.1
    assert (
        layer.weight.is_contiguous() and torch.linalg.svdvals(moved).sub(1).abs().max() < 0.5
    )  # Newton–Schulz is rough
    optimiser.zero_grad()
    assert layer.weight.grad is None
    optimiser.step()  # nothing was asked for
    assert torch.equal((layer.weight.detach() - before).flatten(1) / 0.1, moved)


def test_tall_matrices_take_longer_steps():
    layer = nn.Linear(5, 20, bias=False)
    before = layer.weight.detach().clone()
    optimiser = Optimiser("muon", layer, 0.1)
    layer(torch.randn(50, 5)).square().sum().backward()
    optimiser.step()
    singular = torch.linalg.svdvals((layer.weight.detach() - before) / 0.1)
    assert singular.sub(2).abs().max() < 1  # √(20/5)


@pytest.mark.slow
@pytest.mark.parametrize("recipe", [REFERENCE, TINY, SLOTS], ids=["reference", "one-shot", "slots"])
def test_resumed_is_the_same_to_the_bit(recipe, tmp_path):
    whole, _ = advanced(recipe, 40)
    first, _ = advanced(recipe, 20)
    first.save(tmp_path)
    torch.manual_seed(99)  # whatever happened in between
    second, _ = advanced(recipe, 20, Training(recipe, seed=3, device="cpu").resume(tmp_path))
    for name, tensor in whole.model.state_dict().items():
        assert torch.equal(tensor, second.model.state_dict()[name]), name
    assert not any(
        torch.equal(a, b) for a, b in zip(recipe.build().parameters(), whole.model.parameters(), strict=True)
    )


def test_adam_is_torchs_own():
    """The face around it changes nothing: the same weights, to the bit, as `torch.optim.Adam` alone gives."""
    recipe = TINY.replace(optimiser="adam", lr=1e-3)
    ours, _ = advanced(recipe, 3)
    plain = Training(recipe, seed=3, device="cpu")
    plain.optimiser = torch.optim.Adam(plain.model.parameters(), lr=1e-3)
    plain.optimiser.param_groups[0]["scale"] = 1.0
    advanced(recipe, 3, plain)
    for a, b in zip(ours.model.parameters(), plain.model.parameters(), strict=True):
        assert torch.equal(a, b)


def test_both_share_the_schedule():
    training, _ = advanced(TINY, 30)
    muon, adam = (group["lr"] for group in training.optimiser.param_groups)
    assert adam / muon == pytest.approx(REST / TINY.lr) and muon < 0.2 * TINY.lr


@pytest.mark.slow
def test_it_learns():
    recipe = TINY.replace(steps=150, batch=16)
    _, losses = advanced(recipe, 150)
    assert sum(losses[-10:]) < 0.9 * sum(losses[:10])


def test_bfloat16_trains_and_weights_stay_float32():
    training, losses = advanced(REFERENCE.replace(bfloat16=True), 3)
    assert all(0 < loss < 2 for loss in losses)
    assert all(parameter.dtype == torch.float32 for parameter in training.model.parameters())


def test_the_authors_networks_start_as_large_as_they_should():
    """Kaiming's initialisation keeps what a latent block changes alive to the output; torch's loses it."""

    def change(recipe):
        torch.manual_seed(0)
        g, z = recipe.build().g, torch.randn(2, 8, 3)
        with torch.no_grad():
            return (g(z[0]) - g(z[1])).square().mean().sqrt().item()

    kaiming, torchs = (change(RECIPES["spikes-reference"].replace(init=init)) for init in ("kaiming", "torch"))
    assert 0.01 < kaiming < 1 and torchs < kaiming / 10


def test_what_is_released_is_untouched():
    reference, paper = RECIPES["spikes-reference"], RECIPES["spikes-paper"]
    ours = ("name", "data", "optimiser", "init", "lr", "schedule", "batch", "steps", "clip", "relative")
    fields = vars(paper).items()
    assert {key for key, value in fields if getattr(reference, key) != value} <= set(ours)
    assert (reference.penalty, reference.noise, reference.alignment) == ("none", 0.0, "none")


@pytest.mark.parametrize("name, count", [("spikes-reference", 307_097), ("digits-reference", 341_051)])
def test_parameters_as_released(name, count):
    assert sum(parameter.numel() for parameter in RECIPES[name].build().parameters()) == count


def test_refusals(tmp_path):
    with pytest.raises(BadInput, match="expected one of adam, muon"):
        TINY.replace(optimiser="sgd")
    with pytest.raises(BadInput, match="expected one of torch, kaiming"):
        TINY.replace(init="zeros")
    with pytest.raises(BadInput, match="no optimiser “sgd”"):
        Optimiser("sgd", nn.Linear(8, 8), 0.01)
    with pytest.raises(BadInput, match="no weight matrix"):
        Optimiser("muon", nn.Sequential(nn.Linear(4, 100), nn.LayerNorm(100)), 0.01)
    adam = Optimiser("adam", nn.Linear(8, 8), 0.01)
    muon = Optimiser("muon", nn.Linear(8, 8), 0.01)
    with pytest.raises(BadInput, match=r"another optimiser \(muon and adam\), this training's is adam"):
        adam.load_state_dict(muon.state_dict())
    with pytest.raises(BadInput, match="this training's is muon"):
        muon.load_state_dict(adam.state_dict())
    training, _ = advanced(TINY, 1)
    training.save(tmp_path)
    with pytest.raises(BadInput, match=r"cannot go on .* \(optimiser muon there, adam here\)"):
        Training(TINY.replace(optimiser="adam"), training.seed, "cpu").resume(tmp_path)


@pytest.mark.slow
def test_two_processes_keep_the_same_weights(tmp_path):
    script = tmp_path / "train.py"
    script.write_text(f"""
import json, sys, torch
sys.path.insert(0, {os.path.dirname(__file__)!r})
from test_optimisers import TINY
from atomic_lib import Training
training = Training(TINY, 0, "cpu")
losses = [training.advance() for _ in range(3)]
weights = torch.cat([p.detach().flatten() for p in training.model.parameters()]).tolist()
with open({str(tmp_path)!r} + f"/{{training.world.rank}}.json", "w") as file:
    json.dump([losses, weights], file)
training.world.leave()
""")
    run = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", str(script)]
    done = subprocess.run(run, capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"}, timeout=240)
    assert done.returncode == 0, done.stderr[-2000:]
    one, other = (json.loads((tmp_path / f"{rank}.json").read_text()) for rank in range(2))
    assert one[0] != other[0] and one[1] == other[1]
