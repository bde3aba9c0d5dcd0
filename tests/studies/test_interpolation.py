"""Walks between images: right ends, right partners, and a distance that knows the set from what lies off it."""

import pytest
import torch

from atomic_lib import BadInput
from atomic_lib.gaussians import render
from atomic_lib.model.autoencoder import AtomicAutoencoder
from atomic_lib.model.decomposition import matching
from atomic_lib.model.encoders import Code
from atomic_lib.studies.interpolation import latent_walk, off_set, pixel_walk


class Dot(torch.nn.Module):
    """g(z): a spike at z, in units of the image."""

    d0, size = 2, 64

    def forward(self, z):
        return render(torch.cat([torch.ones(len(z), 1), 64 * z], dim=1)[:, None], 64, 2.0)


class Told(torch.nn.Module):
    """Knows the blocks of the images that it was told; of any other it sees the brightest spike alone."""

    k, d0 = 3, 2

    def __init__(self, images, z, used):
        super().__init__()
        self.images, self.z, self.used, self.latents = images, z, used, torch.nn.Identity()

    def forward(self, images, g, k=None):
        codes = [self._one(image) for image in images]
        return Code(*(torch.stack(parts) for parts in zip(*codes, strict=True)))

    def _one(self, image):
        differences = (self.images - image).abs().amax(dim=(1, 2, 3))
        if differences.min() < 1e-4:
            return self.z[differences.argmin()], self.used[differences.argmin()]
        place = int(image.argmax())
        z = torch.zeros(3, 2)
        z[0] = torch.tensor([place // 64, place % 64]) / 64
        return z, torch.tensor([True, False, False])


FULL = torch.tensor([True, True, True])


def told(first, second, used=(FULL, FULL)):
    """A perfect model of two images, and the images; blocks (3, 2) of each."""
    g, z, used = Dot(), torch.tensor([first, second]), torch.stack(used)
    model = AtomicAutoencoder(Told(torch.zeros(0), z, used), g).eval()
    model.encoder.images = images = model.decode(z, used).detach()
    return model, images[:1], images[1:]


THREE = [[0.25, 0.25], [0.5, 0.75], [0.75, 0.25]]


def test_blocks_find_their_partners_whatever_their_order():
    moved = [[row + 0.06, column - 0.03] for row, column in THREE]
    model, start, end = told(THREE, [moved[i] for i in (2, 0, 1)])
    a, b = model.decompose(start), model.decompose(end)
    assert matching(a, b).tolist() == [[1, 2, 0]]
    middle = latent_walk(model, start, end, steps=3)[1]
    halfway = model.g((torch.tensor(THREE) + torch.tensor(moved)) / 2).sum(dim=0)
    assert torch.allclose(middle[0], halfway, atol=1e-4)
    in_order = latent_walk(model, start, end, steps=3, matched=False)[1]
    assert (in_order[0] - halfway).abs().max() > 0.3


def test_both_walks_have_the_outputs_as_their_ends():
    model, start, end = told(THREE, THREE[::-1], (FULL, torch.tensor([True, False, True])))
    for walk in (
        latent_walk(model, start, end, 5), latent_walk(model, start, end, 5, matched=False),
        pixel_walk(model, start, end, 5),
    ):  # fmt: skip
        assert walk.shape == (5, 1, 1, 64, 64)
        assert torch.allclose(walk[0], start, atol=1e-4) and torch.allclose(walk[-1], end, atol=1e-4)


def test_a_block_without_a_partner_fades_where_it_is():
    model, start, end = told(THREE, [*THREE[1:], [0.0, 0.0]], (FULL, torch.tensor([True, True, False])))
    middle = latent_walk(model, start, end, steps=3)[1, 0, 0]
    assert [round(float(middle[int(64 * r), int(64 * c)]), 3) for r, c in THREE] == [0.5, 1.0, 1.0]


def test_off_the_set_is_what_the_model_cannot_say():
    one = [[0.25, 0.25]] * 3
    alone = torch.tensor([True, False, False])
    model, start, end = told(one, [[0.75, 0.75]] * 3, (alone, alone))
    assert off_set(model, latent_walk(model, start, end, 3)).max() < 1e-3  # one spike, moving
    faded = off_set(model, pixel_walk(model, start, end, 3))
    assert faded.shape == (3, 1) and faded[[0, 2]].max() < 1e-3 and float(faded[1]) == pytest.approx(1.0, abs=0.01)


def test_a_walk_of_one_step_goes_nowhere():
    model, start, end = told(THREE, THREE)
    for walk in (latent_walk, pixel_walk):
        with pytest.raises(BadInput, match="steps"):
            walk(model, start, end, 1)
