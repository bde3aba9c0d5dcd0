"""The network in the page is the network in the library: same weights, same atoms, same blocks.

It is run from the files of the source tree, so that this needs a browser but no built book.
"""

import base64

import numpy as np
import pytest
import torch

import atomic_lib
from atomic_lib.explorer import page
from atomic_lib.gaussians import fit_gaussians
from atomic_lib.metrics import ACTIVE, DETECTION

IMAGES = 50  # held out, of each model
SIZE = 128

RUNNER = """
const floats = (text) => new Float32Array(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);
const text = (values) => {
  let binary = "";
  for (const byte of new Uint8Array(values.buffer)) binary += String.fromCharCode(byte);
  return btoa(binary);
};
const encode = (image) => net.encode(floats(image)).map(({ z, atom }) => ({ z: [...z], atom: text(atom) }));
const draw = (latents) => latents.map((z) => text(net.g(Float32Array.from(z))));
"""


@pytest.fixture(scope="module", params=page.MODELS)
def name(request):
    return request.param


@pytest.fixture(scope="module")
def model(name):
    return atomic_lib.load(name)


@pytest.fixture(scope="module")
def tab(browser, name, tmp_path_factory):
    """A page with the network of that name as `net`, and nothing else."""
    files = ("explorer-layers", "explorer-network", f"explorer-{name}")
    scripts = "".join(f'<script src="{(page.FOLDER / f"{file}.js").as_uri()}"></script>' for file in files)
    bare = tmp_path_factory.mktemp("page") / "bare.html"
    bare.write_text(f"<!doctype html><meta charset=utf-8>{scripts}<script>let net;{RUNNER}</script>")
    with browser.new_context(offline=True) as context:
        tab = context.new_page()
        tab.goto(bare.as_uri())
        tab.evaluate("async (name) => { net = await explorer.Network.load(name); }", name)
        yield tab


@pytest.fixture(scope="module")
def images(model):
    return model.recipe.data.held_out(IMAGES, 20).images


@pytest.fixture(scope="module")
def code(model, images):
    with torch.inference_mode():
        return model.decompose(images)


def as_text(image):
    return base64.b64encode(image.numpy().astype("<f4").tobytes()).decode()


def as_images(texts):
    arrays = [np.frombuffer(base64.b64decode(text), "<f4").reshape(SIZE, SIZE) for text in texts]
    return torch.from_numpy(np.array(arrays, dtype=np.float32).reshape(-1, SIZE, SIZE))


def test_the_page_has_the_weights_that_ship(name, model):
    header, weights = page.read(name)
    assert header["sha256"] == model.record["sha256"], "run `make explorer` after a change in data/weights"
    assert set(weights) == set(model.state_dict())
    assert all(torch.equal(weights[key].float(), value) for key, value in model.state_dict().items())


def test_the_decoder_draws_the_same(tab, model, code):
    for z, used in zip(code.z, code.used, strict=True):
        drawn = as_images(tab.evaluate("draw", z[used].tolist()))
        with torch.inference_mode():
            expected = model.g(z[used])[:, 0]
        assert torch.allclose(drawn, expected, rtol=0, atol=1e-5)
        assert torch.allclose(drawn.sum(dim=0), expected.sum(dim=0), rtol=0, atol=1e-4)


def test_the_encoder_finds_the_same(tab, model, images, code):
    sigma = getattr(model.recipe.data, "sigma", None)
    for image, z, used, atoms in zip(images, code.z, code.used, code.atoms, strict=True):
        steps = tab.evaluate("encode", as_text(image))
        assert len(steps) == used.sum()
        assert torch.allclose(torch.tensor([step["z"] for step in steps]), z[used], rtol=0, atol=1e-4)
        found, expected = as_images([step["atom"] for step in steps]), atoms[used][:, 0]
        assert torch.allclose(found.sum(dim=0), expected.sum(dim=0), rtol=0, atol=1e-4)
        if sigma:  # the same detections, at the same places
            (a, p), (true_a, true_p) = (fit_gaussians(each, sigma) for each in (found, expected))
            assert torch.equal(a >= DETECTION, true_a >= DETECTION)
            assert torch.allclose(p, true_p, rtol=0, atol=1e-2)
        else:  # the same active atoms
            shares = [each.square().sum(dim=(1, 2)) / image.square().sum() for each in (found, expected)]
            assert torch.equal(*(share >= ACTIVE for share in shares))


def test_held_out_images_are_the_ones_named(tab, name, model):
    shown = as_images(tab.evaluate("net.heldOut.map(({ image }) => text(image))"))
    assert len(shown) == 12
    images = page.read(name)[0]["images"]
    if "spikes" in images:
        for image, spikes in zip(shown, images["spikes"], strict=True):
            a, rows, columns = torch.tensor(spikes).T
            positions = torch.stack([rows, columns], dim=1)
            theta = torch.cat([a[:, None], positions], dim=1)
            expected = atomic_lib.gaussians.render(theta[None], SIZE, images["sigma"])[0, 0]
            assert torch.allclose(image, expected, rtol=0, atol=1e-6)
    else:
        expected = model.recipe.data.first(10_000).images[images["numbers"]][:, 0]
        assert (shown - expected).abs().max() <= 0.5 / 255 + 1e-6


def test_what_is_exported_is_read_back(name, model, tmp_path, monkeypatch):
    # the ranges take a while
    monkeypatch.setattr(page, "training_range", lambda model, count: torch.tensor([[-1.0, 1.0]] * model.d0))
    first = page.export(name, tmp_path).read_bytes()
    assert first == page.export(name, tmp_path).read_bytes(), "the same weights give the same file"
    header, weights = page.read(name, tmp_path)
    shipped, _ = page.read(name)
    assert header.keys() == shipped.keys()
    assert {key for key in header if header[key] != shipped[key]} == {"range"}
    assert all(torch.equal(weights[key].float(), value) for key, value in model.state_dict().items())


def test_a_file_that_is_none_is_refused(tmp_path):
    with pytest.raises(atomic_lib.BadInput, match="make explorer"):
        page.read("digits-pursuit", tmp_path)
    (tmp_path / "explorer-digits-pursuit.js").write_text("a = b = {}")
    with pytest.raises(atomic_lib.BadInput, match="make explorer"):
        page.read("digits-pursuit", tmp_path)


def test_only_a_pursuit_is_exported(tmp_path):
    with pytest.raises(atomic_lib.BadInput, match="pursuit"):
        page.export("digits-plain", tmp_path)


def test_the_page_is_not_heavy():
    assets = sum(path.stat().st_size for path in page.FOLDER.iterdir())
    assert assets + (page.FOLDER.parents[2] / "explore.ipynb").stat().st_size < 3_900_000
