"""Where images come from, with their truth where it is known."""

from .digits import Digits
from .hanzi import Hanzi
from .pictures import Pictures, from_folder, from_image
from .sample import Sample, from_npz
from .spikes import OtherSpikes, Spikes

__all__ = ["Digits", "Hanzi", "OtherSpikes", "Pictures", "Sample", "Spikes", "from_folder", "from_image", "from_npz"]
