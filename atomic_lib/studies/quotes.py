"""What the paper claims, in its own words, with the rule that judges each claim.

The versions: "HAL", hal-03962759v2 (May 2023), and "SampTA", the proceedings (July 2023); a place that names neither is
one of both. Of Section III, "curves" is a) or III-A and "spikes" b) or III-B. A quotation is exact, but for the mark-up
of its formulas.
"""

from collections.abc import Callable
from dataclasses import dataclass

from . import verdicts
from .evidence import Evidence
from .verdicts import Finding


@dataclass(frozen=True)
class Claim:
    """short: what is claimed, as a clause; said: {place: the paper's words}; rule: how it is judged, a function of
    `verdicts`; chapter: the page of the book that shows it; front: whether it stands on the first page."""

    short: str
    said: dict[str, str]
    rule: Callable[[Evidence], Finding]
    chapter: str
    front: bool = False


CLAIMS = [
    Claim(
        "training splits two kinds of images into meaningful parts",
        {
            "Abstract": (
                "Experiments show that their implementation with deep neural networks is successful at learning "
                "disentangled representations on two different examples: images constructed with simple parametric "
                "curves and images of filtered off-the-grid spikes."
            ),
            "Section IV": (
                "We show in two different applications how atomic autoencoders yields disentangled low-level "
                "interpretable parametric representations."
            ),
        },
        verdicts.success, "spikes",
    ),
    Claim(
        "a block changes a digit in one place only",
        {
            "Section I, Contributions": (
                "we modify the local shape of the image in the first and access the position and amplitudes of the "
                "spikes in the second example"
            ),
        },
        verdicts.shape, "strokes",
    ),
    Claim(
        "a block tells the position and the amplitude of its spike",
        {
            "Section I, Contributions": "access the position and amplitudes of the spikes in the second example",
        },
        verdicts.access, "navigation",
    ),
    Claim(
        "the architecture alone is enough, with no other constraint",
        {
            "Section I, Contributions": (
                "This shows that we have access to a disentangled latent representation with no more constraints in "
                "the training than the general architecture of the atomic autoencoder."
            ),
            "Section III, curves": "it learns these simple atoms on its own",
        },
        verdicts.without_constraints, "knobs",
    ),
    Claim(
        "no other architecture does the same",
        {
            "Section I, Contributions": (
                "To the best of our knowledge, no other DNN architecture provides the same features."
            ),
            "SampTA, Section III": (
                "To the best of our knowledge, no other existing generative DNN architecture yields such properties "
                "without additional constraints during learning."
            ),
        },
        verdicts.no_other, "rivals", True,
    ),
    Claim(
        "deep dictionary learning does not isolate features in a block",
        {
            "Section I, Related work": (
                "this architecture does not permit to isolate simple features in a given block of latent code like "
                "atomic autoencoders"
            ),
        },
        verdicts.beyond_records, "idea",
    ),
    Claim(
        "the order of the blocks does not matter",
        {
            "Section II-A": "the ordering of the latent blocks does not matter",
        },
        verdicts.by_construction, "idea",
    ),
    Claim(
        "one block changes one part of the picture, and no other",
        {
            "Section II-A": (
                "thanks to the intrinsic atomic structure, we can modify individually each code to change only one "
                "“simple” feature of x at a same time"
            ),
        },
        verdicts.by_construction, "navigation", True,
    ),
    Claim(
        "a small change of a code gives an image of the same kind",
        {
            "Section II-A": "navigate safely in all directions of the latent set, without “falling outside”",
            "Lemma II.1": "Then there exists an open set O of ℝ^{kd_0} such that θ + O ⊂ Θ.",
        },
        verdicts.proved, "theory", True,
    ),
    Claim(
        "some of the atoms alone make an image that the network knows",
        {
            "Section II-A": (
                "We observe in experiments that trained atomic DNN autoencoders seem to have this property without "
                "any explicit constraint for this in the training."
            ),
        },
        verdicts.parts, "strokes", True,
    ),
    Claim(
        "a perfect training disentangles",
        {
            "Section II-A, first fact": "perfectly trained atomic autoencoders achieve atomic disentanglement",
            "Abstract": (
                "the atomic autoencoder achieves disentangled low-dimensional representations under minimal "
                "hypotheses"
            ),
        },
        verdicts.proved, "theory",
    ),
    Claim(
        "atoms that can be split may be mixed across blocks",
        {
            "HAL, Section II-A, second fact": (
                "the function ψ must not be too simple if we want to ensure that a latent code encoding a given "
                "feature is not mixed across latent blocks"
            ),
            "SampTA, Section II-A, second fact": (
                "it must not be possible to split the function ψ into simpler functions if we want to ensure that a "
                "latent code encoding a given feature is not mixed across latent blocks"
            ),
        },
        verdicts.proved, "theory",
    ),
    Claim(
        "complex data have codes in a bounded set",
        {
            "SampTA, Section II-B": (
                "With a fixed autoencoder parametrized by a leaky ReLU DNN, complex data can only be represented on "
                "a bounded latent set"
            ),
        },
        verdicts.beyond_records, "theory",
    ),
    Claim(
        "the codes of training images show which codes are valid",
        {
            "SampTA, Section II-B": (
                "In our examples we suppose that they can be well estimated by looking at the bounds of the latent "
                "codes of the training data"
            ),
        },
        verdicts.bounds, "theory",
    ),
    Claim(
        "sparsity of the code helps to find its size",
        {
            "Section II-B": (
                "ideas such as sparse regularization of the atomic latent code may be useful in estimating these "
                "parameters"
            ),
        },
        verdicts.sparsity, "knobs",
    ),
    Claim(
        "a block must have few coordinates",
        {
            "Section II-B": "d_0 must be chosen small enough so that atoms cannot be “split” into smaller atoms",
        },
        verdicts.small_d0, "knobs", True,
    ),
    Claim(
        "some 300,000 parameters make it up",
        {
            "Section II-B": (
                "the resulting architecture is simple, with around 300,000 parameters (depending on the exact "
                "application), which is an extremely lightweight network"
            ),
        },
        verdicts.light, "speed",
    ),
    Claim(
        "digits are sums of small strokes of a pen",
        {
            "Section III, curves": "each number in mnist is an amalgamation of small penstrokes",
        },
        verdicts.beyond_records, "data",
    ),
    Claim(
        "digits come out as they went in",
        {
            "Section III, curves, of the supplement": (
                "We verify that the autoencoder has indeed worked by showing the input and output in the "
                "supplementary material (with some distortion typical of raw autoencoder architectures)."
            ),
        },
        verdicts.reconstructed, "strokes",
    ),
    Claim(
        "one atom is one stroke of the digit",
        {
            "Section III, curves": "the network successfully separates the different strokes",
            "Figure 2": "The image of the number 5 has been broken down into several simple strokes",
        },
        verdicts.strokes, "strokes", True,
    ),
    Claim(
        "strokes are local",
        {
            "Section III, curves": "the network does not mix up the spatial locations of the strokes",
            "Figure 2": "which are spatially localized",
        },
        verdicts.localised, "strokes",
    ),
    Claim(
        "each stroke is in one piece",
        {
            "Section III, curves": "each one is connected and continuous",
        },
        verdicts.connected, "strokes", True,
    ),
    Claim(
        "on the way between two digits, every picture is a sum of strokes",
        {
            "Section III, curves, of the supplement": (
                "We verify that each point of the interpolation does not leave the space of images that are sum of "
                "parametric curves."
            ),
        },
        verdicts.walk, "strokes", True,
    ),
    Claim(
        "one spike comes to lie in one block",
        {
            "Section III, spikes": "the network has learned, with no supervision, to separate the spikes in each image",
            "Figure 3": (
                "atomic autoencoder separates spikes in each latent code block, even though our method is wholly "
                "unsupervised"
            ),
        },
        verdicts.one_spike_one_block, "spikes", True,
    ),
    Claim(
        "the atomic structure is what separates spikes",
        {
            "Figure 3": "This is due to its atomic structure.",
        },
        verdicts.cause, "knobs",
    ),
    Claim(
        "one coordinate is the amplitude, two are perpendicular motions",
        {
            "Section III, spikes": (
                "The network codes the amplitude of the spike in the first coordinate, then two perpendicular "
                "motions in the next two."
            ),
            "Figure 4": "The first coordinate changes the amplitude, while the second and third modify the position",
        },
        verdicts.coordinates, "navigation", True,
    ),
    Claim(
        "a conventional code could mix amplitude and place",
        {
            "Section III, spikes": "With a conventional architecture it could have mixed amplitude and positions.",
        },
        verdicts.beyond_records, "navigation",
    ),
    Claim(
        "a spike moves faster in one direction than in the other",
        {
            "Section III, spikes": (
                "the motion is faster in one direction than the other; indeed there is nothing which imposes them to "
                "be the same"
            ),
        },
        verdicts.speeds, "navigation",
    ),
    Claim(
        "nobody tells the training what an atom is",
        {
            "Figure 4": "No supervision in the training was involved here.",
        },
        verdicts.unsupervised, "seeds", True,
    ),
]  # fmt: skip
