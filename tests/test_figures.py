"""Figures say what they show: right panels, one signed scale, marks where they belong."""

import pytest
import torch
from matplotlib.colors import to_rgb
from stand_ins import PLAIN

from atomic_lib import BadInput, figures
from atomic_lib.model.autoencoder import latent_range
from atomic_lib.studies import drawings, paper_figures, theory
from atomic_lib.studies.interpolation import walk_of_one_block, walks
from atomic_lib.studies.navigation import sweep


def panels(figure):
    return [axis for axis in figure.axes if axis.get_images()]


def test_a_decomposition_shows_input_output_and_every_atom_in_use(model, sample):
    found, truth = model.decompose(sample.images[:1]), sample.truth()
    shown = panels(figures.decomposition(found, truth))
    used = int(found.used.sum())
    assert len(shown) == 2 + used and shown[0].get_title() == "input $x$"
    assert len(shown[0].lines[0].get_xdata()) == len(truth)  # a ring for each true spike
    energies = [float((axis.get_images()[0].get_array() ** 2).sum()) for axis in shown[2:]]
    assert energies == sorted(energies, reverse=True)


def test_one_signed_scale_and_nothing_clipped(model, sample):
    shown = [
        axis.get_images()[0] for axis in panels(paper_figures.side_by_side({"output": model.decompose(sample.images)}))
    ]
    assert len(shown) == 12 and {image.get_clim() for image in shown} == {shown[0].get_clim()}
    low, high = shown[0].get_clim()
    assert low == -high and max(float(abs(image.get_array()).max()) for image in shown) == pytest.approx(high)


def test_the_ends_of_an_interpolation_are_the_reconstructions(model, sample):
    start, end = sample.images[:1], sample.images[1:2]
    ways = walks(model, start, end, steps=4)
    shown = panels(drawings.walks(ways))
    shown = [axis.get_images()[0].get_array() for axis in shown]
    assert len(shown) == 4 * 2 * 3  # matched, in order, pixels: the walk, and what the encoder makes of it
    with torch.inference_mode():
        for row in (0, 8, 16):
            assert abs(shown[row] - model(start)[0, 0].numpy()).max() < 1e-4
            assert abs(shown[row + 3] - model(end)[0, 0].numpy()).max() < 1e-4
    assert {shown[row].shape for row in (4, 12, 20)} == {(32, 32, 3)}
    ways["one block"] = walk_of_one_block(model, start, end, steps=4)
    assert len(panels(drawings.walks(ways))) == 4 * (6 + 1)


def test_models_side_by_side(model, sample):
    rows = panels(paper_figures.side_by_side(dict.fromkeys("ab", model.decompose(sample.images)), strokes=True))[::6]
    assert [axis.get_ylabel() for axis in rows] == ["input", "a", "its strokes", "b", "its strokes"]


def test_an_overlay_shows_each_models_atoms_and_their_energies(model, sample):
    found = model.decompose(sample.images[:1])
    picture, bars = paper_figures.overlay({"this": found}).axes
    shares = 100 * found.atoms[found.used].square().sum(dim=(1, 2, 3)) / sample.images[0].square().sum()
    heights = [bar.get_height() for bar in bars.patches]
    assert heights == pytest.approx(sorted(shares.tolist(), reverse=True), rel=1e-4)
    assert picture.get_title() == "this" and picture.get_images()[0].get_array().shape == (32, 32, 3)


def test_a_sweep_moves_one_coordinate_of_one_block(model, sample):
    with torch.inference_mode():
        z, used = model.encode(sample.images)
        ranges = latent_range(z, used, tail=0.0)
        path = sweep(model, sample.images[:1], 0, ranges, steps=5)
        moved = z[:1].clone()
        moved[0, 0, 2] = ranges[2, 1]
        assert torch.allclose(path.pictures[2, 4], model.decode(moved, used[:1])[0, 0], atol=1e-4)
    assert torch.equal(path.values[:, 0], ranges[:, 0]) and path.fitted.shape == (3, 5, 3)
    assert len(panels(drawings.navigation(path, 0))) == 15
    marked = panels(drawings.navigation(path, 0, detection=0.25))
    assert all(len(axis.lines) == 2 for axis in marked)  # the ring and the diamond
    with pytest.raises(BadInput, match="not in use"):
        sweep(model, sample.images[:1], 99, ranges)


def test_the_others_draw(model, sample):
    assert len(panels(paper_figures.architecture(model.decompose(sample.images[:1])))) >= 3
    assert (
        len(panels(paper_figures.architecture(model.decompose(torch.zeros(1, 1, 32, 32))))) >= 2
    )  # a pursuit uses no block
    boxes = paper_figures.architecture(model.decompose(sample.images[:1])).axes[0].texts
    assert all(text.get_color() != "black" for text in boxes if "more blocks" not in text.get_text())  # boxes stay pale
    page = panels(drawings.coloured(model.decompose(sample.images), columns=3, errors=True))
    assert len(page) == 6 and page[0].get_title().endswith(" %")  # good or bad, it says so


def test_the_colour_bar_has_the_colours_that_occur():
    ink, signed = torch.zeros(1, 8, 8), torch.zeros(1, 8, 8)
    ink[0, 0, 0], signed[0, 0, 0], signed[0, 1, 1] = 1.5, 1.0, -0.5
    *_, bar = figures.gallery([ink], 1).axes
    assert bar.get_ylim() == (0, 1.5)
    *_, bar = figures.gallery([ink, signed], 2).axes
    assert bar.get_ylim() == (-0.5, 1.5)


def test_a_number_is_written_as_a_reader_writes_it():
    assert [figures.written(one) for one in ("4.9e-08", "-0.43", "1e+04", "12")] == ["4.9·10⁻⁸", "−0.43", "1·10⁴", "12"]


def test_a_table_is_markdown():
    lines = figures.table([{"a": 1, "b": 0.12345}, {"a": 2, "b": 2.0}]).splitlines()
    assert lines == ["| a | b |", "| --- | --- |", "| 1 | 0.123 |", "| 2 | 2 |"]


def test_a_picture_is_written_whole_or_refused(model, sample, tmp_path):
    figure = drawings.coloured(model.decompose(sample.images))
    figures.save(figure, tmp_path / "new" / "a.png")
    assert (tmp_path / "new" / "a.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(BadInput, match=".png, .pdf or .svg"):
        figures.save(figure, tmp_path / "a.doc")
    with pytest.raises(BadInput, match="cannot be written"):
        figures.save(figure, tmp_path / "new" / "a.png" / "b.png")


def test_a_film_shows_its_frames_and_the_block_of_every_spike(model):
    film = theory.exchange(PLAIN.data, 12)
    found = model.decompose(film.images), theory.owners(model, film)[:, :2]
    figure = drawings.film({"one": found, "two": found}, film, columns=4)
    assert len(panels(figure)) == 8
    bars = [axis for axis in figure.axes if axis.patches]
    assert len(bars) == 2 and all(len(axis.patches) == 2 * 12 for axis in bars)
    grey = sum(patch.get_facecolor()[:3] == to_rgb("#bbbbbb") for patch in bars[0].patches)
    assert grey == int((theory.owners(model, film)[:, :2] < 0).sum())


def test_distributions_are_those_of_the_values():
    values = {"a": torch.tensor([1.0, 2.0, 4.0]), "b": torch.tensor([3.0])}
    axes = drawings.shares({"left": values, "right": values}, {"left": [2.5]}, linear=("right",)).axes
    assert [axis.get_xscale() for axis in axes] == ["log", "linear"] and len(axes[0].lines) == 3
    assert axes[0].lines[0].get_xdata()[1:].tolist() == [1, 2, 4]
    found = {"a": {0.0: torch.tensor([1.0, 2, 3]), 1.0: torch.tensor([5.0])}}
    axis = drawings.bands({"left": found}, "x", {"left": 0.1}).axes[0]
    assert axis.lines[0].get_ydata().tolist() == [2, 5] and len(axis.lines) == 2
