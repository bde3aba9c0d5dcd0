"""Every figure of the paper as a function of a model; each returns a matplotlib Figure.

One colour map for all images: white is 0, ink is positive, vermilion negative. Nothing is clipped,
so cancellation shows.
"""

from pathlib import Path

import numpy as np
import torch

from matplotlib.colors import LinearSegmentedColormap, to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import ConnectionPatch, FancyBboxPatch
from torch import Tensor

from .checkpoints import write_whole
from .encoders import Code
from .errors import BadInput
from .metrics import fit_gaussians, latent_range
from .model import AtomicAutoencoder, relative_error
from .spikes import Spikes

INK = LinearSegmentedColormap.from_list("ink", ["#b23a00", "#f2a57a", "#ffffff", "#7f93a8", "#0b1d33"])
COLOURS = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8A6D00", "#000000"]  # Okabe–Ito
TRUE, MOVED = "#009E73", "#D55E00"  # the original, and what it became


def decomposition(model: AtomicAutoencoder, image: Tensor, k: int | None = None, truth: Tensor | None = None) -> Figure:
    """Figures 2 and 3: input, output and every atom g(zᵢ) of one image (1, 1, N, N), by energy.

    `truth`: true positions (n, 2), marked in the input and in each atom that lies on one.
    """
    code = _decompose(model, image, k)
    atoms = _by_energy(code)[0]
    output = code.atoms.sum(dim=1)
    pictures = [_padded_like(image, output)[0, 0], output[0, 0], *atoms[:, 0]]
    error = float(relative_error(_padded_like(image, output), output)[0])
    unused = int((~code.used).sum())
    titles = ["input $x$", rf"output $\hat x$  (error {100 * error:.1f} %)"]
    titles += [f"$g(z_{{{i + 1}}})$" for i in range(len(atoms))]
    figure, axes = _grid(len(pictures), columns=6 if len(pictures) <= 12 else 7)
    scale = _scale(pictures)
    for axis, picture, title in zip(axes, pictures, titles, strict=False):
        _show(axis, picture, title, scale)
        if truth is not None:
            _mark(axis, truth, picture)
    note = f"{len(atoms)} atoms, by energy" + (f"; {unused} of {len(code.used[0])} blocks not used" if unused else "")
    _colour_bar(figure, axes, scale, note)
    return figure


def coloured(model: AtomicAutoencoder, images: Tensor, columns: int = 5) -> Figure:
    """The figure that the paper lacks: each image (B, 1, N, N) with every atom in its own colour.

    Blocks are sorted by energy, so that the first colour is the strongest atom. The atoms' positive
    parts are laid over one another as inks on white paper.
    """
    code = _decompose(model, images)
    figure, axes = _grid(len(images), columns, height=1.25)
    for axis, atoms in zip(axes, _by_energy(code), strict=False):
        paper = torch.ones(*atoms.shape[-2:], 3)
        for i, atom in enumerate(atoms[:, 0].clamp(0, 1)):
            paper *= 1 - atom[..., None] * (1 - torch.tensor(to_rgb(COLOURS[i % len(COLOURS)])))
        axis.imshow(paper.numpy(), interpolation="nearest")
        _bare(axis, f"{len(atoms)} atoms")
    return figure


def reconstructions(model: AtomicAutoencoder, images: Tensor) -> Figure:
    """The supplement's input/output figure: images (B, 1, N, N) above, what the model makes of them below."""
    output = _decompose(model, images).atoms.sum(dim=1)
    errors = relative_error(images.cpu(), output)
    figure, axes = _grid(2 * len(images), columns=len(images))
    scale = _scale([*images[:, 0], *output[:, 0]])
    for i, (x, y) in enumerate(zip(images, output, strict=True)):
        _show(axes[i], x[0], "", scale)
        _show(axes[len(images) + i], y[0], f"error {100 * float(errors[i]):.1f} %", scale)
    axes[0].set_ylabel("input"), axes[len(images)].set_ylabel("output")
    return figure


def interpolation(model: AtomicAutoencoder, start: Tensor, end: Tensor, steps: int = 8) -> Figure:
    """The supplement's interpolation: z moves along a straight line between two images (1, 1, N, N).

    Above, the decoded codes; below, the pixel average that a line in image space would give. A
    block that only one of the two images uses is faded in or out.
    """
    a, b = _decompose(model, start), _decompose(model, end)
    figure, axes = _grid(2 * steps, columns=steps)
    pictures = []
    for t in np.linspace(0, 1, steps):
        weight = (1 - t) * a.used + t * b.used.float()
        lone = (a.used ^ b.used)[..., None]
        z = torch.where(lone, torch.where(a.used[..., None], a.z, b.z), (1 - t) * a.z + t * b.z)
        with torch.inference_mode():
            atoms = model.atoms(z.to(_device(model))).cpu()
        pictures.append((weight[..., None, None, None] * atoms).sum(dim=1)[0, 0])
    mixed = [((1 - t) * start + t * end).cpu()[0, 0] for t in np.linspace(0, 1, steps)]
    scale = _scale(pictures + mixed)
    for i, t in enumerate(np.linspace(0, 1, steps)):
        _show(axes[i], pictures[i], f"{t:.2f}", scale)
        _show(axes[steps + i], mixed[i], "", scale)
    axes[0].set_ylabel("latents"), axes[steps].set_ylabel("pixels")
    return figure


def navigation(model: AtomicAutoencoder, image: Tensor, block: int, ranges: Tensor, steps: int = 7) -> Figure:
    """Figure 4: one block of one image (1, 1, N, N), each coordinate swept, the others kept.

    ranges: (d0, 2), from where to where each coordinate goes. For spikes a ring marks the
    original and a cross where the moved atom is now.
    """
    with torch.inference_mode():
        z, used = (part.cpu() for part in model.encode(image.to(_device(model))))
        if not 0 <= block < z.shape[1] or not used[0, block]:
            raise BadInput(f"block {block} of this image is not in use; those in use are {used[0].nonzero()[:, 0].tolist()}.")
        swept = _sweeps(z, block, ranges, steps)
        atoms = model.atoms(swept.flatten(0, 1).to(_device(model)), used.expand(len(ranges) * steps, -1).to(_device(model)))
    atoms = atoms.cpu().unflatten(0, (len(ranges), steps))
    pictures = atoms.sum(dim=2)[:, :, 0]
    figure, axes = _grid(len(ranges) * steps, columns=steps, height=1.3)
    scale = _scale([*pictures.flatten(0, 1)])
    original = None
    if isinstance(model.recipe.data, Spikes):
        sigma = model.recipe.data.sigma
        with torch.inference_mode():
            original = fit_gaussians(model.atoms(z[:, [block]].to(_device(model))).cpu()[0, 0], sigma)
        found = fit_gaussians(atoms[:, :, block, 0].flatten(0, 1), sigma)
    for i, axis in enumerate(axes):
        row, column = divmod(i, steps)
        _show(axis, pictures[row, column], f"{swept[row, column, block, row]:.2f}", scale)
        if original is not None:
            axis.plot(*original[1][0].flip(0), "o", mfc="none", mec=TRUE, ms=11, mew=1.4)
            axis.plot(*found[1][i].flip(0), "x", color=MOVED, ms=6, mew=1.6)
        if column == 0:
            axis.set_ylabel(f"$z_{{{block + 1},{row + 1}}}$")
    return figure


def architecture(model: AtomicAutoencoder, image: Tensor, shown: int = 4) -> Figure:
    """Figure 1, drawn from a real model: image → f_E → latent blocks → the same g → atoms → sum."""
    code = _decompose(model, image)
    blocks = code.atoms[0].square().sum(dim=(1, 2, 3)).argsort(descending=True)[:shown].sort().values
    output = code.atoms.sum(dim=1)
    scale = _scale([image[0, 0], *code.atoms[0, :, 0], output[0, 0]])
    figure = Figure(figsize=(9, 1.15 * shown + 0.6))
    canvas = figure.add_axes((0, 0, 1, 1))
    canvas.set(xlim=(0, 1), ylim=(0, 1)), canvas.axis("off")
    heights = np.linspace(0.82, 0.16, shown)
    tall, wide = 0.72 / shown, 0.72 / shown * (1.15 * shown + 0.6) / 9

    def picture(x: float, y: float, what: Tensor, title: str, size: float = 1.0):
        axis = figure.add_axes((x - size * wide / 2, y - size * tall / 2, size * wide, size * tall))
        _show(axis, what, title, scale)

    def box(x: float, y: float, text: str, half: tuple[float, float], colour: str):
        low, tall_box = (x - half[0], y - half[1]), 2 * half[1]
        canvas.add_patch(FancyBboxPatch(low, 2 * half[0], tall_box, boxstyle="round,pad=0.006", fc=colour, ec="#334"))
        canvas.text(x, y, text, ha="center", va="center", fontsize=12)

    def arrow(start: tuple[float, float], end: tuple[float, float]):
        canvas.add_patch(ConnectionPatch(start, end, "data", "data", arrowstyle="-|>", color="#556", lw=1))

    picture(0.08, 0.49, image[0, 0].cpu(), "$x$", 1.5)
    box(0.235, 0.49, "$f_E$", (0.028, 0.12), "#dbe7f3")
    arrow((0.08 + 0.8 * wide, 0.49), (0.2, 0.49))
    for i, y in zip(blocks.tolist(), heights, strict=True):
        values = ", ".join(f"{value:.2f}" for value in code.z[0, i, :3].tolist()) + (", …" if model.d0 > 3 else "")
        box(0.385, y, f"$z_{{{i + 1}}}$", (0.022, 0.045), "#f7e3d2")
        canvas.text(0.385, y - 0.065, f"({values})", ha="center", va="top", fontsize=8, color="#333")
        box(0.54, y, "$g$", (0.022, 0.045), "#d9efe4")
        picture(0.69, y, code.atoms[0, i, 0], f"$g(z_{{{i + 1}}})$")
        arrow((0.27, 0.49), (0.355, y)), arrow((0.415, y), (0.51, y))
        arrow((0.57, y), (0.69 - 0.55 * wide, y)), arrow((0.69 + 0.55 * wide, y), (0.805, 0.49))
    others = int(code.used.sum()) - shown
    if others > 0:
        canvas.text(0.54, 0.012, f"… and {others} more blocks through the same $g$", ha="center", fontsize=9, color="#333")
    box(0.825, 0.49, r"$\Sigma$", (0.014, 0.06), "#ffffff")
    arrow((0.847, 0.49), (0.93 - 0.78 * wide, 0.49))
    picture(0.93, 0.49, output[0, 0], r"$\hat x$", 1.4)
    return figure


def images_page(images: Tensor, columns: int = 6, titles: list[str] | None = None, truth: list[Tensor] | None = None) -> Figure:
    """A page of images (B, 1, N, N) on one scale; `truth` marks positions (n, 2) in each."""
    figure, axes = _grid(len(images), columns)
    scale = _scale([*images[:, 0]])
    for i, axis in enumerate(axes[: len(images)]):
        _show(axis, images[i, 0], titles[i] if titles else "", scale)
        if truth is not None:
            axis.plot(truth[i][:, 1], truth[i][:, 0], "+", color=TRUE, ms=6, mew=1.2)
    _colour_bar(figure, axes, scale)
    return figure


def curves(records: dict[str, dict], metrics: tuple[str, ...] = ("nmse",)) -> Figure:
    """Held-out metrics and the loss of trainings, by label, against minutes."""
    panels = ("training loss", *metrics)
    figure = Figure(figsize=(4.2 * len(panels), 3.1), layout="constrained")
    axes = figure.subplots(1, len(panels), squeeze=False)[0]
    for i, (label, record) in enumerate(records.items()):
        curve, style = record["curve"], {"color": COLOURS[i % len(COLOURS)], "label": label}
        axes[0].plot(np.array(curve["seconds"]) / 60, curve["loss"], **style, lw=1)
        for axis, metric in zip(axes[1:], metrics, strict=True):
            points = [(point["seconds"] / 60, point[metric]) for point in curve["held_out"] if metric in point]
            axis.plot(*np.array(points).reshape(-1, 2).T, "o-", ms=3, lw=1.2, **style)
    for axis, title in zip(axes, panels, strict=True):
        logarithmic = title in ("training loss", "nmse", "rmse_px", "amplitude_error")
        axis.set(xlabel="minutes of training", title=title, yscale="log" if logarithmic else "linear")
        axis.grid(alpha=0.25)
    axes[0].legend(frameon=False, fontsize=8)
    return figure


def save(figure: Figure, path: str | Path) -> None:
    """Write a figure as the file's ending says (png, pdf, svg), whole or not at all."""
    kind = Path(path).suffix.lstrip(".").lower()
    if kind not in figure.canvas.get_supported_filetypes():
        raise BadInput(f"{path}: a picture cannot be written as “.{kind}”; use .png, .pdf or .svg.")
    write_whole(path, writer=lambda file: figure.savefig(file, format=kind, dpi=150, bbox_inches="tight"))


def _sweeps(z: Tensor, block: int, ranges: Tensor, steps: int) -> Tensor:
    """Latents (d0, steps, k, d0): coordinate j of the block takes `steps` values across its range."""
    swept = z[0].repeat(len(ranges), steps, 1, 1)
    for j, (low, high) in enumerate(ranges.tolist()):
        swept[j, :, block, j] = torch.linspace(low, high, steps)
    return swept


def _decompose(model: AtomicAutoencoder, images: Tensor, k: int | None = None) -> Code:
    with torch.inference_mode():
        return Code(*(part.cpu() for part in model.decompose(images.to(_device(model)), k)))


def _by_energy(code: Code) -> list[Tensor]:
    """For each image, the atoms (n, 1, N, N) of the blocks in use, the strongest first."""
    sorted_atoms = []
    for atoms, used in zip(code.atoms, code.used, strict=True):
        order = atoms[used].square().sum(dim=(1, 2, 3)).argsort(descending=True)
        sorted_atoms.append(atoms[used][order])
    return sorted_atoms


def _device(model: AtomicAutoencoder) -> torch.device:
    return next(model.parameters()).device


def _padded_like(image: Tensor, output: Tensor) -> Tensor:
    height, width = image.shape[-2:]
    return torch.nn.functional.pad(image.cpu(), (0, output.shape[-1] - width, 0, output.shape[-2] - height))


def _grid(count: int, columns: int, height: float = 1.3) -> tuple[Figure, list]:
    rows = -(-count // columns)
    figure = Figure(figsize=(1.3 * columns, (height + 0.15) * rows), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False).ravel().tolist()
    for axis in axes[count:]:
        axis.axis("off")
    return figure, axes


def _scale(pictures: list[Tensor]) -> float:
    return max(1e-6, *(float(picture.abs().max()) for picture in pictures))


def _show(axis, picture: Tensor, title: str, scale: float) -> None:
    axis.imshow(picture.cpu().numpy(), cmap=INK, vmin=-scale, vmax=scale, interpolation="nearest")
    _bare(axis, title)


def _bare(axis, title: str) -> None:
    axis.set(xticks=[], yticks=[])
    axis.set_title(title, fontsize=9, pad=3)
    for spine in axis.spines.values():
        spine.set(color="#bbbbbb", linewidth=0.6)


def _mark(axis, truth: Tensor, picture: Tensor) -> None:
    """A ring around each true position (n, 2) where the picture has something."""
    for row, column in truth.tolist():
        if picture[round(row), round(column)].abs() > 0.15:
            axis.plot(column, row, "o", mfc="none", mec=TRUE, ms=10, mew=1.3)


def _colour_bar(figure: Figure, axes: list, scale: float, note: str = "") -> None:
    mappable = figure.axes[0].images[0]
    bar = figure.colorbar(mappable, ax=axes, shrink=0.7, pad=0.01, aspect=30)
    bar.ax.tick_params(labelsize=8)
    bar.outline.set_visible(False)
    if note:
        figure.supxlabel(note, fontsize=9)
