"""f_E whose blocks compete for the image: slots (after Locatello et al. 2020, *Object-centric learning with slot
attention*). In one shot, as the paper's encoder, and handed no place to look at: content decides."""

import math
from typing import Annotated

import torch
from torch import Tensor, nn

from ..errors import BadInput, Within
from .encoders import Code, OneShot
from .inference import draw
from .layers import Number, Residual, convolutions, kaiming

OCTAVES = 6  # of the sinusoidal code of a place: from half a period an image to 32 times that


class SlotEncoder(OneShot):
    """The one-shot encoder whose `net` is a `Slots` of k + `spare` slots, of which the k brightest give the blocks.

    As long as it learns, all slots draw, and those that are not needed learn to draw nothing. In use it says the k
    blocks whose atoms have the most energy, brightest first: so many small regions are dealt out to slots, none to a
    block. The other options are those of `Slots`.
    """

    def __init__(
        self, k: int, d0: int, size: int, latents: nn.Module, spare: Annotated[int, Within(0, 1024)] = 0,
        stride: Annotated[int, Within(1, 64)] = 4, width: Number = 64, rounds: Annotated[int, Within(1, 100)] = 3,
    ):  # fmt: skip
        super().__init__(k, d0, size, latents, Slots(k + spare, d0, size, stride, width, rounds))
        self.spare = spare

    def forward(self, images: Tensor, g: nn.Module, k: int | None = None) -> Code:
        """Images (B, 1, N, N) → `Code` of k blocks, or of all slots in training mode."""
        self.check(k)
        z = self.latents(self.net(images).unflatten(1, (-1, self.d0)))
        atoms = None
        if self.spare and not self.training:
            atoms = draw(g, z)
            brightest = atoms.float().square().sum(dim=(2, 3, 4)).topk(self.k, dim=1).indices
            z, atoms = (torch.stack([one[i] for one, i in zip(x, brightest, strict=True)]) for x in (z, atoms))
        return Code(z, torch.ones(z.shape[:2], dtype=torch.bool, device=z.device), atoms)


class Slots(nn.Module):
    """Images (B, 1, N, N) → (B, count·d0): slots share out a map of features among them, and each gives one block.

    One strided convolution for every halving of the image and one more give `width` features at T places, `stride` px
    apart, to which sines and cosines of the place are added. Learned queries, as many as slots, attend to them in
    `rounds` rounds.
    """

    def __init__(self, count: int, d0: int, size: int, stride: int, width: int, rounds: int):
        super().__init__()
        halvings = stride.bit_length() - 1
        if not 2 <= stride <= size or stride != 2**halvings or width % 8 or rounds < 1:
            told = f"stride {stride}, width {width}, rounds {rounds}"
            raise BadInput(f"slots: {told}; expected a power of two, a multiple of 8, and 1 or more.")
        widths = [1, *(max(16, width >> i) for i in reversed(range(halvings)))]
        layers = convolutions(widths, 5, [2] * halvings)
        self.look = nn.Sequential(*layers, nn.Conv2d(width, width, 3, padding=1), nn.LeakyReLU(0.2))
        self.place = nn.Linear(4 * OCTAVES, width)
        self.rounds = nn.ModuleList(Round(width) for _ in range(rounds))
        self.answer = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, d0))
        kaiming(self)
        self.queries = nn.Parameter(torch.randn(1, count, width))
        self.register_buffer("code", place_code(math.ceil(size / stride)), persistent=False)

    def forward(self, images: Tensor) -> Tensor:
        places = self.look(images).flatten(2).transpose(1, 2) + self.place(self.code)  # (B, T, width)
        slots = self.queries.expand(len(images), -1, -1)
        for one in self.rounds:
            slots = one(slots, places)
        return self.answer(slots).flatten(1)


class Round(nn.Module):
    """One round of a competition: slots (B, S, w), places (B, T, w) → the slots, further on.

    The softmax goes over the slots, so that they compete for a place; each slot then takes a mean of the places that it
    won. Then slots see each other (self-attention), and each goes through a residual MLP.
    """

    def __init__(self, width: int, heads: int = 4):
        super().__init__()
        self.of_slots, self.of_places, self.among = nn.LayerNorm(width), nn.LayerNorm(width), nn.LayerNorm(width)
        self.ask, self.key, self.value, self.take = (nn.Linear(width, width) for _ in range(4))
        self.attend = nn.MultiheadAttention(width, heads, batch_first=True)
        self.think = nn.Sequential(Residual(width), Residual(width))

    def forward(self, slots: Tensor, places: Tensor) -> Tensor:
        won = self.claims(slots, places)
        share = won / (won.sum(dim=2, keepdim=True) + 1e-6)
        slots = slots + self.take(share @ self.value(self.of_places(places)))
        among = self.among(slots)
        return self.think(slots + self.attend(among, among, among, need_weights=False)[0])

    def claims(self, slots: Tensor, places: Tensor) -> Tensor:
        """How much of each place is each slot's, (B, S, T): all slots together have 1 of it."""
        asked, keys = self.ask(self.of_slots(slots)), self.key(self.of_places(places))
        return (asked @ keys.transpose(1, 2) / math.sqrt(keys.shape[2])).softmax(dim=1)


def place_code(side: int) -> Tensor:
    """Sines and cosines of the rows and columns of a side × side map at `OCTAVES` octaves: (1, side², 4·OCTAVES)."""
    along = (torch.arange(side) + 0.5) / side
    angles = math.pi * 2.0 ** torch.arange(OCTAVES) * along[:, None]
    waves = torch.cat([angles.sin(), angles.cos()], dim=1)
    rows, columns = waves[:, None].expand(-1, side, -1), waves[None].expand(side, -1, -1)
    return torch.cat([rows, columns], dim=2).flatten(0, 1)[None]
