"""Every experiment by name: data, model and optimiser as plain data, `RECIPES[name]`.

paper: the authors' network and training, exactly (10⁶ steps). reference: the same network, latents and loss, with an
initialisation, optimiser and schedule that a CPU can afford. plain: a one-shot encoder on a CPU's budget. slots: a
one-shot encoder whose blocks compete. pursuit: an encoder that goes block by block. conventional: plain, but one
decoder of the whole code, to compare with.
"""

import dataclasses
import inspect
import math
import re
from dataclasses import asdict, dataclass, field
from typing import Annotated, Any, Literal

import torch
from torch import Tensor, nn

from .data.digits import Digits
from .data.pictures import Pictures
from .data.spikes import Spikes
from .errors import BadInput, Blocks, Within, check, check_fields
from .model.autoencoder import AtomicAutoencoder, latent_range
from .model.decoders import ConvolutionalDecoder, ReferenceDecoder, SeparableDecoder, StrokeDecoder, Untied
from .model.encoders import OneShotEncoder, PursuitEncoder, ReferenceEncoder
from .model.layers import BoundedLatents, kaiming
from .model.losses import loss
from .model.slots import SlotEncoder
from .optimisers import REST

ENCODERS = {"reference": ReferenceEncoder, "one-shot": OneShotEncoder, "pursuit": PursuitEncoder, "slots": SlotEncoder}
DECODERS = {
    "reference": ReferenceDecoder, "separable": SeparableDecoder, "stroke": StrokeDecoder,
    "convolutional": ConvolutionalDecoder,
}  # fmt: skip
Steps = Annotated[int, Within(1, 10**8)]
Rate = Annotated[float, Within(1e-9, 1e9)]
Noise = Annotated[float, Within(0.0, 10.0)]
Weight = Annotated[float, Within(0.0, 1e3)]
Share = Annotated[float, Within(0.0, 1.0)]
KINDS: dict[str, type["Recipe"]] = {}  # of recipes besides the one below, each by a field that it alone has
DATA: dict[str, type] = {"spikes": Spikes, "digits": Digits, "pictures": Pictures}


@dataclass(frozen=True)
class Recipe:
    """What a training needs to be repeated, but for its seed: checked when it is made.

    Raises `BadInput` for a word, a type or a number that is none of a recipe's, with what is expected.
    """

    name: str  # a plain file name
    data: Spikes | Digits | Pictures  # where images come from
    encoder: Literal["reference", "one-shot", "pursuit", "slots"]
    decoder: Literal["reference", "separable", "stroke", "convolutional"]
    k: Blocks
    d0: Blocks  # coordinates of a block
    steps: Steps
    encoder_options: dict = field(default_factory=dict)
    decoder_options: dict = field(default_factory=dict)
    latents: Literal["bounded", "leaky"] = "bounded"  # tanh, or the paper's LeakyReLU
    noise: Noise = 0.0  # std of the noise on bounded latents in training, falling …
    noise_end: Noise = 0.0  # … to this along the way
    batch: Annotated[int, Within(1, 2**20)] = 32  # images a step, over all processes
    lr: Rate = 1e-3  # the optimiser's rate
    schedule: Literal["constant", "cosine"] = "cosine"  # cosine: falling to nothing, after a rise
    warm_up: Steps = 200  # steps over which the rate rises; fewer in a short run
    clip: Rate | None = 1.0  # largest norm of a gradient
    relative: bool = True  # whether the loss is a relative error or, as in the paper, a mean squared error
    curriculum: Share = 0.0  # up to which progress images hold fewer spikes than they may, one at the start
    early: Weight = 0.3  # weight of what a pursuit leaves behind on its way
    deepen: bool = True  # whether a pursuit takes few steps at first, see `depth` …
    deepen_from: Share = 0.1  # … and from which progress to which it takes more and more
    deepen_to: Share = 0.4
    bfloat16: bool = False  # mixed precision, where the machine has it
    alignment: Literal["none", "orthogonal", "scaling"] = "none"  # of the coordinates' effects, `losses.misalignment` …
    align: Weight = 0.2  # … and the weight of that term
    combine: Literal["sum", "max"] = "sum"  # how atoms make up an image
    untied: bool = False  # whether each block has a decoder of its own
    penalty: Literal["none", "coordinates", "blocks"] = "none"  # groups asked to vanish, `losses.sparsity` …
    penalty_weight: Weight = 1e-5  # … and the weight of that term
    optimiser: Literal["adam", "muon"] = "adam"  # what takes the steps, see `optimisers` …
    rest: Rate = REST  # … and Adam's rate, beside Muon, for what is no matrix
    init: Literal["torch", "kaiming"] = "torch"  # how the authors' networks start; the others know one way …
    faint: Share = 0.3  # … and, of "kaiming", what the last weights of g are multiplied by

    def __post_init__(self):
        check_fields(self)
        if not re.fullmatch(r"\w[\w.+-]*", self.name):
            raise BadInput(f"Recipe: name = “{self.name}”; expected letters, digits, “-”, “.” and “_”: it names files.")
        _check_options(ENCODERS[self.encoder], self.encoder_options)
        _check_options(DECODERS[self.decoder], self.decoder_options)
        if self.alignment != "none" and self.d0 < 2:
            raise BadInput("Recipe: one coordinate alone cannot be aligned; take d0 of 2 or more.")
        if self.encoder == "pursuit" and (self.untied or self.combine != "sum" or self.penalty != "none"):
            raise BadInput("a pursuit subtracts atoms of one g: untied, max and penalties are for one-shot encoders.")
        if self.curriculum and not isinstance(self.data, Spikes):
            raise BadInput("Recipe: a curriculum goes from one spike to many, and these images have none; take 0.")
        if self.untied and self.encoder_options.get("spare"):
            raise BadInput("Recipe: spare slots draw with the one g that all share; untied goes without them.")

    def depth(self, progress: float) -> int:
        """How many steps a pursuit takes in training: if it is to `deepen`, one at first, k from 40 % on.

        The first spikes are the plainest to learn, and a short pursuit costs little. Of a digit, though, one step
        alone learns to draw all of it, blurred: strokes need all k steps from the start.
        """
        if self.encoder != "pursuit" or not self.deepen:
            return self.k
        share = (progress - self.deepen_from) / max(self.deepen_to - self.deepen_from, 1e-9)
        return max(1, min(self.k, int(self.k * share)))

    def data_at(self, progress: float) -> Spikes | Digits | Pictures:
        """Where images come from, so far on the way: in a `curriculum`, of one spike at first, then of more."""
        if not isinstance(self.data, Spikes) or progress >= self.curriculum:
            return self.data
        most = max(1, self.data.fewest, math.ceil(self.data.k * progress / self.curriculum))
        return dataclasses.replace(self.data, k=most)

    def noise_at(self, progress: float) -> float:
        """The std of the noise on latents, so far on the way."""
        return self.noise + (self.noise_end - self.noise) * progress

    def loss(self, model: Any, batch: Tensor, progress: float) -> Tensor:
        """What a step of the training makes less, a scalar: of a `batch` of the data, so far on the way."""
        latents = model.encoder.latents
        if self.noise:
            latents.noise = self.noise_at(progress)
        value = loss(
            model, batch, self.depth(progress), self.relative, self.early, self.penalty, self.penalty_weight,
            self.alignment, self.align,
        )  # fmt: skip
        if self.noise:
            latents.noise = 0.0
        return value

    def build(self) -> Any:
        """A new model with random weights from torch's global generator.

        Raises `BadInput` for options that do not go together.
        """
        latents = BoundedLatents() if self.latents == "bounded" else nn.LeakyReLU(0.2)
        drawers = self.k if self.untied else 1
        try:
            encoder = ENCODERS[self.encoder](self.k, self.d0, self.data.size, latents, **self.encoder_options)
            gs = [DECODERS[self.decoder](self.d0, self.data.size, **self.decoder_options) for _ in range(drawers)]
        except (ValueError, RuntimeError, MemoryError) as error:  # channels that cannot be grouped, too much to hold
            raise BadInput(f"Recipe “{self.name}” cannot be built: {str(error).splitlines()[0]}") from None
        model = AtomicAutoencoder(encoder, Untied(gs) if self.untied else gs[0], self.combine)
        if self.init == "kaiming":
            _start_faint([encoder, *gs], self.faint)
        model.recipe = self
        return model

    def replace(self, **changes) -> "Recipe":
        """The same recipe but for some fields."""
        known = [one.name for one in dataclasses.fields(self)]
        for word in changes.keys() - set(known):
            raise BadInput(f"Recipe: there is no field “{word}”; there are {', '.join(known)}.")
        return dataclasses.replace(self, **changes)

    def apart(self, other: "Recipe") -> str:
        """The fields that another recipe has otherwise, with both values; "" if there is none."""
        mine, theirs = self.as_json(), other.as_json()
        names = [name for name in mine | theirs if mine.get(name) != theirs.get(name)]
        return ", ".join(f"{name} {theirs.get(name)} there, {mine.get(name)} here" for name in names)

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
            kind = next((KINDS[word] for word in fields if word in KINDS), Recipe)
            return kind(**{**fields, "data": cls(**data)})
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise BadInput(f"the record's recipe is not one of this version ({error}); train again.") from None


def _start_faint(networks: list[nn.Module], faint: float) -> None:
    """The authors' networks with weights of He et al. (2015), and both convolutions of g's last stage × `faint`.

    With torch's own a dozen layers shrink a latent's effect to nothing; without the factors k atoms together would
    start far brighter than an image.
    """
    for network in networks:
        if isinstance(network, ReferenceEncoder | ReferenceDecoder):
            kaiming(network)
        if isinstance(network, ReferenceDecoder):
            for conv in network.stages[-1]:
                conv.weight.data *= faint


def _check_options(kind: type, options: dict) -> None:
    """Raise `BadInput` for a word that is no option of an encoder or decoder, or a value that is none."""
    parameters = inspect.signature(kind).parameters
    known = [name for name in parameters if name not in ("k", "d0", "size", "latents")]
    for word, value in options.items():
        if word not in known:
            raise BadInput(f"Recipe: {kind.__name__} has no option “{word}”; it has {', '.join(known) or 'none'}.")
        check(f"Recipe: {kind.__name__}'s {word}", value, parameters[word].annotation)


def find(name: str, more: dict[str, Recipe] | None = None) -> Recipe:
    """The recipe of that name, of these or `more`; raises `BadInput` with the names that exist."""
    known = RECIPES | (more or {})
    if name not in known:
        raise BadInput(f"there is no recipe “{name}”; choose one of {', '.join(known)}.")
    return known[name]


PAPER: dict[str, Any] = {
    "latents": "leaky", "batch": 64, "schedule": "constant", "clip": None, "relative": False, "bfloat16": True,
}  # fmt: skip
REFERENCE: dict[str, Any] = {
    "latents": "leaky", "clip": None, "relative": False, "optimiser": "muon", "init": "kaiming", "lr": 0.01,
    "bfloat16": True,
}  # fmt: skip
_ALL = [
    # The paper's spikes are separated by more than σ; ours, where we choose, by more than 2σ.
    Recipe("spikes-paper", Spikes(separation=1.0), "reference", "reference", k=10, d0=3, steps=10**6, lr=1e-4, **PAPER),
    Recipe("digits-paper", Digits(), "reference", "reference", k=16, d0=6, steps=10**6, lr=5e-4, **PAPER),
    Recipe("spikes-reference", Spikes(), "reference", "reference", k=10, d0=3, steps=6500, **REFERENCE),
    Recipe("digits-reference", Digits(), "reference", "reference", k=16, d0=6, steps=6000, batch=8, **REFERENCE),
    Recipe(
        "spikes-plain", Spikes(), "one-shot", "separable", k=10, d0=3, steps=15_000, latents="leaky",
        optimiser="muon", lr=0.006, bfloat16=True,
    ),
    Recipe(
        "spikes-slots", Spikes(), "slots", "separable", k=10, d0=3, steps=6500, noise=0.01, noise_end=0.001,
        encoder_options={"stride": 8, "spare": 22}, optimiser="muon", lr=0.006, bfloat16=True,
    ),
    Recipe(
        "spikes-pursuit", Spikes(), "pursuit", "separable", k=10, d0=3, steps=6400, noise=0.01, noise_end=0.001,
        encoder_options={"again": 8}, batch=16, optimiser="muon", lr=0.006,
    ),
    Recipe(
        "digits-plain", Digits(), "one-shot", "stroke", k=16, d0=6, steps=4200, noise=0.05, noise_end=0.005,
        decoder_options={"rank": 1, "maps": 8}, optimiser="muon", lr=0.006, bfloat16=True,
    ),
    Recipe(
        "digits-pursuit", Digits(), "pursuit", "stroke", k=16, d0=6, steps=3000, noise=0.02, noise_end=0.005,
        encoder_options={"window": 40, "stride": 2, "smooth": 4.0, "stop": 0.05}, decoder_options={"slope": 0.05},
        deepen=False, optimiser="muon", lr=0.006, bfloat16=True,
    ),
]  # fmt: skip
RECIPES: dict[str, Recipe] = {recipe.name: recipe for recipe in _ALL}


def _conventional(recipe: Recipe) -> Recipe:
    """The autoencoder that is not atomic: the same encoder, code and training, but one block.

    Its decoder takes k·d0 numbers, a few more parameters, and has twice the k blocks' products together, in a quarter
    of their maps: richer, and faster.
    """
    k, options = recipe.k, recipe.decoder_options
    options = {**options, "maps": k * options["maps"] // 4, "rank": 8 * options["rank"]}
    return recipe.replace(name="digits-conventional", k=1, d0=k * recipe.d0, decoder_options=options)


RECIPES["digits-conventional"] = _conventional(RECIPES["digits-plain"])


@torch.inference_mode()
def training_range(model: AtomicAutoencoder, count: int = 1024, seed: int = 0) -> Tensor:
    """The `latent_range` (d0, 2) over `count` training images; zeros if none of them uses a block."""
    images = model.recipe.data.batch(count, torch.Generator().manual_seed(seed))
    parts = [model.encode(part) for part in images.split(128)]
    z, used = (torch.cat(part) for part in zip(*parts, strict=True))
    return latent_range(z, used).clone() if used.any() else torch.zeros(model.d0, 2)
