"""Spots of a known width in a real field: background, pursuit with gains in tiles, polish, one table.

The shipped pursuit finds them, one decade of brightness after another, on what is left of the field; it says roughly
where and how bright. Their places to a hundredth of a pixel then come from a joint least-squares fit of Gaussians to
the field itself, with standard errors from its Jacobian and the noise.
"""

import math
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from matplotlib.figure import Figure
from torch import Tensor
from tqdm import tqdm

from ..data.spikes import Spikes
from ..errors import BadInput, check_range
from ..figures import COLOURS, COLUMN, INK, PageFigure, bare
from ..files import write_whole
from ..gaussians import fit_gaussians
from ..weights import load
from . import gains
from .fields import check_field
from .spots import drawn, fit_sum

EDGE, BLENDED, MISFIT, SATURATED = 1, 2, 4, 8  # bits of a quality flag; 0 is a spot without reserve
FLAGS = {EDGE: "edge", BLENDED: "blended", MISFIT: "misfit", SATURATED: "saturated"}
SHAPE_ERROR = 0.04  # share of its amplitude by which a real spot is no Gaussian: noise for what lies on it
MARGIN = 4.0  # σ around what a tile answers for
RIM = 3.5  # σ of nothing around a tile: the encoder has seen no spot nearer to the border than 3σ
NEAREST = 0.8  # σ: two spots nearer than that are not told from a wide one
SURE = 10.0  # times its standard error: a spot that noise cannot be
PER_ROUND = 40  # blocks that a tile may use in a round
SIGMAS = 0.5, 28.0  # px: what a rescaled image can still show


class Found(NamedTuple):
    """What `find` says of a field (H, W): spots θ (n, 3), amplitude, row, column, brightest first; their standard
    errors (n, 3); quality flags (n,), sums of `FLAGS`; and the maps (H, W) of background, of spots and of the noise."""

    theta: Tensor
    error: Tensor
    flag: Tensor
    background: Tensor
    spots: Tensor
    noise: Tensor


class Tile(NamedTuple):
    """A part of a field: its slices of rows and columns, and the limits within which it answers for spots."""

    rows: slice
    columns: slice
    core: tuple[float, float, float, float]  # first and last row, first and last column

    def owns(self, theta: Tensor, beyond: float = 0.0) -> Tensor:
        """Which spots (n, 3) it answers for; every place has exactly one such tile, if none reaches `beyond` it, px."""
        top, bottom, left, right = self.core
        row, column = theta[:, 1], theta[:, 2]
        rows = (row >= top - beyond) & (row < bottom + beyond)
        return rows & (column >= left - beyond) & (column < right + beyond)

    def touches(self, theta: Tensor) -> Tensor:
        """Which spots (n, 3) lie in it."""
        row, column = theta[:, 1] + 0.5, theta[:, 2] + 0.5
        rows, columns = self.rows, self.columns
        return (row >= rows.start) & (row < rows.stop) & (column >= columns.start) & (column < columns.stop)


def find(
    field: Tensor, sigma: float, threshold: float = 5.0, model=None, rounds: int = 4, progress: bool = False
) -> Found:
    """The spots of width `sigma`, px, in a field (H, W) that stand `threshold` times their standard error high.

    model: a pursuit trained on spikes, the shipped one unless another is given; the field is rescaled to its σ. Raises
    `BadInput` for a field or a width that cannot be measured.
    """
    model = load("spikes-pursuit") if model is None else model
    field = _checked(model, field, sigma, threshold)
    tiles = tiled(field.shape, (model.size / model.recipe.data.sigma - 2 * RIM) * sigma, MARGIN * sigma)
    theta = sure = torch.zeros(0, 3, dtype=torch.float64)
    known = gains.usual_peak(model)
    with tqdm(total=rounds * len(tiles), desc="find", unit="tile", disable=not progress) as bar:
        for _ in range(rounds):
            background, noise = sky(field, sure, sigma)
            left = field - background - drawn(theta, field.shape, sigma)
            new = look(model, known, left, noise, sigma, tiles, threshold, bar)
            before = len(theta)
            theta = merged(torch.cat([theta, new]), sigma)
            theta, error = polish(field - background, theta, noise, sigma, tiles, threshold - 1)
            sure = theta[theta[:, 0] > SURE * error[:, 0]]
            if len(theta) <= before:
                bar.update(bar.total - bar.n)
                break
    background, noise = sky(field, sure, sigma)
    for _ in range(2):  # who falls out leaves light to the others
        theta, _ = polish(field - background, theta, noise, sigma, tiles, threshold)
    theta = parted(field - background, theta, noise, sigma)
    theta, error = polish(field - background, theta, noise, sigma, tiles, 0)
    order = theta[:, 0].argsort(descending=True)
    theta, error = theta[order], error[order]
    spots = drawn(theta, field.shape, sigma)
    return Found(theta, error, flags(field, background, noise, theta, sigma), background, spots, noise)


def _checked(model, field: Tensor, sigma: float, threshold: float) -> Tensor:
    """The field in double precision; raises `BadInput` for what `find` cannot measure."""
    if not isinstance(model.recipe.data, Spikes) or model.recipe.encoder != "pursuit":
        raise BadInput(f"spots are found by a pursuit trained on spikes; “{model.recipe.name}” is not one.")
    check_range("sigma", sigma, *SIGMAS)
    check_range("threshold", threshold, 2.0, 1000.0)
    field = check_field(field).double()
    if min(field.shape) < 10 * sigma:
        told = f"a field of {tuple(field.shape)} px is too small for spots so wide; 10σ at least."
        raise BadInput(f"sigma {sigma}: {told}")
    return field


def sky(field: Tensor, theta: Tensor, sigma: float) -> tuple[Tensor, Tensor]:
    """Background and noise (H, W): medians of the field without the spots θ (n, 3) that are sure by now.

    Without spots in it a median does not mistake a crowd for light. The noise is that of white noise which would
    disturb spots as much as what is there: in real images neighbouring pixels err together.
    """
    from scipy import ndimage

    bare = (field - drawn(theta, field.shape, sigma)).numpy()
    background = _light(bare, sigma)
    step = max(1, round(sigma))  # the noise changes slowly: every σ px is enough
    smooth = 2 * math.sqrt(math.pi) * sigma * ndimage.gaussian_filter(bare - background, sigma)
    levels = [np.abs(part)[::step, ::step] for part in (bare - background, smooth)]
    levels = [1.4826 * _median(level, _odd(30 * sigma / step)) for level in levels]
    noise = torch.from_numpy(ndimage.gaussian_filter(np.maximum(*levels), 4 * sigma / step))[None, None]
    noise = F.interpolate(noise, size=field.shape, mode="bilinear")[0, 0]
    return torch.from_numpy(background), noise.clamp(min=1e-9 * float(field.abs().max()) + 1e-30)


def _light(pixels: np.ndarray, sigma: float) -> np.ndarray:
    """The smooth light under spots of width `sigma`; beyond the border it goes on as it came, not back."""
    from scipy import ndimage

    size = _odd(12 * sigma)
    wide = np.pad(pixels, size, mode="reflect", reflect_type="odd")
    return ndimage.gaussian_filter(_median(wide, size), 2 * sigma)[size:-size, size:-size]


def _median(pixels: np.ndarray, size: int) -> np.ndarray:
    """The running median of rows, then of columns: nearly that of a square, in a hundredth of the time."""
    from scipy import ndimage

    for shape in ((1, size), (size, 1)):
        pixels = ndimage.median_filter(pixels, size=shape)
    return pixels


def look(
    model, known: float, left: Tensor, noise: Tensor, sigma: float, tiles: list[Tile], threshold: float, bar
) -> Tensor:
    """New spots (n, 3) in what is left of a field, down to a tenth of the brightest in each tile, or to the noise."""
    found, factor = [], model.recipe.data.sigma / sigma
    for start in range(0, len(tiles), 12):
        part = tiles[start : start + 12]
        pixels, levels = zip(*((left[t.rows, t.columns], noise[t.rows, t.columns].median()) for t in part), strict=True)
        rim = math.ceil(RIM * model.recipe.data.sigma)
        images = torch.cat([enlarged(p, factor, model.size, rim) for p in pixels])
        scale = images.flatten(1).amax(1).clamp(min=1e-30)
        images = (images / scale[:, None, None, None]).float()
        peak = model.encoder.highest(images)[0]
        # The blur of width w, on spots of width s: white noise of the field keeps 1/(2√π·w/f) of its height.
        calm = torch.stack(levels) / scale * factor / (2 * math.sqrt(math.pi) * model.encoder.smooth)
        stop = torch.maximum((threshold - 1.5) * calm.float(), peak / 10)
        code = gains.pursue(model, images, PER_ROUND, stop, joint=False, known=known)
        for i, tile in enumerate(part):
            found.append(_in_field(code.atoms[i][code.used[i], 0], tile, pixels[i].shape, model, scale[i], sigma, rim))
        bar.update(len(part))
    return torch.cat(found)


def _in_field(atoms: Tensor, tile: Tile, shape, model, scale: Tensor, sigma: float, rim: int) -> Tensor:
    """The spots (n, 3) that a tile's atoms (n, N, N) are, in px and units of the field, as far as it owns them."""
    high = atoms.flatten(1).amax(1)[:, None, None].clamp(min=1e-12)
    fit = fit_gaussians((atoms / high).double(), model.recipe.data.sigma)
    ratio = torch.tensor([round(side * model.recipe.data.sigma / sigma) / side for side in shape])
    place = (fit[:, 1:] - rim + 0.5) / ratio - 0.5 + torch.tensor([tile.rows.start, tile.columns.start])
    theta = torch.cat([fit[:, :1] * high[:, 0] * scale, place], dim=1)
    # On a seam both tiles say what they see, lest neither does; who is found twice is merged.
    return theta[tile.owns(theta, sigma / 2) & tile.touches(theta) & (theta[:, 0] > 0)]


def polish(
    field: Tensor, theta: Tensor, noise: Tensor, sigma: float, tiles: list[Tile], threshold: float
) -> tuple[Tensor, Tensor]:
    """Spots (n, 3) fitted to a field without background, those of a tile jointly, and their standard errors (n, 3).

    Who does not stand `threshold` times its standard error high, or left its place, falls out. What brighter
    neighbours put on a place counts as noise to `SHAPE_ERROR` of it.
    """
    left = field - drawn(theta, field.shape, sigma)
    spots, errors = [theta[:0]], [theta[:0]]
    for tile in tiles:
        here = theta[tile.touches(theta)]
        origin = torch.tensor([0.0, tile.rows.start, tile.columns.start], dtype=theta.dtype)
        pixels = left[tile.rows, tile.columns] + drawn(here - origin, left[tile.rows, tile.columns].shape, sigma)
        start, fit, error = _fitted(pixels, here - origin, noise[tile.rows, tile.columns], sigma, threshold)
        owned = tile.owns(start + origin)  # where it ends up, a spot on a seam might be owned twice, or not at all
        spots.append((fit + origin)[owned])
        errors.append(error[owned])
    return torch.cat(spots), torch.cat(errors)


def _fitted(pixels: Tensor, theta: Tensor, noise: Tensor, sigma: float, threshold: float) -> tuple[Tensor, ...]:
    """`polish` within one tile, again as long as spots fall out: where those that stay began, their fit, its errors."""
    start = theta
    while len(theta):
        fit, inverse = fit_sum(pixels, theta, sigma)
        here = _pixel(fit, pixels.shape)
        others = SHAPE_ERROR * (drawn(fit, pixels.shape, sigma)[here] - fit[:, 0]).clamp(min=0)
        variance = noise[here] ** 2 + others**2
        error = (inverse.diagonal().clamp(min=0).view_as(fit) * variance[:, None]).sqrt()
        if not threshold:
            return start, fit, error
        astray = (fit - start)[:, 1:].norm(dim=1) > 2 * sigma
        fails = astray | (fit[:, 0] <= torch.maximum(threshold * error[:, 0], 3 * others))
        if not fails.any():
            return start, fit, error
        # Spots at almost one place make each other unsure: of those that fail, the faintest goes, the rest try again.
        near = (torch.cdist(start[:, 1:], start[:, 1:]) < 4 * sigma) & fails & fails[:, None]
        goes = fails & ~(near & (start[:, 0] < start[:, :1])).any(dim=1)
        theta, start = torch.where(fails[:, None], start, fit)[~goes], start[~goes]
    return start, theta, theta.clone()


def parted(field: Tensor, theta: Tensor, noise: Tensor, sigma: float) -> Tensor:
    """Spots (n, 3) of which those that fit badly are two, where two leave a quarter of what one leaves beyond noise.

    Two spots nearer than about 1.5σ have one peak, and their pursuit one block: what is left of them tells. Real spots
    are not quite Gaussian: two that are nearer than `NEAREST` σ might be one that is a little wide.
    """
    left = field - drawn(theta, field.shape, sigma)
    kept, reach = [], math.ceil(3 * sigma)
    for spot, bad in zip(theta[:, None], misfit(left, noise, theta, sigma), strict=True):
        row, column = (int(v) for v in spot[0, 1:].round())
        rows, columns = (slice(max(0, v - reach), v + reach + 1) for v in (row, column))
        pair = None
        if bad:
            origin = torch.tensor([0.0, rows.start, columns.start], dtype=theta.dtype)
            around = left[rows, columns]
            white = float(noise[rows, columns].square().sum())
            most = white + max(0.0, float(around.square().sum()) - white) / 4
            pair = _two(around + drawn(spot - origin, around.shape, sigma), spot - origin, most, sigma)
        kept.append(spot if pair is None else pair + origin)
    return torch.cat(kept) if kept else theta


def _two(pixels: Tensor, spot: Tensor, most: float, sigma: float) -> Tensor | None:
    """The two spots (2, 3), at either side of one (1, 3), that leave less than `most` of pixels; None without such."""
    best, least = None, most
    for angle in (0.0, 0.25, 0.5, 0.75):
        away = 0.6 * sigma * torch.tensor([[0.0, math.cos(math.pi * angle), math.sin(math.pi * angle)]])
        start = torch.cat([spot + away, spot - away])
        start[:, 0] /= 2
        fit, _ = fit_sum(pixels, start, sigma, steps=25)
        cost = float((pixels - drawn(fit, pixels.shape, sigma)).square().sum())
        apart = float((fit[0, 1:] - fit[1, 1:]).norm()) / sigma
        faint = fit[:, 0].min() < 0.1 * fit[:, 0].max()
        if cost < least and NEAREST < apart < 3 and not faint:
            best, least = fit, cost
    return best


def merged(theta: Tensor, sigma: float) -> Tensor:
    """Spots (n, 3) without the fainter of any two that are closer than σ/2: the same one, found twice."""
    theta = theta[theta[:, 0].argsort(descending=True)]
    close = (torch.cdist(theta[:, 1:], theta[:, 1:]) < sigma / 2).tril(-1)
    return theta[~close.any(dim=1)]


def flags(field: Tensor, background: Tensor, noise: Tensor, theta: Tensor, sigma: float) -> Tensor:
    """Quality flags (n,) of spots θ (n, 3): what makes each of them less sure than its standard errors say."""
    from scipy import ndimage

    left = field - background - drawn(theta, field.shape, sigma)
    full = (field == field.max()).double()
    near_full = ndimage.maximum_filter((full * (full.sum() > 2)).numpy(), size=_odd(2 * sigma))
    here = _pixel(theta, field.shape)
    place = theta[:, 1:]
    last = torch.tensor(field.shape) - 1
    edge = ((place < 2 * sigma) | (place > last - 2 * sigma)).any(dim=1)
    apart = torch.cdist(place, place) + torch.diag(torch.full((len(place),), math.inf, dtype=place.dtype))
    blended = (apart < 2 * sigma).any(dim=1)
    saturated = torch.from_numpy(near_full)[here] > 0
    return EDGE * edge + BLENDED * blended + MISFIT * misfit(left, noise, theta, sigma) + SATURATED * saturated


def misfit(left: Tensor, noise: Tensor, theta: Tensor, sigma: float) -> Tensor:
    """Which spots (n, 3) leave (H, W) more than three times the noise around their places: (n,)."""
    from scipy import ndimage

    around = ndimage.gaussian_filter((left / noise).square().numpy(), sigma)
    return torch.from_numpy(around)[_pixel(theta, left.shape)] > 9


def table(found: Found) -> list[dict]:
    """One row a spot: row, column, amplitude, their standard errors, and a flag in words ("" is a spot without one)."""
    rows = []
    for theta, error, flag in zip(found.theta.tolist(), found.error.tolist(), found.flag.tolist(), strict=True):
        a, row, column = theta
        words = " ".join(word for bit, word in FLAGS.items() if flag & bit)
        spot = {"row": row, "column": column, "amplitude": a}
        rows.append(
            {**spot, "row_error": error[1], "column_error": error[2], "amplitude_error": error[0], "flag": words}
        )
    return rows


def write_table(path: str | Path, found: Found) -> None:
    """The table as a CSV file; places in px from the centre of the first pixel, amplitudes in units of the field."""
    columns = ("row", "column", "amplitude", "row_error", "column_error", "amplitude_error", "flag")
    lines = [",".join(columns)]
    for spot in table(found):
        lines.append(",".join(f"{spot[name]:.6g}" if name != "flag" else spot[name] for name in columns))
    write_whole(path, ("\n".join(lines) + "\n").encode())


def picture(field: Tensor, found: Found, others: Tensor | None = None) -> Figure:
    """A field (H, W) with its spots ringed, the background and spots that were found, and what is left over the noise.

    others: spots (n, 3) that somebody else found in it, as crosses.
    """
    field = field.double()
    low, high = np.percentile(field, (1, 99.5))
    span = {"vmin": low - (high - low), "vmax": high}  # the darkest of the field is white
    figure = PageFigure(COLUMN, 2.75)
    axes = figure.subplots(1, 3)
    axes[0].imshow(field, cmap=INK, interpolation="none", **span)
    axes[1].imshow(found.background + found.spots, cmap=INK, interpolation="none", **span)
    left = (field - found.background - found.spots) / found.noise
    bar = figure.colorbar(axes[2].imshow(left, cmap=INK, interpolation="none", vmin=-8, vmax=8), ax=axes[2], shrink=0.8)
    bar.set_label("σ of the noise", fontsize=9)
    axes[0].scatter(*found.theta[:, [2, 1]].T, s=22, facecolors="none", edgecolors=COLOURS[1], lw=0.8)
    if others is not None:
        axes[0].scatter(*others[:, [2, 1]].T, s=12, marker="x", color=COLOURS[5], lw=0.9)
    for axis, title in zip(axes, ("the field, its spots", "background and spots", "what is left"), strict=True):
        axis.set_title(title, fontsize=9)
        axis.set(xlim=(-0.5, field.shape[1] - 0.5), ylim=(field.shape[0] - 0.5, -0.5))
        bare(axis)
    return figure


def tiled(shape, side: float, margin: float) -> list[Tile]:
    """Tiles of at most `side` px that overlap by twice the margin, and whose cores cover the field without overlap."""
    spans = [_spans(length, int(side), math.ceil(margin)) for length in shape]
    return [Tile(r, c, (*rc, *cc)) for r, rc in spans[0] for c, cc in spans[1]]


def _spans(length: int, side: int, margin: int) -> list[tuple[slice, tuple[float, float]]]:
    """Slices along one axis, with the limits of their cores; the outermost reach to infinity."""
    if length <= side:
        return [(slice(0, length), (-math.inf, math.inf))]
    count = math.ceil((length - 2 * margin) / (side - 2 * margin))
    starts = [round(i * (length - side) / (count - 1)) for i in range(count)]
    cuts = [(a + side + b) / 2 - 0.5 for a, b in zip(starts, starts[1:], strict=False)]
    limits = zip([-math.inf, *cuts], [*cuts, math.inf], strict=True)
    return [(slice(start, start + side), limit) for start, limit in zip(starts, limits, strict=True)]


def enlarged(pixels: Tensor, factor: float, size: int, rim: int) -> Tensor:
    """A tile (H, W), bicubic, `factor` times as large, `rim` px from the border of zeros: (1, 1, N, N)."""
    shape = [round(side * factor) for side in pixels.shape]
    image = F.interpolate(pixels[None, None], size=shape, mode="bicubic", antialias=factor < 1, align_corners=False)
    return F.pad(image, (rim, size - rim - shape[1], rim, size - rim - shape[0]))


def _pixel(theta: Tensor, shape) -> tuple[Tensor, Tensor]:
    """Rows and columns of the pixels in which spots (n, 3) lie, or of the nearest to them."""
    height, width = shape
    return theta[:, 1].round().long().clamp(0, height - 1), theta[:, 2].round().long().clamp(0, width - 1)


def _odd(size: float) -> int:
    return 2 * max(1, round(size / 2)) + 1
