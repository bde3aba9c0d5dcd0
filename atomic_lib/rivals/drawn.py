"""Exclusivity and purity on strokes whose truth is known: does a coordinate move one, does a part hold one?"""

import numpy as np
import torch
from torch import Tensor

from ..metrics import purity, ratio
from .hanzi import StrokeSample
from .measures import movers, moves, nmse, part_images, reference, some
from .systems import Rotated, System, encoded

REACH = 3.0  # px from its ink that a stroke still owns


@torch.no_grad()
def measure(system: System, sample: StrokeSample, seed: int = 0) -> dict:
    """`of_drawn` of a system and, as `…_control`, of the same one with its code turned at random; and its nmse."""
    z = encoded(system, sample.images)
    turned = Rotated(system, z, seed)
    control = of_drawn(turned, sample, (z - turned.mean) / turned.std.clamp(min=1e-9) @ turned.turn)
    found = {"nmse": nmse(system, sample.images, z), "images": len(sample), **of_drawn(system, sample, z)}
    return found | {f"{name}_control": value for name, value in control.items()}


def of_drawn(system: System, sample: StrokeSample, z: Tensor) -> dict:
    """exclusivity: of what coordinates move on ink and close to it, the share on each one's favourite stroke; on_set:
    of all that they move, the share on ink and close to it. purity: `metrics.purity` of `part_images`, a mean over true
    strokes. movers: `measures.movers`."""
    sums, scale = torch.zeros(5), z.std(dim=0)[:, None, None]
    for i in range(min(len(z), some(z.shape[1]))):
        moved = scale * moves(system, z[[i]])[0]
        energy = torch.einsum("cxy,nxy->cn", moved.square(), owned(sample.drawn(i)))
        favourite = energy.max(dim=1).values.sum()
        sums += torch.stack([favourite, energy.sum(), moved.square().sum(), *movers(moved, system.parts)])
    pure = []
    for i in range(min(len(z), some(len(system.parts)))):
        parts = part_images(system, z[[i]], reference(system, z))[0]
        pure.append(purity(stroke_energies(parts, sample.drawn(i))))
    values = np.concatenate(pure)
    return {
        "exclusivity": ratio(float(sums[0]), float(sums[1])), "on_set": ratio(float(sums[1]), float(sums[2])),
        "movers": ratio(float(sums[3]), float(sums[4])), "purity": float(values.mean()), "strokes": len(values),
    }  # fmt: skip


def owned(strokes: Tensor) -> Tensor:
    """Which of the strokes (n, N, N) each pixel belongs to: the nearest, if it is close; equal shares where several are
    as near, as where they cross. (n, N, N), sums of 1 or 0."""
    from scipy import ndimage

    away = np.stack([ndimage.distance_transform_edt(one <= 0.5) for one in strokes.numpy()])
    nearest = away.min(axis=0)
    mine = torch.from_numpy((away <= nearest + 1e-6) & (nearest <= REACH)).float()
    return mine / mine.sum(dim=0).clamp(min=1)


def stroke_energies(parts: Tensor, strokes: Tensor) -> np.ndarray:
    """E_ij = C_ij²‖s_j‖², (K, n): each part (K, N, N) as a non-negative combination C of the true strokes s_j."""
    from scipy.optimize import nnls

    basis, r = np.linalg.qr(strokes.flatten(1).double().numpy().T)
    seen = parts.flatten(1).double().numpy() @ basis
    energy = strokes.square().sum(dim=(1, 2)).numpy()
    return np.stack([nnls(r, one)[0] for one in seen]) ** 2 * energy


def of_truth(sample: StrokeSample) -> dict:
    """What the strokes' own brightness and motions score, each stroke a part; crossings cost exclusivity."""
    found = []
    for strokes in map(sample.drawn, range(len(sample))):
        rows, columns = torch.gradient(strokes, dim=(1, 2))
        moved = torch.cat([strokes, rows, columns])
        energy = torch.einsum("cxy,nxy->cn", moved.square(), owned(strokes))
        exclusive, on_set = energy.max(dim=1).values.sum() / energy.sum(), energy.sum() / moved.square().sum()
        found.append((float(exclusive), float(on_set), purity(stroke_energies(strokes, strokes)).mean()))
    return dict(zip(("exclusivity", "on_set", "purity"), np.mean(found, axis=0).tolist(), strict=True))
