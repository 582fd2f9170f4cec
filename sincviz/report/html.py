"""Pieces of a page: an empty page, figures with captions, tables, what templates make of values."""

import base64
import hashlib
import re
import tempfile
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

import jinja2
from markupsafe import Markup, escape

from sincviz._utils.text import shown

if TYPE_CHECKING:
    import mne

_DOUBLE_COLUMN_PX = 960
_WIDEST_MM = 178.0


def empty_page(title: str) -> "mne.Report":
    """Return a page with the style of sincviz and nothing else."""
    import mne

    page = mne.Report(title=shown(title), verbose="error")
    page.add_custom_css(style_sheet())
    return page


def save_page(page: "mne.Report", path: Path, scripts: Sequence[str] = ()) -> None:
    """Write a page that runs only its own scripts and loads nothing from elsewhere, whatever is written in it.

    Parameters
    ----------
    page : mne.Report
        The page.
    path : pathlib.Path
        The file to write.
    scripts : sequence of str
        Hashes of the scripts that the engine put into the page, such as ``"'sha256-...'"``; these run too, and may
        compute in workers of their own.
    """
    page.save(path, open_browser=False, overwrite=True, verbose="error")
    html = path.read_text("utf-8")
    policy = (
        f"default-src 'none'; script-src {' '.join([_own_scripts(), *scripts])}; "
        f"{'worker-src blob:; ' if scripts else ''}style-src 'unsafe-inline'; img-src data:; font-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
    head, rest = html.split("<head>", 1)
    meta = f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    path.write_text(f'{head}<head>\n  <meta charset="UTF-8">\n  {meta}{rest}', encoding="utf-8", newline="\n")


@cache
def _own_scripts() -> str:
    """Return the hashes of the scripts of an empty page; what is added to a page has none."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "empty.html"
        empty_page("").save(path, open_browser=False, overwrite=True, verbose="error")
        scripts = re.findall(r"<script\b[^>]*>(.*?)</script>", path.read_text("utf-8"), re.DOTALL)
    hashes = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
    return " ".join(f"'sha256-{one}'" for one in hashes)


def style_sheet() -> str:
    """Return the style of the pages."""
    return files("sincviz.report").joinpath("templates", "page.css").read_text("utf-8")


def figure_html(
    title: str, caption: str, picture: Path, width_mm: float, *, narrow: Path | None = None
) -> str:
    """Return a figure with its caption; the picture, and another for narrow screens, are part of it."""
    png, narrow_png = (
        "" if one is None else base64.b64encode(one.read_bytes()).decode() for one in (picture, narrow)
    )
    width = round(_DOUBLE_COLUMN_PX * min(1.0, width_mm / _WIDEST_MM))
    return render("figure", title=title, caption=caption, png=png, narrow=narrow_png, width=width)


def table_html(header: Sequence[str], rows: Sequence[Sequence[object]], caption: str) -> str:
    """Return a table with what is said above it."""
    return render("table", header=header, rows=rows, caption=caption)


def render(template: str, **values: object) -> str:
    """Return what a template makes of values; these are shown and never run."""
    return _ENVIRONMENT.get_template(f"{template}.html.jinja").render(**values)


def _code(text: object) -> Markup:
    """Return text in which what stands between backticks is code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(_seen(text)))))


def _seen(value: object) -> object:
    return value if isinstance(value, Markup) or not isinstance(value, str) else shown(value, keep="\n\t")


_ENVIRONMENT = jinja2.Environment(
    loader=jinja2.PackageLoader("sincviz.report"),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=jinja2.StrictUndefined,
    finalize=_seen,
)
_ENVIRONMENT.filters["code"] = _code
