"""The one training loop: progress, checkpoints, exact resume, one process or many.

A step's randomness depends on the seed, the step and the process alone: a checkpoint needs no state of a random
generator, and a training that was resumed is, to the bit, the one that was not stopped.
"""

import math
import time
from contextlib import nullcontext
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch import nn
from torch.nn.parallel import DistributedDataParallel
from tqdm import tqdm

from .devices import World, device_of, hardware, has_bfloat16
from .errors import BadInput, check, check_range
from .files import locked, named
from .metrics import evaluate
from .optimisers import Optimiser
from .progress import Curve, stop_requests
from .recipes import Recipe
from .weights import check_finite, commit, load_checkpoint, save, save_checkpoint

LOOKS = 20  # held-out evaluations along a training


class Objective(nn.Module):
    """The loss as a module, so that DistributedDataParallel sees one forward call a step."""

    def __init__(self, model: Any, recipe: Recipe):
        super().__init__()
        self.model, self.recipe = model, recipe

    def forward(self, batch, progress: float) -> torch.Tensor:
        device = device_of(self.model)
        with torch.autocast(device.type, torch.bfloat16, enabled=is_mixed(self.recipe, device)):
            return self.recipe.loss(self.model, batch, progress)


def is_mixed(recipe: Recipe, device: torch.device) -> bool:
    """Whether a recipe that allows bfloat16 gets it: an emulated one would be slower than float32."""
    return recipe.bfloat16 and has_bfloat16(device)


class Training:
    """A training under way: model, optimiser, step, seconds and curve; `run` takes it to its end.

    recipe: what to train. seed: of weights and data. device: auto, cpu or cuda. steps: how many, instead of the
    recipe's; or minutes: how long (over all resumed parts). In a `with` statement it leaves the other processes at the
    end. Raises `BadInput` for what cannot be trained.
    """

    def __init__(self, recipe: Recipe, seed=0, device="auto", steps: int | None = None, minutes: float | None = None):
        check("recipe", recipe, Recipe)
        check_range("seed", seed, 0, 2**31 - 1)
        check_range("steps", 1 if steps is None else steps, 1, 10**8)
        check_range("minutes", 1 if minutes is None else minutes, 1e-3, 10**6)
        if steps is not None and minutes is not None:
            raise BadInput(f"steps {steps} and minutes {minutes}: a training ends after one of them; give one.")
        self.recipe, self.seed, self.steps = recipe, int(seed), int(steps or recipe.steps)  # numpy's are not for JSON
        self.minutes = minutes and float(minutes)
        self.length_given = steps is not None or minutes is not None
        self.world = World.join(device)
        if recipe.batch % self.world.size:
            raise BadInput(f"a batch of {recipe.batch} images cannot be shared evenly by {self.world.size} processes.")
        torch.manual_seed(seed)
        self.model = recipe.build().to(self.world.device)
        self.objective: nn.Module = Objective(self.model, recipe)
        if self.world.size > 1:
            self.objective = DistributedDataParallel(self.objective)
        self.optimiser = Optimiser(recipe.optimiser, self.model, recipe.lr, recipe.rest)
        self.step, self.seconds, self.curve = 0, 0.0, Curve()
        self.resumed = False  # whether the checkpoint of the folder is its own

    def __enter__(self) -> "Training":
        return self

    def __exit__(self, *_) -> None:
        self.world.leave()

    @cached_property
    def commit(self) -> str:
        """The commit of the code at the first checkpoint or, without one, at the record."""
        return commit()

    @property
    def progress(self) -> float:
        """0 at the start, 1 at the end: of the steps, or of the minutes."""
        return self.seconds / (60 * self.minutes) if self.minutes else self.step / self.steps

    def run(
        self,
        folder: str | Path | None = None,
        every: float = 180.0,
        progress: bool = True,
        looks: int | tuple[int, ...] = LOOKS,
    ) -> dict:
        """Train to the end and return the record; into `folder` go a checkpoint `every` so many seconds and, at the
        end, the weights and their record.

        Ctrl-C ends the training after the step in hand, with a checkpoint: KeyboardInterrupt. Raises `BadInput` for a
        folder that cannot be written or in which another training is, before the first step; and at the first loss that
        is not finite: the checkpoint before it stays.
        """
        check_range("every", every, 0.0, 1e9)
        for look in looks if isinstance(looks, tuple) else (looks,):
            check_range("looks", look, 1, 10**8)
        with nullcontext() if folder is None or self.world.rank else locked(folder):
            if folder is not None:
                self._begin(named(folder, "the folder"))
            self._train(folder, every, progress, looks)
            self.model.half().float()  # half the size to ship: what is measured is what is written
            check_finite(self.model, f"after step {self.step}")
            record = self.record()
            if folder is not None and self.world.rank == 0:
                save(folder, self.model, record)
        return record

    def _begin(self, folder: Path) -> None:
        """Write the first checkpoint; raises `BadInput` rather than to replace that of another training."""
        if not self.resumed and (folder / "checkpoint.pt").exists() and self.world.rank == 0:
            raise BadInput(f"{folder}: a training is there already; go on with --resume, or name another --out.")
        self.save(folder)
        self.resumed = True

    def _train(self, folder: str | Path | None, every: float, progress: bool, looks: int | tuple[int, ...]) -> None:
        """The steps of `run`, from where the training is to its end."""
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
                if folder is not None and self.seconds - saved >= every:
                    saved = self.seconds
                    self.save(folder)
        if folder is not None:
            self.save(folder)
        if self.progress < 1:
            raise KeyboardInterrupt

    def advance(self) -> float:
        """One step: draw a batch, follow the gradient; returns the loss. Raises `BadInput` if it is not finite."""
        recipe, world = self.recipe, self.world
        for group in self.optimiser.param_groups:
            group["lr"] = self.rate() * group["scale"]
        # the batch, then the noise, are drawn from a stream of this seed, step and process alone
        torch.manual_seed((self.seed * 1_000_003 + self.step) * 1024 + world.rank)
        batch = recipe.data_at(self.progress).batch(recipe.batch // world.size, world.generator)
        value = self.objective(batch, self.progress)
        if not value.isfinite():
            told = f"the training diverged: at step {self.step + 1} the loss is {value.item()}"
            raise BadInput(f"{told}; take a smaller lr, or a clip. The last checkpoint is from before.")
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
        rise = min(1.0, (self.step + 1) / min(self.recipe.warm_up, self.steps))
        return self.recipe.lr * rise * (0.5 + 0.5 * math.cos(math.pi * min(1.0, self.progress)))

    def save(self, folder: str | Path) -> None:
        """Write the checkpoint that `resume` goes on from; raises `BadInput` if the weights are not finite."""
        if self.world.rank:
            return
        path = named(folder, "the folder") / "checkpoint.pt"
        check_finite(self.model, f"{path}, at step {self.step}, is left as it was")
        state = {
            "recipe": self.recipe.as_json(), "seed": self.seed, "step": self.step, "seconds": self.seconds,
            "steps": self.steps, "minutes": self.minutes, "curve": vars(self.curve), "commit": self.commit,
            "model": self.model.state_dict(), "optimiser": self.optimiser.state_dict(),
        }  # fmt: skip
        save_checkpoint(path, state)

    def resume(self, folder: str | Path) -> "Training":
        """Go on from the checkpoint in `folder`; raises `BadInput` if it is of another training."""
        path = named(folder, "the folder") / "checkpoint.pt"
        state = load_checkpoint(path)
        if state["recipe"] != self.recipe or state["seed"] != self.seed:
            that, this = f"“{state['recipe'].name}”, seed {state['seed']}", f"“{self.recipe.name}”, seed {self.seed}"
            apart = self.recipe.apart(state["recipe"])
            why = f" ({apart})" if apart and state["recipe"].name == self.recipe.name else ""
            raise BadInput(f"{path}: a training of {that}, cannot go on as {this}{why}; name another --out.")
        try:
            self.model.load_state_dict(state["model"])
            self.optimiser.load_state_dict(state["optimiser"])
            self.step, self.seconds, self.curve = state["step"], state["seconds"], Curve(**state["curve"])
            self.commit = state["commit"]
        except (LookupError, RuntimeError, TypeError, ValueError) as error:
            raise BadInput(f"{path}: of another version ({type(error).__name__}); name another --out.") from None
        check_range(f"{path}: step", self.step, 0, 10**8)
        check_range(f"{path}: seconds", self.seconds, 0.0, 1e12)
        if not self.length_given:
            self.steps, self.minutes = state["steps"], state["minutes"]
        self.resumed = True
        return self

    def record(self, count: int = 512) -> dict:
        """What ships beside the weights: how they came to be, and how good they are on held-out data."""
        recipe = self.recipe
        metrics = evaluate(self.model.eval(), count=count) if self.world.rank == 0 else {}
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
            check_finite(self.model, f"after step {self.step}")
            found = evaluate(self.model.eval(), count=128)
            self.curve.held_out.append({"step": self.step, "seconds": round(self.seconds, 2), **found})
            self.model.train()
        return time.monotonic() - began

    def _agree(self, value):
        """The first process's value, for all: they must stop at the same step."""
        box = [value]
        if self.world.size > 1:
            dist.broadcast_object_list(box, src=0)
        return box[0]
