"""One file a chapter, and the machinery of ablations: nothing below imports it.

In a notebook that imports from here, figures are shown as a page of the book has them.
"""

from sys import modules


def _shown(figure) -> None:
    from . import page  # with matplotlib, when there is something to show

    page.show(figure)


if "IPython" in modules and (_shell := modules["IPython"].get_ipython()):
    _shell.display_formatter.ipython_display_formatter.for_type_by_name("atomic_lib.figures", "PageFigure", _shown)
