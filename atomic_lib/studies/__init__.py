"""One file a chapter, and the machinery of ablations: nothing below imports it."""
