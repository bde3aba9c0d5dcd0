"""A pen as wide as it is asked to be, and letters of a font, each in one piece and placed as a digit is."""

import pytest
import torch

from atomic_lib.metrics import is_connected
from atomic_lib.studies import elsewhere
from atomic_lib.studies.strokes import stroke_width


@pytest.mark.parametrize("width", [7.0, 10.0])
def test_the_pen_is_as_wide_as_it_should_be(width):
    images = elsewhere.penned("2S", 128, width)
    assert images.shape == (2, 1, 128, 128) and 0 <= images.min() and images.max() <= 1
    assert torch.allclose(stroke_width(images), torch.tensor(width), atol=0.15 * width)


def test_every_figure_of_the_pen_is_one_piece_and_another_figure():
    images = elsewhere.penned("".join(elsewhere.PEN), 64, 5.0)
    assert all(is_connected(image[0]) for image in images)
    apart = torch.cdist(images.flatten(1), images.flatten(1)) + 100 * torch.eye(len(images))
    assert apart.min() > 5


def test_letters_have_their_holes():
    from scipy import ndimage

    holes = [ndimage.label(image[0].numpy() < 0.5)[1] - 1 for image in elsewhere.lettered("08R7", 64)]
    assert holes == [1, 2, 1, 0]
