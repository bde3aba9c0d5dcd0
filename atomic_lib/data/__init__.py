"""Where images come from, with their truth where it is known."""

from .digits import Digits
from .pictures import Pictures, from_folder, from_image
from .sample import Sample, from_npz
from .spikes import Spikes

__all__ = ["Digits", "Pictures", "Sample", "Spikes", "from_folder", "from_image", "from_npz"]
