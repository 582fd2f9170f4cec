"""Lettering of figures: lines that fit a width in print, and numbers."""

import bisect
from collections.abc import Iterable, Sequence

import matplotlib as mpl

from sincviz.plotting.canvas.glyphs import advance_em, legible
from sincviz.plotting.canvas.style import inches, millimetres, small_pt

_ON_SCREEN = 1.08  # letters are moved to whole pixels: at low resolution lines become wider

_LONGEST_LINE = 400
"""Characters; no line of a figure holds as many, and measuring names without end takes minutes."""


def text_width_pt(text: str, *, size_pt: float | None = None, weight: str = "normal") -> float:
    """Return how wide a line of text is, in the style's small type or another size; to be called inside the style."""
    families = tuple(mpl.rcParams["font.family"])
    em = sum(advance_em(character, weight, families) for character in text)
    return (size_pt or small_pt()) * em


def widest_mm(texts: Sequence[str], *, size_pt: float | None = None) -> float:
    """Return how wide the widest line of any of these texts is in print; to be called inside the style."""
    lines = [line for text in texts for line in text.split("\n")]
    return _ON_SCREEN * millimetres(max(text_width_pt(line, size_pt=size_pt) for line in lines) / 72)


def wrapped(text: str, width_mm: float, *, size_pt: float | None = None, weight: str = "normal") -> str:
    """Return text with line breaks where it would be too wide; to be called inside the style.

    Words stay whole where they fit into a line. Line breaks that are there stay.
    """
    most_pt = 72 * inches(width_mm) / _ON_SCREEN
    text = legible(text)

    def width_pt(line: str) -> float:
        return text_width_pt(line, size_pt=size_pt, weight=weight)

    lines: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for word in paragraph.split():
            if line and width_pt(f"{line} {word}") <= most_pt:
                line += f" {word}"
                continue
            if line:
                lines.append(line)
            line = word
            while width_pt(line) > most_pt and len(line) > 1:
                starts = [line[: end + 1] for end in range(len(line))]
                kept = max(1, bisect.bisect(starts, most_pt, key=width_pt))
                lines.append(line[:kept])
                line = line[kept:]
        lines.append(line)
    return "\n".join(lines)


def fitted(text: str, width_mm: float, most_lines: int = 1, *, size_pt: float | None = None) -> str:
    """Return text in so many lines at most; what does not fit becomes an ellipsis. To be called inside the style."""
    lines = wrapped(text[: _LONGEST_LINE * most_lines], width_mm, size_pt=size_pt).split("\n")
    if len(lines) <= most_lines:
        return "\n".join(lines)
    last = f"{lines[most_lines - 1]}…"
    while len(last) > 2 and "\n" in wrapped(last, width_mm, size_pt=size_pt):
        last = f"{last[:-2].rstrip()}…"
    return "\n".join([*lines[: most_lines - 1], last])


def fitted_apart(
    names: Iterable[object], width_mm: float, most_lines: int = 1, *, size_pt: float | None = None
) -> list[str]:
    """Return names in so many lines at most, different ones in different words; to be called inside the style.

    Names that differ in their ends only keep these: an ellipsis then stands in the middle.
    """
    whole = [legible(str(name)) for name in names]
    short = [fitted(name, width_mm, most_lines, size_pt=size_pt) for name in whole]

    def alike(number: int) -> bool:
        return any(
            text == short[number] and name != whole[number] for text, name in zip(short, whole, strict=True)
        )

    for number in [number for number in range(len(whole)) if alike(number)]:
        short[number] = _ends(whole[number], width_mm, most_lines, size_pt)
    for number in [number for number in range(len(whole)) if alike(number)]:
        short[number] = fitted(f"{number + 1}: {whole[number]}", width_mm, most_lines, size_pt=size_pt)
    return short


def _ends(text: str, width_mm: float, most_lines: int, size_pt: float | None) -> str:
    """Return the beginning and the end of a text, as much as fits."""
    for kept in range(min(len(text), _LONGEST_LINE * most_lines) // 2, 0, -1):
        lines = wrapped(f"{text[:kept]}…{text[-kept:]}", width_mm, size_pt=size_pt)
        if lines.count("\n") < most_lines:
            return lines
    return "…"


def hz(frequency_hz: float) -> str:
    """Return a frequency with three digits or so.

    Examples
    --------
    >>> hz(9.96), hz(120.4)
    ('10.0', '120')
    """
    return f"{frequency_hz:.1f}" if frequency_hz < 99.95 else f"{frequency_hz:.0f}"


def percent(share: float, place: float = 0.0) -> str:
    """Return a share in percent, as ticks of an axis are written: these have a place, too.

    Examples
    --------
    >>> percent(-0.075), percent(0.2), percent(15.5)
    ('−7.5', '20', '1550')
    """
    value = 100 * share
    return f"{value:{'.3g' if abs(value) < 999.5 else '.0f'}}".replace("-", "−")
