"""What several tests stand on: small recipes, and models that are right, or wrong in one known way, by construction."""

import torch

from atomic_lib import Recipe
from atomic_lib.data.spikes import Spikes
from atomic_lib.gaussians import render
from atomic_lib.model.autoencoder import AtomicAutoencoder
from atomic_lib.model.encoders import Code

PLAIN = Recipe("small", Spikes(size=32, sigma=2.0, k=3), "one-shot", "separable", k=3, d0=3, steps=1)
PURSUIT = PLAIN.replace(encoder="pursuit", encoder_options={"window": 12})

TINY = Recipe(
    "tiny", Spikes(size=32, sigma=2.0, k=3), "one-shot", "separable", k=3, d0=3, steps=40, batch=8, noise=0.02,
    encoder_options={"channels": 4, "width": 16}, decoder_options={"channels": 8, "width": 16},
)  # fmt: skip
TINY_PURSUIT = TINY.replace(
    name="tiny-pursuit", encoder="pursuit", encoder_options={"window": 12, "channels": 8, "width": 16}
)

# Rotations that may stand between the coordinates of a block and its amplitude, row and column.
TURNS = {
    "aligned": torch.eye(3),
    "motions turned": torch.tensor([[1, 0, 0], [0, 0.6, -0.8], [0, 0.8, 0.6]]),
    "all turned": torch.linalg.qr(torch.tensor([[1.0, 2, 3], [-2, 1, 1], [1, 1, -2]]))[0],
}


def seeded(seed=0):
    """A generator of its own for a test."""
    return torch.Generator().manual_seed(seed)


class Drawer(torch.nn.Module):
    """g(z) = a·G(t), exactly, with (a, t) = middle + scale · turn z, on 64×64 pixels with σ = 2.

    With a fault: a "ghost" on the other side, "deaf" to the amplitude, or "blank".
    """

    d0, size, sigma = 3, 64, 2.0

    def __init__(self, middle=(0.75, 31.5, 31.5), scale=(0.25, 25.0, 25.0), turn=None, fault=None):
        super().__init__()
        self.register_buffer("middle", torch.tensor(middle))
        self.register_buffer("scale", torch.tensor(scale))
        self.register_buffer("turn", torch.eye(3) if turn is None else turn)
        self.fault = fault

    def forward(self, z):
        theta = self.middle + self.scale * (z @ self.turn.T)
        a = torch.full_like(theta[:, :1], 0.75) if self.fault == "deaf" else theta[:, :1]
        atom = render(torch.cat([a, theta[:, 1:]], dim=1)[:, None], self.size, self.sigma)
        return atom + 0.3 * atom.flip(2, 3) if self.fault == "ghost" else 0 * atom if self.fault == "blank" else atom

    def code(self, theta):
        """The z that draw θ = (a, row, column)."""
        return (theta - self.middle) / self.scale @ self.turn


class Teller(torch.nn.Module):
    """The encoder that knows the truth of a sample."""

    k, d0 = 3, 3

    def __init__(self, sample, g):
        super().__init__()
        self.sample, self.g, self.latents = sample, g, torch.nn.Identity()

    def forward(self, images, g, k=None):
        rows = [int((self.sample.images - image).abs().amax((1, 2, 3)).argmin()) for image in images]
        theta = self.sample.theta[rows]
        return Code(g.code(theta), theta[..., 0] > 0)


def told(sample, turn="aligned"):
    """A perfect model of the images of `sample`, whose coordinates are turned."""
    g = Drawer((0.75, 32.0, 32.0), (0.25, 32.0, 32.0), TURNS[turn])
    return AtomicAutoencoder(Teller(sample, g), g).eval()


def arrays(sample):
    """A sample as the arrays of an .npz file."""
    return {"images": sample.images[:, 0], "amplitudes": sample.theta[..., 0], "positions": sample.theta[..., 1:]}


def true_atoms(sample, size=64):
    """The atoms of a perfect decomposition of spikes, (B, k, 1, N, N)."""
    return render(sample.theta.view(-1, 1, 3), size, sample.sigma).unflatten(0, sample.theta.shape[:2])


class Given(torch.nn.Module):
    """Not a network: an encoder that hands out given atoms (M, k, 1, N, N) in turn."""

    d0 = 3

    def __init__(self, atoms):
        super().__init__()
        self.given, self.k, self.size, self.seen = atoms, atoms.shape[1], atoms.shape[-1], 0
        self.latents = torch.nn.Identity()

    def forward(self, images, g, k=None):
        atoms = self.given[self.seen : self.seen + len(images)]
        self.seen += len(images)
        return Code(torch.zeros(*atoms.shape[:2], 3), atoms.flatten(2).abs().amax(2) > 0, atoms)


def oracle(atoms, combine="sum"):
    """A model that takes images apart into the given atoms, so that a measure can be tried on any of them."""
    encoder = Given(atoms)
    g = torch.nn.Identity()
    g.d0, g.size = 3, encoder.size
    return AtomicAutoencoder(encoder, g, combine)
