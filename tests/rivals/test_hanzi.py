"""Characters whose strokes are known: where they lie, what they add up to; the file is the one that shipped."""

import pytest
import torch

from atomic_lib.errors import BadInput
from atomic_lib.rivals import hanzi
from atomic_lib.rivals.hanzi import Hanzi

SMALL = Hanzi(size=48)


def test_two_hundred_characters_of_three_to_six_strokes():
    lines = hanzi.medians()
    assert len(lines) == 200
    assert {len(strokes) for strokes in lines.values()} == {3, 4, 5, 6}


def test_an_image_is_the_largest_of_its_strokes_and_has_paper_of_nothing():
    sample = SMALL.held_out(20)
    assert torch.equal(sample.images[:, 0], sample.strokes.amax(dim=1))
    assert sample.images.min() == 0 and 0.9 < sample.images.amax() <= 1
    for i in range(20):
        assert 3 <= len(sample.drawn(i)) <= 6


def test_characters_are_placed_and_sized_as_digits_are():
    ink = Hanzi(size=128).held_out(30).images[:, 0] > 0.5
    for one in ink:
        rows, columns = one.any(dim=1).nonzero(), one.any(dim=0).nonzero()
        sides = [int(where.max() - where.min()) + 1 for where in (rows, columns)]
        assert max(sides) == pytest.approx(128 * 20 / 32, abs=4)
        assert float((rows.min() + rows.max()) / 2) == pytest.approx(63.5, abs=2)


def test_a_stroke_follows_its_line():
    drawn = Hanzi(size=64, width=0.1).strokes([[[0, 0], [1000, 0]], [[0, 1000], [0, 900]]])
    level = (drawn[0] > 0.5).nonzero()
    assert level[:, 0].float().mean() > 40, "y goes up: what is at 0 lies below what is at 1000"
    assert level[:, 1].max() - level[:, 1].min() > 30 > 9 > level[:, 0].max() - level[:, 0].min()


def test_some_of_a_sample_keep_their_strokes():
    sample = SMALL.held_out(10, seed=3)
    assert torch.equal(sample[4].strokes[0], sample.strokes[4])
    assert torch.equal(sample.images, SMALL.held_out(10, seed=3).images)


def test_another_file_is_refused(tmp_path, monkeypatch):
    (tmp_path / "hanzi").mkdir()
    (tmp_path / "hanzi" / "medians.json").write_text("{}")
    monkeypatch.setenv("ATOMIC_DATA", str(tmp_path))
    hanzi.medians.cache_clear()
    with pytest.raises(BadInput, match="git checkout data/hanzi"):
        hanzi.medians()
    hanzi.medians.cache_clear()


def test_bad_input_is_told():
    with pytest.raises(BadInput, match="width"):
        Hanzi(width=2.0)
