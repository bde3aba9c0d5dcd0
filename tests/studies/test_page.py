"""Figures as the page has them: text is text, ink is the page's, ids are nobody else's, and a phone has its own."""

import importlib
import re
from types import SimpleNamespace

import pytest
import torch

from atomic_lib import figures, studies
from atomic_lib.studies import page


@pytest.fixture
def chart():
    figure, axes = page.panelled(3)
    for axis, label in zip(axes, ("pursuit", "one-shot", "another"), strict=True):
        axis.plot([1, 2], [1, 100], color="black", label=label)
        axis.set(yscale="log", title=label, xlabel="coordinates $d_0$")
    axes[0].plot([1, 2], [2, 3], label="$\\hat x$")
    page.legend(figure, axes[0])
    return figure


def sizes(drawn):
    return [96 / 72 * float(size) for size in re.findall(r"font-size: ([\d.]+)px", drawn)]


def test_text_is_text_and_black_is_the_ink_of_the_page(chart):
    drawn = page.svg(chart)
    assert ">pursuit</text>" in drawn and '<tspan font-style="italic">d</tspan>' in drawn and "#000000" not in drawn
    assert "currentColor" in drawn and "font-family: " not in drawn and min(sizes(drawn)) >= page.LEAST


def test_it_fits_a_column_and_a_phone(chart):
    wide, phone = re.findall(r'class="(\w+)"[^>]* width="(\d+)"', page.svg(chart))
    assert wide[0] == "chart" and int(wide[1]) <= 690 and phone == ("phone", "345")
    assert chart.get_size_inches()[0] == pytest.approx(figures.COLUMN, rel=0.01), "it is as it was"


@pytest.mark.slow
def test_drawn_twice_it_is_the_same_and_no_id_is_in_two_figures(chart):
    one, other = page.svg(chart), page.svg(figures.gallery([torch.rand(1, 8, 8)], 1))
    assert page.svg(chart) == one
    ids = [set(re.findall(r' id="([^"]+)"', drawn)) for drawn in (one, other)]
    assert all(ids) and not ids[0] & ids[1]
    used = set(re.findall(r'(?:href="#|url\(#)([^")]+)', one))
    assert used <= ids[0]


def test_pictures_keep_their_pixels():
    drawn = page.svg(figures.gallery([torch.rand(1, 8, 8), torch.rand(1, 128, 128)], 2))
    few, many = re.findall(r'<image [^>]*?width="(8|128)"[^>]*>', drawn)
    assert (few, many) == ("8", "128") and drawn.count("pixelated") == 1, "only few pixels are shown as squares"


def test_a_key_has_as_many_columns_as_there_is_room_for():
    figure, axes = page.panelled(1)
    for i in range(8):
        axes[0].plot([0], [0], label=f"a rather long label, number {i}")
    page.legend(figure, axes[0])
    (legend,) = figure.legends
    assert legend.get_window_extent().width <= figure.bbox.width


@pytest.mark.parametrize(
    ("math", "plain"),
    [("$k$", "k"), ("10 %", "10 %"), ("$z_{1,2}$", "z1,2"), ("$\\hat x$", "x̂"), ("$\\mathdefault{10^{-3}}$", "10−3")],
)
def test_formulas_are_read_as_text(math, plain):
    assert re.sub(r"[\ue000-\ue00f]", "", page.plain(math)) == plain


def test_a_formula_that_is_not_known_is_left_to_matplotlib():
    assert page.plain("$\\frac{1}{2}$") is None


@pytest.mark.slow
def test_a_notebook_gets_svg(chart, monkeypatch):
    shown = []
    monkeypatch.setattr("IPython.display.display", lambda data, raw: shown.append(data))
    page.show(chart)
    assert shown[0]["image/svg+xml"].startswith("<svg ") and "text/plain" in shown[0]


def test_a_model_has_its_colour_wherever_it_stands_and_no_other_takes_it():
    one, other = page.colours(["pursuit", "something"]), page.colours(["something", "digits-pursuit", "else"])
    assert one[0] == other[1] and len(set(other)) == 3 and one[1] not in one[:1]
    assert page.colours(["pursuit, free latents", "one-shot, $k = 2$"]) == page.colours(["pursuit", "one-shot"])


def test_a_cell_whose_notebook_knows_studies_shows_a_figure_as_the_page_does(chart, monkeypatch, capsys):
    from IPython.core.formatters import DisplayFormatter  # a whole shell would make astropy believe in IPython

    shell, shown = SimpleNamespace(display_formatter=DisplayFormatter()), []
    monkeypatch.setattr("IPython.display.display", lambda data, raw: shown.append(data))
    monkeypatch.setattr("IPython.get_ipython", lambda: shell)
    importlib.reload(studies)
    shell.display_formatter.format(chart)
    assert [sorted(one) for one in shown] == [["image/svg+xml", "text/plain"]]
