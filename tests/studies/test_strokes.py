"""Strokes that all classes share, and strokes that each class has for itself, are told apart; coordinates too."""

import pytest
import torch

from atomic_lib import BadInput
from atomic_lib.gaussians import render
from atomic_lib.model.autoencoder import AtomicAutoencoder
from atomic_lib.model.encoders import Code
from atomic_lib.studies.strokes import Strokes, coordinate_spread, distances, nearest, sharing, stroke_width, strokes


class Halves(torch.nn.Module):
    """Takes an image apart into its halves, and an atom too faint to count."""

    size, k, d0 = 16, 3, 2

    def __init__(self, faint):
        super().__init__()
        self.faint, self.latents = faint, torch.nn.Identity()

    def forward(self, images, g, k=None):
        atoms = torch.zeros(len(images), 3, 1, 16, 16)
        atoms[:, 1, :, :8], atoms[:, 0, :, 8:] = images[:, :, :8], images[:, :, 8:]
        atoms[:, 2, :, 0, 0] = self.faint
        return Code(torch.zeros(len(images), 3, 2), torch.ones(len(images), 3, dtype=torch.bool), atoms)


def splitter(faint=0.01):
    g = torch.nn.Identity()
    g.d0, g.size = 2, 16
    return AtomicAutoencoder(Halves(faint), g)


def page(private: bool) -> tuple[torch.Tensor, torch.Tensor]:
    """36 images of three classes, of two bars each: drawn from one alphabet, or from one a class."""
    generator, labels = torch.Generator().manual_seed(0), (torch.arange(36) % 3).byte()  # as MNIST has them
    images = torch.zeros(36, 1, 16, 16)
    for i, label in enumerate(labels.tolist()):
        top, bottom = torch.randint(2, (2,), generator=generator).tolist()
        own = label if private else 0
        images[i, 0, 1 + top, 4 * own : 4 * own + 4], images[i, 0, 10 + bottom, 4 * own : 4 * own + 4] = 1, 0.5
    return images, labels


def test_active_atoms_the_strongest_first():
    images, labels = page(private=True)
    found = strokes(splitter(), images, labels)
    assert found.owner.tolist() == [i // 2 for i in range(72)] and found.label.tolist() == (found.owner % 3).tolist()
    assert found.atoms[0::2, :8].sum() == 4 * 36 and found.atoms[1::2, 8:].sum() == 2 * 36
    with pytest.raises(BadInput, match="no atom"):
        strokes(splitter(faint=0), torch.zeros(1, 1, 16, 16), torch.zeros(1))


def test_the_distance_is_what_it_costs_to_draw_one_for_the_other():
    atoms = torch.zeros(3, 4, 4)
    atoms[0, 0, 0], atoms[1, 0, 0], atoms[2, 3, 3] = 1.0, 0.5, 1.0
    found = Strokes(atoms, torch.arange(3), torch.tensor([4, 4, 7]))
    apart = distances(found, torch.tensor([0]))[0].tolist()
    assert apart == [torch.inf, pytest.approx(0.25), pytest.approx(2.0)]
    which, how_far = nearest(found, torch.tensor([0]))
    assert which.tolist() == [[1, 2]] and how_far[0].tolist() == pytest.approx([0.25, 2.0])


def test_a_shared_alphabet_and_private_ones():
    shared, private = (sharing(strokes(splitter(), *page(private=p)), batch=7) for p in (False, True))
    assert private["same_class"] == 1 and private["distance"] > 0.99
    assert shared["distance"] < 1e-6 and shared["same_class"] < 0.9
    assert shared["chance"] == private["chance"] == pytest.approx(22 / 70)


class Always(torch.nn.Module):
    """The encoder that always gives the same blocks."""

    def __init__(self, z):
        super().__init__()
        self.z, self.k, self.d0, self.latents = z, *z.shape, torch.nn.Identity()

    def forward(self, images, g, k=None):
        return Code(self.z.expand(len(images), -1, -1), torch.ones(len(images), self.k, dtype=torch.bool))


def autoencoder(g, z, size=64):
    module = torch.nn.Module()
    module.forward, module.d0, module.size = g, z.shape[1], size
    return AtomicAutoencoder(Always(z), module).eval()


def test_coordinate_spread_of_what_moves_one_spot_and_of_what_moves_all():
    sigma, places = 2.0, torch.tensor([[32.0, 12.0], [32.0, 52.0]])

    def spot(z):  # two coordinates move a spike, the third next to nothing
        theta = torch.cat([torch.ones(len(z), 1), z[:, :2]], dim=1)
        return render(theta[:, None], 64, sigma) * (1 + 1e-4 * z[:, 2].view(-1, 1, 1, 1))

    atomic = autoencoder(spot, torch.cat([places, torch.zeros(2, 1)], dim=1))
    images = atomic(torch.zeros(3, 1, 64, 64)).detach()
    whole = (20**2 + sigma**2) ** 0.5  # of two spikes, 20 px from their middle
    assert coordinate_spread(atomic, images) == pytest.approx(2**0.5 * sigma / whole, rel=1e-3)
    scaled = autoencoder(lambda z: z[:, :1, None, None] * images[0], torch.ones(1, 1))
    assert coordinate_spread(scaled, images) == pytest.approx(1.0)


@pytest.mark.parametrize("width", [4, 9, 16])
def test_the_width_of_a_stroke(width):
    image = torch.zeros(2, 1, 128, 128)
    image[0, 0, 40 : 40 + width, 10:118] = 1
    found = stroke_width(image)
    assert float(found[0]) == pytest.approx(width, rel=0.12) and found[1] == 0
