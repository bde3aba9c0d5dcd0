"""The command line: python -m atomic_lib train / evaluate / decompose / find / claims / ablate / solvers / bench.

Whatever the user can put right ends in one sentence on standard error and exit status 2.
"""

import argparse
import io
import json
import os
import sys
from pathlib import Path
from typing import Any

import torch

from . import metrics
from .data.pictures import Pictures, from_image
from .data.sample import from_npz
from .data.spikes import Spikes
from .devices import keep_memory
from .errors import BadInput
from .files import check_outputs, write_json
from .progress import report
from .recipes import RECIPES
from .rivals.recipes import NAMED, find
from .studies import commands as studies
from .training import Training
from .weights import load


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    keep_memory()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a pipe need not know the letters of x̂ = Σᵢ g(zᵢ)
    try:
        options = _parser().parse_args(arguments)
        for name, value in vars(options).items():
            if isinstance(value, str) and not value.strip():
                raise BadInput(f"{name}: empty, as a variable that is not set would be; give it, or leave it out.")
        status = options.command(options) or 0
        sys.stdout.flush()
        return status
    except BadInput as problem:
        print(f"atomic_lib: {problem}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # whoever read this has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except OSError as problem:  # a folder that may not be looked into, a full disk behind standard output
        where = "" if problem.filename is None else f"{problem.filename}: "
        print(f"atomic_lib: {where}{problem.strerror or problem}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("atomic_lib: stopped.", file=sys.stderr)
        return 130


def train(options: argparse.Namespace) -> None:
    """Train a recipe; weights, record and checkpoint go into --out."""
    recipe = find(options.recipe)
    if options.images is not None:
        strokes = not isinstance(recipe.data, Spikes)  # digits are centred; spikes keep their place
        own = Pictures(options.images, recipe.data.size, centre=strokes)
        recipe = recipe.replace(name=f"{recipe.name}-own", data=own)
    recipe.data.batch(1, torch.Generator())  # data that cannot be read is refused before anything is written
    out = Path(options.out or f"runs/{recipe.name}-seed{options.seed}")
    with Training(recipe, options.seed, options.device, options.steps, options.minutes) as training:
        if options.resume:
            training.resume(out)
        try:
            record = training.run(out)
        except KeyboardInterrupt:
            note = "the same command with --resume goes on"
            print(f"atomic_lib: stopped after step {training.step}, saved in {out}; {note}.", file=sys.stderr)
            raise
    if training.world.rank == 0:
        print(f"{out}/{recipe.name}.safetensors: {record['steps']} steps, {record['minutes']:.1f} minutes")
        report(record["metrics"])


def evaluate(options: argparse.Namespace) -> None:
    """Measure shipped weights, or a file of weights, on held-out data."""
    model, sample = load(options.weights, options.device), None
    if options.spikes is not None:
        if not isinstance(model.recipe.data, Spikes):
            raise BadInput(f"--spikes measures models of spikes; “{model.recipe.name}” is not one.")
        if options.seed is not None:
            raise BadInput("--seed draws held-out images, --spikes names some: give one of them.")
        sample = from_npz(options.spikes, model.recipe.data.sigma)
    seed = options.seed or 0
    found = metrics.evaluate(model, sample, options.count, seed, options.k, progress=True, refine=options.refine)
    found = {"weights": str(options.weights), **({"seed": seed} if sample is None else {}), **found}
    print(json.dumps(found)) if options.json else report(found)


def decompose(options: argparse.Namespace) -> None:
    """A user's own picture → a figure of input, output and atoms, and the latents."""
    try:
        from . import figures
    except ValueError as error:  # as matplotlib is imported it reads MPLBACKEND
        raise BadInput(f"matplotlib cannot be used ({error}); see what MPLBACKEND says.") from None

    outputs = {"--out": options.out, **({} if options.json in (None, "-") else {"--json": options.json})}
    weights = Path(options.weights)
    check_outputs(outputs, inputs=[options.image, weights, weights.with_suffix(".json")])
    model = load(options.weights, "auto")
    data = model.recipe.data
    centre = getattr(data, "centre", not isinstance(data, Spikes))  # as it was trained
    found = model.decompose(from_image(options.image, model.size, centre), options.k)
    figures.save(figures.decomposition(found), options.out)
    if options.json is not None:
        latents = {"weights": model.recipe.name, "image": str(options.image), "used": found.used[0].tolist()}
        latents["z"] = [[round(value, 6) for value in block] for block in found.z[0].tolist()]
        write_json(options.json, latents)
    if options.json != "-":
        print(f"{options.out}: {int(found.used.sum())} of {found.used.shape[1]} blocks in use")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m atomic_lib", description="Atomic autoencoders: x̂ = Σᵢ g(zᵢ).")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    command = studies.offer(commands, "train", train, "train a recipe")
    command.add_argument("recipe", metavar="RECIPE", help=", ".join([*RECIPES, *NAMED]))
    length = command.add_mutually_exclusive_group()
    length.add_argument("--steps", type=int, help="how many steps (default: the recipe's)")
    length.add_argument("--minutes", type=float, help="how long, instead")
    command.add_argument("--seed", type=int, default=0)
    command.add_argument("--device", default="auto", help="auto, cpu or cuda (default: auto)")
    command.add_argument("--out", help="folder (default: runs/RECIPE-seedS)")
    command.add_argument("--resume", action="store_true", help="go on from the checkpoint in --out")
    command.add_argument("--images", metavar="FOLDER", help="train on your own pictures, or on a copy of HWD+")

    command = studies.offer(commands, "evaluate", evaluate, "measure weights")
    command.add_argument("weights", metavar="NAME|FILE", help="shipped weights, or a .safetensors file")
    command.add_argument("--seed", type=int, help="of the held-out images (default: 0)")
    command.add_argument("--count", type=int, help="how many images (default: 512 of spikes, all 10,000 test digits)")
    command.add_argument("--device", default="auto", help="auto, cpu or cuda (default: auto)")
    command.add_argument("--json", action="store_true", help="print one flat JSON object and nothing else")
    command.add_argument("--spikes", metavar="FILE.npz", help="images (B,N,N), amplitudes (B,k), positions (B,k,2)")
    command.add_argument("--k", type=int, help="how many blocks a pursuit may use")
    steps: dict[str, Any] = {"type": int, "nargs": "?", "const": 5, "default": 0, "metavar": "STEPS"}
    command.add_argument("--refine", **steps, help="improve the latents against each image first (default: 5 steps)")

    command = studies.offer(commands, "decompose", decompose, "take a picture apart")
    command.add_argument("image", metavar="IMAGE", help="any picture file")
    command.add_argument("--weights", required=True, metavar="NAME|FILE")
    command.add_argument("--out", required=True, metavar="PICTURE.png")
    told = "print the latents as JSON and nothing else, or write them to a file"
    command.add_argument("--json", nargs="?", const="-", metavar="LATENTS.json", help=told)
    command.add_argument("--k", type=int, help="how many blocks a pursuit may use")
    studies.add_to(commands)
    return parser


if __name__ == "__main__":
    sys.exit(main())
