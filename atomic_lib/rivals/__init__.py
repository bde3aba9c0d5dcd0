"""The other systems that the paper names or that came since, on the same images, by the same measures."""
