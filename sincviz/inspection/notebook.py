"""Notebook view of an inspection: the overview, the summary, a few figures and the findings."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from matplotlib import pyplot as plt

from sincviz import plotting
from sincviz.inspection.contents import CONTENTS
from sincviz.inspection.overview import NAMES
from sincviz.inspection.results import InspectionResults
from sincviz.plotting.canvas.style import millimetres
from sincviz.report.contents import drawings_of
from sincviz.report.html import figure_html, style_sheet
from sincviz.report.page import findings_html, summary_html

_DPI = 120


def notebook_html(inspection: InspectionResults) -> str:
    """Return the overview, the summary, a few figures and the findings, for a notebook."""
    css = style_sheet()
    # What is after the first media rule is about the page, not about these parts.
    rules = "\n".join(line for line in css.split("@media")[0].splitlines() if line.startswith(".sincviz"))
    first, *others = [*_figures(inspection), ""]
    pieces = [first, summary_html(inspection, CONTENTS), *others, findings_html(inspection)]
    return f"<style>{rules}</style>{''.join(pieces)}"


def _figures(inspection: InspectionResults) -> Iterator[str]:
    """Yield a few figures; they keep the pixels that a screen shows."""
    drawings = {
        drawing.name: drawing for section in CONTENTS.sections for drawing in drawings_of(section, inspection)
    }
    maps = "filters_and_patterns" if "filters_and_patterns" in drawings else "spatial_maps"
    with tempfile.TemporaryDirectory(prefix="sincviz-") as folder:
        for drawing in (drawings[name] for name in (NAMES[0], maps, "bands") if name in drawings):
            figure, picture = drawing.draw(), Path(folder, "figure.png")
            plotting.save_figure(figure, picture, dpi=_DPI)
            plt.close(figure)
            yield figure_html(drawing.title, drawing.caption, picture, millimetres(figure.get_figwidth()))
