"""Embedding: the explorer as a part of a page, as a page of its own, and as a frame in a notebook."""

import base64
import hashlib
import html
import re
from functools import cache
from importlib.resources import files

from sincviz._utils.text import shown

_START = """if (typeof document !== "undefined") {
  const script = document.currentScript, root = script.parentElement;
  const payload = JSON.parse(root.querySelector("script[type='application/json']").textContent);
  mount(root, payload, script.textContent, root.hasAttribute("data-owns-address"));
}"""


@cache
def script_text() -> str:
    """Return the script of the explorer, which shows the payload beside it; in a worker, it computes the network.

    Both modules in one script, the same on every page, so that the policy of a page can admit it by its hash.
    """
    modules = "\n".join(_file(f"js/{name}.js") for name in ("kernel", "explorer"))
    modules = re.sub(r'^import \{[^}]*\} from "\./kernel\.js";\n', "", modules, flags=re.MULTILINE)
    modules = re.sub(r"^export (?=(async )?(function|class|const)\b)", "", modules, flags=re.MULTILINE)
    return f'(() => {{\n"use strict";\n{modules}\n{_START}\n}})();\n'


def script_hash() -> str:
    """Return what a Content-Security-Policy admits the script by.

    Examples
    --------
    >>> script_hash()[:8]
    "'sha256-"
    """
    digest = hashlib.sha256(script_text().encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"


def explorer_html(payload: str, *, owns_address: bool = False) -> str:
    """Return the explorer as a part of a page.

    Parameters
    ----------
    payload : str
        JSON, as :func:`sincviz.explorer.payload.payload_text` returns it.
    owns_address : bool
        Keep what is chosen and edited in the address of the page, so that a copy of it opens the same view.

    Returns
    -------
    str
        Style, data and script. The page's policy must admit the script by :func:`script_hash`, and workers from
        ``blob:``; without these it computes in the page itself.
    """
    data = payload.replace("<", "\\u003c")  # no element ends within the data
    return (
        f"<style>{_file('js/explorer.css')}</style>\n"
        f'<div class="sincviz-explorer"{" data-owns-address" if owns_address else ""}>\n'
        f'<script type="application/json">{data}</script>\n'
        f"<script>{script_text()}</script>\n"
        "<noscript><p>The explorer needs JavaScript, which is switched off here.</p></noscript>\n</div>\n"
    )


def explorer_page(payload: str, title: str = "sincviz", *, owns_address: bool = True) -> str:
    """Return the explorer as a page of its own, which runs only its own script and asks for nothing.

    Parameters
    ----------
    payload : str
        JSON, as :func:`sincviz.explorer.payload.payload_text` returns it.
    title : str
        Of the page.
    owns_address : bool
        As in :func:`explorer_html`.
    """
    policy = (
        f"default-src 'none'; script-src {script_hash()}; worker-src blob:; style-src 'unsafe-inline'; "
        "base-uri 'none'; form-action 'none'"
    )
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="UTF-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f'<meta name="color-scheme" content="light dark">\n<title>{html.escape(shown(title))}</title>\n'
        "<style>body { margin: 0; } main { max-width: 1400px; margin: 0 auto; }</style>\n</head>\n"
        f"<body>\n<main>\n{explorer_html(payload, owns_address=owns_address)}</main>\n</body>\n</html>\n"
    )


def frame_html(payload: str, title: str = "sincviz", *, height_px: int = 900) -> str:
    """Return the page in a frame that may run its script and nothing else, for a notebook.

    Parameters
    ----------
    payload : str
        JSON, as :func:`sincviz.explorer.payload.payload_text` returns it.
    title : str
        Of the frame, for those who do not see it.
    height_px : int
        Height of the frame.
    """
    page = html.escape(explorer_page(payload, title, owns_address=False), quote=True)
    return (
        f'<iframe title="{html.escape(shown(title), quote=True)}" sandbox="allow-scripts" allow="clipboard-write" '
        f'width="100%" height="{height_px}" style="border: 0; max-width: 100%" srcdoc="{page}"></iframe>'
    )


def _file(name: str) -> str:
    return files("sincviz.explorer").joinpath(name).read_text("utf-8")
