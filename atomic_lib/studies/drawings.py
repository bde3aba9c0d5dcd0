"""The figures of single chapters; what every chapter draws with is in `atomic_lib.figures`."""

import numpy as np
import torch
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator
from torch import Tensor

from ..data.spikes import Sample, Spikes
from ..figures import (
    COLOURS,
    CROSS,
    RING,
    SQUARE,
    _bare,
    _by_energy,
    _grid,
    _legend,
    _panels,
    _percent,
    _show,
    gallery,
    inked,
)
from ..gaussians import fit_gaussians, pairs
from ..images import pad_to, relative_error
from ..metrics import ACTIVE, DETECTION, coordinate_effects, radius_of_gyration
from ..model.autoencoder import AtomicAutoencoder, decomposed
from ..model.encoders import Code
from .interpolation import latent_walk, matching, off_set, pixel_walk
from .navigation import sweep
from .strokes import Strokes, nearest
from .theory import discrepancies, owners


def coloured(model: AtomicAutoencoder, images: Tensor, columns: int = 5, errors: bool = False) -> Figure:
    """A page of images (B, 1, N, N), each coloured by atom, eight colours in turn; with `errors`, its nmse above.

    Blocks are sorted by energy: the first colour is the strongest atom. Only positive parts show.
    """
    figure, axes = _grid(len(images), columns, dpi=100)
    code = decomposed(model, images)
    lost = _percent(relative_error(pad_to(images.cpu(), model.size), code.atoms.sum(dim=1)))
    for axis, atoms, error in zip(axes, _by_energy(code), lost, strict=False):
        _show(axis, inked(atoms[:, 0], range(len(atoms))), error if errors else "", 1)
    return figure


def interpolation(
    model: AtomicAutoencoder, start: Tensor, end: Tensor, steps: int = 7, other: AtomicAutoencoder | None = None
) -> Figure:
    """The supplement's interpolation between two images (1, 1, N, N): the walks of `atomic_lib.interpolation`.

    From left to right the way; above each picture its re-encoding error, and below it, coloured by atom, what the
    encoder makes of it. Last comes the walk of an `other` model, of one block, which encodes its own pictures.
    """
    walks = {
        "matched": latent_walk(model, start, end, steps),
        "in order": latent_walk(model, start, end, steps, matched=False),
        "pixels": pixel_walk(model, start, end, steps),
    }
    pictures, titles, labels = [], [], []
    for name, walk in walks.items():
        pictures += [*walk[:, 0], *(picture[None] for picture in _followed(model, walk[:, 0]))]
        titles += [*_percent(off_set(model, walk)[:, 0]), *[""] * steps]
        labels += [name, "again"]
    if other is not None:
        walk = latent_walk(other, start, end, steps, matched=False)
        pictures, titles = pictures + [*walk[:, 0]], titles + _percent(off_set(other, walk)[:, 0])
        labels.append("one block")
    return gallery(pictures, steps, titles, labels, dpi=90)


def off_set_curves(errors: dict[str, dict[str, Tensor]]) -> Figure:
    """How far walks stray from the model set: the mean over pairs of re-encoding errors (steps, B), by model and walk.

    The band is the middle half of the pairs.
    """
    figure, axes = _panels(len(errors), 2.9)
    kinds = list(dict.fromkeys(name for walks in errors.values() for name in walks))  # a colour each, in every panel
    for axis, (model, walks) in zip(axes, errors.items(), strict=True):
        for name, values in walks.items():
            i, times, values = kinds.index(name), np.linspace(0, 1, len(values)), 100 * values.numpy()
            axis.plot(times, values.mean(axis=1), "o^sd"[i] + "-", ms=4, color=COLOURS[i], label=name)
            low, high = np.quantile(values, (0.25, 0.75), axis=1)
            axis.fill_between(times, low, high, color=COLOURS[i], alpha=0.15, lw=0)
        axis.set(title=model, xlabel="way from one digit to the other", ylim=(0, None))
        axis.legend(frameon=False, fontsize=8)
    axes[0].set_ylabel("re-encoding error, %")
    return figure


def shared_strokes(found: Strokes, images: Tensor, chosen: Tensor) -> Figure:
    """Each of the chosen (Q,) strokes in its image (B, 1, N, N), and in each class the nearest stroke of another image.

    A row a stroke; above each picture what it would cost to draw that stroke for the first, ‖g − g′‖²/‖g‖².
    """
    which, apart = nearest(found, chosen)
    labels = found.label.unique().tolist()
    figure, axes = _grid(which.shape[0] * (1 + len(labels)), 1 + len(labels), dpi=80)
    rows = zip(range(len(chosen)), torch.cat([chosen[:, None], which], dim=1), apart.tolist(), strict=True)
    axes = iter(axes)
    for row, strokes, errors in rows:
        heads = [""] + [f"{label}\n" if row == 0 else "" for label in labels]
        titles = ["stroke of" if row == 0 else "", *(f"{100 * error:.0f} %" for error in errors)]
        for head, title, i in zip(heads, titles, strokes.tolist(), strict=True):
            digit = images[found.owner[i], 0].cpu()
            picture = inked(torch.stack([0.25 * digit, found.atoms[i]]), [len(COLOURS) - 1, row])  # black, faintly
            _show(next(axes), picture, head + title, 1, 12)
    return figure


def navigation(model: AtomicAutoencoder, image: Tensor, block: int, ranges: Tensor, steps: int = 7) -> Figure:
    """Figure 4: one block of one image (1, 1, N, N), each coordinate swept, the others kept.

    ranges: (d0, 2), from where to where each coordinate goes. For spikes a ring marks the
    original and a diamond where the moved atom is now, if it still draws a spike.
    """
    path = sweep(model, image, block, ranges, steps)
    spikes = isinstance(model.recipe.data, Spikes)
    rings = [path.original[None, 1:]] * path.values.numel() if spikes else None
    fits = path.fitted.flatten(0, 1)
    diamonds = [fit[None, 1:][fit[:1] >= DETECTION] for fit in fits] if spikes else None
    titles = [f"{round(value, 2) + 0.0:.2f}".replace("-", "−") for value in path.values.flatten().tolist()]
    labels = [f"$z_{{{block + 1},{j + 1}}}$" for j in range(len(ranges))]
    return gallery([*path.pictures.flatten(0, 1)[:, None]], steps, titles, labels, rings, diamonds)


def coordinates(models: dict[str, AtomicAutoencoder], image: Tensor, shown: int = 8) -> Figure:
    """What one latent coordinate moves: ∂x̂/∂z_ij at one image (1, 1, N, N), outlined, a row a model.

    Of the coordinates that count in `coordinate_spread`, `shown` at even steps from the strongest to the weakest, each
    on a scale of its own; above it, its radius of gyration over the digit's.
    """
    figure, axes = _grid(len(models) * shown, shown, dpi=90)
    whole = radius_of_gyration(image[0, 0].cpu())
    for row, (name, model) in enumerate(models.items()):
        effects = coordinate_effects(model, image)
        energy, order = effects.square().sum(dim=(1, 2)).sort(descending=True)
        counted = order[energy >= ACTIVE * energy[0]]
        chosen = counted[torch.linspace(0, len(counted) - 1, shown).round().long()]
        axes[row * shown].set_ylabel(name, fontsize=9)
        for axis, effect in zip(axes[row * shown :], effects[chosen], strict=False):
            spread = float(radius_of_gyration(effect) / whole)
            _show(axis, effect, f"{spread:.2f}", float(effect.abs().max()))
            axis.contour(image[0, 0].cpu().numpy(), [0.5], colors="#009E73", linewidths=0.7)
    return figure


def growth(points: list[dict]) -> Figure:
    """Seconds and memory of a training step against k and against N, by recipe: the `growth` of a bench."""
    figure, axes = _panels(4, 2.3)
    recipes = list(dict.fromkeys(point["recipe"] for point in points))
    panels = [(along, what) for along in ("k", "size") for what in ("seconds", "mb")]
    names = {"k": "blocks $k$ (at $N = 128$)", "size": "side $N$, px (at $k = 10$)"}
    for axis, (along, what) in zip(axes, panels, strict=True):
        for i, recipe in enumerate(recipes):
            line = [point for point in points if point["recipe"] == recipe and point["along"] == along]
            values = [point[what] / (1000 if what == "mb" else 1) for point in line]
            axis.plot([p[along] for p in line], values, "o-", ms=4, color=COLOURS[i], label=recipe)
        title = "seconds a step" if what == "seconds" else "peak memory, GB"
        axis.set(xlabel=names[along], title=title, xscale="log", yscale="log")
        axis.set_xticks([p[along] for p in line], [p[along] for p in line])
        axis.minorticks_off()
        axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.yaxis.set_major_formatter("{x:g}")
    axes[0].legend(frameon=False, fontsize=8)
    return figure


def encoders(models: dict[str, AtomicAutoencoder], sample: Sample, chosen: int) -> Figure:
    """The figure that the paper lacks: several models on the same spikes, with what each found and what it did not.

    Detections are matched with the truth as in `evaluate`: circle, found; square, missed; cross, claimed without a
    spike to match.
    """
    image, there = sample.images[[chosen]], sample.amplitudes[chosen] > 0
    truth, shown = sample.positions[chosen][there], [image[0, 0]]
    marks = [[(truth, RING)]]
    for model in models.values():
        code = decomposed(model, image)
        sigma = model.recipe.data.sigma
        a, p = fit_gaussians(code.atoms[0, code.used[0], 0], sigma)
        p = p[a >= DETECTION]
        matched = pairs(p, truth, sigma)
        missed = [j for j in range(len(truth)) if j not in {j for _, j in matched}]
        false = [i for i in range(len(p)) if i not in {i for i, _ in matched}]
        shown.append(code.atoms.sum(dim=1)[0, 0])
        marks.append([(p[[i for i, _ in matched]], RING), (truth[missed], SQUARE), (p[false], CROSS)])
    figure = Figure(figsize=(2.1 * len(shown), 2.75), dpi=140, layout="constrained")
    axes, scale = figure.subplots(1, len(shown)), max(float(picture.abs().max()) for picture in shown)
    for axis, picture, title, groups in zip(axes, shown, ["input", *models], marks, strict=True):
        _show(axis, picture, title, scale, 10)
        for places, style in groups:
            axis.plot(places[:, 1], places[:, 0], **style)
    keys = [Line2D([], [], **style) for style in (RING, SQUARE, CROSS)]
    figure.legend(keys, ["found (or true)", "missed", "claimed, but not there"], loc="outside lower center", ncols=3,
                  frameon=False, fontsize=9)  # fmt: skip
    return figure


def shares(
    panels: dict[str, dict[str, Tensor]], marks: dict[str, list[float]], linear: tuple[str, ...] = (), xlabel: str = ""
) -> Figure:
    """How large values are: the share of them up to each value. panels: {title: {label: values}}.

    `marks` are dashed, by title; the panels named in `linear` have a linear axis.
    """
    figure, axes = _panels(len(panels))
    for axis, (title, lines) in zip(axes, panels.items(), strict=True):
        for i, (label, values) in enumerate(lines.items()):
            axis.ecdf(values.double().numpy(), color=COLOURS[i % len(COLOURS)], label=label, lw=1.6)
        for mark in marks.get(title, []):
            axis.axvline(mark, color="#555555", ls="--", lw=1)
        axis.set(title=title, xlabel=xlabel, xscale="linear" if title in linear else "log", ylim=(-0.02, 1.02))
    axes[0].set_ylabel("share up to here")
    _legend(figure, axes[0])
    return figure


def bands(
    panels: dict[str, dict[str, dict[float, Tensor]]], xlabel: str, marks: dict[str, float], ylabel: str = ""
) -> Figure:
    """Median and, shaded, 10th to 90th percentile of values along x. panels: {title: {label: {x: values}}}.

    One line a panel may be dashed: `marks`, by title.
    """
    figure, axes = _panels(len(panels))
    for axis, (title, lines) in zip(axes, panels.items(), strict=True):
        for i, (label, values) in enumerate(lines.items()):
            colour = COLOURS[i % len(COLOURS)]
            low, middle, high = np.array([np.quantile(found, (0.1, 0.5, 0.9)) for found in values.values()]).T
            axis.plot(list(values), middle, "o-", ms=3, lw=1.6, color=colour, label=label)
            axis.fill_between(list(values), low, high, color=colour, alpha=0.15, lw=0)
        if title in marks:
            axis.axhline(marks[title], color="#555555", ls="--", lw=1)
        axis.set(title=title, yscale="log", xlabel=xlabel)
        axis.xaxis.get_major_locator().set_params(
            integer=all(isinstance(x, int) for line in lines.values() for x in line)
        )
    axes[0].set_ylabel(ylabel)
    _legend(figure, axes[0])
    return figure


def clouds(codes: dict[str, Tensor], box: Tensor) -> Figure:
    """Each pair of coordinates of latent blocks (M, d0) in their box (d0, 2), a row a model, with its discrepancy."""
    chosen = [(i, j) for i in range(len(box)) for j in range(i)]
    figure = Figure(figsize=(2.3 * len(chosen), 2.5 * len(codes)), dpi=140, layout="constrained")
    axes = figure.subplots(len(codes), len(chosen), squeeze=False)
    for row, (label, z), colour in zip(axes, codes.items(), COLOURS, strict=False):
        uneven = discrepancies(z, box)
        for axis, (i, j) in zip(row, chosen, strict=True):
            axis.plot(z[:, j], z[:, i], ".", ms=2, alpha=0.5, color=colour, mew=0)
            axis.set(xlim=box[j].tolist(), ylim=box[i].tolist())
            axis.set(xlabel=f"$z_{{i,{j + 1}}}$", ylabel=f"$z_{{i,{i + 1}}}$")
            axis.set_title(f"{label}: {uneven[i, j]:.2f}", fontsize=9)
            axis.set_box_aspect(1)
    return figure


def film(models: dict[str, AtomicAutoencoder], sample: Sample, spikes: int = 2, columns: int = 7) -> Figure:
    """Two spikes change places along a sample: some of its frames, coloured by block, and which block holds which.

    Above, for each model, its atoms in the middle half of the image, the truth ringed; below, a bar for each of the
    first `spikes` spikes, in the colour of its block, grey where no block holds half of it. Other blocks are black.
    """
    figure = Figure(figsize=(1.05 * columns, 1.75 * len(models)), dpi=140, layout="constrained")
    parts = figure.subfigures(len(models), 1, squeeze=False)[:, 0]
    chosen, quarter = torch.linspace(0, len(sample.images) - 1, columns).round().long(), sample.images.shape[-1] // 4
    for part, (label, model) in zip(parts, models.items(), strict=True):
        held = owners(model, sample)[:, :spikes]
        number = {block: i for i, block in enumerate(dict.fromkeys(held[held >= 0].tolist()))}
        axes = part.subplot_mosaic([list(range(columns)), ["bars"] * columns], height_ratios=(1, 0.42))
        for i, atoms in enumerate(decomposed(model, sample.images[chosen]).atoms.squeeze(2)):
            middle, inks = atoms[:, quarter:-quarter, quarter:-quarter], [number.get(b, 7) for b in range(len(atoms))]
            places = sample.positions[chosen[i], :spikes] - quarter
            axes[i].imshow(inked(middle, inks).numpy(), interpolation="nearest")
            axes[i].plot(places[:, 1], places[:, 0], **{**RING, "mec": "#888888", "mew": 0.7})
            _bare(axes[i])
        for j, blocks in enumerate(held.T.tolist()):
            paint = [COLOURS[number[block]] if block in number else "#bbbbbb" for block in blocks]
            axes["bars"].bar(range(len(blocks)), 0.8, 1, bottom=-0.4 - j, color=paint, lw=0)
        axes["bars"].set_yticks(range(0, -spikes, -1), [f"spike {j + 1}" for j in range(spikes)])
        axes["bars"].set(xlim=(-0.5, len(held) - 0.5), xlabel="frame")
        part.suptitle(label, fontsize=10)
    return figure


def _followed(model: AtomicAutoencoder, images: Tensor) -> Tensor:
    """Images (B, 1, N, N) coloured by atom, (B, N, N, 3): a colour goes to the atom that `matching` says it became."""
    code, numbers, pictures = decomposed(model, images), torch.arange(model.k), []
    steps = [Code(*(part[i : i + 1] for part in code)) for i in range(len(images))]
    for before, now in zip([steps[0], *steps], steps, strict=False):
        numbers, used = numbers[matching(now, before)[0]], now.used[0]
        pictures.append(inked(now.atoms[0, used, 0], numbers[used].tolist()))
    return torch.stack(pictures)
