"""Text as a figure: paragraphs one under the other, as high as they need."""

from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from sincviz.plotting.canvas.glyphs import missing_note
from sincviz.plotting.canvas.lettering import wrapped
from sincviz.plotting.canvas.style import double_column_mm, inches, type_mm

_LINE_MM = 3.1
_MARGIN_MM = 3.0
_BETWEEN_MM = 2.6
_MARK_MM = 1.2
_LABEL_MM = 5.6  # left edge of the label
_TEXT_MM = 24.0  # left edge of the text


@dataclass(frozen=True)
class Paragraph:
    """A strong sentence, lines below it, and a coloured label beside it."""

    strong: str
    plain: Sequence[str] = ()
    label: str = ""
    colour: str = "black"


def write_paragraphs(paragraphs: Sequence[Paragraph]) -> Figure:
    """Return a figure 178 mm wide with the paragraphs; to be called inside the style."""
    written = [_lines(paragraph) for paragraph in paragraphs]
    if missing_note():
        paragraphs = [*paragraphs, Paragraph("", (missing_note(),))]
        written.append(_lines(paragraphs[-1])[1:])
    heights = [type_mm(_LINE_MM) * len(lines) for lines in written]
    height = 2 * _MARGIN_MM + sum(heights) + _BETWEEN_MM * (len(heights) - 1)
    figure = plt.figure(figsize=(inches(double_column_mm()), inches(height)))
    # Notebooks show no figure without axes, and trim the others to what is in them.
    figure.add_axes((0, 0, 1, 1)).set_axis_off()

    def write(x_mm: float, y_mm: float, text: str, strong: bool) -> None:
        figure.text(
            x_mm / double_column_mm(),
            y_mm / height,
            text,
            va="top",
            weight="bold" if strong else "normal",
            color="black" if strong else "#333333",
            parse_math=False,
        )

    top = height - _MARGIN_MM
    for paragraph, lines, paragraph_height in zip(paragraphs, written, heights, strict=True):
        if paragraph.label:
            corner = _MARGIN_MM / double_column_mm(), (top - paragraph_height) / height
            size = _MARK_MM / double_column_mm(), paragraph_height / height
            mark = Rectangle(
                corner, *size, transform=figure.transFigure, facecolor=paragraph.colour, linewidth=0
            )
            figure.add_artist(mark)
            write(_LABEL_MM, top, paragraph.label, strong=True)
        for number, (line, strong) in enumerate(lines):
            write(type_mm(_TEXT_MM), top - type_mm(_LINE_MM) * number, line, strong)
        top -= paragraph_height + _BETWEEN_MM
    return figure


def _lines(paragraph: Paragraph) -> list[tuple[str, bool]]:
    width = double_column_mm() - type_mm(_TEXT_MM) - _MARGIN_MM
    strong = wrapped(paragraph.strong, width, weight="bold").split("\n")
    plain = [line for part in paragraph.plain for line in wrapped(part, width).split("\n")]
    return [(line, True) for line in strong] + [(line, False) for line in plain]
