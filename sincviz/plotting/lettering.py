"""What is written into figures: lines that fit a width in print, and frequencies."""

import bisect
import functools
from collections.abc import Sequence

from matplotlib.font_manager import FontProperties, findfont, get_font

from sincviz.plotting.style import inches, millimetres

_ON_SCREEN = 1.08  # letters are moved to whole pixels: at low resolution lines become wider
_UNITS = 100


def text_width_pt(text: str, *, size_pt: float = 7.0, weight: str = "normal") -> float:
    """Return how wide a line of text is; to be called inside the style."""
    return size_pt * sum(_advance_em(character, weight) for character in text)


def widest_mm(texts: Sequence[str], *, size_pt: float = 7.0) -> float:
    """Return how wide the widest line of any of these texts is in print; to be called inside the style."""
    lines = [line for text in texts for line in text.split("\n")]
    return _ON_SCREEN * millimetres(max(text_width_pt(line, size_pt=size_pt) for line in lines) / 72)


def wrapped(text: str, width_mm: float, *, size_pt: float = 7.0, weight: str = "normal") -> str:
    """Return text with line breaks where it would be too wide; to be called inside the style.

    Words stay whole where they fit into a line. Line breaks that are there stay.
    """
    most_pt = 72 * inches(width_mm) / _ON_SCREEN

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


def fitted(text: str, width_mm: float, most_lines: int = 1, *, size_pt: float = 7.0) -> str:
    """Return text in so many lines at most; what does not fit becomes an ellipsis. To be called inside the style."""
    lines = wrapped(text, width_mm, size_pt=size_pt).split("\n")
    if len(lines) <= most_lines:
        return "\n".join(lines)
    last = f"{lines[most_lines - 1]}…"
    while len(last) > 2 and "\n" in wrapped(last, width_mm, size_pt=size_pt):
        last = f"{last[:-2].rstrip()}…"
    return "\n".join([*lines[: most_lines - 1], last])


def hz(frequency_hz: float) -> str:
    """Return a frequency with three digits or so.

    Examples
    --------
    >>> hz(9.96), hz(120.4)
    ('10.0', '120')
    """
    return f"{frequency_hz:.1f}" if frequency_hz < 99.95 else f"{frequency_hz:.0f}"


@functools.cache
def _advance_em(character: str, weight: str) -> float:
    """Return the width of a letter, the space to the next included, in units of the size of the type."""
    font = get_font(findfont(FontProperties(weight=weight)))
    font.set_size(_UNITS, 72)
    return float(font.load_char(ord(character)).linearHoriAdvance / 65536 / _UNITS)
