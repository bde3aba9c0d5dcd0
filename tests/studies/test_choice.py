"""What was tried of `digits-plain`, and that what ships is what the rule chooses."""

from atomic_lib import records
from atomic_lib.recipes import RECIPES
from atomic_lib.studies import choice


def test_what_ships_stands_among_what_was_tried():
    rows, ships = choice.tries(), RECIPES["digits-plain"]
    (row,) = [row for row in rows if row["seed"].startswith("**")]
    assert float(row["noise at first"].strip("*")) == ships.noise
    assert int(row["products a map"].strip("*")) == ships.decoder_options["rank"]
    assert len({tuple(row.values()) for row in rows}) == len(choice.TRIES) + 1
    plain = [{head: float(text.strip("*").replace(",", "")) for head, text in row.items()} for row in rows]
    order = [(-row["products a map"], row["noise at first"], row["at the end"], row["seed"]) for row in plain]
    assert order == sorted(set(order)) and all(row["noise at first"] > row["at the end"] for row in plain)
    assert (ships.noise, ships.noise_end) in [(row["noise at first"], row["at the end"]) for row in plain]
    assert all(0 < row["nmse"] < row["connected"] <= 1 for row in plain)


def test_what_is_in_one_piece_is_said_as_a_range():
    alike = [row for row in choice.tries() if row["products a map"] == "2" and row["noise at first"] == "0.05"]
    alike = [100 * float(row["connected"]) for row in alike if row["at the end"] == "0.005"]
    least, dash, most, percent = choice.in_one_piece(2).split()
    assert len(alike) == 2 and (dash, percent) == ("to", "%")
    assert abs(float(least) - min(alike)) < 0.1 and abs(float(most) - max(alike)) < 0.1


def test_what_ships_was_chosen_on_images_of_the_training():
    for name in ("digits-plain", "digits-conventional"):
        trainings = choice.recorded(name)
        assert choice.chosen(trainings)["sha256"] == records()[name]["sha256"]
        assert [one["optimiser"] for one in trainings][0] == "adam" and len(trainings) > 1
        assert sum("**" in row["seed"] for row in choice.rows(name)) == 1


def test_what_was_measured_of_most_images_counts():
    shipped = records()
    told = choice.of_most({name: shipped[name] for name in ("digits-plain", "spikes-plain")})
    assert told["digits-plain"]["metrics"]["images"] == choice.COUNT
    assert told["spikes-plain"] == shipped["spikes-plain"]


def test_what_is_measured_is_kept_once(tmp_path, monkeypatch):
    (tmp_path / "results").mkdir()
    file = tmp_path / "results" / choice.RESULT
    monkeypatch.setattr(choice, "data_folder", lambda: tmp_path)
    monkeypatch.setattr(choice, "COUNT", 3)
    choice.main(["digits-conventional", "digits-conventional"])
    (one,) = choice.read_record(file)["digits-conventional"]
    assert one["seed"] == records()["digits-conventional"]["seed"]
    assert one["chosen_by"]["images"] == one["held_out"]["images"] == 3
    assert one["chosen_by"]["nmse"] != one["held_out"]["nmse"]
