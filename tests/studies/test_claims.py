"""The ledger: verdicts follow the records, and pages follow the verdicts."""

import json
import re
from pathlib import Path

import nbformat
import pytest

from atomic_lib import Recipe, records
from atomic_lib.__main__ import main
from atomic_lib.data import Spikes
from atomic_lib.studies import ablations, claims, evidence, verdicts
from atomic_lib.studies.evidence import Evidence, gathered
from atomic_lib.studies.quotes import CLAIMS
from atomic_lib.studies.verdicts import HOLDS, NOT_FOUND, OPEN, PARTLY, WORDS

BOOK = Path(__file__).parents[2] / "book"


def spikes(jaccard, nmse=0.01, **more):
    counts = {"recall": 0.9, "true_positives": 90, "false_negatives": 10, "false_positives": 5}
    return {"metrics": {"jaccard": jaccard, "nmse": nmse, **counts}, "sha256": "a", **more}


def digits(connected=1.0, active_blocks=5.0, spread=0.3, largest_share=0.2, nmse=0.03):
    metrics = {
        "connected": connected, "active_blocks": active_blocks, "spread": spread, "largest_share": largest_share,
        "nmse": nmse,
    }  # fmt: skip
    return {"metrics": metrics, "sha256": "a"}


def measured(name="spikes-plain", record=None, **found):
    """Evidence of one measured model."""
    record = record or (spikes(0.9) if name.startswith("spikes") else digits())
    return Evidence({name: record}, {name: {"sha256": "a", **found}})


def moves(share, angle, ratio=0.5, **r2):
    return {"amplitude_share": share, "motion_angle": angle, "speed_ratio": ratio, **r2}


@pytest.fixture(scope="module")
def found():
    return claims.ledger()


def test_every_claim_has_words_a_place_a_rule_and_a_page():
    pages = {path.stem for path in BOOK.glob("*.ipynb")}
    for claim in CLAIMS:
        assert claim.said and claim.rule.__doc__ and claim.chapter in pages, claim.short
        for place, words in claim.said.items():
            assert re.match(r"(HAL, |SampTA, )?(Abstract|Section [IV]+|Lemma|Figure)", place), place
            assert len(words) > 20 and words == " ".join(words.split()) and words.count("“") == words.count("”")
    assert len({claim.short for claim in CLAIMS}) == len(CLAIMS)
    assert 8 <= sum(claim.front for claim in CLAIMS) <= 12


def test_a_chapter_begins_with_its_claims_and_the_verdict_first(found):
    for chapter in {claim.chapter for claim in CLAIMS}:
        rows = claims.on_page(chapter, found)
        assert len(rows) == sum(claim.chapter == chapter for claim in CLAIMS)
        assert all(next(iter(row)) == "verdict" and len(set(row)) == 4 for row in rows)
        order = [next(i for i, word in enumerate(WORDS) if claims.marked(word) == row["verdict"]) for row in rows]
        assert order == sorted(order)
    assert claims.on_page("index", found) == []


def test_every_verdict_is_one_of_four_words(found):
    assert {one.finding.verdict for one in found} <= set(WORDS)
    assert all(one.finding.number for one in found)
    assert sum(claims.tally(found).values()) == len(found) == len(CLAIMS)


@pytest.mark.parametrize(("jaccard", "verdict"), [(0.95, HOLDS), (0.7, PARTLY), (0.3, NOT_FOUND)])
def test_a_record_decides_whether_a_spike_has_a_block(jaccard, verdict):
    found = verdicts.one_spike_one_block(Evidence({"spikes-plain": spikes(jaccard)}))
    assert found.verdict == verdict and found.judged_on == ("spikes-plain",) and f"{jaccard:.2f}" in found.number


def test_the_authors_network_is_asked_first_once_it_has_learned():
    both = {"spikes-plain": spikes(0.7), "spikes-reference": spikes(0.95)}
    assert verdicts.one_spike_one_block(Evidence(both)).judged_on == ("spikes-reference",)
    both["spikes-reference"] = spikes(0.0, nmse=0.9)
    assert verdicts.one_spike_one_block(Evidence(both)).judged_on == ("spikes-plain",)


def test_a_pursuit_is_never_the_judge():
    pursuits = {"spikes-pursuit": spikes(1.0), "digits-pursuit": digits(), "spikes-slots": spikes(1.0)}
    for one in claims.ledger(Evidence(pursuits)):
        assert not set(one.finding.judged_on) & set(pursuits), one.claim.short


def test_a_training_on_its_plateau_is_open_and_no_zero():
    stuck = spikes(0.0, nmse=0.96, steps=1000, recipe={"steps": 10**6})
    found = verdicts.one_spike_one_block(Evidence({"spikes-paper": stuck}))
    assert found.verdict == OPEN and "0.10" in found.number and found.judged_on == ("spikes-paper",)


def test_without_any_evidence_only_what_is_proved_or_built_in_holds():
    for one in claims.ledger(Evidence({})):
        built_in = one.claim.rule in (
            verdicts.by_construction, verdicts.proved, verdicts.unsupervised, verdicts.light,
        )  # fmt: skip
        assert one.finding.verdict == (HOLDS if built_in else OPEN), one.claim.short


def test_what_was_measured_of_other_weights_does_not_count():
    known = measured(navigation=moves(0.95, 80))
    assert verdicts.speeds(known).verdict == HOLDS
    known.records["spikes-plain"]["sha256"] = "b"
    assert verdicts.speeds(known).verdict == OPEN


@pytest.mark.parametrize(
    ("share", "angle", "verdict"), [(0.95, 80, HOLDS), (0.6, 65, PARTLY), (0.95, 40, NOT_FOUND), (0.2, 80, NOT_FOUND)]
)
def test_an_amplitude_and_two_perpendicular_motions(share, angle, verdict):
    assert verdicts.coordinates(measured(navigation=moves(share, angle))).verdict == verdict


def test_one_training_of_many_that_shows_it_is_partly():
    known = measured(navigation=moves(0.95, 80))
    known.runs[("coordinates", "one-shot-faint")] = [moves(0.2, 50)] * 3
    found = verdicts.coordinates(known)
    assert found.verdict == PARTLY and found.number.startswith("1 of 4")


@pytest.mark.parametrize(
    ("rule", "record", "verdict"),
    [
        (verdicts.connected, digits(connected=0.995), HOLDS), (verdicts.connected, digits(connected=0.95), PARTLY),
        (verdicts.connected, digits(connected=0.8), NOT_FOUND),
        (verdicts.strokes, digits(), HOLDS), (verdicts.strokes, digits(active_blocks=11.5), PARTLY),
        (verdicts.strokes, digits(connected=0.8), NOT_FOUND), (verdicts.strokes, digits(active_blocks=1.0), NOT_FOUND),
        (verdicts.localised, digits(spread=0.4), HOLDS), (verdicts.localised, digits(spread=0.9), NOT_FOUND),
        (verdicts.reconstructed, digits(nmse=0.03), HOLDS), (verdicts.reconstructed, digits(nmse=0.1), PARTLY),
        (verdicts.reconstructed, digits(nmse=0.6), OPEN),
    ],
)  # fmt: skip
def test_strokes_by_their_record(rule, record, verdict):
    stuck = {"steps": 1, "recipe": {"steps": 100}, **digits(nmse=0.6)}
    assert rule(Evidence({"digits-plain": record, "digits-paper": stuck})).verdict == verdict


def test_walks_parts_and_shape():
    walk = {"half_way": 0.015, "ends": 0.005, "cross_fade": 0.2, "pairs": 8}
    known = measured("digits-plain", walk=walk, two=0.03, coordinate_spread=0.3)
    assert verdicts.walk(known).verdict == HOLDS
    walk["half_way"] = 0.08
    assert verdicts.walk(known).verdict == PARTLY
    walk["half_way"] = 0.15
    assert verdicts.walk(known).verdict == NOT_FOUND
    assert verdicts.shape(known).verdict == OPEN  # nothing to compare with
    assert verdicts.parts(known).verdict == PARTLY  # of digits it holds, of spikes nothing is known


def test_positions_without_amplitudes_are_half_of_it():
    known = measured(navigation=moves(0.2, 50, r2_row=0.97, r2_column=0.95, r2_amplitude=-0.04))
    found = verdicts.access(known)
    assert found.verdict == PARTLY and "amplitude −0.04" in found.number


def test_small_runs_decide_only_beyond_their_seeds():
    runs = {("terms", name): [{"alone": value} for value in values] for name, values in {
        "base": (0.6, 0.7), "max": (0.2, 0.3), "untied": (0.5, 0.65),
    }.items()}  # fmt: skip
    assert verdicts.cause(Evidence({}, {}, runs)).verdict == PARTLY
    runs[("terms", "untied")] = [{"alone": 0.1}]
    assert verdicts.cause(Evidence({}, {}, runs)).verdict == HOLDS


@pytest.mark.parametrize(
    ("blocks", "verdict"),
    [((0.5, 0.6), HOLDS), ((0.9, 1.1), PARTLY), ((0.9, 1.3), NOT_FOUND)],  # without the term: 1.2 and 1.6
)
def test_sparsity_helps_if_seeds_do_not_overlap(blocks, verdict):
    extra = {"base": (1.2, 1.6), "blocks": blocks, "coordinates": (1.5, 1.7)}
    runs = {("terms", name): [{"extra": value} for value in values] for name, values in extra.items()}
    assert verdicts.sparsity(Evidence({}, {}, runs)).verdict == verdict


@pytest.mark.parametrize(
    ("own", "best", "verdict"),
    [(0.8, 0.75, NOT_FOUND), (0.8, 0.5, PARTLY), (0.8, 0.2, HOLDS), (0.3, 0.1, OPEN), (0.8, None, OPEN)],
)
def test_novelty_is_judged_by_the_best_of_the_others(own, best, verdict):
    exclusive = {"exclusivity": 1.0, "exclusivity_control": 0.5}
    runs = {("field", "spikes-one-shot"): [{"jaccard": own, **exclusive}]}
    runs[("field", "spikes-beta-vae")] = [{"jaccard": 0.9, "exclusivity": 0.5, "exclusivity_control": 0.5}]
    runs[("field", "spikes-untied")] = 2 * [{"jaccard": best, **exclusive}]
    found = verdicts.no_other(Evidence({}, {}, runs if best else {}))
    assert found.verdict == verdict
    assert not best or "untied additive" in found.number


def test_what_is_said_of_the_authors_network():
    assert claims.retrained(Evidence({"spikes-reference": spikes(0.6, nmse=0.9, steps=10)})) == ""
    known = Evidence({"spikes-reference": spikes(0.6, steps=8000), "digits-reference": {**digits(), "steps": 900}})
    assert claims.retrained(known).endswith("learned spikes in 8,000 steps and digits in 900 steps.")


def test_recorded_runs_are_read(found):
    """Each run that a rule asks for is one of an ablation, and those that are done have what is asked."""
    known = gathered()
    for ablation, variant in evidence.RUNS:
        assert variant in ablations.ABLATIONS[ablation].variants
    assert len(known.seeds("seeds", "slots", "jaccard")) == 5 and len(known.seeds("d0", "one-shot-12", "alone")) == 3


def test_all_that_can_be_measured_was():
    known = gathered()
    judges = [name for kind in ("spikes", "digits") for name in evidence.judges(kind)]
    missing = [name for name in (*judges, evidence.COMPARED) if known.learned(name) and not known.of(name)]
    assert not missing, "run `python -m atomic_lib claims --measure`"


@pytest.mark.parametrize("page", ["claims", "index"])
def test_the_page_says_what_the_records_say(page, found):
    """The committed page has the verdicts, and the numbers, that the ledger has now."""
    assert _differing(page, found) == [], "run that notebook again: a record has changed what it says"


def test_a_page_left_behind_is_seen(found):
    first = claims.first(found)[0]
    other = next(word for word in WORDS if word != first.finding.verdict)
    changed = [
        claims.Judged(one.claim, one.finding._replace(verdict=other)) if one.claim is first.claim else one
        for one in found
    ]
    assert _differing("index", changed) and _differing("claims", changed)


def _differing(page: str, found) -> list[str]:
    """What of the ledger's table is not on a committed page."""
    notebook = nbformat.read(BOOK / f"{page}.ipynb", as_version=4)
    outputs = (out for cell in notebook.cells if cell.cell_type == "code" for out in cell.outputs)
    shown = "\n".join(out.get("data", {}).get("text/markdown", "") for out in outputs)
    rows = claims.short_table(found) if page == "index" else claims.table(found)
    return [line for line in (f"| {' | '.join(row.values())} |" for row in rows) if line not in shown]


def test_the_answer_names_each_claim_of_the_first_page_once(found):
    lines = claims.answer(found)
    assert all(sum(line.count(one.claim.short) for line in lines) == 1 for one in claims.first(found))


def test_the_command_prints_the_ledger(capsys):
    assert main(["claims"]) == 0
    printed = capsys.readouterr().out
    assert all(claim.short in printed for claim in CLAIMS) and f"{len(CLAIMS)} claims: " in printed
    assert main(["claims", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [one["claim"] for one in listed] == [claim.short for claim in CLAIMS]
    assert all({"said", "verdict", "number", "judged_on", "chapter", "rule"} <= set(one) for one in listed)


@pytest.mark.slow
def test_a_small_model_is_measured(monkeypatch, tmp_path):
    """Of weights that are new everything is measured, of those that are known nothing."""
    recipe = Recipe("spikes-plain", Spikes(size=32, sigma=1.5, k=2), "one-shot", "separable", k=2, d0=3, steps=1)
    asked = []
    monkeypatch.setattr(evidence, "load", lambda name, device: asked.append(name) or recipe.build().eval())
    monkeypatch.setattr(evidence, "data_folder", lambda: tmp_path)
    (tmp_path / "results").mkdir()
    monkeypatch.setattr(evidence, "of_spikes", lambda model, sample: {"two": evidence.two_atoms(model, sample[:4])})
    monkeypatch.setattr(evidence, "gathered", lambda: Evidence({"spikes-plain": spikes(0.7)}))
    assert evidence.measure()["spikes-plain"]["sha256"] == "a" and asked == ["spikes-plain"]
    kept = json.loads((tmp_path / "results" / evidence.MEASURED).read_text())
    monkeypatch.setattr(evidence, "gathered", lambda: Evidence({"spikes-plain": spikes(0.7)}, kept))
    assert evidence.measure() == kept and asked == ["spikes-plain"]


def test_records_have_what_the_rules_read():
    for name, record in records().items():
        wanted = {"jaccard", "recall"} if name.startswith("spikes") else {"connected", "spread", "active_blocks"}
        assert wanted <= set(record["metrics"]), name
