"""What a system that is told the class of a digit can be asked: is the class out of the rest of its code, and in y?"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from ..data.digits import Digits, mnist, smooth_strokes
from .labelled import LabelledDigits

SHOWN, JUDGED = 2000, 4000  # held-out digits that are coded, and training digits that the judge learns from


@torch.no_grad()
def measure(model: Any, data: LabelledDigits, seed: int = 0) -> dict:
    """How well z and y are apart, on held-out digits: half of the codes are learned from, half are asked.

    nmse of the reconstruction. leakage: how often a linear classifier reads the class from z, the code without y; 0.1
    is chance. swapped: how often a judge reads the class of another image from D(z, y of that image). own: how often
    it reads their own class from reconstructions; judge: from the images themselves. latents: numbers of z.
    """
    sample = data.held_out(SHOWN, seed)
    labels: Any = sample.labels
    code = torch.cat([model.coded(sample[start : start + 100]) for start in range(0, len(sample), 100)])
    z, y = code[:, : model.m], code[:, model.m :]
    other = torch.randperm(len(code), generator=torch.Generator().manual_seed(seed))
    own, swapped = (decoded(model, torch.cat([z, of_class], dim=1)) for of_class in (y, y[other]))
    images, judge = sample.images, learned_judge(data)
    half = len(z) // 2
    return {
        "nmse": float((own - images).square().sum() / images.square().sum()), "images": len(images), "latents": model.m,
        "leakage": read(z[:half], labels[:half]).score(z[half:], labels[half:]),
        "swapped": judge.score(small(swapped), labels[other]), "own": judge.score(small(own), labels),
        "judge": judge.score(small(images), labels),
    }  # fmt: skip


def decoded(model: Any, code: Tensor) -> Tensor:
    """Images of codes (B, m + 10), some at a time."""
    return torch.cat([model.decode(some) for some in code.split(100)])


def read(z: Tensor, labels: Tensor) -> Any:
    """A linear classifier of standardised numbers (B, n)."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=300)).fit(z, labels)


def learned_judge(data: Digits) -> Any:
    """Who reads the class of an image: the nearest of training digits, seen at 16×16."""
    from sklearn.neighbors import KNeighborsClassifier

    images, labels = mnist(train=True)
    return KNeighborsClassifier(3).fit(small(smooth_strokes(images[:JUDGED], data.size)), labels[:JUDGED])


def small(images: Tensor) -> Tensor:
    """Images (B, 1, N, N) as rows of 16×16 means, (B, 256)."""
    return F.adaptive_avg_pool2d(images, 16).flatten(1)
