"""Where the arithmetic is done: what the machine is asked to do otherwise."""

import os
import platform
import subprocess
import sys

import pytest

FAULTS = """
import resource, sys, torch
from atomic_lib.devices import keep_memory
if "keep" in sys.argv:
    keep_memory()
faults = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_minflt
torch.ones(2**24)
before = faults()
for _ in range(8):
    torch.ones(2**24)
print(faults() - before)
"""


@pytest.mark.slow
@pytest.mark.skipif(platform.libc_ver() < ("glibc", "2.36"), reason="a C library that may refuse it")
def test_the_memory_of_large_tensors_is_kept():
    plain = {name: value for name, value in os.environ.items() if not name.startswith("MALLOC_")}
    runs = [[sys.executable, "-c", FAULTS, *words] for words in ([], ["keep"])]
    anew, kept = (int(subprocess.check_output(run, env=plain, text=True)) for run in runs)
    assert kept < anew / 4
