"""Where the arithmetic is done: processor or GPU, one process or many."""

import os
import platform
import re
from dataclasses import dataclass
from pathlib import Path

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


def pick_device(name: str | torch.device) -> torch.device:
    """ "auto", "cpu", "cuda" or a torch.device of these → a device; raises `BadInput` for one that is not here."""
    kind = name.type if isinstance(name, torch.device) else name
    if kind not in ("auto", "cpu", "cuda"):
        raise BadInput(f"device “{name}” is unknown; use auto, cpu or cuda.")
    if kind == "cuda" and not torch.cuda.is_available():
        raise BadInput("device cuda: this torch sees no CUDA GPU; use --device cpu, or auto.")
    if isinstance(name, torch.device):
        return name
    return torch.device("cuda" if kind != "cpu" and torch.cuda.is_available() else "cpu")


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
