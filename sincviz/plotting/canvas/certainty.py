"""What was checked of a relevance, what that showed, and what could not be checked, as lines of a figure."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import pandas as pd
import xarray as xr

from sincviz.plotting.canvas.evidence import area_name, completeness, held_out_words, with_interval
from sincviz.plotting.canvas.intervals import excludes_zero
from sincviz.plotting.canvas.lettering import widest_mm, wrapped
from sincviz.plotting.canvas.sheet import LINE_MM, TITLE_MM, Box, Sheet
from sincviz.plotting.canvas.style import SEVERITIES, type_mm

_GOOD, _OPEN, _BAD, _UNKNOWN = "#009E73", SEVERITIES["warning"], SEVERITIES["error"], "#999999"
_COMPLETE_ENOUGH = 0.05
_MARK_MM = 1.6
_BETWEEN_MM = 0.6


class Certainty(NamedTuple):
    """One line on how sure something is: a colour, what was asked, and the answer."""

    colour: str
    asked: str
    answer: str


def certainties(
    leading: pd.DataFrame,
    cells: xr.DataArray | None,
    deletion: pd.DataFrame | None,
    randomization: pd.DataFrame | None,
) -> list[Certainty]:
    """Return what was checked, with what it showed, and what could not be checked."""
    lines = [_needed(deletion), _learned(randomization)]
    n_bands, of_bands = int(leading["established"].sum()), len(leading)
    of_cells = ""
    if cells is not None and (sure := excludes_zero(cells)) is not None:
        of_cells = f", {int(sure.sum())} of {sure.size} cells"
    lines.append(
        Certainty(
            _GOOD if n_bands else _OPEN,
            "p < 0.05",
            f"{n_bands} of {of_bands} bands{of_cells} (corrected)",
        )
    )
    error = leading.attrs.get("completeness_error")
    if error is not None and math.isfinite(float(error)):
        lines.append(
            Certainty(
                _GOOD if float(error) <= _COMPLETE_ENOUGH else _OPEN, "Complete", completeness(leading.attrs)
            )
        )
    held_out = str(leading.attrs.get("held_out", ""))
    if held_out_words(leading.attrs):
        lines.append(
            Certainty(
                {"yes": _GOOD, "said": _OPEN}.get(held_out, _BAD), "Trials", held_out_words(leading.attrs)
            )
        )
    return lines


def _needed(deletion: pd.DataFrame | None) -> Certainty:
    if deletion is None:
        return Certainty(_UNKNOWN, "Needed", "not checked by deletion")
    attrs = deletion.attrs
    area = f"area {with_interval(attrs, area_name(attrs))}"
    shown = attrs.get("shown")
    if shown not in ("yes", "no"):
        return Certainty(
            _UNKNOWN, "Needed", f"could not be checked by deletion: too few cells or trials ({area})"
        )
    words = "shown by deletion" if shown == "yes" else "not shown by deletion"
    return Certainty(_GOOD if shown == "yes" else _OPEN, "Needed", f"{words}, {area}")


def _learned(randomization: pd.DataFrame | None) -> Certainty:
    if randomization is None:
        return Certainty(_UNKNOWN, "Learned", "not checked with random weights")
    attrs = randomization.attrs
    similarity = with_interval(attrs, "size")
    measured = f"similarity to random {similarity}" if similarity else ""
    colour, words = {
        "differs": (_GOOD, "" if measured else "differs in random networks"),
        "stays": (_BAD, "NOT: the same in random networks"),
    }.get(str(attrs.get("outcome")), (_UNKNOWN, "could not be told: too few random networks or cells"))
    return Certainty(colour, "Learned", "; ".join(filter(None, [words, measured])))


def certainty_height(lines: Sequence[Certainty], width_mm: float) -> float:
    """Return the height of the tile of what is sure; to be called inside the style."""
    n_lines = sum(1 + _answer(line, width_mm, _asked_mm(lines)).count("\n") for line in lines)
    return type_mm(TITLE_MM) + type_mm(LINE_MM) * n_lines + _BETWEEN_MM * len(lines)


def draw_certainty(sheet: Sheet, box: Box, lines: Sequence[Certainty]) -> None:
    """Write what was checked, each with a mark in the colour of the answer."""
    sheet.title(box, "How sure is that?")
    top, asked_mm = box.top + type_mm(TITLE_MM), _asked_mm(lines)
    for line in lines:
        sheet.write(box.left, top, "●", color=line.colour)
        sheet.write(box.left + _MARK_MM + 2, top, line.asked, weight="bold")
        answer = _answer(line, box.width, asked_mm)
        sheet.write(box.left + asked_mm, top, answer, color="#555555" if line.colour == _UNKNOWN else "black")
        top += type_mm(LINE_MM) * (1 + answer.count("\n")) + _BETWEEN_MM


def _asked_mm(lines: Sequence[Certainty]) -> float:
    # Bold is wider.
    return 1.15 * widest_mm([line.asked for line in lines]) + _MARK_MM + 4


def _answer(line: Certainty, width_mm: float, asked_mm: float) -> str:
    return wrapped(line.answer, width_mm - asked_mm)
