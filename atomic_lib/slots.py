"""f_E whose blocks compete for the image: slots (after Locatello et al. 2020, *Object-centric learning with slot
attention*). In one shot, as the paper's encoder, and handed no place to look at: content decides."""

import math

import torch
from torch import Tensor, nn

from .decoders import kaiming
from .encoders import OneShot, Residual
from .errors import BadInput, check_range

OCTAVES = 6  # of the sinusoidal code of a place: from half a period an image to 32 times that


class SlotEncoder(OneShot):
    """The one-shot encoder whose `net` is a `Slots`; its options are those of that class."""

    def __init__(self, k: int, d0: int, size: int, latents: nn.Module, **options):
        super().__init__(k, d0, latents, Slots(k, d0, size, **options))


class Slots(nn.Module):
    """Images (B, 1, N, N) → (B, k·d0): k slots share out a map of features among them, and each gives one block.

    One strided convolution for every halving of the image and one more give `width` features at T places, `stride` px
    apart, to which sines and cosines of the place are added. k learned queries attend to them in `rounds` rounds.

    spare: further slots, which compete as well but give no block: they can take what is nobody's. feedback: whether
    places hear, after each round, which slots won them, so that the next round can turn to what is left over.
    """

    def __init__(
        self, k: int, d0: int, size: int, stride: int = 4, width: int = 64, rounds: int = 3, spare: int = 0,
        feedback: bool = False,
    ):  # fmt: skip
        super().__init__()
        check_range("rounds", rounds, 1, 100)
        check_range("spare", spare, 0, 1024)
        halvings = stride.bit_length() - 1
        if not 2 <= stride <= size or stride != 2**halvings or width % 8:
            raise BadInput(f"slots: stride {stride}, width {width}; expected a power of two and a multiple of 8.")
        widths = [1, *(max(16, width >> i) for i in reversed(range(halvings)))]
        layers = []
        for before, after in zip(widths, widths[1:], strict=False):
            layers += [nn.Conv2d(before, after, 5, stride=2, padding=2), nn.LeakyReLU(0.2)]
        self.look = nn.Sequential(*layers, nn.Conv2d(width, width, 3, padding=1), nn.LeakyReLU(0.2))
        self.place = nn.Linear(4 * OCTAVES, width)
        self.rounds = nn.ModuleList(Round(width, feedback and i + 1 < rounds) for i in range(rounds))
        self.answer = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, d0))
        kaiming(self)
        self.k, self.queries = k, nn.Parameter(torch.randn(1, k + spare, width))
        self.register_buffer("code", place_code(math.ceil(size / stride)), persistent=False)

    def forward(self, images: Tensor) -> Tensor:
        seen = self.look(images).flatten(2).transpose(1, 2) + self.place(self.code)  # (B, T, width)
        slots = self.queries.expand(len(images), -1, -1)
        for one in self.rounds:
            slots, seen = one(slots, seen)
        return self.answer(slots[:, : self.k]).flatten(1)


class Round(nn.Module):
    """One round of a competition: slots (B, S, w), places (B, T, w) → both of them, further on.

    The softmax goes over the slots, so that they compete for a place; each slot then takes a mean of the places that it
    won. Then slots see each other (self-attention), and each goes through a residual MLP.
    """

    def __init__(self, width: int, feedback: bool = False, heads: int = 4):
        super().__init__()
        self.of_slots, self.of_places, self.among = nn.LayerNorm(width), nn.LayerNorm(width), nn.LayerNorm(width)
        self.ask, self.key, self.value, self.take = (nn.Linear(width, width) for _ in range(4))
        self.attend = nn.MultiheadAttention(width, heads, batch_first=True)
        self.think = nn.Sequential(Residual(width), Residual(width))
        self.tell = nn.Linear(width, width) if feedback else None

    def forward(self, slots: Tensor, places: Tensor) -> tuple[Tensor, Tensor]:
        won = self.claims(slots, places)
        share = won / (won.sum(dim=2, keepdim=True) + 1e-6)
        slots = slots + self.take(share @ self.value(self.of_places(places)))
        among = self.among(slots)
        slots = self.think(slots + self.attend(among, among, among, need_weights=False)[0])
        if self.tell is not None:
            places = places + self.tell(won.transpose(1, 2) @ self.of_slots(slots))
        return slots, places

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
