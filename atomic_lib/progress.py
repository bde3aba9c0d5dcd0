"""What a training tells of itself, and how it is asked to stop."""

import signal
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field

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
        self.steps.append(step)
        self.seconds.append(round(seconds, 2))
        self.loss.append(float(f"{value:.5g}"))
        if len(self.steps) >= POINTS:
            self.stride *= 2
            self.steps, self.seconds = self.steps[1::2], self.seconds[1::2]
            self.loss = [float(f"{(a + b) / 2:.5g}") for a, b in zip(self.loss[::2], self.loss[1::2], strict=False)]


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


def report(found: dict) -> None:
    """Print named values, one a line."""
    width = max(map(len, found), default=0)
    for name, value in found.items():
        print(f"{name:{width}}  {value:.4g}" if isinstance(value, float) else f"{name:{width}}  {value}")
