"""The rhythms of the EEG behind a frequency axis."""

from collections.abc import Mapping

from matplotlib.axes import Axes

from sincviz.plotting.canvas.glyphs import legible
from sincviz.plotting.canvas.lettering import text_width_pt
from sincviz.plotting.canvas.style import RHYTHM_SHADES, type_mm


def name_height_pt() -> float:
    """Return the height of one line of names above the axes; to be called inside the style."""
    return type_mm(9)


def shade_rhythms(ax: Axes, rhythms: Mapping[str, tuple[float, float]], right: float) -> None:
    """Shade each rhythm up to a frequency in Hz, and write its name above the axes where it fits."""
    shown = {legible(name): (low, min(high, right)) for name, (low, high) in rhythms.items() if low < right}
    levels = _levels({name: sum(limits) / 2 for name, limits in shown.items()}, right, ax)
    for number, (name, (low, high)) in enumerate(shown.items()):
        ax.axvspan(low, high, color=RHYTHM_SHADES[number % 2], linewidth=0, zorder=0)
        ax.annotate(
            name,
            ((low + high) / 2, 1),
            xycoords=("data", "axes fraction"),
            xytext=(0, 2 + name_height_pt() * levels[name]),
            textcoords="offset points",
            ha="center",
            va="bottom",
            color="#444444",
            parse_math=False,
        )


def _levels(centers_hz: dict[str, float], right: float, ax: Axes) -> dict[str, int]:
    """Return the line above the axes on which each name stands clear of the others."""
    # Before layout the width is a guess, on the safe side.
    points_per_hz = 0.9 * ax.get_window_extent().width / ax.figure.dpi * 72 / right
    ends: list[float] = []
    levels: dict[str, int] = {}
    for name, center_hz in sorted(centers_hz.items(), key=lambda item: item[1]):
        half = text_width_pt(name) / 2 + 2
        start = center_hz * points_per_hz - half
        free = [level for level, end in enumerate(ends) if end <= start]
        levels[name] = free[0] if free else len(ends)
        ends[levels[name] : levels[name] + 1] = [start + 2 * half]
    return levels
