"""Where the arithmetic is done: processor or GPU, one process or many."""

import ctypes
import os
import platform
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch import nn

from .errors import BadInput, check_range


@dataclass(frozen=True)
class World:
    """The processes that train together; one, unless started by `torchrun`."""

    rank: int
    size: int
    device: torch.device

    @staticmethod
    def join(device: str) -> "World":
        """Take part in the training that `torchrun` started, if it did; raises `BadInput` if half of that is set."""
        chosen = pick_device(device)
        size, rank = _variable("WORLD_SIZE", 1, 1, 100_000), _variable("RANK", 0, 0, 99_999)
        if rank >= size or (size > 1 and not {"RANK", "MASTER_ADDR", "MASTER_PORT"} <= os.environ.keys()):
            told = f"RANK and WORLD_SIZE of the environment say process {rank} of {size}, and that is not all"
            raise BadInput(f"{told}: unset them to train alone, or start several processes by torchrun.")
        if chosen.type == "cuda":
            if chosen == torch.device("cuda"):  # none of them by number
                chosen = torch.device("cuda", _variable("LOCAL_RANK", 0, 0, torch.cuda.device_count() - 1))
            torch.cuda.set_device(chosen)
        if size > 1 and not dist.is_initialized():
            try:
                dist.init_process_group("nccl" if chosen.type == "cuda" else "gloo")
            except (ValueError, RuntimeError) as error:
                why = str(error).splitlines()[0]
                raise BadInput(f"the {size} processes do not meet ({why}); start them by torchrun.") from None
        return World(rank, size, chosen)

    @property
    def generator(self) -> torch.Generator:
        """The device's global generator, which noise is drawn from too."""
        cuda = self.device.type == "cuda"
        return torch.cuda.default_generators[self.device.index] if cuda else torch.default_generator

    def leave(self) -> None:
        if self.size > 1:
            dist.destroy_process_group()


def _variable(name: str, otherwise: int, low: int, high: int) -> int:
    """A whole number from the environment."""
    said = os.environ.get(name, str(otherwise)).strip()
    value: Any = int(said) if said.isdecimal() else said
    check_range(f"{name} of the environment", value, low, high)
    return value


def pick_device(name: str | torch.device) -> torch.device:
    """ "auto", "cpu", "cuda" or a torch.device of these → a device; raises `BadInput` for one that is not here."""
    kind = name.type if isinstance(name, torch.device) else name
    if kind not in ("auto", "cpu", "cuda"):
        raise BadInput(f"device “{name}” is unknown; use auto, cpu or cuda.")
    if kind == "cuda" and not torch.cuda.is_available():
        raise BadInput("device cuda: this torch sees no CUDA GPU; use --device cpu, or auto.")
    if isinstance(name, torch.device):
        if kind == "cuda":
            check_range("device: number of the GPU", name.index or 0, 0, torch.cuda.device_count() - 1)
        return name
    return torch.device("cuda" if kind != "cpu" and torch.cuda.is_available() else "cpu")


def keep_memory() -> None:
    """Have this process keep the memory of large tensors, up to 1 GB each; numbers stay the same to the bit.

    Else glibc gives it back to Linux each time and gets it anew, cleared: up to two fifths of a training's time. Where
    there is no glibc, or an older one that refuses so large a number, all stays as it was.
    """
    mmap_threshold, trim_threshold = -3, -1  # of mallopt(3)
    try:
        option = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # macOS, musl, Windows
        return
    if option(mmap_threshold, 10**9):
        option(trim_threshold, 2 * 10**9)


def has_bfloat16(device: torch.device) -> bool:
    """Whether this processor or GPU computes in bfloat16 by itself."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return bool(torch.cpu.get_capabilities().get("avx512_bf16", False))


def hardware(world: World) -> str:
    """What trained: processor or GPU, and how many threads or processes."""
    if world.device.type == "cuda":
        return f"{world.size} × {torch.cuda.get_device_name(world.device)}"
    cpuinfo = Path("/proc/cpuinfo")  # Linux; elsewhere platform knows
    names = re.findall(r"model name\s*: (.*)", cpuinfo.read_text()) if cpuinfo.exists() else []
    return f"{world.size} × {torch.get_num_threads()} threads, {[*names, platform.processor()][0]}"


def device_of(module: nn.Module) -> torch.device:
    """Where a module's numbers are; the CPU for one that has none."""
    numbers = next((one for one in (*module.parameters(), *module.buffers())), None)
    return torch.device("cpu") if numbers is None else numbers.device
