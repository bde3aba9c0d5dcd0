"""How fast: everything is measured in one run on the machine at hand, and speeds are ratios within that run."""

import json
import os
import re
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from ..data.spikes import Spikes
from ..devices import World, hardware, has_bfloat16, keep_memory, pick_device
from ..errors import BadInput
from ..files import data_folder
from ..model.autoencoder import AtomicAutoencoder
from ..model.decoders import ReferenceDecoder
from ..recipes import find
from ..training import Training
from ..weights import commit, load, shipped

GROWING = {"k": (5, 10, 20, 40, 80), "size": (64, 128, 256)}  # around k = 10, N = 128, in batches of 16
RECIPES = ("spikes-paper", "spikes-plain", "spikes-pursuit")
GOAL = 0.8  # the jaccard that recipes are timed to


def bench(device: str = "auto", progress: Callable[[str], None] = lambda line: None) -> dict:
    """All measurements as plain data: machine, reference_step, models, growth, time_to_jaccard.

    Seconds a step, the least of some; images a second; MB of memory that a training takes at its peak, each measured in
    a process of its own.
    """
    where = pick_device(device)
    models = {name: load(name, where) for name in shipped()}
    if not models:
        raise BadInput(f"{data_folder()}: there are no weights to measure; restore them with `git checkout data`.")
    for model in models.values():
        model.recipe.data.held_out(1)  # data that is missing is refused now, not minutes later
    found: dict[str, Any] = {"machine": hardware(World(0, 1, where)), "torch": torch.__version__, "commit": commit()}
    progress("a training step of the reference recipe")
    found["reference_step"] = reference_step(where)
    progress("images a second of the shipped weights")
    found["models"] = {name: throughput(model) for name, model in models.items()}
    found["growth"] = []
    for recipe in RECIPES:
        for what, values in GROWING.items():
            for value in values:
                progress(f"{recipe}, {what} = {value}")
                point = {"k": 10, "size": 128, what: value}
                cost = apart(step_cost, recipe, where.type, point["k"], point["size"])
                found["growth"].append({"recipe": recipe, "along": what, **point, **cost})
    found["time_to_jaccard"] = {name: time_to_jaccard(models[name].record) for name in RECIPES if name in models}
    return found


def reference_step(device: torch.device, batch: int = 64, repeats: int = 3) -> dict:
    """Seconds of a training step of `spikes-paper`: as released (k decoder calls), and ours; and their ratios."""
    ways = ("released", "float32", *(["bfloat16"] if has_bfloat16(device) else []))
    found = {way: apart(step_of, way, device.type, batch, repeats) for way in ways}
    return found | {f"{way}_speedup": found["released"] / found[way] for way in ways[1:]}


def step_of(way: str, device: str, batch: int, repeats: int) -> float:
    """Seconds of that step in one way; as released, with torch's memory as it comes, too."""
    training = Training(find("spikes-paper").replace(batch=batch, bfloat16=way == "bfloat16"), 0, device)
    if way == "released":
        training.model.g.__class__ = Released
    else:
        keep_memory()
    return seconds(training.advance, training.world.device, repeats)


class Released(ReferenceDecoder):
    """The same g computed as the authors' code does it: k calls, for as many blocks each as there are images."""

    def forward(self, z: Tensor) -> Tensor:
        return torch.cat([as_released(self, blocks) for blocks in z.chunk(find("spikes-paper").k)])


def as_released(g: ReferenceDecoder, z: Tensor) -> Tensor:
    """g(z) layer by layer: conv 3×3, nearest ×2, LeakyReLU, conv 3×3, LeakyReLU."""
    x = g.linear(z)
    for narrow, wide in g.stages:
        x = F.leaky_relu(F.interpolate(narrow(x), scale_factor=2), 0.2)
        x = F.leaky_relu(wide(x), 0.2)
    return x


def throughput(model: AtomicAutoencoder, count: int = 64) -> dict:
    """Images a second that a model encodes, decodes and refines by one step, in a batch of held-out images (a quarter
    of it to refine, which takes memory)."""
    device = model.device
    images = model.recipe.data.held_out(count).images.to(device)
    with torch.no_grad():
        z, used = model.encode(images)
        encode = seconds(lambda: model.encode(images), device, 3)
        decode = seconds(lambda: model.decode(z, used), device, 3)
        some = slice(count // 4)
        refine = seconds(lambda: model.refine(images[some], z[some], 1, used[some]), device, 3)
    return {"encoded": count / encode, "decoded": count / decode, "refined": count // 4 / refine}


def step_cost(recipe: str, device: str, k: int, size: int, batch: int = 16) -> dict:
    """Seconds of a training step, and MB of memory that the process held at its peak (torch itself included)."""
    keep_memory()
    # A pursuit that has learned nothing yet goes on to its k: this is the dearest step.
    chosen = find(recipe).replace(k=k, data=Spikes(size=size), batch=batch, deepen=False)
    training = Training(chosen, 0, device)
    where = training.world.device
    return {"seconds": seconds(training.advance, where, 2), "mb": _peak_mb(where)}


def apart(work: Callable, *given: str | int) -> Any:
    """What a function of this module says, in a process of its own: peaks of memory do not hide each other."""
    call = f"bench.{work.__name__}{given!r}"
    code = f"import json; from atomic_lib.studies import bench; print(json.dumps({call}))"
    plain = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=plain)
    if done.returncode:
        why = (done.stderr.strip().splitlines() or ["killed"])[-1]
        raise BadInput(f"bench: a step ({', '.join(map(str, given))}) did not finish on this machine ({why}).")
    return json.loads(done.stdout)


def seconds(work: Callable, device: torch.device, repeats: int) -> float:
    """The least wall-clock seconds of some calls, after one to warm up."""

    def once() -> float:
        began = time.perf_counter()
        work()
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        return time.perf_counter() - began

    once()
    return min(once() for _ in range(repeats))


def time_to_jaccard(record: dict | None, goal: float = GOAL) -> float | None:
    """Minutes of training until held-out images reached that jaccard; None if they never did."""
    curve = [] if record is None else record["curve"]["held_out"]
    reached = (point["seconds"] for point in curve if point.get("jaccard", 0) >= goal)
    return next((second / 60 for second in reached), None)


def _peak_mb(device: torch.device) -> float:
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 1e6
    status = Path("/proc/self/status")  # Linux's ru_maxrss would be the parent's, handed down
    if status.exists():
        (peak,) = re.findall(r"VmHWM:\s*(\d+) kB", status.read_text())
        return int(peak) * 1024 / 1e6
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6  # macOS: bytes
