"""Pieces of a page: an empty page, figures with captions, tables, what templates make of values."""

import base64
import re
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import jinja2
from markupsafe import Markup, escape

if TYPE_CHECKING:
    import mne

_DOUBLE_COLUMN_PX = 960
_WIDEST_MM = 178.0


def empty_page(title: str) -> "mne.Report":
    """Return a page with the style of sincviz and nothing else."""
    import mne

    page = mne.Report(title=title, verbose="error")
    page.add_custom_css(style_sheet())
    return page


def style_sheet() -> str:
    """Return the style of the pages."""
    return files("sincviz.report").joinpath("templates", "page.css").read_text("utf-8")


def figure_html(title: str, caption: str, picture: Path, width_mm: float) -> str:
    """Return a figure with its caption; the picture is part of it."""
    png = base64.b64encode(picture.read_bytes()).decode()
    width = round(_DOUBLE_COLUMN_PX * min(1.0, width_mm / _WIDEST_MM))
    return render("figure", title=title, caption=caption, png=png, width=width)


def table_html(header: Sequence[str], rows: Sequence[Sequence[object]], caption: str) -> str:
    """Return a table with what is said above it."""
    return render("table", header=header, rows=rows, caption=caption)


def render(template: str, **values: object) -> str:
    """Return what a template makes of values; these are shown and never run."""
    return _ENVIRONMENT.get_template(f"{template}.html.jinja").render(**values)


def _code(text: object) -> Markup:
    """Return text in which what stands between backticks is code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))


_ENVIRONMENT = jinja2.Environment(
    loader=jinja2.PackageLoader("sincviz.report"),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=jinja2.StrictUndefined,
)
_ENVIRONMENT.filters["code"] = _code
