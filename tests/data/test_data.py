"""The two model sets: spikes off the grid, and digits as smooth strokes from any source."""

import gzip
import shutil

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw
from stand_ins import arrays, seeded

from atomic_lib import BadInput
from atomic_lib.data import digits, from_npz, pictures
from atomic_lib.data.spikes import Spikes
from atomic_lib.files import data_folder


def test_spikes_are_drawn_as_asked():
    data = Spikes(size=64, sigma=2.0, k=6, amplitude=(0.2, 0.4), separation=3.0, border=2.0, fewest=2)
    sample = data.sample(200, seeded())
    amplitudes, positions = sample.theta[..., 0], sample.theta[..., 1:]
    there = amplitudes > 0
    assert sample.images.shape == (200, 1, 64, 64) and sample.theta.shape == (200, 6, 3)
    assert (sample.sigma, sample.detection) == (2.0, 0.1) and torch.equal(sample.number, there.sum(1))
    assert set(there.sum(1).tolist()) == {2, 3, 4, 5, 6}
    assert 0.2 <= amplitudes[there].min() and amplitudes.max() <= 0.4
    assert positions[there].min() >= 4 and positions[there].max() <= 63 - 4
    distance = torch.cdist(positions, positions) + 99 * torch.eye(6)
    pairs = there[:, :, None] & there[:, None, :]
    assert distance[pairs].min() >= 6
    assert (positions % 1).std() > 0.2  # off the grid


def test_an_image_is_the_sum_of_its_gaussians():
    sample = Spikes().sample(3, seeded(1))
    row, column = np.mgrid[:128, :128]
    for one in sample:
        expected = sum(
            a * np.exp(-((row - r) ** 2 + (column - c) ** 2) / (2 * 2.8**2)) for a, r, c in one.theta[0].tolist()
        )
        assert np.abs(one.images[0, 0].numpy() - expected).max() < 1e-4


def test_the_seed_decides_and_held_out_images_are_others():
    data = Spikes(size=32, sigma=1.5, k=3)
    assert torch.equal(data.batch(4, seeded(5)), data.batch(4, seeded(5)))
    assert not torch.equal(data.held_out(4, seed=0).images, data.held_out(4, seed=1).images)
    assert not torch.equal(data.held_out(4, seed=0).images, data.batch(4, seeded(0)))


@pytest.mark.parametrize(
    "wrong",
    [{"k": 0}, {"sigma": -1}, {"amplitude": (0.0, 1.0)}, {"amplitude": (1.0, 0.5)}, {"size": 8}, {"fewest": 11}],
)
def test_sets_of_spikes_that_cannot_be(wrong):
    with pytest.raises(BadInput):
        Spikes(**wrong)


def test_too_many_spikes_for_the_room():
    with pytest.raises(BadInput, match="do not fit"):
        Spikes(size=32, sigma=2.0, k=40, fewest=40, separation=5.0).sample(1, seeded())


def test_mnist_is_whole():
    images, labels = digits.mnist(train=True)
    assert images.shape == (60_000, 28, 28) and labels.shape == (60_000,)
    images, labels = digits.mnist(train=False)
    assert images.shape == (10_000, 28, 28) and labels[:5].tolist() == [7, 2, 1, 0, 4]


def test_the_first_of_each_class():
    images, labels = digits.Digits(64).of_each_class(2)
    assert labels.tolist()[:4] == [7, 2, 1, 0] and sorted(labels.tolist()) == [i // 2 for i in range(20)]
    everything, known = digits.mnist(train=False)
    eight = (known == 8).nonzero()[1]
    expected = digits.smooth_strokes(everything[eight], 64)
    assert torch.allclose(images[labels == 8][1], expected[0], atol=1e-6)


@pytest.mark.parametrize("size", [100, 128, 256])
def test_digits_are_smooth_strokes(size):
    strokes = digits.Digits(size).first(20).images if size == 128 else digits.Digits(size).batch(20, seeded())
    assert strokes.shape == (20, 1, size, size) and strokes.min() >= 0 and strokes.max() <= 1
    assert strokes.amax(dim=(1, 2, 3)).min() > 0.9  # crisp
    step = (strokes[..., 1:] - strokes[..., :-1]).abs().max()
    assert step < 0.2 + 55 / size  # and without stair-steps: an edge takes several pixels


@pytest.fixture
def altered_data(tmp_path, monkeypatch):
    shutil.copytree(data_folder() / "mnist", tmp_path / "mnist")
    monkeypatch.setenv("ATOMIC_DATA", str(tmp_path))
    digits.mnist.cache_clear()
    yield tmp_path / "mnist" / "t10k-labels-idx1-ubyte.gz"
    digits.mnist.cache_clear()


def test_missing_mnist(altered_data):
    altered_data.unlink()
    with pytest.raises(BadInput, match="missing"):
        digits.mnist(train=False)


def test_truncated_mnist(altered_data):
    altered_data.write_bytes(altered_data.read_bytes()[:1000])
    with pytest.raises(BadInput, match="truncated"):
        digits.mnist(train=False)


@pytest.mark.parametrize("at", [20, 300, 2000, -3])
def test_mnist_with_a_flipped_byte(altered_data, at):
    content = bytearray(altered_data.read_bytes())
    content[at] ^= 0xFF
    altered_data.write_bytes(content)
    with pytest.raises(BadInput, match="git checkout"):
        digits.mnist(train=False)


def test_altered_mnist(altered_data):
    content = bytearray(gzip.decompress(altered_data.read_bytes()))
    content[100] ^= 1
    altered_data.write_bytes(gzip.compress(bytes(content)))
    with pytest.raises(BadInput, match="sha256"):
        digits.mnist(train=False)


def drawing(path, ink=(0, 0, 0), paper=(255, 255, 255), mode="RGB", size=(300, 200), width=14):
    picture = Image.new(mode, size, paper)
    pen = ImageDraw.Draw(picture)
    pen.line([(100, 40), (180, 40), (130, 160)], fill=ink, width=width, joint="curve")
    picture.save(path)
    return path


def test_any_picture_becomes_light_ink_on_black(tmp_path):
    dark = pictures.from_image(drawing(tmp_path / "dark.png"))
    light = pictures.from_image(drawing(tmp_path / "light.png", (255, 255, 0), (0, 0, 40)))
    clear = pictures.from_image(drawing(tmp_path / "clear.png", (0, 0, 0, 255), (0, 0, 0, 0), "RGBA"))
    grey = pictures.from_image(drawing(tmp_path / "grey.jpg", 10, 240, "L"))
    for image in (dark, light, clear, grey):
        assert image.shape == (1, 1, 128, 128) and image.min() >= 0 and image.max() <= 1
        assert image[0, 0, 0, 0] < 0.05 and image.max() > 0.9
        assert (image - dark).abs().mean() < 0.01
    rows, columns = (dark[0, 0] > 0.5).nonzero().T
    assert 70 <= max(rows.max() - rows.min(), columns.max() - columns.min()) <= 90  # 20/32 of 128


def test_colours_of_one_lightness_and_ink_on_the_edge(tmp_path):
    dark = pictures.from_image(drawing(tmp_path / "dark.png"))
    green, red = (0, 128, 0), (251, 0, 0)  # equally grey
    coloured = pictures.from_image(drawing(tmp_path / "coloured.png", red, green))
    Image.open(tmp_path / "dark.png").quantize(4).save(tmp_path / "palette.png")
    palette = pictures.from_image(tmp_path / "palette.png")
    bilevel = pictures.from_image(drawing(tmp_path / "bilevel.png", 0, 1, "1"))
    for image in (coloured, palette, bilevel):
        assert (image - dark).abs().mean() < 0.01
    cut = Image.open(tmp_path / "dark.png").crop((100, 30, 181, 160))  # tight
    cut.save(tmp_path / "cut.png")
    assert (pictures.from_image(tmp_path / "cut.png") - dark).abs().mean() < 0.03


def photograph(path, busy=False):
    """The drawing on paper lit from one side, noisy; or on a scene."""
    ink = np.asarray(Image.open(drawing(path)).convert("L"), dtype=float) / 255
    row, column = np.mgrid[-1 : 1 : ink.shape[0] * 1j, -1 : 1 : ink.shape[1] * 1j]
    light = 150 + 60 * column - 25 * row - 20 * (row**2 + column**2)
    scene = 128 + 60 * np.sin(9 * row + 3) * np.cos(7 * column) + 60 * np.sin(5 * column + 4 * row)
    noise = np.random.default_rng(0).normal(0, 3, ink.shape)
    picture = (scene if busy else light) * (0.15 + 0.85 * ink) + noise
    Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8)).save(path)
    return path


def test_a_photograph_of_a_drawing_and_a_drawing_on_a_photograph(tmp_path):
    dark = pictures.from_image(drawing(tmp_path / "dark.png"))
    assert (pictures.from_image(photograph(tmp_path / "paper.png")) - dark).abs().mean() < 0.01
    with pytest.raises(BadInput, match="background is not plain"):
        pictures.from_image(photograph(tmp_path / "scene.png", busy=True))


def test_a_picture_too_large_for_any_memory(tmp_path):
    Image.new("1", (16_000, 12_000)).save(tmp_path / "poster.png")
    with pytest.raises(BadInput, match="178 million pixels; shrink it"):
        pictures.from_image(tmp_path / "poster.png")


@pytest.mark.slow
def test_a_thin_line_and_a_large_picture(tmp_path):
    thin = pictures.from_image(drawing(tmp_path / "thin.png", width=1))
    large = pictures.from_image(drawing(tmp_path / "large.png", size=(5000, 5200)))
    assert thin.max() > 0.9 and large.max() > 0.9


def test_pixels_keep_their_place_where_they_must(tmp_path):
    array = np.zeros((40, 60), dtype=np.uint8)
    array[10, 20] = 255
    Image.fromarray(array).save(tmp_path / "dot.png")
    image = pictures.from_image(tmp_path / "dot.png", 64, centre=False)
    assert image.shape == (1, 1, 64, 64) and image[0, 0, 10, 20] == 1 and image.sum() == 1
    with pytest.raises(BadInput, match="at most 32×32"):
        pictures.from_image(tmp_path / "dot.png", 32, centre=False)


def test_pictures_that_cannot_be_used(tmp_path):
    (tmp_path / "text.png").write_text("not a picture")
    Image.new("L", (30, 30), 77).save(tmp_path / "flat.png")
    with pytest.raises(BadInput, match="cannot be read as a picture"):
        pictures.from_image(tmp_path / "text.png")
    with pytest.raises(BadInput, match="constant"):
        pictures.from_image(tmp_path / "flat.png")
    with pytest.raises(BadInput, match="no such file"):
        pictures.from_image(tmp_path / "none.png")
    with pytest.raises(BadInput, match="no such folder"):
        pictures.from_folder(tmp_path / "none")
    (tmp_path / "empty").mkdir()
    with pytest.raises(BadInput, match="no picture file"):
        pictures.from_folder(tmp_path / "empty")


def test_a_folder_is_read_in_order_and_partly_held_out(tmp_path):
    for i in range(10):
        drawing(tmp_path / f"{i}.png", width=6 + 3 * i)
    found = pictures.from_folder(tmp_path, 64)
    assert found.shape == (10, 1, 64, 64)
    data = pictures.Pictures(str(tmp_path), 64)
    assert torch.allclose(data.held_out(5).images, found[9:], atol=1 / 255)
    assert data.batch(7, seeded()).shape == (7, 1, 64, 64)
    with pytest.raises(BadInput, match="class"):
        data.of_each_class(5)


def test_hwdplus_is_read_inverted_and_split_by_writer(tmp_path):
    rng = np.random.default_rng(0)
    raw = np.full((30, 500, 500), 255, dtype=np.uint8)
    raw[:, 100:400, 240:260] = 0
    info = np.stack([rng.integers(0, 10, 30), np.arange(30) % 15], axis=1)
    np.save(tmp_path / "Images(500x500).npy", raw)
    np.save(tmp_path / "WriterInfo.npy", info)
    images, labels, writers = pictures.hwdplus(tmp_path, 128)
    assert images.shape == (30, 1, 128, 128) and images.dtype == torch.uint8
    assert images[:, 0, 64, 64].min() == 255 and images[:, 0, 0, 0].max() == 0
    assert labels.tolist() == info[:, 0].tolist() and writers.tolist() == info[:, 1].tolist()
    assert len(pictures.Pictures(str(tmp_path), 128).held_out(99)) == (info[:, 1] % 10 == 0).sum()
    held, theirs = pictures.Pictures(str(tmp_path), 128).of_each_class(9)
    assert len(held) == len(theirs) and theirs.tolist() == info[info[:, 1] % 10 == 0, 0].tolist()
    np.save(tmp_path / "WriterInfo.npy", np.array([["seven", "Ann"]] * 30))
    with pytest.raises(BadInput, match="expected numbers"):
        pictures.hwdplus(tmp_path)
    (tmp_path / "WriterInfo.npy").unlink()
    with pytest.raises(BadInput, match="WriterInfo"):
        pictures.hwdplus(tmp_path)


def test_spikes_made_elsewhere(tmp_path):
    sample = Spikes(size=32, sigma=2.0, k=3).held_out(4)
    good = arrays(sample)

    def written(**changes):
        arrays = {name: np.asarray(value) for name, value in {**good, **changes}.items() if value is not None}
        np.savez(tmp_path / "spikes.npz", **arrays)
        return tmp_path / "spikes.npz"

    again = from_npz(written(), 2.0)
    assert torch.equal(again.images, sample.images) and torch.equal(again.theta, sample.theta)
    assert again.sigma == 2.0 and again.detection == pytest.approx(float(sample.theta[sample.theta > 0].min()) / 2)
    holed = sample.images[:, 0].clone()
    holed[0, 0, 0] = float("nan")
    for changes, sentence in [
        ({"positions": None}, "missing"),
        ({"positions": np.zeros((4, 2, 2))}, "expected"),
        ({"images": np.zeros((3, 32, 32))}, "expected"),
        ({"images": np.zeros((4, 1, 32, 32))}, "expected"),
        ({"images": np.zeros((4, 32, 30))}, "expected"),
        ({"amplitudes": np.zeros((4, 0)), "positions": np.zeros((4, 0, 2))}, "expected"),
        ({"amplitudes": np.full((4, 3), -0.5)}, "0 \\(absent\\) or more"),
        ({"images": holed}, "not finite"),
        ({"images": np.full((4, 32, 32), 50.0)}, "±10"),
        ({"amplitudes": np.full((4, 3), np.nan)}, "not finite"),
    ]:
        with pytest.raises(BadInput, match=sentence):
            from_npz(written(**changes), 2.0)
    with pytest.raises(BadInput, match="no such file"):
        from_npz(tmp_path / "none.npz", 2.0)
    (tmp_path / "text.npz").write_text("hello")
    with pytest.raises(BadInput, match="cannot be read"):
        from_npz(tmp_path / "text.npz", 2.0)
