"""The small line below a figure: how it was made, and how far it can be trusted."""

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd
import xarray as xr
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from sincviz._utils.text import counted, p_words
from sincviz.eeg.band_limits import band_names, has_band_limits, low_and_high_hz, ranges_by_name, ranges_in_hz
from sincviz.eeg.bands import OTHER
from sincviz.plotting.canvas.glyphs import missing_note
from sincviz.plotting.canvas.lettering import wrapped
from sincviz.plotting.canvas.style import SEVERITIES, inches, millimetres, small_pt, type_mm
from sincviz.verdict import warning_words

NOT_ABOVE_CHANCE = "NOT ABOVE CHANCE: "
UNBALANCED = 0.05  # from here on the most frequent class is worth a word

_LINE_MM = 3.1
_SIDE_MM = 3.0
_MARGIN_MM = 1.6
_BETWEEN_MM = 0.9
_TRIALS = {"all": "all trials", "contrast": "class minus rest"}
_OF_NUMBERS = {"all": "all trials", "contrast": "rise with the target"}
_HELD_OUT = {
    "yes": "held out, by their signal",
    "no": "seen in training",
    "in part": "in part seen in training",
    "unknown": "not known whether held out",
    "said": "declared as held out",
}
_SHOWN = {
    "yes": "relevance shown by deletion",
    "no": "relevance not shown by deletion",
    "could not be checked": "too few cells or trials to check by deletion",
}

Attrs = Mapping[Any, Any]


def evidence_line(attrs: Attrs, deletion: pd.DataFrame | None = None) -> str:
    """Return in one line how a result was made and how far it can be trusted.

    Parameters
    ----------
    attrs : mapping
        The ``attrs`` of a result; what is missing is left out.
    deletion : pandas.DataFrame | None
        What :func:`sincviz.deletion_curve` returned for the same network.

    Returns
    -------
    str
        Begins with ``"NOT ABOVE CHANCE: "`` if the network does not decode above chance.

    Examples
    --------
    >>> evidence_line({"method": "gradient_x_activation", "explain": "score", "accuracy": 0.8,
    ...                "accuracy_ci_low": 0.68, "accuracy_ci_high": 0.88, "chance_level": 0.5,
    ...                "above_chance": "yes", "held_out": "yes"})
    'gradient × activation of the score · accuracy 0.80 (0.68–0.88), chance 0.50 · held out, by their signal'
    """
    segments = [
        _method(attrs),
        _trials(attrs),
        _accuracy(attrs),
        held_out_words(attrs),
        completeness(attrs),
        "" if deletion is None else deletion_area(deletion.attrs),
    ]
    start = NOT_ABOVE_CHANCE if attrs.get("above_chance") == "no" else ""
    return start + " · ".join(part for part in segments if part)


def deletion_area(attrs: Attrs) -> str:
    """Return the area between two deletion curves with its interval, empty if it is not known.

    Examples
    --------
    >>> deletion_area({"accuracy_area": 0.2, "accuracy_area_ci_low": 0.1, "accuracy_area_ci_high": 0.31,
    ...                "shown": "yes", "p_deletion": 0.004, "ranked_on": "the other half"})
    'area between deletion curves 0.20 (0.10–0.31), relevance shown by deletion (p = 0.004)'
    """
    area = with_interval(attrs, area_name(attrs))
    if not area:
        return ""
    against = against_random(attrs)
    return f"area between deletion curves {area}{', ' if against else ''}{against}"


def area_name(attrs: Attrs) -> str:
    """Return under which name the area between two deletion curves is: of accuracy, or of a correlation."""
    return "correlation_area" if "correlation_area" in attrs else "accuracy_area"


def against_random(attrs: Attrs) -> str:
    """Return whether deletion showed the relevance, ``"relevance shown by deletion (p = 0.004)"``; empty if unknown.

    If the order was passed in, the words say so: it may have been made by the same trials.
    """
    p, words = _number(attrs, "p_deletion"), _SHOWN.get(str(attrs.get("shown")))
    if words is None:
        return ""
    value = [] if p is None or attrs["shown"] == "could not be checked" else [f"p {p_words(p)}"]
    notes = value + ["order given, perhaps by these trials"] * (attrs.get("ranked_on") == "given")
    return f"{words} ({', '.join(notes)})" if notes else words


def with_interval(attrs: Attrs, name: str) -> str:
    """Return a number with its interval, ``"0.80 (0.68–0.88)"``; empty if it is not known."""
    value, low, high = (_number(attrs, name + end) for end in ("", "_ci_low", "_ci_high"))
    if value is None:
        return ""
    if low is None or high is None:
        return _decimals(value)
    between = " to " if low < 0 else "–"
    return f"{_decimals(value)} ({_decimals(low)}{between}{_decimals(high)})"


def bands_in_hz(values: xr.DataArray | xr.Dataset | pd.DataFrame) -> str:
    """Return a sentence with the limits of a result's bands, empty if it has none.

    What no band covers is listed only if it is called ``"other"``, a name that does not give its limits.

    Raises
    ------
    ValueError
        If a result has the coordinates of the limits, but these do not say what a band covers.

    Examples
    --------
    >>> shares = xr.DataArray([0.7, 0.3], {"band": ["alpha", "gamma"]}, ("band",))
    >>> bands_in_hz(shares.assign_coords(band_low_hz=("band", [8, 30]), band_high_hz=("band", [13, math.inf])))
    'Bands in Hz: alpha: 8–13; gamma: 30–∞.'
    """
    if not has_band_limits(values):
        return ""
    ranges_of_bands = ranges_by_name(values)
    rest = {
        name
        for name, low in zip(band_names(values), low_and_high_hz(values)[:, 0], strict=True)
        if low != low
    }
    listed = [
        f"{name}: {ranges_in_hz(ranges, '∞')}"
        for name, ranges in ranges_of_bands.items()
        if name == OTHER or name not in rest
    ]
    return f"Bands in Hz: {'; '.join(listed)}." if listed else ""


def write_below(
    figure: Figure, attrs: Attrs, deletion: pd.DataFrame | None = None, *, note: str = "", strong: str = ""
) -> None:
    """Make the figure higher and write a note and the evidence into the new room; to be called inside the style.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
        A finished figure: nothing is drawn into it later.
    attrs, deletion
        As for :func:`evidence_line`.
    note : str
        How the figure is to be read; a line on characters that no font has is added where there are some.
    strong : str
        What must not be overlooked, in bold above the note.
    """
    line = evidence_line(attrs, deletion)
    note = " ".join(filter(None, [note, missing_note()]))
    alarm = line.startswith(NOT_ABOVE_CHANCE)
    strong = " ".join(filter(None, [warning_words(dict(attrs)), strong]))
    width = millimetres(figure.get_figwidth()) - 2 * _SIDE_MM
    paragraphs = [
        (wrapped(text, width, weight=weight), weight, colour)
        for text, weight, colour in (
            (strong, "bold", "black"),
            (note, "normal", "#333333"),
            (line, "bold" if alarm else "normal", SEVERITIES["error"] if alarm else "#333333"),
        )
        if text
    ]
    if not paragraphs:
        return
    n_lines = sum(text.count("\n") + 1 for text, _, _ in paragraphs)
    _make_room_below(
        figure, type_mm(_LINE_MM) * n_lines + _BETWEEN_MM * (len(paragraphs) - 1) + 2 * _MARGIN_MM
    )
    left = inches(_SIDE_MM) / figure.get_figwidth()
    bottom_mm = _MARGIN_MM
    for text, weight, colour in reversed(paragraphs):
        for row in reversed(text.split("\n")):
            figure.text(
                left,
                inches(bottom_mm) / figure.get_figheight(),
                row,
                va="baseline",
                fontsize=small_pt(),
                weight=weight,
                color=colour,
                parse_math=False,
            )
            bottom_mm += type_mm(_LINE_MM)
        bottom_mm += _BETWEEN_MM


def _make_room_below(figure: Figure, room_mm: float) -> None:
    """Make the figure higher; what it holds keeps its size and its distance from the top."""
    places = [(ax, ax.get_position(original=True)) for ax in figure.axes]
    width, height = figure.get_size_inches()
    higher = height + inches(room_mm)
    figure.set_size_inches(width, higher)
    start, share = inches(room_mm) / higher, height / higher
    engine = figure.get_layout_engine()
    if isinstance(engine, ConstrainedLayoutEngine):
        engine.set(rect=(0, start, 1, share))
        return
    for text in figure.texts:
        text.set_y(start + share * text.get_position()[1])
    for ax, box in places:
        ax.set_position((box.x0, start + share * box.y0, box.width, share * box.height))


def _method(attrs: Attrs) -> str:
    method = str(attrs.get("method", "")).replace("_", " ").replace(" x ", " × ")
    explain = str(attrs.get("explain", "")).replace("_", " ")
    return f"{method} of the {explain}" if method and explain else method or explain


def _trials(attrs: Attrs) -> str:
    words = _OF_NUMBERS if attrs.get("outputs") == "numbers" else _TRIALS
    trials = str(attrs.get("contrast_of", "")) or words.get(
        str(attrs.get("trials")), str(attrs.get("trials", ""))
    )
    count = _number(attrs, "n_trials")
    number = "" if count is None else counted(round(count), "trial")
    return ", ".join(part for part in (trials, number) if part)


def held_out_words(attrs: Attrs) -> str:
    """Return whether the trials were held out and how that is known, empty if nothing is said of it."""
    return _HELD_OUT.get(str(attrs.get("held_out")), "")


def _accuracy(attrs: Attrs) -> str:
    accuracy, chance = with_interval(attrs, "accuracy"), _number(attrs, "chance_level")
    if "correlation" in attrs:
        return _correlation(attrs)
    if not accuracy:
        return "accuracy not known" if attrs.get("above_chance") == "unknown" else ""
    segments = [f"accuracy {accuracy}"]
    majority, balanced = _number(attrs, "majority"), _number(attrs, "balanced_accuracy")
    if majority is not None and chance is not None and majority > chance + UNBALANCED:
        segments.append(f"most frequent class {_decimals(majority)}")
    if balanced is not None:
        segments.append(f"balanced accuracy {_decimals(balanced)}")
    if chance is not None:
        segments.append(f"chance {_decimals(chance)}")
    if attrs.get("above_chance") == "unknown":
        segments.append("whether above chance is not known")
    return ", ".join(segments)


def _correlation(attrs: Attrs) -> str:
    error, of_mean = _number(attrs, "mean_absolute_error"), _number(attrs, "error_of_mean")
    of = f" of {attrs['judged_output']}" if "judged_output" in attrs else ""
    segments = [f"correlation{of} {with_interval(attrs, 'correlation') or 'not defined'}"]
    if error is not None and of_mean is not None:
        segments.append(f"mean absolute error {error:.3g} (of the mean {of_mean:.3g})")
    if attrs.get("above_chance") == "unknown":
        segments.append("whether above chance is not known")
    return ", ".join(segments)


def completeness(attrs: Attrs) -> str:
    """Return how much the shares miss, empty if that is not known."""
    if attrs.get("completeness_error") is None:
        return ""
    percent = 100 * float(attrs["completeness_error"])
    if not math.isfinite(percent):
        return "completeness error not finite"
    rounded = f"{percent:.2g}" if percent < 99.5 else f"{percent:.0f}"
    return f"completeness error {'below 0.01' if percent < 0.01 else rounded} %"


def _number(attrs: Attrs, name: str) -> float | None:
    value = attrs.get(name)
    return None if value is None or not math.isfinite(float(value)) else float(value)


def _decimals(value: float) -> str:
    return f"{value:z.2f}".replace("-", "−")
