"""What models are called in the book, in which colour they are drawn, and how a number is written."""

COLOURS = {  # of Okabe and Ito's, which colour-blind readers tell apart
    "authors'": "#0072B2",
    "one-shot": "#E69F00",
    "slots": "#CC79A7",
    "pursuit": "#009E73",
    "conventional": "#D55E00",
}
_KINDS = {"paper": "authors'", "reference": "authors'", "plain": "one-shot"}  # the others are called as they are


def called(weights: str) -> str:
    """The name in the book of shipped weights: "digits-plain" is one-shot, "spikes-paper" the authors'; names stay."""
    kind = weights if weights in COLOURS else weights.rpartition("-")[2]
    return _KINDS.get(kind, kind)


def colour_of(weights: str) -> str:
    """The colour of shipped weights, or of a name in the book; black for what has none."""
    return COLOURS.get(called(weights), "#000000")


def written(number: str) -> str:
    """A number that Python has written, as a reader writes it: −0.4 for -0.4, 5·10⁻⁸ for 5e-08."""
    digits, exponent, power = number.partition("e")
    if exponent:
        digits += "·10" + str(int(power)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return digits.replace("-", "−")
