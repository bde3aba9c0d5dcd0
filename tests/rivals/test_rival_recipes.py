"""A rival is a recipe: trained, stopped, resumed, recorded, loaded and measured as an atomic autoencoder is."""

import json

import pytest
import torch
from PIL import Image
from small_rivals import TINY, tiny

import atomic_lib
from atomic_lib import BadInput, Recipe, Training
from atomic_lib.__main__ import main
from atomic_lib.model.autoencoder import AtomicAutoencoder
from atomic_lib.recipes import RECIPES
from atomic_lib.rivals.recipes import ATOMIC, NAMED, RIVALS, SUPERVISED, SYSTEMS, find


def test_a_name_of_the_library_means_its_own_recipe():
    for name, recipe in RECIPES.items():
        assert find(name) is recipe
    assert "spikes-pursuit" in RIVALS and not NAMED.keys() & RECIPES.keys()


@pytest.mark.parametrize("name", RIVALS)
def test_a_record_gives_back_its_recipe(name):
    assert Recipe.from_json(json.loads(json.dumps(RIVALS[name].as_json()))) == RIVALS[name]


def test_spikes_and_digits_have_every_system_at_equal_images_and_latent_sizes():
    for kind in ("spikes", "digits"):
        recipes = [recipe for recipe in RIVALS.values() if recipe.name.startswith(kind)]
        assert len({(r.k * r.d0, r.steps * r.batch, r.optimiser, r.lr) for r in recipes}) == 1
    assert set(RIVALS) == {
        *(f"{kind}-{system}" for kind in ("spikes", "digits") for system in (*SYSTEMS, *ATOMIC)),
        *(f"digits-{system}" for system in SUPERVISED),
    }


@pytest.mark.slow
@pytest.mark.parametrize("system", SYSTEMS)
def test_a_rival_stopped_and_resumed_is_the_one_that_was_not(system, tmp_path):
    whole, stopped = Training(tiny(system), 0, "cpu"), Training(tiny(system), 0, "cpu")
    whole.run(tmp_path / "whole", progress=False)
    for _ in range(2):
        stopped.advance()
    stopped.save(tmp_path / "stopped")
    resumed = Training(tiny(system), 0, "cpu").resume(tmp_path / "stopped")
    record = resumed.run(tmp_path / "stopped", progress=False)
    loaded = [atomic_lib.load(tmp_path / where / f"{record['name']}.safetensors") for where in ("whole", "stopped")]
    images = TINY["data"].held_out(5).images
    one, other = (model(images) for model in loaded)
    assert torch.equal(one, other) and one.shape == images.shape
    assert loaded[0].recipe == tiny(system) and record["metrics"]["nmse"] > 0
    assert atomic_lib.evaluate(loaded[0], count=512) == record["metrics"]


@pytest.mark.slow
def test_the_command_line_trains_and_evaluates_a_rival(tmp_path, capsys):
    assert main(["train", "spikes-beta-vae", "--steps", "2", "--out", str(tmp_path)]) == 0
    weights = str(tmp_path / "spikes-beta-vae.safetensors")
    assert main(["evaluate", weights, "--count", "8", "--json"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["images"] == 8
    picture = tmp_path / "seven.png"
    Image.linear_gradient("L").resize((64, 64)).save(picture)
    assert main(["decompose", str(picture), "--weights", weights, "--out", str(tmp_path / "atoms.png")]) == 2
    assert "no blocks and no atoms" in capsys.readouterr().err and not (tmp_path / "atoms.png").exists()
    for refused in (["--refine"], ["--k", "3"]):
        assert main(["evaluate", weights, "--count", "8", *refused]) == 2
        assert "models with blocks" in capsys.readouterr().err


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_step_moves_every_weight_that_learns(system):
    training = Training(tiny(system, lr=1e-3, warm_up=1), 0, "cpu")
    before = {name: weight.clone() for name, weight in training.model.named_parameters() if weight.requires_grad}
    training.model.train()
    training.step = 3  # the last: all that rises has risen
    training.advance()
    still = [
        name for name, weight in training.model.named_parameters() if name in before and weight.equal(before[name])
    ]
    assert not still


@pytest.mark.parametrize("system", SYSTEMS)
def test_a_rival_without_blocks_says_so(system):
    model = tiny(system).build()
    if isinstance(model, AtomicAutoencoder):
        return
    for ask in (model.atoms, model.decompose, model.jacobian):
        with pytest.raises(BadInput, match="no blocks and no atoms"):
            ask(TINY["data"].held_out(2).images)


def test_images_and_codes_that_do_not_fit_are_refused():
    model = tiny("conventional").build()
    for ask in (lambda: model.encode(torch.rand(1, 1, 8, 8)), lambda: model.decode(torch.rand(1, 5))):
        with pytest.raises(BadInput, match="takes 16×16|expected"):
            ask()


@pytest.mark.parametrize("system", [system for system in SYSTEMS if SYSTEMS[system].grid])
def test_a_weight_outside_its_grid_is_refused(system):
    for weight in (max(SYSTEMS[system].grid) * 2, None):
        with pytest.raises(BadInput, match="expected one of its published"):
            tiny(system, weight=weight)


def test_a_weight_of_a_system_that_has_none_and_an_unknown_system_are_refused():
    with pytest.raises(BadInput, match="has no such term"):
        tiny("conventional", weight=1.0)
    with pytest.raises(BadInput, match="there is no rival “gan”; choose one of conventional"):
        tiny("conventional", system="gan")
    with pytest.raises(BadInput, match="there is no recipe “spikes-gan”.*spikes-beta-vae"):
        find("spikes-gan")


@pytest.mark.parametrize("changes", [{"untied": True}, {"combine": "max"}, {"penalty": "blocks"}, {"encoder": "slots"}])
def test_what_only_atomic_autoencoders_have_is_refused(changes):
    with pytest.raises(BadInput, match="a network and a loss of its own"):
        tiny("beta-vae", **changes)
