"""Take a trained network apart by hand: in a notebook with sliders, or in a page of the book."""
