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
from .errors import BadInput, check_range
from .files import check_outputs, data_folder, write_json
from .recipes import RECIPES
from .rivals.recipes import RIVALS, find
from .studies import ablations
from .training import Training
from .weights import load, read_record


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit status."""
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
        _report(record["metrics"])


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
    print(json.dumps(found)) if options.json else _report(found)


def decompose(options: argparse.Namespace) -> None:
    """A user's own picture → a figure of input, output and atoms, and the latents."""
    try:
        from . import figures
    except ValueError as error:  # as matplotlib is imported it reads MPLBACKEND
        raise BadInput(f"matplotlib cannot be used ({error}); see what MPLBACKEND says.") from None

    outputs = {"--out": options.out, **({} if options.json is None else {"--json": options.json})}
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
    print(f"{options.out}: {int(found.used.sum())} of {found.used.shape[1]} blocks in use")


def find_spots(options: argparse.Namespace) -> None:
    """The spots of an image, of a known width: places, amplitudes and their standard errors, as a table."""
    from . import figures
    from .data import fields
    from .studies import find

    outputs = {"--out": options.out, "--picture": options.picture, "--json": options.json}
    check_outputs({name: path for name, path in outputs.items() if path is not None}, inputs=[options.image])
    known = fields.FIELDS.get(options.image)
    sigma = known.sigma if known and options.sigma is None else options.sigma
    if sigma is None:
        raise BadInput(
            "--sigma: how wide is a spot? Its Gaussian's standard deviation, px, is its full width at half /2.35."
        )
    field = fields.shipped(options.image) if known else fields.read(options.image)
    found = find.find(field, sigma, options.threshold, progress=True)
    find.write_table(options.out, found)
    if options.json is not None:
        write_json(options.json, {"image": options.image, "sigma": sigma, "spots": find.table(found)})
    if options.picture is not None:
        figures.save(find.picture(field, found), options.picture)
    flagged = int((found.flag > 0).sum())
    print(
        f"{options.out}: {len(found.theta)} spots, {flagged} of them flagged; noise {float(found.noise.median()):.3g}"
    )


def solvers(options: argparse.Namespace) -> None:
    """Measure the pursuit beside solvers that know the kernel: on spikes, over three decades, on stars put into M13."""
    from .studies import contest

    if options.out is not None:
        check_outputs({"--out": options.out})
    found: dict[str, object] = {}
    for part in contest.PARTS if options.part is None else [options.part]:
        found |= contest.contest(part, lambda line: print(f"solvers: {line}", file=sys.stderr, flush=True))
        if options.out is not None:
            before = read_record(options.out) if Path(options.out).exists() else {}
            write_json(options.out, before | found)
    if options.json or options.out is None:
        print(json.dumps(found))


def ablate(options: argparse.Namespace) -> None:
    """Train the variants of an ablation from several seeds; what is recorded is passed over, what stopped goes on."""
    listing = options.list or options.name is None
    for name in ablations.ABLATIONS if options.name is None else [options.name]:
        ablation, seeds = ablations.find(name), [options.seed]
        if options.seed is None:
            check_range("seeds", ablation.seeds if options.seeds is None else options.seeds, 1, 1000)
            seeds = list(range(ablation.first, ablation.first + (options.seeds or ablation.seeds)))
        check_range("seed", seeds[0], 0, 2**31 - 1)
        variants = ablation.variants if options.variant is None else [options.variant]
        paths = {(variant, seed): ablations.result_path(name, variant, seed) for seed in seeds for variant in variants}
        if listing:
            print(f"{name}: {ablation.question}")
        for (variant, seed), path in paths.items():
            done = ablations.is_recorded(name, variant, seed)
            if listing:
                print(f"  {'done' if done else '    '}  {ablations.command(name, variant, seed)}")
            elif done:
                print(f"{path}: recorded already")
            else:
                metrics = ablations.run(name, variant, seed, options.device)["metrics"]
                print(f"{path}: " + ", ".join(f"{w} {metrics[w]:.3f}" for w in ("jaccard", "nmse") if w in metrics))


def bench(options: argparse.Namespace) -> None:
    """Measure speed and memory on this machine: the reference step, shipped weights, growth with k and N."""
    from .studies import bench

    if options.out is not None:
        check_outputs({"--out": options.out})  # minutes before it is written
    found = bench.bench(options.device, progress=lambda line: print(f"bench: {line}", file=sys.stderr))
    if options.out is not None:
        write_json(options.out, found)
    if options.json:
        return print(json.dumps(found))
    for title in ("reference_step", "time_to_jaccard"):
        print(f"\n{title}")
        _report(found[title])
    _table("models", [{"weights": name, **speeds} for name, speeds in found["models"].items()])
    _table("growth", found["growth"])


def claims(options: argparse.Namespace) -> None:
    """What the paper claims and what holds, judged by rule from records; with --measure, what they lack is measured."""
    from .studies import claims, evidence

    if options.measure:
        check_outputs({"--measure": data_folder() / "results" / evidence.MEASURED})
        evidence.measure(progress=lambda name: print(f"claims: measuring {name}", file=sys.stderr))
    found = claims.ledger()
    print(json.dumps([one.as_json() for one in found]) if options.json else claims.printed(found))


def _report(found: dict) -> None:
    width = max(map(len, found), default=0)
    for name, value in found.items():
        print(f"{name:{width}}  {value:.4g}" if isinstance(value, float) else f"{name:{width}}  {value}")


def _table(title: str, rows: list[dict]) -> None:
    print(f"\n{title}\n" + "  ".join(f"{name:>14}" for name in rows[0]))
    for row in rows:
        print("  ".join(f"{v:14.4g}" if isinstance(v, float) else f"{v!s:>14}" for v in row.values()))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m atomic_lib", description="Atomic autoencoders: x̂ = Σᵢ g(zᵢ).")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    command = commands.add_parser("train", help="train a recipe", description=train.__doc__)
    command.set_defaults(command=train)
    command.add_argument("recipe", metavar="RECIPE", help=", ".join([*RECIPES, *RIVALS]))
    length = command.add_mutually_exclusive_group()
    length.add_argument("--steps", type=int, help="how many steps (default: the recipe's)")
    length.add_argument("--minutes", type=float, help="how long, instead")
    command.add_argument("--seed", type=int, default=0)
    command.add_argument("--device", default="auto", help="auto, cpu or cuda (default: auto)")
    command.add_argument("--out", help="folder (default: runs/RECIPE-seedS)")
    command.add_argument("--resume", action="store_true", help="go on from the checkpoint in --out")
    command.add_argument("--images", metavar="FOLDER", help="train on your own pictures, or on a copy of HWD+")

    command = commands.add_parser("evaluate", help="measure weights", description=evaluate.__doc__)
    command.set_defaults(command=evaluate)
    command.add_argument("weights", metavar="NAME|FILE", help="shipped weights, or a .safetensors file")
    command.add_argument("--seed", type=int, help="of the held-out images (default: 0)")
    command.add_argument("--count", type=int, help="how many images (default: 512 of spikes, all 10,000 test digits)")
    command.add_argument("--device", default="auto", help="auto, cpu or cuda (default: auto)")
    command.add_argument("--json", action="store_true", help="print one flat JSON object and nothing else")
    command.add_argument("--spikes", metavar="FILE.npz", help="images (B,N,N), amplitudes (B,k), positions (B,k,2)")
    command.add_argument("--k", type=int, help="how many blocks a pursuit may use")
    steps: dict[str, Any] = {"type": int, "nargs": "?", "const": 5, "default": 0, "metavar": "STEPS"}
    command.add_argument("--refine", **steps, help="improve the latents against each image first (default: 5 steps)")

    command = commands.add_parser("decompose", help="take a picture apart", description=decompose.__doc__)
    command.set_defaults(command=decompose)
    command.add_argument("image", metavar="IMAGE", help="any picture file")
    command.add_argument("--weights", required=True, metavar="NAME|FILE")
    command.add_argument("--out", required=True, metavar="PICTURE.png")
    command.add_argument("--json", metavar="LATENTS.json", help="write the latents here too")
    command.add_argument("--k", type=int, help="how many blocks a pursuit may use")
    _add_studies(commands)
    return parser


def _add_studies(commands) -> None:
    command = commands.add_parser("find", help="spots in a real image, as a table", description=find_spots.__doc__)
    command.set_defaults(command=find_spots)
    command.add_argument("image", metavar="IMAGE", help="a FITS file, a grey TIFF or PNG; or m13, hybiss, terra")
    command.add_argument("--sigma", type=float, help="width of a spot, px: standard deviation of its Gaussian")
    command.add_argument("--out", required=True, metavar="SPOTS.csv")
    command.add_argument("--picture", metavar="SPOTS.png", help="the image, what was found, and what is left")
    command.add_argument("--json", metavar="SPOTS.json", help="write the table here too")
    command.add_argument("--threshold", type=float, default=5.0, help="in standard errors of an amplitude (default: 5)")

    command = commands.add_parser("solvers", help="compare with known-kernel solvers", description=solvers.__doc__)
    command.set_defaults(command=solvers)
    command.add_argument("--part", choices=("sets", "range", "m13"), help="only this part (default: all, one by one)")
    command.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    command.add_argument("--out", metavar="FILE.json", help="write it to a file; parts that are there already stay")

    command = commands.add_parser("bench", help="measure speed and memory", description=bench.__doc__)
    command.set_defaults(command=bench)
    command.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    command.add_argument("--out", metavar="FILE.json", help="write it to a file, too")
    command.add_argument("--device", default="auto", help="auto, cpu or cuda (default: auto)")

    command = commands.add_parser("claims", help="what the paper claims, and what holds", description=claims.__doc__)
    command.set_defaults(command=claims)
    command.add_argument("--json", action="store_true", help="print one list of JSON objects and nothing else")
    command.add_argument("--measure", action="store_true", help="measure first what was not: minutes")

    command = commands.add_parser("ablate", help="compare variants over seeds", description=ablate.__doc__)
    command.set_defaults(command=ablate)
    command.add_argument("name", metavar="ABLATION", nargs="?", help=", ".join(ablations.ABLATIONS))
    command.add_argument("--list", action="store_true", help="list every run, its command, and whether it is done")
    seeds = command.add_mutually_exclusive_group()
    seeds.add_argument("--seeds", type=int, help="how many seeds (default: the ablation's)")
    seeds.add_argument("--seed", type=int, help="only this one")
    command.add_argument("--variant", help="only this one")
    command.add_argument("--device", default="auto", help="auto, cpu or cuda (default: auto)")


if __name__ == "__main__":
    sys.exit(main())
