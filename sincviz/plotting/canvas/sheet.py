"""A figure on which tiles are placed in mm from its top left corner."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sincviz.plotting.canvas.lettering import fitted
from sincviz.plotting.canvas.style import large_pt, millimetres, small_pt, type_mm

TITLE_MM = 5.0
LINE_MM = 3.2


class Box(NamedTuple):
    """Where a tile lies: left and top edge, width and height in mm, the top counted from the top of the figure."""

    left: float
    top: float
    width: float
    height: float


@dataclass(frozen=True)
class Sheet:
    """A figure on which everything is placed in mm from its top left corner."""

    figure: Figure

    def axes(self, box: Box, label: str = "") -> Axes:
        """Return new axes in this box."""
        wide, high = (millimetres(size) for size in self.figure.get_size_inches())
        bottom = high - box.top - box.height
        return self.figure.add_axes(
            (box.left / wide, bottom / high, box.width / wide, box.height / high), label=label
        )

    def write(self, x: float, top: float, text: str, **looks: Any) -> None:
        """Write lines that begin here."""
        wide, high = (millimetres(size) for size in self.figure.get_size_inches())
        step = type_mm(LINE_MM) * looks.get("fontsize", small_pt()) / small_pt()
        for number, line in enumerate(text.split("\n")):
            self.figure.text(
                x / wide, 1 - (top + number * step) / high, line, va="top", parse_math=False, **looks
            )

    def title(self, box: Box, text: str) -> None:
        """Write what a tile is about."""
        self.write(box.left, box.top, fitted(text, box.width, size_pt=large_pt()), fontsize=large_pt())


class Tile(NamedTuple):
    """A part of a figure: its share of the width of a row, its height for a width in mm, and how to draw it."""

    share: float
    height: Callable[[float], float]
    draw: Callable[[Sheet, Box], None]
