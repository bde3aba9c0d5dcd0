"""What the chapter on territories says of shipped weights, measured once: `python -m atomic_lib.studies.survey`.

It takes minutes, so that the result is kept, in data/results/territories.json, under the sha256 of the weights that
were measured: of others it is no result. Spikes are those of the default set, 128×128.
"""

import sys

from ..data.spikes import Spikes
from ..errors import BadInput, check_range
from ..files import data_folder, write_json
from ..model.autoencoder import AtomicAutoencoder
from ..weights import load, read_record, shipped
from .territories import by_number, drawn, every_slot, found_share, loyalty, precision_by_distance, territory_map

RESULT = "territories.json"  # in data/results
SURVEYED = ("spikes-reference", "spikes-plain", "spikes-slots", "spikes-pursuit")  # those of them that ship
NUMBERS = (1, 2, 3, 5, 7, 10)  # spikes in an image
EDGES = (0.0, 2.0, 4.0, 8.0, 16.0, 64.0)  # px from the border of a territory


def survey(model: AtomicAutoencoder, data: Spikes, count: int = 128, seeds: int = 3, side: int = 32) -> dict:
    """Recall, precision and flawless images against the number of spikes, and what a model's map foretells of them.

    data: whose held-out images are taken; seeds: of these images, `count` of each number of spikes and seed. side: of
    the map's grid. by_number: of each seed, rows as in `territories.by_number`; beyond: of each seed, at most spikes;
    by_distance: precision on single spikes; loyalty: of the map, on images of most spikes; shares: what each block, or
    slot, owns of the picture; unequal: what territories of these shares find of most spikes.
    """
    check_range("seeds", seeds, 1, 1000)
    numbers = [n for n in NUMBERS if n <= data.k]
    rows = [by_number(model, data, data.sigma, numbers, count, seed) for seed in range(seeds)]
    whole = every_slot(model)
    regions = territory_map(whole, data, data.sigma, side)
    crowded = Spikes(**{**vars(data), "fewest": numbers[-1], "k": numbers[-1]}).held_out(count, 0)
    theta = crowded.known()[0]
    found = drawn(whole, crowded.images, theta, data.sigma, data.detection)
    shares = regions.shares(whole.k)
    return {
        "count": count, "by_number": rows, "beyond": [of_seed[-1]["beyond"] for of_seed in rows],
        "by_distance": precision_by_distance(model, data, data.sigma, regions, EDGES, 8 * count),
        "loyalty": loyalty(regions, found, theta),
        "shares": shares.tolist(), "unequal": found_share(numbers[-1], shares),
    }  # fmt: skip


def surveyed() -> dict[str, dict]:
    """The recorded surveys of the weights that ship, by name; raises `BadInput` where one is missing or of others."""
    path = data_folder() / "results" / RESULT
    kept = read_record(path)
    for name in present():
        record = read_record(data_folder() / "weights" / f"{name}.json")
        if kept.get(name, {}).get("sha256") != record["sha256"]:
            raise BadInput(f"{path}: “{name}” as it ships was not surveyed; do it with: {command(name)}")
    return {name: kept[name] for name in present()}


def present() -> list[str]:
    """Those of `SURVEYED` that ship."""
    return [name for name in SURVEYED if name in shipped()]


def command(name: str) -> str:
    """What repeats a survey."""
    return f"python -m atomic_lib.studies.survey {name}"


def main(names: list[str]) -> None:
    """Survey these shipped weights, or all, and keep what was found beside what is kept of the others."""
    path = data_folder() / "results" / RESULT
    for name in names or present():
        model = load(name)
        found = {"sha256": (model.record or {})["sha256"], **survey(model, Spikes())}
        kept = read_record(path) if path.exists() else {}
        write_json(path, {**kept, name: found})
        print(f"{name}: beyond territories {', '.join(f'{value:.2f}' for value in found['beyond'])}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
