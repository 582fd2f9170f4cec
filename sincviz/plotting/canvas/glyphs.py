"""Letters of any script: the font that has them, or their Unicode numbers where none has."""

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import matplotlib as mpl
from matplotlib.font_manager import FontProperties, findfont, get_font_names
from matplotlib.ft2font import FT2Font

# Asked in this order for what the style's own fonts lack: on Linux, Windows and macOS.
_OTHER_SCRIPTS = (
    *("Noto Sans CJK JP", "Noto Sans CJK SC", "Noto Sans CJK TC", "Noto Sans CJK KR", "Source Han Sans"),
    *("Noto Sans JP", "Noto Sans SC", "Noto Sans KR", "IPAexGothic", "IPAGothic", "TakaoGothic"),
    *("WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "NanumGothic", "UnDotum", "Droid Sans Fallback"),
    *("Yu Gothic", "MS Gothic", "Microsoft YaHei", "SimHei", "Malgun Gothic"),
    *("Hiragino Sans", "PingFang SC", "Heiti TC", "Apple SD Gothic Neo", "Arial Unicode MS"),
    *("Noto Sans", "Noto Sans Arabic", "Noto Sans Hebrew", "Noto Sans Thai", "Noto Sans Armenian"),
    *("Noto Sans Georgian", "Noto Sans Ethiopic", "Noto Sans Symbols2", "Noto Sans Devanagari"),
    *("Noto Sans Bengali", "Noto Sans Tamil", "Lohit Devanagari", "FreeSans", "Nirmala UI", "Mangal"),
    *("Kohinoor Devanagari", "Leelawadee UI", "Segoe UI", "Segoe UI Symbol", "Tahoma"),
)
_UNITS = 100

_missing: ContextVar[set[str] | None] = ContextVar("missing", default=None)


@contextmanager
def noting_missing() -> Iterator[None]:
    """Note the letters that no font has, for :func:`missing_note`."""
    token = _missing.set(set())
    try:
        yield
    finally:
        _missing.reset(token)


def missing_note() -> str:
    """Return a sentence on the Unicode numbers in the figure that is being drawn; nothing if there are none."""
    return (
        "U+…: Unicode numbers of characters that no installed font has; Noto Sans has them."
        if _missing.get()
        else ""
    )


def legible(text: str) -> str:
    """Return text of characters that can be drawn; to be called inside the style, before the text is measured.

    A font for another script joins the fonts of the style as soon as it is needed. Characters that no font has
    become their Unicode numbers, ``"U+5DE6 624B"`` for two together: names stay distinct and can be looked up.
    """
    if text.isascii() and text.isprintable():
        return text
    pieces: list[str] = []
    unknown = False
    for character in text:
        if character != "\n" and character.isspace():
            character = " "
        if character == "\n" or font_of(character) is not None:
            # What follows a number must not be read as part of it.
            pieces.append(f" {character}" if unknown and not character.isspace() else character)
            unknown = False
            continue
        number = f"{ord(character):04X}"
        before = "" if not pieces or pieces[-1][-1].isspace() else " "
        pieces.append(f"{before}{'' if unknown else 'U+'}{number}")
        unknown = True
        noted = _missing.get()
        if noted is not None:
            noted.add(character)
    return "".join(pieces)


def font_of(character: str, weight: str = "normal") -> FT2Font | None:
    """Return the font of a character, the first of the style that has it; ``None`` if no font has."""
    families = tuple(mpl.rcParams["font.family"])
    for family in families:
        font = _font(family, weight)
        if font.get_char_index(ord(character)):
            return font
    other = _other_family(character, families)
    if other is None:
        return None
    mpl.rcParams["font.family"] = [*families, other]  # only until the style ends
    return _font(other, weight)


@functools.cache
def advance_em(character: str, weight: str, families: tuple[str, ...]) -> float:
    """Return the width of a character, the space to the next included, in units of the size of the type."""
    font = font_of(character, weight) or _font(families[0], weight)
    font.set_size(_UNITS, 72)
    return float(font.load_char(ord(character)).linearHoriAdvance / 65536 / _UNITS)


@functools.cache
def first_installed(families: tuple[str, ...]) -> str:
    """Return the first of these fonts that Matplotlib knows; the last if it knows none."""
    known = set(get_font_names())
    return next((family for family in families if family in known), families[-1])


@functools.cache
def _other_family(character: str, families: tuple[str, ...]) -> str | None:
    """Return the first font beyond the style's that has a character."""
    known = set(get_font_names())
    for family in _OTHER_SCRIPTS:
        if (
            family in known
            and family not in families
            and _font(family, "normal").get_char_index(ord(character))
        ):
            return family
    return None


@functools.cache
def _font(family: str, weight: str) -> FT2Font:
    return FT2Font(findfont(FontProperties(family=[family], weight=weight)))
