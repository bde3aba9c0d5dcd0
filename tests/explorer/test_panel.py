"""The panel with a kernel does what a hand asks of it, and nothing else: first without a kernel, then in one."""

import base64
import io
import re

import nbformat
import numpy as np
import papermill
import pytest
import torch
from PIL import Image
from stand_ins import PLAIN

import atomic_lib
from atomic_lib import BadInput
from atomic_lib.model.decomposition import matching
from atomic_lib.recipes import training_range

WIDER = PLAIN.replace(k=4, d0=5)  # an untrained pursuit may find nothing
IMAGES = PLAIN.data.held_out(6, seed=1).images


@pytest.fixture
def panel(model):
    return atomic_lib.explore(model, IMAGES)


@pytest.fixture
def drawn(model):
    """How many latent blocks each call of g was given."""
    counts = []
    model.g.register_forward_hook(lambda module, given, atoms: counts.append(len(given[0])))
    return counts


def seen(panel):
    """The bytes of all pictures: the three large ones, then the strip."""
    strip = [picture.value for _, picture, *_ in panel.cells[: len(panel.strip.children)]]
    return [picture.value for picture in panel.pictures], strip


def pixels(widget):
    return np.asarray(Image.open(io.BytesIO(widget.value)))


def reconstruction(model, i):
    with torch.inference_mode():
        return model(IMAGES[i : i + 1])[0, 0]


def test_a_slider_moves_the_chosen_block_and_no_other(panel, model, drawn):
    panel.select(panel.scene.blocks[1])
    large, strip = seen(panel)
    atoms, z, total = panel.scene.atoms.clone(), panel.scene.z.clone(), panel.scene.sum
    panel.coordinates[2].value = place = 30 if panel.coordinates[2].value > 100 else 170
    assert drawn == [1]  # g ran for one block, once
    low, high = float(panel.scene.low[2]), float(panel.scene.high[2])
    assert float(panel.scene.z[1, 2]) == pytest.approx(low + place / 200 * (high - low), abs=1e-6)
    moved = panel.scene.z != z
    assert moved[1, 2] and moved.sum() == 1
    assert torch.equal(panel.scene.atoms[0], atoms[0]) and torch.equal(panel.scene.atoms[2:], atoms[2:])
    assert torch.allclose(panel.scene.sum - total, panel.scene.atoms[1] - atoms[1], atol=1e-6)
    assert torch.allclose(panel.scene.atoms[1], model.g(panel.scene.z[1:2])[0, 0], atol=1e-6)
    after, strip_after = seen(panel)
    assert after[0] == large[0] and after[1] != large[1] and after[2] != large[2]
    assert [a == b for a, b in zip(strip, strip_after, strict=True)] == [i != 1 for i in range(len(strip))]


def test_reset_is_exact(panel, drawn):
    before, words, z = seen(panel), panel.line.value, panel.scene.z.clone()
    for block in panel.scene.blocks:
        panel.select(block)
        for slider in panel.coordinates:
            slider.value = slider.max
    switch = panel.cells[0][-1]
    switch.value = False
    assert seen(panel) != before
    panel.reset_block.click()  # the last block only
    assert torch.equal(panel.scene.z[-1], z[-1]) and not torch.equal(panel.scene.z[0], z[0])
    count = len(drawn)
    panel.reset_all.click()
    panel.select(panel.scene.blocks[0])
    assert seen(panel) == before and panel.line.value == words and switch.value
    assert torch.equal(panel.scene.z, z) and len(drawn) == count, "known atoms are not drawn again"


def test_switching_blocks_off_leaves_the_partial_sum(panel, drawn):
    scene = panel.scene
    for i, (*_, switch) in enumerate(panel.cells[: len(scene.blocks)]):
        switch.value = False
        assert torch.allclose(scene.sum, scene.atoms[i + 1 :].sum(dim=0), atol=1e-6)
        assert f"; {i + 1} switched off" in panel.line.value
    assert not scene.sum.any() and panel.captions[1].value == "sum of 0 atoms"
    assert (pixels(panel.pictures[1]) >= 253).all(), "the sum of nothing is white"
    for *_, switch in panel.cells[: len(scene.blocks)]:
        switch.value = True
    assert "off" not in panel.line.value and not drawn


def test_a_walk_goes_from_one_reconstruction_to_the_other(panel, model):
    scene = panel.scene
    panel.end.value = 3
    assert torch.allclose(scene.sum, reconstruction(model, 0), atol=1e-5)
    start = seen(panel)
    panel.t.value = 50
    halfway = seen(panel)
    panel.t.value = 100
    assert torch.allclose(scene.sum, reconstruction(model, 3), atol=1e-5)
    assert panel.captions[0].value == "input: image 4"
    assert "; 100 % of the way from image 1 to image 4; " in panel.line.value
    end = panel.pictures[1].value
    assert halfway[0][1] not in (start[0][1], end)
    panel.t.value = 0
    assert seen(panel) == start
    panel.start.value = 3
    assert panel.pictures[1].value == end, "the same picture as where it is the start"


def test_blocks_are_matched_and_the_lone_ones_fade(panel, model):
    scene = panel.scene
    if model.recipe != PLAIN:
        scene.used[5, [0, 2]] = False  # as a trained pursuit leaves blocks unused
    z, used = scene.encoded, scene.used
    panel.end.value, panel.t.value = 5, 25
    matched, lone = scene.fade.sum(dim=1) == 2, scene.fade.sum(dim=1) == 1
    assert matched.sum() == used[5].sum() and lone.sum() == (~used[5]).sum()
    order = matching(scene.found[0], scene.found[5])[0]  # the chapter's rule
    for i in range(len(used[0])):
        assert torch.equal(scene.last[i], z[5, order[i]] if used[5, order[i]] else z[0, i])
    assert torch.equal(scene.first[lone], scene.last[lone])
    assert torch.allclose(scene.z, 0.75 * scene.first + 0.25 * scene.last, atol=1e-6)
    weights = torch.where(lone, 0.75, 1.0)[:, None, None]
    assert torch.allclose(scene.sum, (weights * scene.atoms).sum(dim=0), atol=1e-5)
    panel.t.value = 100
    assert sorted(scene.z[scene.blocks].tolist()) == sorted(z[5, used[5]].tolist())
    panel.start.value, panel.end.value, panel.t.value = 5, 0, 25  # the other way, blocks appear
    weights = torch.where(scene.fade.sum(dim=1) == 1, 0.25, 1.0)[:, None, None]
    assert torch.allclose(scene.sum, (weights * scene.atoms).sum(dim=0), atol=1e-5)
    panel.t.value = 0
    assert len(scene.blocks) == used[5].sum() == len(panel.strip.children)


def test_what_was_done_by_hand_survives_another_goal_but_not_another_image(panel):
    panel.coordinates[0].value, panel.cells[1][-1].value = panel.coordinates[0].max, False
    panel.end.value = 4
    assert panel.scene.z[0, 0] == panel.scene.high[0] and not panel.scene.on[1]
    panel.start.value = 2
    assert not panel.scene.moved.any() and panel.scene.on.all()


def test_sliders_go_as_far_as_training_and_the_images_do(panel, model):
    with torch.inference_mode():
        z, used = model.encode(IMAGES)
        training = training_range(model, 128)
    ends = []
    for place in ("min", "max"):
        for slider in panel.coordinates:
            slider.value = getattr(slider, place)
        ends.append(panel.scene.z[panel.block].clone())
        assert torch.isfinite(panel.scene.sum).all()
    low, high = ends
    assert torch.allclose(low, torch.minimum(training[:, 0], z[used].amin(dim=0)), atol=1e-5)
    assert torch.allclose(high, torch.maximum(training[:, 1], z[used].amax(dim=0)).clamp(min=low + 0.01), atol=1e-5)
    assert len(panel.coordinates) == model.d0 and all(slider.continuous_update for slider in panel.coordinates)
    del model.recipe
    given = atomic_lib.explore(model, IMAGES, ranges=torch.tensor([[-9.0, 9.0]]).expand(model.d0, 2))
    given.coordinates[0].value = 200
    assert given.scene.z[0, 0] == 9 and given.values[0].value == "9.00"


def test_tints_give_each_atom_its_colour(panel):
    assert (np.ptp(pixels(panel.pictures[1]).astype(int), axis=2) < 60).all()  # ink is nearly grey
    before = seen(panel)
    panel.tint.value = True
    after = seen(panel)
    assert after[0][0] == before[0][0] and after[0][1] != before[0][1]
    panel.tint.value = False
    assert seen(panel) == before


def test_a_one_shot_model_has_all_its_blocks_in_use():
    panel = atomic_lib.explore(PLAIN.build().eval(), IMAGES[:1])
    assert panel.scene.blocks == [0, 1, 2] and panel.line.value.startswith("Block 1 of 3, ")
    assert panel.t.disabled  # one image: nowhere to walk to


def test_an_empty_image_is_no_trouble(model):
    panel = atomic_lib.explore(model, torch.zeros(2, 1, 32, 32))
    panel.tint.value = True
    panel.t.value = 50
    assert "empty" in panel.line.value and "nan" not in panel.line.value
    if not panel.scene.blocks:
        assert all(slider.disabled for slider in panel.coordinates) and panel.captions[2].value == "no atom"
        panel.reset_block.click()
    assert panel._repr_mimebundle_()["image/png"]


def test_the_words_are_true(panel):
    share, difference = re.findall(r"([\d.]+) %", panel.line.value)
    image, scene = IMAGES[0, 0], panel.scene
    assert float(share) == pytest.approx(100 * float(scene.atoms[0].square().sum() / image.square().sum()), abs=0.5)
    error = float((scene.sum - image).square().sum() / image.square().sum())
    assert float(difference) == pytest.approx(100 * error, abs=0.5)


@pytest.mark.parametrize(
    ("images", "sentence"),
    [
        (IMAGES[:0], "the number of images 0: expected"),
        (IMAGES[0], r"the shape is \(1, 32, 32\); expected \(B, 1, N, N\)"),
        (IMAGES / 0, "not finite"),
        (torch.zeros(1, 1, 64, 64), "64×64 pixels, these weights take at most 32×32"),
        (PLAIN.data.held_out(2), "images: of type Sample; expected a torch tensor"),
    ],
)
def test_bad_input_is_said_in_a_sentence(images, sentence):
    with pytest.raises(BadInput, match=sentence):
        atomic_lib.explore(PLAIN.build().eval(), images)


def test_a_model_without_a_recipe_or_with_wrong_ranges(model):
    with pytest.raises(BadInput, match=f"expected {model.d0} pairs"):
        atomic_lib.explore(model, IMAGES, ranges=torch.zeros(2, 2))
    built_by_hand = atomic_lib.AtomicAutoencoder(model.encoder, model.g)
    del model.recipe
    for without in (model, built_by_hand):
        with pytest.raises(BadInput, match="no recipe"):
            atomic_lib.explore(without, IMAGES)


def test_there_is_nothing_else_in_the_package_by_accident():
    with pytest.raises(AttributeError, match="no attribute 'explain'"):
        atomic_lib.explain  # noqa: B018


@pytest.mark.slow
def test_in_a_kernel_it_answers_and_leaves_a_picture(tmp_path):
    cells = [
        "import torch, atomic_lib\nfrom atomic_lib.data.spikes import Spikes",
        f"recipe = atomic_lib.{WIDER!r}",
        "panel = atomic_lib.explore(recipe.build().eval(), recipe.data.held_out(3).images)\npanel",
        "before = panel.pictures[1].value\nslider = panel.coordinates[0]\nslider.value = slider.max\n"
        "print(before != panel.pictures[1].value)",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
    notebook.metadata.kernelspec = {"name": "python3", "language": "python", "display_name": "Python 3"}
    nbformat.write(notebook, tmp_path / "panel.ipynb")
    ran = papermill.execute_notebook(
        str(tmp_path / "panel.ipynb"), str(tmp_path / "ran.ipynb"), cwd=str(tmp_path), progress_bar=False
    )
    *_, shown, moved = ran.cells
    (output,) = shown.outputs
    assert "application/vnd.jupyter.widget-view+json" in output.data
    assert output.data["text/plain"].startswith("Block 1 of ")
    still = Image.open(io.BytesIO(base64.b64decode(output.data["image/png"])))
    assert min(still.size) > 150 and len(set(still.convert("L").tobytes())) > 20
    assert moved.outputs[0].text.strip() == "True"
