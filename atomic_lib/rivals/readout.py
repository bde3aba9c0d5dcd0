"""What a code tells a reader who is told the truth: a small network from codes to spikes, after Dittadi et al. (2022).

It measures the information that is there, in whatever form; `measures` ask whether it is there in parts.
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ..data.sample import Sample
from ..metrics import Matches, match
from .systems import System, encoded

LEARN, TEST, STEPS, WIDTH = 2048, 128, 800, 256  # images; images; steps, of 64 images each; hidden units


class Reader(nn.Module):
    """Codes z (B, m) → spikes θ (B, n, 3) by one hidden layer, in the units of `spikes`' first two moments.

    A part of several coordinates is read for itself, by the same weights as every other, and says one spike. A code of
    lone coordinates is read as a whole, and says as many spikes as an image has at most.
    """

    def __init__(self, system: System, z: Tensor, spikes: Sample):
        super().__init__()
        theta, _, _ = spikes.known()
        self.blocks = [list(part) for part in system.parts]
        says = 1
        if len(self.blocks[0]) == 1:
            self.blocks, says = [list(range(z.shape[1]))], theta.shape[1]
        seen = torch.stack([z[:, block] for block in self.blocks], dim=1).flatten(0, 1)
        self.middle, self.scale = seen.mean(dim=0), seen.std(dim=0).clamp(min=1e-6)
        there = theta[theta[..., 0] > 0]
        self.offset, self.unit = there.mean(dim=0) * torch.tensor([0.0, 1.0, 1.0]), there.std(dim=0) + 1e-6
        self.unit[0] = there[:, 0].mean()
        self.straight = nn.Linear(len(self.blocks[0]), 3 * says)
        self.bent = nn.Sequential(nn.Linear(len(self.blocks[0]), WIDTH), nn.ReLU(), nn.Linear(WIDTH, 3 * says))

    def forward(self, z: Tensor) -> Tensor:
        z = torch.stack([z[:, block] for block in self.blocks], dim=1)
        z = (z - self.middle) / self.scale
        return (self.straight(z) + self.bent(z)).reshape(len(z), -1, 3) * self.unit + self.offset


@torch.no_grad()
def read(system: System, data: Any, seed: int = 0) -> dict:
    """jaccard, precision, recall, rmse_px and amplitude_error of spikes that a `Reader` reads from a system's codes.

    data: spikes, with `sample` and `held_out`. It learns from 2,048 training images and their θ, and reads held-out
    ones. `jaccard_near` is at a radius of 3σ, the others at σ.
    """
    generator = torch.Generator().manual_seed(seed)
    learn, test = data.sample(LEARN, generator), data.held_out(TEST, seed)
    theta, _, _ = learn.known()
    z = encoded(system, learn.images)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        reader = Reader(system, z, learn)
    with torch.enable_grad():
        _learn(reader, z, theta, generator)
    said = reader(encoded(system, test.images))
    return {**scored(said, test), "jaccard_near": scored(said, test, reach=3)["jaccard"]}


def scored(said: Tensor, sample: Sample, reach: float = 1) -> dict:
    """What `metrics.spike_metrics` says of detections, by the same names: of spikes θ (B, n, 3) said to be in the first
    B images of a sample, those that are bright enough, matched within `reach` σ."""
    _, sigma, detection = sample.known()
    found = Matches()
    for i, theta in enumerate(said):
        found += match(theta[theta[:, 0] >= detection], sample.truth(i), radius=reach * sigma)
    return found.scores()


def _learn(reader: Reader, z: Tensor, theta: Tensor, generator: torch.Generator) -> None:
    """Adam, at a rate that falls to nothing, on the squared error of matched sets in the reader's units."""
    optimiser = torch.optim.Adam(reader.parameters(), 5e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, STEPS)
    for _ in range(STEPS):
        chosen = torch.randint(len(z), (64,), generator=generator)
        loss = set_error((reader(z[chosen]) / reader.unit), theta[chosen] / reader.unit)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()


def set_error(said: Tensor, theta: Tensor) -> Tensor:
    """Mean squared error a spike between sets (B, n, 3) and (B, k, 3), paired so that it is least.

    What is paired with no spike, or an absent one, is off by its amplitude alone.
    """
    from scipy.optimize import linear_sum_assignment

    missing = max(0, said.shape[1] - theta.shape[1])
    theta = torch.cat([theta, theta.new_zeros(len(theta), missing, 3)], dim=1)
    squares = (said[:, :, None] - theta[:, None]).square()  # (B, n, k, 3)
    counts = torch.cat([torch.ones_like(theta[..., :1]), *2 * [(theta[..., :1] > 0).to(theta)]], dim=2)
    cost = (squares * counts[:, None]).sum(dim=3)
    rows, columns = zip(*(linear_sum_assignment(one) for one in cost.detach().numpy()), strict=True)
    which = torch.arange(len(cost))[:, None]
    return cost[which, torch.from_numpy(np.stack(rows)), torch.from_numpy(np.stack(columns))].sum(dim=1).mean()
