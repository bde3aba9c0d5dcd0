"""The commands of the chapters: find, solvers, bench, claims and ablate, for `python -m atomic_lib` to offer."""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path

from ..errors import BadInput, check_range
from ..files import check_outputs, data_folder, write_json
from ..progress import report
from ..weights import read_record
from . import ablations


def add_to(commands) -> None:
    """Add the commands of the chapters to the parsers of `argparse`."""
    command = offer(commands, "find", find_spots, "spots in a real image, as a table")
    command.add_argument(
        "image", metavar="IMAGE", nargs="?", help="a FITS file, a grey TIFF or PNG; or m13, hybiss, terra"
    )
    command.add_argument("--sigma", type=float, help="width of a spot, px: standard deviation of its Gaussian")
    command.add_argument("--out", metavar="SPOTS.csv", help="write the table here")
    command.add_argument("--picture", metavar="SPOTS.png", help="the image, what was found, and what is left")
    told = "print the table as JSON and nothing else, or write it to a file"
    command.add_argument("--json", nargs="?", const="-", metavar="SPOTS.json", help=told)
    command.add_argument("--threshold", type=float, default=5.0, help="in standard errors of an amplitude (default: 5)")

    command = offer(commands, "solvers", solvers, "compare with known-kernel solvers")
    parts = ("sets", "speed", "range", "m13")
    command.add_argument("--part", choices=parts, help="only this part (default: all, one by one)")
    command.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    command.add_argument("--out", metavar="FILE.json", help="write it to a file; parts that are there already stay")

    command = offer(commands, "bench", bench, "measure speed and memory")
    command.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    command.add_argument("--out", metavar="FILE.json", help="write it to a file, too")
    command.add_argument("--device", default="auto", help="auto, cpu or cuda (default: auto)")

    command = offer(commands, "claims", claims, "what the paper claims, and what holds")
    command.add_argument("--json", action="store_true", help="print one list of JSON objects and nothing else")
    command.add_argument("--measure", action="store_true", help="measure first what was not: minutes")

    command = offer(commands, "ablate", ablate, "compare variants over seeds")
    command.add_argument("name", metavar="ABLATION", nargs="?", help=", ".join(ablations.ABLATIONS))
    command.add_argument("--list", action="store_true", help="list every run, its command, and whether it is done")
    seeds = command.add_mutually_exclusive_group()
    seeds.add_argument("--seeds", type=int, help="how many seeds (default: the ablation's)")
    seeds.add_argument("--seed", type=int, help="only this one")
    command.add_argument("--variant", help="only this one")
    command.add_argument("--device", default="auto", help="auto, cpu or cuda (default: auto)")


def offer(commands, name: str, command: Callable[[argparse.Namespace], None], told: str) -> argparse.ArgumentParser:
    """A command's parser among those of `argparse`: what it says of itself is its function's docstring."""
    parser = commands.add_parser(name, help=told, description=command.__doc__)
    parser.set_defaults(command=command)
    return parser


def find_spots(options: argparse.Namespace) -> None:
    """The spots of an image, of a known width: places, amplitudes and their standard errors, as a table."""
    from .. import figures
    from . import fields, find

    if options.image is None and options.json not in (None, "-"):  # `find --json IMAGE`: the image, not a file to write
        options.image, options.json = options.json, "-"
    if options.image is None:
        raise BadInput("find: no image was named; give a FITS file, a grey TIFF or PNG, or m13, hybiss or terra.")
    outputs = {"--out": options.out, "--picture": options.picture, "--json": options.json}
    outputs = {name: path for name, path in outputs.items() if path is not None}
    if not outputs:
        raise BadInput("find: nowhere to put the spots; give --out SPOTS.csv, --json, or --picture SPOTS.png.")
    check_outputs({name: path for name, path in outputs.items() if path != "-"}, inputs=[options.image])
    known = fields.FIELDS.get(options.image)
    sigma = known.sigma if known and options.sigma is None else options.sigma
    if sigma is None:
        raise BadInput(
            "--sigma: how wide is a spot? Its Gaussian's standard deviation, px, is its full width at half /2.35."
        )
    field = fields.shipped(options.image) if known else fields.read(options.image)
    found = find.find(field, sigma, options.threshold, progress=True)
    if options.out is not None:
        find.write_table(options.out, found)
    if options.picture is not None:
        figures.save(find.picture(field, found), options.picture)
    if options.json is not None:
        write_json(options.json, {"image": options.image, "sigma": sigma, "spots": find.table(found)})
    if options.json != "-":
        flagged, noise = int((found.flag > 0).sum()), float(found.noise.median())
        print(f"{', '.join(outputs.values())}: {len(found.theta)} spots, {flagged} of them flagged; noise {noise:.3g}")


def solvers(options: argparse.Namespace) -> None:
    """Measure the pursuit beside solvers that know the kernel: on spikes, over three decades, on stars put into M13."""
    from . import contest

    if options.out is not None:
        check_outputs({"--out": options.out})
    found: dict[str, object] = {}
    for part in contest.PARTS if options.part is None else [options.part]:
        one = contest.contest(part, lambda line: print(f"solvers: {line}", file=sys.stderr, flush=True))
        found = contest.joined(found, one)
        if options.out is not None:
            before = read_record(options.out) if Path(options.out).exists() else {}
            write_json(options.out, contest.joined(before, one))
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
    from . import bench

    if options.out is not None:
        check_outputs({"--out": options.out})  # minutes before it is written
    found = bench.bench(options.device, progress=lambda line: print(f"bench: {line}", file=sys.stderr))
    if options.out is not None:
        write_json(options.out, found)
    if options.json:
        return print(json.dumps(found))
    for title in ("reference_step", "time_to_jaccard"):
        print(f"\n{title}")
        report(found[title])
    _table("models", [{"weights": name, **speeds} for name, speeds in found["models"].items()])
    _table("growth", found["growth"])


def claims(options: argparse.Namespace) -> None:
    """What the paper claims and what holds, judged by rule from records; with --measure, what they lack is measured."""
    from . import claims, evidence

    if options.measure:
        check_outputs({"--measure": data_folder() / "results" / evidence.MEASURED})
        evidence.measure(progress=lambda name: print(f"claims: measuring {name}", file=sys.stderr))
    found = claims.ledger()
    print(json.dumps([one.as_json() for one in found]) if options.json else claims.printed(found))


def _table(title: str, rows: list[dict]) -> None:
    print(f"\n{title}\n" + "  ".join(f"{name:>14}" for name in rows[0]))
    for row in rows:
        print("  ".join(f"{v:14.4g}" if isinstance(v, float) else f"{v!s:>14}" for v in row.values()))
