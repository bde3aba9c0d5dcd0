"""What went wrong with a spike, told from decompositions made to go wrong in one way each."""

import torch
from stand_ins import oracle

from atomic_lib.data import Sample, Spikes
from atomic_lib.gaussians import render
from atomic_lib.studies.faults import KINDS, fault_counts, fault_rows

DATA = Spikes(size=64, sigma=2.0, k=2)


def atom(amplitude, row, column):
    return render(torch.tensor([[[amplitude, row, column]]], dtype=torch.float32), 64, DATA.sigma)[0]


def counts(*atoms):
    theta = torch.tensor([[[1.0, 20, 20], [0.8, 40, 40]]])
    sample = Sample(render(theta, 64, DATA.sigma), theta, DATA.sigma, DATA.detection)
    found = fault_counts(oracle(torch.stack(atoms)[None]), sample)
    return {kind: count for kind, count in found.items() if count}


ONE, TWO = atom(1, 20, 20), atom(0.8, 40, 40)


def test_each_fault_has_its_name():
    assert counts(ONE, TWO) == {"found": 2}
    assert counts(ONE, 0 * TWO) == {"found": 1, "missed": 1}
    assert counts(ONE + 0.9 * TWO, 0.1 * TWO) == {"found": 1, "merged": 1}
    assert counts(ONE, 0.3 * TWO, 0.3 * TWO, 0.3 * TWO) == {"found": 1, "split": 1}
    assert counts(ONE, atom(0.8, 42.5, 40)) == {"found": 1, "misplaced": 1, "invented": 1}
    assert counts(ONE, 0.5 * TWO, 0.5 * TWO) == {"found": 2, "twice": 1}
    assert counts(ONE, TWO, atom(0.5, 10, 50)) == {"found": 2, "invented": 1}


def test_what_is_not_found_is_the_sum_of_its_reasons():
    """A table has one meaning for each of its words: all true spikes are found or not found."""
    counted = dict(zip(KINDS, (7, 1, 2, 3, 4, 5, 6), strict=True))
    rows = {row["spikes"]: row["one"] for row in fault_rows({"one": counted})}
    assert (rows["found"], rows["not found"], rows["claimed too often"]) == (7, 1 + 2 + 3 + 4, 5 + 6)
    assert len(rows) == 3 + 6
