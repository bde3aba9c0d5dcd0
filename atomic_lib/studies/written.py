"""Networks that learned strokes from digits, on characters whose strokes are known: `python -m …studies.written`.

Writes data/results/written.json: what the shipped networks for digits, atomic and not, and an NMF of digits, score on
characters that none of them has seen.
"""

from typing import Any

import torch

from ..data import Digits
from ..files import data_folder, write_json
from ..rivals import dictionaries, drawn
from ..rivals.hanzi import Hanzi
from ..rivals.networks import Blocks
from ..weights import commit, load

NETWORKS = ("digits-reference", "digits-plain", "digits-pursuit")
COUNT, IMAGES = 60, 4096  # characters that are measured; digits that NMF is fitted to


class Lone(Blocks):
    """An autoencoder of one block as a system of lone coordinates."""

    absent = None

    @property
    def parts(self) -> list[list[int]]:
        return [[one] for one in range(self.k * self.d0)]


def systems(images: int = IMAGES) -> dict[str, Any]:
    """What is measured, by name."""
    found: dict[str, Any] = {name: Blocks(load(name, "cpu")) for name in NETWORKS}
    found["digits-conventional"] = Lone(load("digits-conventional", "cpu"))
    digits = Digits().batch(images, torch.Generator().manual_seed(0))
    found["nmf"] = dictionaries.nmf(digits, found["digits-conventional"].d0)
    return found


def written(count: int = COUNT, seed: int = 0) -> dict:
    """The measures of each system, and of the truth itself, on `count` characters."""
    sample = Hanzi().held_out(count, seed)
    rows = {name: drawn.measure(system, sample) for name, system in systems().items()}
    return {"count": count, "commit": commit(), "truth": drawn.of_truth(sample), "systems": rows}


def rows(record: dict, names: dict[str, str]) -> list[dict]:
    """Rows of a table of what was recorded, a row a system by its name in the book, and the truth last."""
    found = []
    for key, one in record["systems"].items():
        found.append(
            {
                "network": names.get(key, key), "nmse": one["nmse"], "exclusivity": one["exclusivity"],
                "code turned": one["exclusivity_control"], "purity": one["purity"],
                "code turned ": one["purity_control"],
            }
        )  # fmt: skip
    truth = record["truth"]
    last = {"nmse": 0.0, "exclusivity": truth["exclusivity"], "code turned": "–", "purity": truth["purity"]}
    return [*found, {"network": "the strokes themselves", **last, "code turned ": "–"}]


if __name__ == "__main__":
    write_json(data_folder() / "results" / "written.json", written())
