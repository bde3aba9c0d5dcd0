"""Spots in fields: what was put in is found, once, where it is and as bright as it is; tiles leave no seam."""

import csv
import json

import pytest
import torch

from atomic_lib import BadInput
from atomic_lib.__main__ import main
from atomic_lib.gaussians import pairs
from atomic_lib.studies import find
from atomic_lib.studies.spots import drawn, fit_sum

SIGMA, NOISE = 1.4, 3.0


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def field_of(theta, shape=(110, 100), seed=0, light=True):
    """A field of spots on an uneven background, with noise, in units of a camera."""
    row = torch.linspace(0, 1, shape[0], dtype=torch.float64)[:, None]
    background = 120 + 40 * row if light else torch.zeros(shape, dtype=torch.float64)
    noise = torch.randn(shape, generator=seeded(seed), dtype=torch.float64)
    return (background + drawn(theta.double(), shape, SIGMA) + NOISE * noise).float()


def grid_of_spots(shape=(110, 100), step=11, seed=1):
    """Spots of two decades of brightness, about `step` px apart."""
    rows, columns = (torch.arange(8.0, side - 7, step) for side in shape)
    places = torch.cartesian_prod(rows, columns) + 2 * torch.rand(len(rows) * len(columns), 2, generator=seeded(seed))
    amplitude = 40 * 100 ** torch.rand(len(places), 1, generator=seeded(seed + 1))
    return torch.cat([amplitude, places], dim=1)


@pytest.fixture(scope="module")
def searched():
    theta = grid_of_spots()
    field = field_of(theta)
    return theta, field, find.find(field, SIGMA)


def test_every_spot_is_found_once(searched):
    theta, _, found = searched
    assert len(pairs(found.theta[:, 1:], theta[:, 1:], 0.5)) == len(theta) == len(found.theta)


def test_standard_errors_are_what_errors_are(searched):
    theta, _, found = searched
    matched = pairs(found.theta[:, 1:], theta[:, 1:], 0.5)
    i, j = (list(side) for side in zip(*matched, strict=True))
    off = (found.theta[i] - theta[j]) / found.error[i]
    assert 0.75 < off.square().mean().sqrt() < 1.35
    expected = NOISE / (SIGMA * torch.pi**0.5)  # of an isolated spot's amplitude
    assert found.error[:, 0].median() == pytest.approx(expected, rel=0.25)
    assert float(found.noise.median()) == pytest.approx(NOISE, rel=0.2)


def test_nothing_is_found_in_noise():
    assert len(find.find(field_of(torch.zeros(0, 3)), SIGMA).theta) == 0


@pytest.mark.slow
def test_flags_say_what_is_wrong():
    theta = torch.tensor([[500.0, 1.2, 30.0], [600.0, 30.0, 30.0], [500.0, 32.3, 30.0], [500.0, 45.0, 14.0]])
    found = find.find(field_of(theta, (60, 60)), SIGMA)
    words = {round(spot["row"]): spot["flag"] for spot in find.table(found)}
    assert words == {1: "edge", 30: "blended", 32: "blended", 45: ""}
    cut = find.find(field_of(theta[[0, 3]], (60, 60)).clamp(max=450), SIGMA)
    assert all("saturated" in spot["flag"] for spot in find.table(cut))


@pytest.mark.slow
def test_two_spots_with_one_peak_are_told_apart_and_one_stays_one():
    theta = torch.tensor([[900.0, 30.0, 30.0], [400.0, 31.2, 30.7], [900.0, 50.0, 20.0]])
    found = find.find(field_of(theta, (70, 60)), SIGMA)
    assert len(pairs(found.theta[:, 1:], theta[:, 1:], 0.15)) == len(found.theta) == 3
    wide = torch.tensor([[600.0, 30.0, 30.0], [600.0, 30.6, 30.0]])  # nearer than can be told
    assert len(find.find(field_of(wide, (60, 60)), SIGMA).theta) == 1


@pytest.mark.parametrize("shape", [(20, 20), (64, 45), (100, 131), (300, 47)])
def test_every_place_belongs_to_one_tile(shape):
    tiles = find.tiled(shape, 45.7, 5.6)
    places = torch.rand(1000, 2, generator=seeded()) * torch.tensor(shape) - 0.5
    cuts = torch.tensor([[tile.core[0], 3.0] for tile in tiles if tile.core[0] > 0]).reshape(-1, 2)  # on a seam, too
    theta = torch.cat([torch.ones(len(places) + len(cuts), 1), torch.cat([places, cuts])], dim=1)
    owners = torch.stack([tile.owns(theta) for tile in tiles])
    assert (owners.sum(dim=0) == 1).all()
    near = torch.stack([tile.touches(theta) for tile in tiles])
    assert (near | ~owners).all(), "who owns a place sees it"
    assert all(max(t.rows.stop - t.rows.start, t.columns.stop - t.columns.start) <= 46 for t in tiles)


def test_a_seam_loses_no_spot_and_finds_none_twice():
    shape = (90, 60)
    seams = {tile.core[0] for tile in find.tiled(shape, (128 / 2.8 - 2 * find.RIM) * SIGMA, find.MARGIN * SIGMA)}
    rows = [seam + shift for seam in seams if seam > 0 for shift in (-0.02, 0.0, 0.02)]
    assert rows, "the field must be larger than a tile"
    theta = torch.tensor([[300.0, row, 8.0 + 14 * (i % 4)] for i, row in enumerate(rows)])
    found = find.find(field_of(theta, shape, light=False), SIGMA)
    assert len(pairs(found.theta[:, 1:], theta[:, 1:], 0.3)) == len(theta) == len(found.theta)


def test_a_joint_fit_finds_overlapping_spikes_and_their_covariance():
    theta = torch.tensor([[500.0, 14, 15], [30.0, 16.5, 15], [80.0, 20, 8]], dtype=torch.float64)
    image = drawn(theta, (30, 24), 1.6)
    start = theta + torch.tensor([[-60.0, 0.3, -0.4], [8, 0.3, 0.2], [5, -0.4, 0.4]], dtype=torch.float64)
    fit, inverse = fit_sum(image, start, 1.6)
    assert torch.allclose(fit, theta, atol=1e-4)
    isolated = 1 / (1.6 * torch.pi**0.5)
    assert inverse[6, 6].sqrt() == pytest.approx(isolated, rel=0.01)
    assert inverse[7, 7].sqrt() == pytest.approx(1 / 80 * (2 / torch.pi) ** 0.5, rel=0.02)


def test_the_command_writes_a_table_a_picture_and_json(tmp_path, capsys):
    from PIL import Image

    theta = torch.tensor([[900.0, 20.0, 18.0], [400.0, 36.4, 30.7]])
    Image.fromarray(field_of(theta, (50, 50)).round().numpy().astype("uint16")).save(tmp_path / "mine.tif")
    out = [str(tmp_path / name) for name in ("spots.csv", "spots.png", "spots.json")]
    call = [
        "find",
        str(tmp_path / "mine.tif"),
        "--sigma",
        "1.4",
        "--out",
        out[0],
        "--picture",
        out[1],
        "--json",
        out[2],
    ]
    assert main(call) == 0 and "2 spots, 0 of them flagged" in capsys.readouterr().out
    rows = list(csv.DictReader(open(out[0])))
    assert [round(float(row["row"]), 0) for row in rows] == [20, 36]
    assert abs(float(rows[0]["amplitude"]) - 900) < 5 * float(rows[0]["amplitude_error"])
    assert Image.open(out[1]).width > 800


@pytest.mark.slow
def test_the_command_prints_json_and_nothing_else(tmp_path, capsys):
    from PIL import Image

    theta = torch.tensor([[900.0, 20.0, 18.0], [400.0, 36.4, 30.7]])
    Image.fromarray(field_of(theta, (50, 50)).round().numpy().astype("uint16")).save(tmp_path / "mine.tif")
    image = str(tmp_path / "mine.tif")
    for call in ([image, "--sigma", "1.4", "--json"], ["--json", image, "--sigma", "1.4"]):
        assert main(["find", *call]) == 0
        said = json.loads(capsys.readouterr().out)
        assert [round(spot["row"]) for spot in said["spots"]] == [20, 36] and said["sigma"] == 1.4
    table = tmp_path / "spots.csv"
    assert main(["find", image, "--sigma", "1.4", "--json", "--out", str(table)]) == 0
    assert json.loads(capsys.readouterr().out) == said and len(table.read_text().splitlines()) == 3
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine.tif", "spots.csv"]


@pytest.mark.parametrize(("call", "sentence"), [(["m13"], "nowhere to put"), (["--json"], "no image was named")])
def test_find_says_what_is_missing(call, sentence, capsys):
    assert main(["find", *call]) == 2 and sentence in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "sentence"),
    [([], "how wide is a spot"), (["--sigma", "0"], "sigma"), (["--sigma", "1.4", "--threshold", "0"], "threshold")],
)
def test_what_cannot_be_searched(options, sentence, tmp_path, capsys):
    from PIL import Image

    Image.fromarray(field_of(torch.zeros(0, 3), (30, 30)).numpy()).save(tmp_path / "mine.tif")
    assert main(["find", str(tmp_path / "mine.tif"), "--out", str(tmp_path / "x.csv"), *options]) == 2
    assert sentence in capsys.readouterr().err and not (tmp_path / "x.csv").exists()


def test_only_a_pursuit_of_spikes_finds_spots():
    from atomic_lib import load

    for name in ("digits-pursuit", "spikes-plain"):
        with pytest.raises(BadInput, match="pursuit trained on spikes"):
            find.find(field_of(torch.zeros(0, 3)), SIGMA, model=load(name))
