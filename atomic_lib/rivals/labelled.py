"""Digits with their class, for the systems that are told it."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor

from .. import recipes
from ..data.digits import Digits, choose, mnist, smooth_strokes
from ..data.sample import Sample, check_drawing
from ..errors import BadInput
from ..images import rows_of

CLASSES = 10


@dataclass(frozen=True)
class LabelledSample(Sample):
    """A sample whose images have a class each: labels (B,), whole numbers from 0 to 9."""

    labels: Tensor | None = None

    def __getitem__(self, which: int | slice | Tensor) -> "LabelledSample":
        which = rows_of(which, len(self))
        labels = None if self.labels is None else self.labels[which]
        return replace(self, images=self.images[which], labels=labels)


@dataclass(frozen=True)
class LabelledDigits(Digits):
    """`Digits`, whose batches are images (B, 1, N, N) and their labels (B,)."""

    def batch(self, count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:  # type: ignore[override]
        """`count` training digits, drawn with replacement, and their labels."""
        check_drawing(count, generator)
        images, labels = (one.to(generator.device) for one in mnist(train=True))
        chosen = torch.randint(len(images), (count,), generator=generator, device=generator.device)
        return smooth_strokes(images[chosen], self.size), labels[chosen].long()

    def held_out(self, count: int, seed: int = 0) -> LabelledSample:
        """`count` MNIST test digits, as of `Digits`, and their labels."""
        images, labels = mnist(train=False)
        chosen = choose(len(images), count, seed)
        return LabelledSample(smooth_strokes(images[chosen], self.size), labels=labels[chosen].long())


recipes.DATA["labelled-digits"] = LabelledDigits


def checked_labels(labels: Tensor | None, count: int) -> Tensor:
    """Labels (B,) of `count` images; raises `BadInput` where they are missing, or are none."""
    if labels is None:
        raise BadInput(f"the class of each image is missing: give labels ({count},), whole numbers from 0 to 9.")
    labels = torch.as_tensor(labels)
    if labels.shape != (count,) or labels.is_floating_point() or labels.min() < 0 or labels.max() >= CLASSES:
        raise BadInput(f"labels: {tuple(labels.shape)} of {labels.dtype}; expected ({count},), numbers from 0 to 9.")
    return labels.long()
