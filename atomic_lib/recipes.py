"""Every experiment by name: data, model and optimiser as plain data, `RECIPES[name]`.

paper: the authors' network and training, exactly (DESIGN §4; 10⁶ steps). reference: the authors' network, latents and
loss, with an initialisation, optimiser and schedule that a CPU can afford. plain: a one-shot encoder on a CPU's budget.
slots: a one-shot encoder whose blocks compete. pursuit: an encoder that goes block by block. conventional: plain, but
one decoder of the whole code, to compare with.
"""

import dataclasses
from dataclasses import asdict, dataclass, field
from typing import Literal

from torch import nn

from .decoders import ReferenceDecoder, SeparableDecoder, StrokeDecoder, Untied, kaiming
from .digits import Digits, Pictures
from .encoders import BoundedLatents, OneShotEncoder, PursuitEncoder, ReferenceEncoder
from .errors import BadInput, check_range
from .model import AtomicAutoencoder
from .slots import SlotEncoder
from .spikes import OtherSpikes, Spikes

ENCODERS = {"reference": ReferenceEncoder, "one-shot": OneShotEncoder, "pursuit": PursuitEncoder, "slots": SlotEncoder}
DECODERS = {"reference": ReferenceDecoder, "separable": SeparableDecoder, "stroke": StrokeDecoder}
DATA = {"spikes": Spikes, "other-spikes": OtherSpikes, "digits": Digits, "pictures": Pictures}


@dataclass(frozen=True)
class Recipe:
    """What a training needs to be repeated, but for its seed.

    data: where images come from. k, d0: how many latent blocks, of how many coordinates. latents: "bounded" (tanh,
    with noise of std `noise` falling to `noise_end`) or "leaky" (the paper's LeakyReLU). batch: images a step, over
    all processes. lr: Adam's rate, constant or falling to nothing along a cosine after a short warm-up. clip: largest
    norm of a gradient. relative: whether the loss is a relative error or, as in the paper, a mean squared error.
    bfloat16: whether to train in mixed precision, where the machine has it. deepen: see `depth`. alignment: whether the
    coordinates' effects are asked to be orthogonal, and the first to scale the atom (`model.misalignment`). combine:
    how atoms make up an image. untied: whether each block has a decoder of its own. penalty: which groups of the latent
    code a term of `penalty_weight` asks to vanish (`model.sparsity`). optimiser: what takes the steps, at the rate `lr`
    (see `optimisers`). init: how the authors' networks start, as torch does by default or as He et al. (2015) have it,
    with faint atoms; the other networks start that way whatever it says.
    """

    name: str
    data: Spikes | Digits | Pictures
    encoder: Literal["reference", "one-shot", "pursuit", "slots"]
    decoder: Literal["reference", "separable", "stroke"]
    k: int
    d0: int
    steps: int
    encoder_options: dict = field(default_factory=dict)
    decoder_options: dict = field(default_factory=dict)
    latents: Literal["bounded", "leaky"] = "bounded"
    noise: float = 0.0
    noise_end: float = 0.0
    batch: int = 32
    lr: float = 1e-3
    schedule: Literal["constant", "cosine"] = "cosine"
    clip: float | None = 1.0
    relative: bool = True
    deepen: bool = True
    bfloat16: bool = False
    alignment: Literal["none", "orthogonal", "scaling"] = "none"
    combine: Literal["sum", "max"] = "sum"
    untied: bool = False
    penalty: Literal["none", "coordinates", "blocks"] = "none"
    penalty_weight: float = 1e-5
    optimiser: Literal["adam", "muon"] = "adam"
    init: Literal["torch", "kaiming"] = "torch"

    def depth(self, progress: float) -> int:
        """How many steps a pursuit takes in training: if it is to `deepen`, one at first, k from 40 % on.

        The first spikes are the plainest to learn, and a short pursuit costs little. Of a digit, though, one step
        alone learns to draw all of it, blurred: strokes need all k steps from the start.
        """
        if self.encoder != "pursuit" or not self.deepen:
            return self.k
        return max(1, min(self.k, int(self.k * (progress - 0.1) / 0.3)))

    def build(self) -> AtomicAutoencoder:
        """A new model with random weights from torch's global generator."""
        check_range("k", self.k, 1, 1024)
        check_range("d0", self.d0, 1, 1024)
        if self.init not in ("torch", "kaiming"):
            raise BadInput(f"there is no initialisation “{self.init}”; choose torch or kaiming.")
        latents = {"bounded": BoundedLatents(self.noise), "leaky": nn.LeakyReLU(0.2)}[self.latents]
        encoder = ENCODERS[self.encoder](self.k, self.d0, self.data.size, latents, **self.encoder_options)
        if self.encoder == "pursuit" and (self.untied or self.combine != "sum" or self.penalty != "none"):
            raise BadInput("a pursuit subtracts atoms of one g: untied, max and penalties are for one-shot encoders.")
        drawers = self.k if self.untied else 1
        gs = [DECODERS[self.decoder](self.d0, self.data.size, **self.decoder_options) for _ in range(drawers)]
        model = AtomicAutoencoder(encoder, Untied(gs) if self.untied else gs[0], self.combine)
        if self.init == "kaiming":
            _start_faint([encoder, *gs])
        model.recipe = self
        return model

    def replace(self, **changes) -> "Recipe":
        """The same recipe but for some fields."""
        return dataclasses.replace(self, **changes)

    def as_json(self) -> dict:
        """The recipe as plain data; `from_json` takes it back."""
        kind = next(name for name, cls in DATA.items() if type(self.data) is cls)
        return {**asdict(self), "data": {"kind": kind, **asdict(self.data)}}

    @staticmethod
    def from_json(fields: dict) -> "Recipe":
        """The inverse of `as_json`; raises `BadInput` for fields that are no recipe."""
        try:
            data = dict(fields["data"])
            cls = DATA[data.pop("kind")]
            data = {name: tuple(value) if isinstance(value, list) else value for name, value in data.items()}
            return Recipe(**{**fields, "data": cls(**data)})
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise BadInput(f"the record's recipe is not one of this version ({error}); train again.") from None


def _start_faint(networks: list[nn.Module]) -> None:
    """The authors' networks with weights of He et al. (2015), and both convolutions of g's last stage × 0.3.

    With torch's own a dozen layers shrink a latent's effect to nothing; without the factors k atoms together would
    start far brighter than an image.
    """
    for network in networks:
        if isinstance(network, ReferenceEncoder | ReferenceDecoder):
            kaiming(network)
        if isinstance(network, ReferenceDecoder):
            for conv in network.stages[-1]:
                conv.weight.data *= 0.3


def find(name: str) -> Recipe:
    """The recipe of that name; raises `BadInput` with the names that exist."""
    if name not in RECIPES:
        raise BadInput(f"there is no recipe “{name}”; choose one of {', '.join(RECIPES)}.")
    return RECIPES[name]


PAPER = {"latents": "leaky", "batch": 64, "schedule": "constant", "clip": None, "relative": False, "bfloat16": True}
REFERENCE = {"latents": "leaky", "optimiser": "muon", "init": "kaiming", "lr": 0.01, "bfloat16": True}
_ALL = [
    # The paper's spikes are separated by more than σ; ours, where we choose, by more than 2σ.
    Recipe("spikes-paper", Spikes(separation=1.0), "reference", "reference", k=10, d0=3, steps=10**6, lr=1e-4, **PAPER),
    Recipe("digits-paper", Digits(), "reference", "reference", k=16, d0=6, steps=10**6, lr=5e-4, **PAPER),
    Recipe("spikes-reference", Spikes(), "reference", "reference", k=10, d0=3, steps=8000, **REFERENCE),
    Recipe("digits-reference", Digits(), "reference", "reference", k=16, d0=6, steps=6000, batch=8, **REFERENCE),
    Recipe(
        "spikes-plain", Spikes(), "one-shot", "separable", k=10, d0=3, steps=24_000, noise=0.01, noise_end=0.001,
        bfloat16=True,
    ),
    Recipe(
        "spikes-slots", Spikes(), "slots", "separable", k=10, d0=3, steps=8600, noise=0.01, noise_end=0.001,
        encoder_options={"stride": 8}, optimiser="muon", lr=0.006, bfloat16=True,
    ),
    Recipe(
        "spikes-pursuit", Spikes(), "pursuit", "separable", k=10, d0=3, steps=8000, noise=0.01, noise_end=0.001,
        encoder_options={"again": 3},
    ),
    Recipe(
        "digits-plain", Digits(), "one-shot", "stroke", k=16, d0=6, steps=8500, noise=0.05, noise_end=0.005,
        decoder_options={"rank": 2, "maps": 8}, bfloat16=True,
    ),
    Recipe(
        "digits-pursuit", Digits(), "pursuit", "stroke", k=16, d0=6, steps=4500, noise=0.02, noise_end=0.005,
        encoder_options={"window": 40, "stride": 2, "smooth": 4.0, "stop": 0.05}, decoder_options={"slope": 0.05},
        deepen=False, bfloat16=True,
    ),
]  # fmt: skip
RECIPES: dict[str, Recipe] = {recipe.name: recipe for recipe in _ALL}


def _conventional(recipe: Recipe) -> Recipe:
    """The autoencoder that is not atomic: the same encoder, code and training, but one block.

    Its decoder takes k·d0 numbers, a few more parameters, and has the k blocks' products together, in a quarter of
    their maps: as rich, and faster.
    """
    k, options = recipe.k, recipe.decoder_options
    options = {**options, "maps": k * options["maps"] // 4, "rank": 4 * options["rank"]}
    return recipe.replace(name="digits-conventional", k=1, d0=k * recipe.d0, decoder_options=options)


RECIPES["digits-conventional"] = _conventional(RECIPES["digits-plain"])
