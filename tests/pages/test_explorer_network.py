"""The network in the page is the network in the library: same weights, same atoms, same blocks.

It is run from the files of the source tree and what the build would write beside them, so that this needs a browser
but no built book.
"""

import base64
import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.optimize import linear_sum_assignment

import atomic_lib
from atomic_lib.files import write_whole
from atomic_lib.gaussians import fit_gaussians, pairs, render
from atomic_lib.model.decomposition import ACTIVE, Decomposition, matching
from atomic_lib.model.encoders import PursuitEncoder
from atomic_lib.model.layers import kaiming
from atomic_lib.weights import load, save, shipped

BOOK = Path(__file__).parents[2] / "book"
sys.path.insert(0, str(BOOK / "_ext"))
import explorer_page  # noqa: E402

SCRIPTS = BOOK / "_extra" / "_static" / "explorer"
ARITHMETIC = ("layers", "decoders", "encoders", "network", "images", "latents", "scene", "truth")
IMAGES = 20  # held out, of each model
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


DRAWN = {  # weights drawn at random: short trainings of the authors' network draw next to nothing, slots may not ship
    "reference": atomic_lib.RECIPES["digits-paper"].replace(name="reference", k=5),
    "slots": atomic_lib.RECIPES["spikes-plain"].replace(
        name="slots", encoder="slots", k=4, encoder_options={"spare": 1}
    ),
}


@pytest.fixture(scope="module", params=[*shipped(), *DRAWN])
def weights(request, tmp_path_factory):
    if request.param not in DRAWN:
        return request.param
    torch.manual_seed(0)
    model = DRAWN[request.param].build()
    if request.param == "reference":  # the others start so
        kaiming(model)
    model.load_state_dict({name: tensor.half().float() for name, tensor in model.state_dict().items()})
    return save(tmp_path_factory.mktemp("drawn"), model, {"name": request.param, "recipe": model.recipe.as_json()})


@pytest.fixture(scope="module")
def model(weights):
    return load(weights, "cpu")


@pytest.fixture(scope="module")
def script(weights, tmp_path_factory):
    return explorer_page.export(weights, tmp_path_factory.mktemp("script"), count=32)


def bare_page(browser, folder, *scripts):
    """A tab with the arithmetic and some more scripts, and nothing else."""
    index = folder / "explorer-models.js"
    index.write_text(explorer_page.index())
    files = [*(SCRIPTS / f"explorer-{name}.js" for name in ARITHMETIC), index, *scripts]
    tags = "".join(f'<script src="{file.as_uri()}"></script>' for file in files)
    page = folder / "bare.html"
    page.write_text(f"<!doctype html><meta charset=utf-8>{tags}<script>let net;{RUNNER}</script>")
    tab = browser.new_context(offline=True).new_page()
    tab.goto(page.as_uri())
    return tab


@pytest.fixture(scope="module")
def tab(browser, script, tmp_path_factory):
    """A page with one network as `net`."""
    tab = bare_page(browser, tmp_path_factory.mktemp("page"), script)
    tab.evaluate("async (name) => { net = await explorer.Network.load(name); }", script.stem.removeprefix("explorer-"))
    yield tab
    tab.context.close()


@pytest.fixture(scope="module")
def images(model):
    return model.recipe.data.held_out(IMAGES, 20).images


@pytest.fixture(scope="module")
def code(model, images):
    return model.decompose(images)


def as_text(image):
    return base64.b64encode(image.numpy().astype("<f4").tobytes()).decode()


def as_images(texts):
    arrays = [np.frombuffer(base64.b64decode(text), "<f4").reshape(SIZE, SIZE) for text in texts]
    return torch.from_numpy(np.array(arrays, dtype=np.float32).reshape(-1, SIZE, SIZE))


def test_what_is_exported_is_read_back(weights, model, script, tmp_path):
    assert script.read_bytes() == explorer_page.export(weights, tmp_path, count=32).read_bytes()
    header, tensors = explorer_page.read(script)
    assert header["sha256"] == model.record["sha256"]
    assert set(tensors) == set(model.state_dict())
    assert all(torch.equal(tensors[key].float(), value) for key, value in model.state_dict().items())
    assert np.shape(header["range"]) == (model.d0, 2)


def test_the_decoder_draws_the_same(tab, model, code):
    for z, used in zip(code.z, code.used, strict=True):
        drawn = as_images(tab.evaluate("draw", z[used].tolist()))
        with torch.inference_mode():
            expected = model.g(z[used])[:, 0]
        assert torch.allclose(drawn, expected, rtol=1e-5, atol=1e-5)
        assert torch.allclose(drawn.sum(dim=0), expected.sum(dim=0), rtol=1e-5, atol=1e-4)


def test_the_encoder_finds_the_same(tab, model, images, code):
    sigma = getattr(model.recipe.data, "sigma", None)
    for image, z, used, atoms in zip(images, code.z, code.used, code.atoms, strict=True):
        steps = tab.evaluate("encode", as_text(image))
        assert len(steps) == used.sum()
        assert torch.allclose(torch.tensor([step["z"] for step in steps]), z[used], rtol=1e-5, atol=1e-4)
        found, expected = as_images([step["atom"] for step in steps]), atoms[used][:, 0]
        assert torch.allclose(found.sum(dim=0), expected.sum(dim=0), rtol=1e-5, atol=1e-4)
        if sigma:  # the same detections, at the same places
            fits, true_fits = (fit_gaussians(each, sigma) for each in (found, expected))
            least = model.recipe.data.amplitude[0] / 2
            claimed = true_fits[:, 0] >= least
            assert torch.equal(fits[:, 0] >= least, claimed)
            assert torch.allclose(fits[claimed, 1:], true_fits[claimed, 1:], rtol=0, atol=1e-2)
        else:  # the same active atoms
            shares = [each.square().sum(dim=(1, 2)) / image.square().sum() for each in (found, expected)]
            assert torch.equal(*(share >= ACTIVE for share in shares))


def test_a_pursuit_does_no_harm_in_the_page_either(tab, model):
    """Images unlike any of the training: what is left never has more energy, and the library takes as many blocks."""
    if not isinstance(model.encoder, PursuitEncoder):
        pytest.skip("the other encoders have nothing to refuse")
    generator = torch.Generator().manual_seed(0)
    ramp = torch.linspace(-1, 1, SIZE).expand(SIZE, SIZE)
    noise = torch.randn(SIZE, SIZE, generator=generator)
    for image in (0.2 * noise, ramp, ramp.T.abs() * 3, (ramp * 9).sin()):
        steps = tab.evaluate("encode", as_text(image[None]))
        found = model.decompose(image[None, None])
        assert len(steps) == found.used.sum() and found.error[0] <= 1 + 1e-6
        total = as_images([step["atom"] for step in steps]).sum(dim=0) if steps else torch.zeros(SIZE, SIZE)
        assert (image - total).square().sum() <= image.square().sum() * (1 + 1e-6)


def test_a_script_is_written_anew_only_for_other_weights(tmp_path, monkeypatch):
    made = []

    def export(name, folder):
        made.append(name)
        write_whole(folder / f"explorer-{name}.js", explorer_page._title(load(name, "cpu")).encode())

    monkeypatch.setattr(explorer_page, "export", export)
    script = explorer_page.kept("digits-paper", tmp_path)
    assert explorer_page.kept("digits-paper", tmp_path) == script and made == ["digits-paper"]
    script.write_text("// Made from others.")
    assert explorer_page.kept("digits-paper", tmp_path) == script and len(made) == 2


def test_a_file_that_is_none_is_refused(tmp_path):
    path = tmp_path / "explorer-digits-pursuit.js"
    with pytest.raises(atomic_lib.BadInput, match="build the book"):
        explorer_page.read(path)
    path.write_text("a = b = {}")
    with pytest.raises(atomic_lib.BadInput, match="build the book"):
        explorer_page.read(path)


def test_only_sums_of_one_decoder_are_exported(tmp_path):
    torch.manual_seed(0)
    recipe = atomic_lib.RECIPES["spikes-paper"].replace(name="largest", combine="max", k=2)
    path = save(tmp_path, recipe.build().half().float(), {"name": "largest", "recipe": recipe.as_json()})
    with pytest.raises(atomic_lib.BadInput, match="max"):
        explorer_page.export(path, tmp_path)


# --- the images of the page ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def bare(browser, tmp_path_factory):
    tab = bare_page(browser, tmp_path_factory.mktemp("page"))
    yield tab
    tab.context.close()


def test_held_out_images_are_the_ones_named(bare):
    index = json.loads(explorer_page.index().split(" = ", 1)[1].rstrip(";\n"))
    shown = {
        kind: as_images(
            bare.evaluate("async (kind) => (await explorer.images.heldOut(kind)).map(({ image }) => text(image))", kind)
        )
        for kind in ("digits", "spikes")
    }
    assert [len(images) for images in shown.values()] == [12, 13]
    stars = shown["spikes"][12]
    assert stars.max() == 1 and -0.1 <= stars.min() and stars.median().abs() < 0.05, "M13, its background taken away"
    for image, spikes in zip(shown["spikes"][:12], index["images"]["spikes"]["spikes"], strict=True):
        expected = render(torch.tensor(spikes)[None], SIZE, index["images"]["spikes"]["sigma"])
        assert torch.allclose(image, expected[0, 0], rtol=0, atol=1e-6)
    digits = atomic_lib.RECIPES["digits-plain"].data
    held_out, _ = digits.stored(train=False)
    expected = digits.drawn(held_out[index["images"]["digits"]["numbers"]])[:, 0]
    assert (shown["digits"] - expected).abs().max() <= 0.5 / 255 + 1e-6


def test_noise_is_white(bare):
    noise = as_images([bare.evaluate("text(explorer.images.noise())")])[0]
    assert abs(noise.mean()) < 0.03 and abs(noise.std() - 1) < 0.03
    assert abs((noise[1:] * noise[:-1]).mean()) < 0.03


# --- what is measured in the page -------------------------------------------------------------------------------------


def test_pairs_cost_the_least(bare):
    random = np.random.default_rng(0)
    for shape in ((1, 1), (3, 5), (6, 4), (10, 10), (16, 16), (12, 24)):
        cost = random.random(shape)
        partner = bare.evaluate("(cost) => explorer.latents.assign(cost)", cost.tolist())
        paired = [(i, j) for i, j in enumerate(partner) if j >= 0]
        assert len({j for _, j in paired}) == len(paired) == min(shape)
        rows, columns = linear_sum_assignment(cost)
        assert np.isclose(sum(cost[pair] for pair in paired), cost[rows, columns].sum())


def test_blocks_become_one_another_as_in_the_chapter(bare):
    """One rule for which block becomes which on a walk: `decomposition.matching`."""
    theta = torch.rand(2, 6, 3, generator=torch.Generator().manual_seed(0)) * torch.tensor([0.5, 25, 25])
    atoms = render((theta + torch.tensor([0.5, 3, 3])).view(-1, 1, 3), 32, 2.0).unflatten(0, (2, 6))
    used, z = torch.ones(2, 6, dtype=torch.bool), torch.zeros(2, 6, 1)
    found = Decomposition(atoms.sum(dim=1), z, used, atoms, atoms.sum(dim=1))
    ask = "([a, b]) => explorer.latents.pairs(...[a, b].map((atoms) => atoms.map((x) => Float32Array.from(x))), 32)"
    pairs_of_page = bare.evaluate(ask, atoms.flatten(2).tolist())
    assert pairs_of_page == [[i, j] for i, j in enumerate(matching(found[0], found[1])[0].tolist())]


def test_spikes_are_found_missed_and_invented_as_in_the_library(bare):
    model = load("spikes-plain", "cpu")
    sample = model.recipe.data.held_out(IMAGES, 3)
    atoms = model.decompose(sample.images).atoms[:, :, 0]
    seen = set()
    for shown, theta in zip(atoms, sample.theta, strict=True):
        truth = theta[theta[:, 0] > 0]
        fits = fit_gaussians(shown, sample.sigma)
        claims = fits[fits[:, 0] >= sample.detection, 1:]
        expected = pairs(claims, truth[:, 1:], sample.sigma)
        judged = bare.evaluate(
            """([atoms, truth]) =>
                explorer.truth.judge(atoms.map(floats), truth, { size: 128, ...explorerIndex.images.spikes })""",
            [[as_text(atom) for atom in shown], truth.tolist()],
        )
        assert [len(judged[key]) for key in ("found", "missed", "invented")] == [
            len(expected), len(truth) - len(expected), len(claims) - len(expected)
        ]  # fmt: skip
        seen |= {key for key, places in judged.items() if places}
    assert seen == {"found", "missed", "invented"}, "images that show all three"
