"""Dictionaries by scikit-learn: images as sums of fixed pictures, as the paper's Section I-b names them.

NMF (Lee & Seung 1999), dictionary learning (Tošić & Frossard 2011), deep dictionary learning (Tariyal et al. 2016).
Each is a `System` whose code has lone coordinates, fitted to training images at once instead of step by step.
scikit-learn is imported where it is used.
"""

import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ..devices import World, hardware
from ..errors import BadInput, check_range
from ..images import check_images
from ..metrics import ratio
from ..recipes import DATA
from ..weights import commit
from .recipes import KINDS as FIELD

SLOPE = 0.5  # of the leaky ReLU between the layers of a deep dictionary: it can be undone, and without much harm
NONZERO = 10  # pictures of a dictionary that an image may use
ALPHA = 0.03  # weight of sparsity: of 0.03, 0.3 and 1 the least error on validation images, of spikes and of digits


class Dictionary:
    """x̂ = D₁φ(D₂φ(… z)): a code z (B, m), layers of pictures, and how an image is given its code.

    layers: matrices (in, out) from the code's side to the pixels'; one of them, and it is a plain dictionary. code: a
    function of images (B, N²) to codes (B, m), as numpy arrays.
    """

    supervised = False
    recipe: Any = None

    def __init__(self, layers: list[Tensor], code: Callable[[np.ndarray], np.ndarray], size: int):
        self.layers, self._code, self.size = layers, code, size
        self.additive = len(layers) == 1
        self.absent = torch.zeros(1)

    @property
    def parts(self) -> list[list[int]]:
        """Each coordinate alone: its picture is its part."""
        return [[one] for one in range(len(self.layers[0]))]

    @property
    def parameters(self) -> int:
        """How many numbers were learned."""
        return sum(layer.numel() for layer in self.layers)

    def encode(self, images: Tensor) -> Tensor:
        """Images (B, 1, N, N) → codes (B, m). Raises `BadInput` for images of another size."""
        images = check_images(images)
        if images.shape[-1] != self.size:
            raise BadInput(f"the images are {images.shape[-1]} pixels a side, this dictionary draws {self.size}.")
        return torch.from_numpy(np.ascontiguousarray(self._code(images.flatten(1).numpy()), dtype=np.float32))

    def error(self, images: Tensor) -> float:
        """Σ‖x − x̂‖²/Σ‖x‖² of images (B, 1, N, N)."""
        return ratio(float((self.decode(self.encode(images)) - images).square().sum()), float(images.square().sum()))

    def decode(self, z: Tensor) -> Tensor:
        """Codes (B, m) → images."""
        first, *rest = self.layers
        drawn = z @ first
        for layer in rest:
            drawn = F.leaky_relu(drawn, SLOPE) @ layer
        return drawn.view(-1, 1, self.size, self.size)


def nmf(images: Tensor, m: int, seed: int = 0) -> Dictionary:
    """Non-negative factors of images (B, 1, N, N), half the squared error, nothing added to it.

    The factorisation alone is identified, not its two factors: pictures are given length 1.
    """
    from sklearn.decomposition import MiniBatchNMF

    flat = _flat(images, m)
    if (flat < 0).any():
        raise BadInput("NMF draws with positive ink on nothing; these images have values below 0: clean them first.")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it could go on: a hundred rounds are what it is given
        found = MiniBatchNMF(m, init="nndsvda", batch_size=1024, max_iter=100, random_state=seed).fit(flat)
    length = np.linalg.norm(found.components_, axis=1, keepdims=True).clip(min=1e-12)

    def code(x: np.ndarray) -> np.ndarray:
        return found.transform(x.clip(min=0)) * length.T

    return Dictionary([_tensor(found.components_ / length)], code, images.shape[-1])


def sparse(images: Tensor, m: int, seed: int = 0, alpha: float = ALPHA) -> Dictionary:
    """A dictionary learned with an ℓ₁ term of weight `alpha`; images use ten of its pictures, by orthogonal pursuit.

    Without a number scikit-learn would take a tenth of the pixels, hundreds of pictures an image: not sparse at all.
    """
    from sklearn.decomposition import MiniBatchDictionaryLearning

    check_range("alpha", alpha, 1e-9, 1e9)
    found = MiniBatchDictionaryLearning(
        m, alpha=alpha, batch_size=256, max_iter=20, fit_algorithm="lars", transform_algorithm="omp",
        transform_n_nonzero_coefs=min(NONZERO, m), random_state=seed,
    ).fit(_flat(images, m))  # fmt: skip
    return Dictionary([_tensor(found.components_)], found.transform, images.shape[-1])


def deep(images: Tensor, m: int, seed: int = 0, alpha: float = ALPHA, widths: tuple[int, ...] = (4, 2)) -> Dictionary:
    """Layers learned one after the other, each of the codes before it: x ≈ D₁φ(D₂φ(D₃z)), only z is sparse.

    widths: of the layers before the last, in m. The first ones are least-squares factors from a random start; φ is a
    leaky ReLU. Without φ it would be one dictionary, D₁D₂D₃.
    """
    from sklearn.decomposition import MiniBatchDictionaryLearning

    check_range("alpha", alpha, 1e-9, 1e9)
    codes, layers, random = _flat(images, m), [], np.random.default_rng(seed)
    for width in widths:
        layer = _factor(codes, min(width * m, codes.shape[1]), random)
        layers.append(layer)
        codes = _undone(codes @ np.linalg.pinv(layer))
    last = MiniBatchDictionaryLearning(
        m, alpha=alpha, batch_size=256, max_iter=20, fit_algorithm="lars", transform_algorithm="omp",
        transform_n_nonzero_coefs=min(NONZERO, m), random_state=seed,
    ).fit(codes)  # fmt: skip
    inverses = [np.linalg.pinv(layer) for layer in layers]

    def code(x: np.ndarray) -> np.ndarray:
        for inverse in inverses:
            x = _undone(x @ inverse)
        return last.transform(x)

    return Dictionary([_tensor(one) for one in (last.components_, *reversed(layers))], code, images.shape[-1])


def _factor(x: np.ndarray, width: int, random: np.random.Generator, rounds: int = 5) -> np.ndarray:
    """D (width, n) of x ≈ z D, from a random start, by least squares in turn."""
    layer = random.standard_normal((width, x.shape[1])).astype(x.dtype) / np.sqrt(x.shape[1])
    for _ in range(rounds):
        z = x @ np.linalg.pinv(layer)
        layer = np.linalg.lstsq(z, x, rcond=None)[0].astype(x.dtype)
    return layer


def _undone(x: np.ndarray) -> np.ndarray:
    """φ⁻¹, of a leaky ReLU."""
    return np.where(x < 0, x / SLOPE, x)


def _flat(images: Tensor, m: int) -> np.ndarray:
    images = check_images(images)
    check_range("m", m, 1, 4096)
    if len(images) < m:
        raise BadInput(f"{len(images)} images for {m} pictures: a dictionary needs more images than pictures.")
    return images.flatten(1).numpy()


def _tensor(matrix: np.ndarray) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(matrix, dtype=np.float32))


KINDS: dict[str, Callable[..., Dictionary]] = {"nmf": nmf, "dictionary": sparse, "deep-dictionary": deep}


@dataclass(frozen=True)
class DictionaryRecipe:
    """What a fit needs to be repeated, but for its seed: a kind of `KINDS`, m = k·d0 pictures, so many images.

    Raises `BadInput` for a word or a number that is none of a recipe's.
    """

    name: str
    data: Any
    kind: str
    k: int
    d0: int
    images: int = 4096

    def __post_init__(self):
        if self.kind not in KINDS:
            raise BadInput(f"there is no dictionary “{self.kind}”; choose one of {', '.join(KINDS)}.")
        for name, most in (("k", 1024), ("d0", 1024), ("images", 100_000)):
            check_range(f"Recipe: {name}", getattr(self, name), 1, most)

    def as_json(self) -> dict:
        """The recipe as plain data."""
        kind = next(name for name, cls in DATA.items() if type(self.data) is cls)
        return {**asdict(self), "data": {"kind": kind, **asdict(self.data)}, "encoder": "fit", "decoder": "pictures"}


def _recipes() -> Iterator[DictionaryRecipe]:
    """A code as long as everybody's; and of broad spikes as many pictures as have room side by side, (N/2σ)² = 64."""
    for of, fields in FIELD.items():
        for kind in KINDS:
            yield DictionaryRecipe(f"{of}-{kind}", kind=kind, **fields)
    yield DictionaryRecipe("spikes-nmf-wide", FIELD["spikes"]["data"], "nmf", k=64, d0=1)


class Fitting:
    """The fit of a dictionary, as a `Training` is of a network: `run`, then `model` and what is recorded of it."""

    def __init__(self, recipe: DictionaryRecipe, seed: int = 0, device: str = "cpu"):
        check_range("seed", seed, 0, 2**31 - 1)
        self.recipe, self.seed = recipe, seed
        self.model: Any = None

    def run(self, *_: Any, **__: Any) -> dict:
        """Fit, and return the record: it takes no folder and shows no progress, for there is nothing to go on from."""
        recipe, began = self.recipe, time.monotonic()
        images = recipe.data.batch(recipe.images, torch.Generator().manual_seed(self.seed))
        self.model = KINDS[recipe.kind](images, recipe.k * recipe.d0, self.seed)
        self.model.recipe = recipe
        seconds, held_out = time.monotonic() - began, recipe.data.held_out(512)
        error, alone = self.model.error(held_out.images), World(0, 1, torch.device("cpu"))
        return {
            "name": recipe.name, "recipe": recipe.as_json(), "seed": self.seed, "steps": recipe.images,
            "short_run": False, "minutes": round(seconds / 60, 2), "hardware": hardware(alone),
            "parameters": self.model.parameters, "precision": "float32", "torch": torch.__version__,
            "commit": commit(), "curve": {"held_out": []}, "metrics": {"nmse": error, "images": len(held_out)},
        }  # fmt: skip


DICTIONARIES = {recipe.name: recipe for recipe in _recipes()}
