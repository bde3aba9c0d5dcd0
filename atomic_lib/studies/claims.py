"""The ledger: every claim of the paper (`quotes`), judged by its rule (`verdicts`) from records (`evidence`)."""

from dataclasses import dataclass
from itertools import groupby

from ..model.autoencoder import parameter_count
from ..names import called
from ..recipes import RECIPES
from . import verdicts
from .evidence import COMPARED, Evidence, gathered
from .quotes import CLAIMS, Claim
from .verdicts import SIGNS, WORDS, Finding


@dataclass(frozen=True)
class Judged:
    """A claim and what was found."""

    claim: Claim
    finding: Finding

    @property
    def rule(self) -> str:
        """The rule, in words."""
        return " ".join((self.claim.rule.__doc__ or "").split())

    def as_json(self) -> dict:
        """One flat object, but for the quotations."""
        claim, found = self.claim, self.finding
        return {
            "claim": claim.short, "said": claim.said, "verdict": found.verdict, "number": found.number,
            "judged_on": list(found.judged_on), "chapter": claim.chapter, "rule": self.rule, "front": claim.front,
        }  # fmt: skip


def ledger(evidence: Evidence | None = None) -> list[Judged]:
    """Every claim with its verdict, from what lies in data/ unless other evidence is given; in seconds."""
    evidence = gathered() if evidence is None else evidence
    return [Judged(claim, claim.rule(evidence)) for claim in CLAIMS]


def first(found: list[Judged]) -> list[Judged]:
    """The claims of the first page: what holds first, what is open last."""
    order = {word: i for i, word in enumerate(WORDS)}
    return sorted((one for one in found if one.claim.front), key=lambda one: order[one.finding.verdict])


def answer(found: list[Judged]) -> tuple[str, str]:
    """The first page in two lines: which of its claims hold, and which do not, or not quite."""
    groups = {word: list(group) for word, group in groupby(first(found), lambda one: one.finding.verdict)}
    parts = {word: "; ".join(one.claim.short for one in group) for word, group in groups.items()}
    words = {"holds": "What holds", "partly": "Only partly", "not found": "Not found", "open": "Open"}
    lines = [f"**{words[word]}:** {parts[word]}." for word in WORDS if word in parts]
    return lines[0], " ".join(lines[1:])


def tally(found: list[Judged]) -> dict[str, int]:
    """How many claims have each verdict."""
    return {word: sum(one.finding.verdict == word for one in found) for word in WORDS}


def sizes() -> dict[str, int]:
    """Parameters of the authors' and of the one-shot network, of spikes."""
    return {called(name): parameter_count(RECIPES[name].build()) for name in ("spikes-paper", "spikes-plain")}


def marked(verdict: str) -> str:
    """A verdict with its sign: ● holds, ◐ partly, ○ not found, ? open."""
    return f"{SIGNS[verdict]}\u00a0{verdict}".replace("not found", "not\u00a0found")


def table(found: list[Judged]) -> list[dict]:
    """Rows for a page of the book: the claim with its chapter, the verdict, the number and what it is judged on."""
    return [
        {
            "claim": f"{{doc}}`{one.claim.short} <{one.claim.chapter}>`",
            "verdict": marked(one.finding.verdict),
            "the number behind it": one.finding.number.replace("|", "\\|"),
            "judged on": verdicts.judged_words(one.finding.judges, files=False),
        }
        for one in found
    ]


def on_page(chapter: str, found: list[Judged] | None = None) -> list[dict]:
    """Rows for the head of one chapter: each claim that it shows, its verdict first, and the number in full.

    found: the ledger; all of it is judged anew unless it is given.
    """
    order = {word: i for i, word in enumerate(WORDS)}
    mine = [one for one in (ledger() if found is None else found) if one.claim.chapter == chapter]
    return [
        {
            "verdict": marked(one.finding.verdict), "the paper's claim": one.claim.short,
            "the number behind it": one.finding.number.replace("|", "\\|"),
            "judged on": verdicts.judged_words(one.finding.judges, files=False),
        }
        for one in sorted(mine, key=lambda one: order[one.finding.verdict])
    ]  # fmt: skip


def short_table(found: list[Judged]) -> list[dict]:
    """Rows for the first page: the verdict, the claim with its chapter, and the number in few words, with its model."""
    rows = []
    for one in first(found):
        judges = [name for name in one.finding.judges if name in RECIPES and name != COMPARED]
        shipped = dict.fromkeys(map(called, judges))
        model = f" ({', '.join(shipped)})" if shipped else ""
        claim = f"{{doc}}`{one.claim.short} <{one.claim.chapter}>`"
        number = (one.finding.brief or one.finding.number) + model
        rows.append({"verdict": marked(one.finding.verdict), "claim": claim, "the number behind it": number})
    return rows


def retrained(evidence: Evidence) -> str:
    """What became of the authors' network with our way to train it, as a sentence; nothing if it has not learned."""
    kinds = [kind for kind in ("spikes", "digits") if evidence.learned(f"{kind}-reference")]
    steps = [f"{kind} in {evidence.records[f'{kind}-reference']['steps']:,} steps" for kind in kinds]
    return f"With another optimiser their network learned {' and '.join(steps)}." if steps else ""


def in_full(found: list[Judged]) -> str:
    """Each claim for a page of the book, in Markdown: the paper's words and their place, the verdict, the number, the
    rule."""
    return "\n\n".join(_card(i, one) for i, one in enumerate(found, 1))


def _card(number: int, one: Judged) -> str:
    quotes = "\n>\n".join(f"> “{words}” ({place})" for place, words in one.claim.said.items())
    head = f"**{number}. {one.claim.short[0].upper()}{one.claim.short[1:]}: {marked(one.finding.verdict)}**"
    judged = verdicts.judged_words(one.finding.judges)
    where = f"Judged on: {judged}. Shown in {{doc}}`{one.claim.chapter}`."
    return (
        f"{head}\n\n{quotes}\n\n{one.finding.number[0].upper()}{one.finding.number[1:]}. {where}\n\n*Rule.* {one.rule}"
    )


def printed(found: list[Judged]) -> str:
    """The ledger as plain text, a line a claim: verdict, claim, number, what it is judged on."""
    lines = []
    for one in found:
        judged = ", ".join(one.finding.judges) or "–"
        head = f"{SIGNS[one.finding.verdict]} {one.finding.verdict:9}  {one.claim.short}"
        lines += [head, f"             {one.finding.number}  [{judged}; chapter {one.claim.chapter}]"]
    counts = ", ".join(f"{count} {word}" for word, count in tally(found).items())
    return "\n".join([*lines, "", f"{len(found)} claims: {counts}"])
