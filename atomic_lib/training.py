"""The one training loop: progress, checkpoints, exact resume, one process or many.

A step's randomness depends on the seed, the step and the process alone: a checkpoint needs no state of a random
generator, and a training that was resumed is, to the bit, the one that was not stopped.
"""

import math
import os
import platform
import re
import signal
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel
from tqdm import tqdm

from . import checkpoints
from .errors import BadInput, check_range
from .metrics import evaluate
from .model import AtomicAutoencoder, loss
from .optimisers import Optimiser
from .recipes import Recipe

WARM_UP = 200  # steps over which the rate rises; fewer in a short run
LOOKS = 20  # held-out evaluations along a training
POINTS = 500  # most points of a recorded curve


@dataclass
class Curve:
    """What a training looked like: the loss, each a mean over `stride` steps, and held-out metrics."""

    steps: list[int] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    loss: list[float] = field(default_factory=list)
    held_out: list[dict] = field(default_factory=list)
    stride: int = 10

    def add(self, step: int, seconds: float, value: float) -> None:
        """Add one point (a mean loss); when there are too many, neighbours are averaged in pairs."""
        self.steps.append(step), self.seconds.append(round(seconds, 2)), self.loss.append(float(f"{value:.5g}"))
        if len(self.steps) >= POINTS:
            self.stride *= 2
            self.steps, self.seconds = self.steps[1::2], self.seconds[1::2]
            self.loss = [float(f"{(a + b) / 2:.5g}") for a, b in zip(self.loss[::2], self.loss[1::2], strict=False)]


@dataclass(frozen=True)
class World:
    """The processes that train together; one, unless started by `torchrun`."""

    rank: int
    size: int
    device: torch.device

    @staticmethod
    def join(device: str) -> "World":
        rank, size = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
        chosen = pick_device(device)
        if chosen.type == "cuda":
            local = int(os.environ.get("LOCAL_RANK", 0))
            check_range("processes on this machine: GPU number", local, 0, torch.cuda.device_count() - 1)
            chosen = torch.device("cuda", local)
            torch.cuda.set_device(chosen)
        if size > 1 and not dist.is_initialized():
            dist.init_process_group("nccl" if chosen.type == "cuda" else "gloo")
        return World(rank, size, chosen)

    @property
    def generator(self) -> torch.Generator:
        """The device's global generator, which noise is drawn from too."""
        cuda = self.device.type == "cuda"
        return torch.cuda.default_generators[self.device.index] if cuda else torch.default_generator

    def leave(self) -> None:
        if self.size > 1:
            dist.destroy_process_group()


def pick_device(name: str) -> torch.device:
    """ "auto", "cpu" or "cuda" → a device; raises `BadInput` for cuda where there is none."""
    if name not in ("auto", "cpu", "cuda"):
        raise BadInput(f"device “{name}” is unknown; use auto, cpu or cuda.")
    if name == "cuda" and not torch.cuda.is_available():
        raise BadInput("device cuda: this torch sees no CUDA GPU; use --device cpu, or auto.")
    return torch.device("cuda" if name != "cpu" and torch.cuda.is_available() else "cpu")


class Objective(nn.Module):
    """The loss as a module, so that DistributedDataParallel sees one forward call a step."""

    def __init__(self, model: AtomicAutoencoder):
        super().__init__()
        self.model = model

    def forward(self, images: torch.Tensor, depth: int) -> torch.Tensor:
        recipe, device = self.model.recipe, images.device
        with torch.autocast(device.type, torch.bfloat16, enabled=is_mixed(recipe, device)):
            return loss(self.model, images, depth, recipe.relative)


def is_mixed(recipe: Recipe, device: torch.device) -> bool:
    """Whether a recipe that allows bfloat16 gets it: an emulated one would be slower than float32."""
    return recipe.bfloat16 and has_bfloat16(device)


def has_bfloat16(device: torch.device) -> bool:
    """Whether this processor or GPU computes in bfloat16 by itself."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return bool(torch.cpu.get_capabilities().get("avx512_bf16", False))


class Training:
    """A training under way: model, optimiser, step, seconds and curve; `run` takes it to its end.

    recipe: what to train. seed: of weights and data. device: auto, cpu or cuda. steps: how many, instead of the
    recipe's; or minutes: how long (over all resumed parts).
    """

    def __init__(self, recipe: Recipe, seed=0, device="auto", steps: int | None = None, minutes: float | None = None):
        check_range("seed", seed, 0, 2**31 - 1)
        check_range("steps", 1 if steps is None else steps, 1, 10**8)
        check_range("minutes", 1 if minutes is None else minutes, 1e-3, 10**6)
        self.recipe, self.seed, self.steps, self.minutes = recipe, seed, steps or recipe.steps, minutes
        self.length_given = steps is not None or minutes is not None
        self.world = World.join(device)
        if recipe.batch % self.world.size:
            raise BadInput(f"a batch of {recipe.batch} images cannot be shared evenly by {self.world.size} processes.")
        torch.manual_seed(seed)
        self.model = recipe.build().to(self.world.device)
        self.objective = Objective(self.model)
        if self.world.size > 1:
            self.objective = DistributedDataParallel(self.objective)
        self.optimiser = Optimiser(recipe.optimiser, self.model, recipe.lr)
        self.step, self.seconds, self.curve, self.commit = 0, 0.0, Curve(), checkpoints.commit()

    @property
    def progress(self) -> float:
        """0 at the start, 1 at the end: of the steps, or of the minutes."""
        return self.seconds / (60 * self.minutes) if self.minutes else self.step / self.steps

    def run(
        self, folder: str | Path | None = None, every: float = 180.0, progress: bool = True,
        looks: int | tuple[int, ...] = LOOKS,
    ) -> dict:  # fmt: skip
        """Train to the end and return the record; into `folder` go a checkpoint `every` so many seconds and, at the
        end, the weights and their record. looks: how many held-out evaluations there are, or after which steps.

        Ctrl-C ends the training after the step in hand, with a checkpoint: KeyboardInterrupt.
        """
        self.model.train()
        began, saved, looked, recent = time.monotonic() - self.seconds, self.seconds, self.progress, []
        total, quiet = None if self.minutes else self.steps, not progress or self.world.rank > 0
        bar = tqdm(total=total, initial=self.step, unit="step", disable=quiet)
        with stop_requests() as stop, bar:
            while self.progress < 1 and not self._agree(stop.is_set()):
                recent.append(self.advance())
                self.seconds = self._agree(time.monotonic() - began)
                if len(recent) >= self.curve.stride or self.progress >= 1:
                    mean, recent = sum(recent) / len(recent), []
                    self.curve.add(self.step, self.seconds, mean)
                    bar.set_postfix(loss=f"{mean:.4f}", rate=f"{self.rate():.1e}", done=f"{self.progress:.0%}")
                bar.update()
                if self.step in looks if isinstance(looks, tuple) else self.progress - looked >= 1 / looks:
                    looked = self.progress
                    began += self._look()  # the clock of the training stands still meanwhile
                if folder and self.seconds - saved >= every:
                    saved = self.seconds
                    self.save(folder)
        if folder:
            self.save(folder)
        if self.progress < 1:
            raise KeyboardInterrupt
        self.model.half().float()  # half the size to ship: what is measured is what is written
        record = self.record()
        if folder and self.world.rank == 0:
            checkpoints.save(folder, self.model, record)
        return record

    def advance(self) -> float:
        """One step: draw a batch, follow the gradient; returns the loss."""
        recipe, world = self.recipe, self.world
        for group in self.optimiser.param_groups:
            group["lr"] = self.rate() * group["scale"]
        if recipe.noise:
            self.model.encoder.latents.noise = recipe.noise + (recipe.noise_end - recipe.noise) * self.progress
        # the batch, then the noise, are drawn from a stream of this seed, step and process alone
        torch.manual_seed((self.seed * 1_000_003 + self.step) * 1024 + world.rank)
        images = recipe.data.batch(recipe.batch // world.size, world.generator)
        value = self.objective(images, recipe.depth(self.progress))
        self.optimiser.zero_grad(set_to_none=True)
        value.backward()
        if recipe.clip:
            nn.utils.clip_grad_norm_(self.model.parameters(), recipe.clip)
        self.optimiser.step()
        self.step += 1
        return value.item()

    def rate(self) -> float:
        """The learning rate of the step at hand; Adam's beside Muon keeps its own proportion to it."""
        if self.recipe.schedule == "constant":
            return self.recipe.lr
        rise = min(1.0, (self.step + 1) / min(WARM_UP, self.steps))
        return self.recipe.lr * rise * (0.5 + 0.5 * math.cos(math.pi * min(1.0, self.progress)))

    def save(self, folder: str | Path) -> None:
        """Write the checkpoint that `resume` goes on from."""
        if self.world.rank:
            return
        state = {
            "recipe": self.recipe.as_json(), "seed": self.seed, "step": self.step, "seconds": self.seconds,
            "steps": self.steps, "minutes": self.minutes, "curve": vars(self.curve), "commit": self.commit,
            "model": self.model.state_dict(), "optimiser": self.optimiser.state_dict(),
        }  # fmt: skip
        checkpoints.write_whole(Path(folder) / "checkpoint.pt", writer=lambda file: torch.save(state, file))

    def resume(self, folder: str | Path) -> "Training":
        """Go on from the checkpoint in `folder`; raises `BadInput` if it is of another training."""
        path = Path(folder) / "checkpoint.pt"
        state = checkpoints.load_checkpoint(path)
        if state["recipe"] != self.recipe or state["seed"] != self.seed:
            that, this = f"“{state['recipe'].name}”, seed {state['seed']}", f"“{self.recipe.name}”, seed {self.seed}"
            raise BadInput(f"{path}: a training of {that}, cannot go on as {this} as it is now; name another --out.")
        self.model.load_state_dict(state["model"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step, self.seconds, self.curve = state["step"], state["seconds"], Curve(**state["curve"])
        self.commit = state.get("commit", self.commit)
        if not self.length_given:
            self.steps, self.minutes = state["steps"], state["minutes"]
        return self

    def record(self, count: int = 512) -> dict:
        """What ships beside the weights: how they came to be, and how good they are on held-out data."""
        recipe = self.recipe
        metrics = evaluate(self.model.eval(), recipe.data, count) if self.world.rank == 0 else {}
        precision = "bfloat16" if is_mixed(recipe, self.world.device) else "float32"
        return {
            "name": recipe.name, "recipe": recipe.as_json(), "seed": self.seed,
            "steps": self.step, "short_run": self.step < recipe.steps, "minutes": round(self.seconds / 60, 2),
            "hardware": hardware(self.world), "precision": precision, "stored": "float16", "torch": torch.__version__,
            "commit": self.commit, "curve": vars(self.curve), "metrics": metrics,
        }  # fmt: skip

    def _look(self) -> float:
        """Add held-out metrics on a few images to the curve; returns the seconds that it took."""
        began = time.monotonic()
        if self.world.rank == 0:
            found = evaluate(self.model.eval(), self.recipe.data, count=128)
            self.curve.held_out.append({"step": self.step, "seconds": round(self.seconds, 2), **found})
            self.model.train()
        return time.monotonic() - began

    def _agree(self, value):
        """The first process's value, for all: they must stop at the same step."""
        box = [value]
        if self.world.size > 1:
            dist.broadcast_object_list(box, src=0)
        return box[0]


def hardware(world: World) -> str:
    """What trained: processor or GPU, and how many threads or processes."""
    if world.device.type == "cuda":
        return f"{world.size} × {torch.cuda.get_device_name(world.device)}"
    cpuinfo = Path("/proc/cpuinfo")  # Linux; elsewhere platform knows
    names = re.findall(r"model name\s*: (.*)", cpuinfo.read_text()) if cpuinfo.exists() else []
    return f"{world.size} × {torch.get_num_threads()} threads, {[*names, platform.processor()][0]}"


@contextmanager
def stop_requests():
    """An event that Ctrl-C and SIGTERM set, instead of breaking into the middle of a step."""
    stop = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
