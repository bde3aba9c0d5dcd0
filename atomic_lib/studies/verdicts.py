"""The rules by which claims are judged: each takes the `Evidence` and returns a `Finding`, its docstring is the rule.

A claim about what training brings about is judged on the authors' network where it has left its plateau, else on a
one-shot encoder, never on a pursuit. What was not measured is open, and so is what no record can say.
"""

from statistics import fmean
from typing import NamedTuple

from ..model.autoencoder import parameter_count
from ..names import called
from ..recipes import RECIPES
from .evidence import COMPARED, OTHERS, UNALIGNED, Evidence, judges
from .navigation import has_form
from .prose import ranged, said
from .standings import ENTRIES, separated

HOLDS, PARTLY, NOT_FOUND, OPEN = WORDS = ("holds", "partly", "not found", "open")
D0 = (3, 4, 6, 12)  # coordinates of a block, of which a spike has three
SMALL, FIELD = "one-shot, small runs", "one-shot, the field"
SHORT = {  # runs over seeds, of 64×64 pixels
    "authors'": ("seeds", "reference"), "one-shot": ("latents", "free"), "slots": ("seeds", "slots"),
}  # fmt: skip
SIGNS = dict(zip(WORDS, "●◐○?", strict=True))  # so that nothing hangs on a colour


class Finding(NamedTuple):
    """A verdict, one of the four `WORDS`; the number behind it; what it is judged on; and the number in few words."""

    verdict: str
    number: str
    judged_on: tuple[str | None, ...] = ()
    brief: str = ""

    @property
    def judges(self) -> tuple[str, ...]:
        """The names of what it is judged on, where there is any."""
        return tuple(name for name in self.judged_on if name)


def _level(value: float, holds: float, partly: float) -> str:
    """Holds from the first limit on, partly from the second; the lower, the better if the first is the lower."""
    sign = 1 if holds >= partly else -1
    return HOLDS if sign * value >= sign * holds else PARTLY if sign * value >= sign * partly else NOT_FOUND


def _together(*findings: Finding) -> Finding:
    """Two applications as one claim: what both have; partly if they differ."""
    verdicts = {finding.verdict for finding in findings}
    judged = tuple(dict.fromkeys(name for finding in findings for name in finding.judged_on))
    return Finding(verdicts.pop() if len(verdicts) == 1 else PARTLY, "; ".join(f.number for f in findings), judged)


def _unlearned(evidence: Evidence, kind: str) -> Finding:
    """Open, with how far the authors' network was trained."""
    name = f"{kind}-paper"
    if name not in evidence.records:
        return Finding(OPEN, "no weights to judge it on")
    record = evidence.records[name]
    share = said(record["steps"] / record["recipe"]["steps"], ".2f%")
    return Finding(OPEN, f"the authors' network stopped on its plateau, after {share} of its steps", (name,))


def by_construction(evidence: Evidence) -> Finding:
    """Holds for any weights: it follows from the sum, and is checked to rounding."""
    return Finding(HOLDS, "exact, for any weights", ("every model",))


def unsupervised(evidence: Evidence) -> Finding:
    """Holds for any training here: losses are of images alone; no recipe has a label, a place or an amplitude."""
    return Finding(HOLDS, "no loss uses anything but images", ("every recipe",))


def proved(evidence: Evidence) -> Finding:
    """Holds as a theorem, proved in the chapter Theory, with what has to be added to the text."""
    return Finding(HOLDS, "proved, once restated", ("theory",))


def beyond_records(evidence: Evidence) -> Finding:
    """Open: nothing recorded here tests it."""
    return Finding(OPEN, "not measured here")


def one_spike_one_block(evidence: Evidence) -> Finding:
    """Jaccard, the share of matches among all spikes that are true or claimed: holds from 0.9 on, partly from 0.5."""
    name = evidence.judge("spikes")
    if name is None:
        return _unlearned(evidence, "spikes")
    metrics = evidence.records[name]["metrics"]
    true = metrics["true_positives"] + metrics["false_negatives"]
    number = (
        f"{said(metrics['recall'], '.0f%')} of {true:,} spikes found, {metrics['false_positives']:,} claims too many"
    )
    short = {kind: evidence.seeds(*run, "jaccard") for kind, run in SHORT.items()}
    beside = [f"{len(runs)} short {kind} seeds {ranged(runs, '.2f')}" for kind, runs in short.items() if runs]
    others = [other for other in judges("spikes") if other != name and evidence.learned(other)]
    beside += [f"{called(other)} {evidence.records[other]['metrics']['jaccard']:.2f}" for other in others]
    number = "; ".join([f"{number}: jaccard {metrics['jaccard']:.2f}", *beside])
    brief = f"{said(metrics['recall'], '.0f%')} found"
    return Finding(_level(metrics["jaccard"], 0.9, 0.5), number, (name,), brief)


def without_constraints(evidence: Evidence) -> Finding:
    """Trained as in the paper, with free latents and no noise. Counted is the jaccard of the authors' network, or else
    the share of spikes with a block to themselves in the small one-shot runs: holds from 0.9 on, partly from 0.5."""
    if evidence.learned("spikes-reference"):
        value = evidence.records["spikes-reference"]["metrics"]["jaccard"]
        return Finding(_level(value, 0.9, 0.5), f"jaccard {value:.2f} with free latents", ("spikes-reference",))
    alone = evidence.seeds("d0", "one-shot-3", "alone")
    if not alone:
        return _unlearned(evidence, "spikes")
    number = f"{ranged(alone, '.0f%')} of spikes have a block to themselves, {len(alone)} small seeds"
    return Finding(_level(sum(alone) / len(alone), 0.9, 0.5), number, (SMALL,))


def cause(evidence: Evidence) -> Finding:
    """Share of spikes with a block to themselves if a maximum takes the sum's place, and if each block has a decoder of
    its own. Holds if both lower it by more than seeds differ, partly if one does, not found if neither."""
    base, *others = (evidence.seeds("terms", variant, "alone") for variant in ("base", "max", "untied"))
    if not base or not all(others):
        return Finding(OPEN, "not recorded")
    lower = sum(max(other) < min(base) for other in others)
    names = ("one g, summed", "a maximum", "own decoders")
    number = "; ".join(f"{n} {ranged(v, '.0f%')}" for n, v in zip(names, (base, *others), strict=True))
    return Finding((NOT_FOUND, PARTLY, HOLDS)[lower], f"alone in a block: {number}", (SMALL,))


def no_other(evidence: Evidence) -> Finding:
    """Judged by how far a system gives one spike to each part. The one-shot encoder is held against the best network of
    its day: not found if that one reaches nine tenths of it, partly if half, holds if none does. Open if the one-shot
    encoder itself is below 0.35, or if the field was not run."""
    own, found = _separated(evidence, "one-shot"), {name: _separated(evidence, name) for name in OTHERS}
    found = {name: values for name, values in found.items() if values}
    if not own or not found:
        return Finding(OPEN, "no other architecture was run", (), "no rival was run")
    best = max(found, key=lambda name: sum(found[name]) / len(found[name]))
    mean, other = sum(own) / len(own), sum(found[best]) / len(found[best])
    rival = f"{ENTRIES[best].label} ({ENTRIES[best].year}), {ranged(found[best], '.2f')}"
    number = f"one spike a part: one-shot {ranged(own, '.2f')}; best of {len(found)} rivals, {rival}"
    brief = f"one spike a part {said(mean, '.2f')}; {ENTRIES[best].label} ({ENTRIES[best].year}) {said(other, '.2f')}"
    verdict = OPEN if mean < 0.35 else NOT_FOUND if other >= 0.9 * mean else PARTLY if other >= 0.5 * mean else HOLDS
    return Finding(verdict, number, (FIELD,), brief)


def _separated(evidence: Evidence, system: str) -> list[float]:
    """`standings.separated` of a system on spikes, a value a seed."""
    numbers = (
        evidence.seeds("field", f"spikes-{system}", what) for what in ("jaccard", "exclusivity", "exclusivity_control")
    )
    return [separated(*one) for one in zip(*numbers, strict=True)]


def reconstructed(evidence: Evidence) -> Finding:
    """Relative error on held-out digits: holds up to 5 %, partly up to 20 %."""
    name = evidence.judge("digits")
    if name is None:
        return _unlearned(evidence, "digits")
    error = evidence.records[name]["metrics"]["nmse"]
    return Finding(_level(error, 0.05, 0.2), f"error {said(error, '.1f%')} of the energy", (name,))


def strokes(evidence: Evidence) -> Finding:
    """A hand draws a digit in one to four strokes. Holds if 95 % of active atoms are in one piece, none has half of the
    energy, and at most eight are active; partly if only the number is wrong; else not found."""
    name = evidence.judge("digits")
    if name is None:
        return _unlearned(evidence, "digits")
    m = evidence.records[name]["metrics"]
    parts = m["connected"] >= 0.95 and m["largest_share"] < 0.5 and m["active_blocks"] > 1
    verdict = NOT_FOUND if not parts else HOLDS if m["active_blocks"] <= 8 else PARTLY
    return Finding(verdict, f"{m['active_blocks']:.1f} active atoms a digit", (name,))


def localised(evidence: Evidence) -> Finding:
    """Mean radius of active atoms over the digit's: holds below a half, partly below three quarters."""
    name = evidence.judge("digits")
    if name is None:
        return _unlearned(evidence, "digits")
    spread = evidence.records[name]["metrics"]["spread"]
    return Finding(_level(spread, 0.5, 0.75), f"radius {spread:.2f} of the digit's", (name,))


def connected(evidence: Evidence) -> Finding:
    """ "Each one": holds if 99 % of active atoms are in one piece, partly from 90 % on."""
    name = evidence.judge("digits")
    if name is None:
        return _unlearned(evidence, "digits")
    share = evidence.records[name]["metrics"]["connected"]
    return Finding(_level(share, 0.99, 0.9), f"{said(share, '.1f%')} of active atoms are in one piece", (name,))


def walk(evidence: Evidence) -> Finding:
    """What is lost when the picture half way is encoded again. Holds up to twice what is lost at the ends, or 2 %;
    partly if it is less than half of a cross-fade's; else not found."""
    name = evidence.judge("digits")
    found = evidence.of(name).get("walk")
    if not found:
        return Finding(OPEN, "not measured", (name,) if name else ())
    half, ends, fade = (found[key] for key in ("half_way", "ends", "cross_fade"))
    verdict = HOLDS if half <= max(2 * ends, 0.02) else PARTLY if half < fade / 2 else NOT_FOUND
    number = f"half way {said(half, '.1f%')} is lost, at the ends {said(ends, '.1f%')}"
    plain = evidence.of(COMPARED).get("walk")
    beside = f"; conventional {said(plain['half_way'], '.1f%')}" if plain else ""
    brief = f"half way {said(half, '.1f%')} is lost"
    brief += f"; conventional, without a sum, {said(plain['half_way'], '.1f%')}" if plain else ""
    return Finding(verdict, number + beside, (name, *([COMPARED] if plain else [])), brief)


def parts(evidence: Evidence) -> Finding:
    """Two atoms of an image are drawn alone and encoded again. Holds if the median error is at most 5 %, partly up to
    10 %; partly, too, if spikes and digits differ."""
    findings = []
    for kind in ("spikes", "digits"):
        name = evidence.judge(kind)
        error = evidence.of(name).get("two")
        if error is None:
            findings.append(Finding(OPEN, f"{kind}: not measured", (name,) if name else ()))
        else:
            findings.append(Finding(_level(error, 0.05, 0.1), f"{kind} {said(error, '.0f%')} lost", (name,)))
    return _together(*findings)


def shape(evidence: Evidence) -> Finding:
    """How far one coordinate changes a digit, of its extent: holds below a half, and less than a conventional
    autoencoder's; partly if only the latter."""
    name = evidence.judge("digits")
    value = evidence.of(name).get("coordinate_spread")
    plain = evidence.of(COMPARED).get("coordinate_spread")
    if value is None or plain is None:
        return Finding(OPEN, "not measured", (name,) if name else ())
    verdict = NOT_FOUND if value >= plain else HOLDS if value < 0.5 else PARTLY
    return Finding(verdict, f"{value:.2f} of the digit; conventional {plain:.2f}", (name, COMPARED))


def access(evidence: Evidence) -> Finding:
    """R² of a block's coordinates for row, column and amplitude of its spike: holds if all are 0.9 or more, partly if
    one is."""
    name = evidence.judge("spikes")
    found = evidence.of(name).get("navigation")
    if not found:
        return Finding(OPEN, "not measured", (name,) if name else ())
    known = {key: found[f"r2_{key}"] for key in ("row", "column", "amplitude")}
    good = sum(value >= 0.9 for value in known.values())
    verdict = HOLDS if good == 3 else PARTLY if good else NOT_FOUND
    return Finding(verdict, "R²: " + ", ".join(f"{key} {_signed(value)}" for key, value in known.items()), (name,))


def coordinates(evidence: Evidence) -> Finding:
    """A training shows the form if one coordinate has 90 % of its effect on the amplitude, and two others move the
    spike at 75° or more; it half shows it at 50 % and 60°. Holds if most trainings show it, partly if most half show it
    or one shows it; else not found. No pursuits, and no training that was asked for it."""
    names = [name for name in judges("spikes") if evidence.of(name).get("navigation")]
    trained = [evidence.of(name)["navigation"] for name in names]
    for run in UNALIGNED:
        trained += evidence.runs.get(run, [])
    if not trained:
        return Finding(OPEN, "not measured")
    full, half = (sum(has_form(one, rule) for one in trained) for rule in ("strict", "loose"))
    verdict = HOLDS if 2 * full > len(trained) else PARTLY if full or 2 * half > len(trained) else NOT_FOUND
    shares = [one["amplitude_share"] for one in trained]
    brief = f"{full} of {len(trained)} trainings"
    number = f"{brief}; amplitude's share of its coordinate {ranged(shares, '.2f')}"
    return Finding(verdict, number, (*names, "short one-shot trainings"), brief)


def speeds(evidence: Evidence) -> Finding:
    """The slower of the two motions over the faster: holds up to 0.9."""
    name = evidence.judge("spikes")
    found = evidence.of(name).get("navigation", {})
    if "speed_ratio" not in found:
        return Finding(OPEN, "not measured", (name,) if name else ())
    return Finding(_level(found["speed_ratio"], 0.9, 1.0), f"ratio {found['speed_ratio']:.2f}", (name,))


def small_d0(evidence: Evidence) -> Finding:
    """Spikes have three parameters. Share of random blocks that are spikes, and of spikes with a block to themselves,
    with d0 = 3 and with 4, 6, 12. Holds if the mean of d0 = 3 is above every seed of the others for both, partly for
    one."""
    found = {d0: [evidence.seeds("d0", f"one-shot-{d0}", key) for key in ("ranges-one", "alone")] for d0 in D0}
    if not all(all(values) for values in found.values()):
        return Finding(OPEN, "not recorded")
    means = {d0: [sum(values) / len(values) for values in pair] for d0, pair in found.items()}
    best = sum(means[3][i] > max(max(found[d0][i]) for d0 in D0[1:]) for i in range(2))
    valid, alone = (", ".join(said(means[d0][i], ".0f%") for d0 in D0) for i in range(2))
    number = f"with d0 = 3, 4, 6, 12, random blocks that are spikes: {valid}; spikes alone in a block: {alone}"
    brief = f"alone in a block: {said(means[3][1], '.0f%')} with three, {said(means[12][1], '.0f%')} with twelve"
    return Finding((NOT_FOUND, PARTLY, HOLDS)[best], number, (SMALL,), brief)


def sparsity(evidence: Evidence) -> Finding:
    """Active blocks beyond the number of spikes, with a term of sparsity on blocks and on coordinates: holds if one of
    them halves the number, partly if every seed with it is below every seed without."""
    base, *others = (evidence.seeds("terms", name, "extra") for name in ("base", "blocks", "coordinates"))
    if not base or not all(others):
        return Finding(OPEN, "not recorded")
    halved = any(fmean(other) <= fmean(base) / 2 for other in others)
    below = any(max(other) < min(base) for other in others)
    verdict = HOLDS if halved else PARTLY if below else NOT_FOUND
    names = ("without", "on blocks", "on coordinates")
    number = "; ".join(f"{n} {ranged(v, '.2f')}" for n, v in zip(names, (base, *others), strict=True))
    return Finding(verdict, f"blocks too many: {number}", (SMALL,))


def light(evidence: Evidence) -> Finding:
    """Parameters of the authors' two networks, built from their recipes: holds within a fifth of 300,000."""
    counts = {kind: parameter_count(RECIPES[f"{kind}-paper"].build()) for kind in ("spikes", "digits")}
    verdict = HOLDS if all(abs(count - 300_000) <= 60_000 for count in counts.values()) else NOT_FOUND
    return Finding(verdict, " · ".join(f"{kind} {count:,}" for kind, count in counts.items()), ("authors' recipes",))


def bounds(evidence: Evidence) -> Finding:
    """Share of random codes, each coordinate within what training images have, that decode to a spike within 1 %: holds
    from 90 % on, partly from 50 %."""
    name = evidence.judge("spikes")
    valid = evidence.of(name).get("valid")
    if valid is None:
        return Finding(OPEN, "not measured", (name,) if name else ())
    number, small = (
        f"{said(valid, '.0f%')} of random blocks are spikes",
        evidence.seeds("d0", "one-shot-3", "ranges-one"),
    )
    seeds = f"; free latents, {len(small)} small seeds {ranged(small, '.0f%')}" if small else ""
    return Finding(_level(valid, 0.9, 0.5), number + seeds, (name,))


def success(evidence: Evidence) -> Finding:
    """Spikes in blocks of their own, and strokes: what both claims have; partly if they differ."""
    spikes, digits = one_spike_one_block(evidence), strokes(evidence)
    both = _together(spikes, digits)
    return both._replace(number=f"spikes: {spikes.verdict}; strokes: {digits.verdict}")


def _signed(value: float) -> str:
    return f"{value:.2f}".replace("-", "−")


def judged_words(names: tuple[str, ...], files: bool = True) -> str:
    """What a claim is judged on: shipped weights by their name in the book, and with their file."""
    words = [(f"{called(name)} (`{name}`)" if files else called(name)) if name in RECIPES else name for name in names]
    return ", ".join(dict.fromkeys(words)) or "–"
