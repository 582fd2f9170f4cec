"""Pictures of the pages: what the examples of the plot functions draw, and a figure of every notebook."""

import base64
import doctest
import hashlib
import importlib
import inspect
import io
import json
import re
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

from sincviz import plotting

HERE = Path(__file__).parent
PICTURES = HERE / "api" / "gallery"
TUTORIALS = HERE.parent / "tutorials"
PAGE = "reference/plotting"

DPI = 200
SHOWN_PX_PER_INCH = 120
KNOWN = "made_of.json"
_FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
_LISTING = re.compile(
    r"```\{eval-rst\}\n\.\. autosummary::\n(?:   :[^\n]*\n)+\n((?:   plot_\w+\n)+)```\n", re.MULTILINE
)
_ROW = re.compile(r"^\| \[\w+\]\((\w+)\.ipynb\) \| (.+?) \| (.+?) \| (\d+) \|$", re.MULTILINE)
_RETURNED_BY = {"inspection": "sincviz.inspect", "comparison": "sincviz.compare", "group": "sincviz.group"}
_NARROW = 1 / 3  # height over width; a strip says little on a card
_GRID = "::::{grid} 1 2 2 3\n:gutter: 3\n:class-container: gallery\n"


def setup(app: Sphinx) -> dict[str, bool]:
    """Make pictures before pages are read, and show them."""
    app.connect("config-inited", lambda *_: make_gallery(PICTURES))
    app.connect("config-inited", lambda *_: list_tutorials(TUTORIALS, PICTURES))
    app.connect("source-read", show_cards)
    app.connect("autodoc-process-docstring", show_picture, priority=900)  # after numpydoc
    app.add_css_file("gallery.css")
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def plot_functions() -> list[str]:
    """Return the names of all functions that draw."""
    return [name for name in plotting.__all__ if name.startswith("plot_")]


def make_gallery(target: Path) -> None:
    """Draw the example of every plot function into a folder; pictures that are up to date are left alone."""
    make_pictures(target, plot_functions())


def make_pictures(target: Path, names: Iterable[str]) -> list[str]:
    """Draw the examples of these functions into a folder; return which were drawn anew."""
    target.mkdir(parents=True, exist_ok=True)
    known = target / KNOWN
    made_of: dict[str, str] = json.loads(known.read_text("utf-8")) if known.exists() else {}
    drawn = []
    for name in names:
        picture, now = target / f"{name}.png", fingerprint(name)
        if made_of.get(name) != now or not picture.exists():
            plotting.save_figure(example_figure(name), picture, dpi=DPI)
            made_of[name] = now
            drawn.append(name)
    if drawn:
        known.write_text(json.dumps(made_of, indent=1, sort_keys=True), "utf-8")
    return drawn


def fingerprint(name: str) -> str:
    """Return a checksum of what a picture is made of: the function's module with its example, and the canvas."""
    module = Path(inspect.getfile(getattr(plotting, name)))
    package = module.parent
    files = [module, *sorted(package.glob("canvas/*.py")), *package.glob("*.mplstyle")]
    return hashlib.sha256(b"".join([f"{DPI}".encode(), *(path.read_bytes() for path in files)])).hexdigest()


def example_figure(name: str) -> Figure:
    """Run the example of a plot function, as doctest does, and return what it calls `figure`."""
    plt.switch_backend("Agg")
    function = getattr(plotting, name)
    module = importlib.import_module(function.__module__)
    found = doctest.DocTestFinder(recurse=False).find(function, name, module, globs=dict(vars(module)))
    said = io.StringIO()
    runner = doctest.DocTestRunner(verbose=False, optionflags=_FLAGS)
    for test in found:
        runner.run(test, out=said.write, clear_globs=False)
    plt.close("all")
    if said.getvalue():
        raise ExtensionError(f"The example of {name} fails:\n{said.getvalue()}")
    figure = found[0].globs.get("figure") if found else None
    if not isinstance(figure, Figure):
        raise ExtensionError(f"The example of {name} draws nothing that it calls `figure`.")
    return figure


def summary(name: str) -> str:
    """Return the first sentence of the docstring of a plot function."""
    return (inspect.getdoc(getattr(plotting, name)) or "").partition("\n\n")[0].replace("\n", " ")


def described(name: str) -> str:
    """Return what is on the picture of a plot function, for those who do not see it."""
    words = re.sub(r"^(Draw|Write|Say) |[`\[\]]|:\w+:", "", summary(name))
    return f"Example of {name}: {words}"


def show_cards(app: Sphinx, docname: str, source: list[str]) -> None:
    """Put cards in place of the lists of plot functions on their page."""
    if docname == PAGE:
        source[0] = with_cards(source[0])
        for path in {__file__, *(inspect.getfile(getattr(plotting, name)) for name in plot_functions())}:
            app.env.note_dependency(path, docname=docname)


def with_cards(text: str) -> str:
    """Return a page whose lists of plot functions are cards, with their pages in the navigation as before."""

    def cards(found: re.Match[str]) -> str:
        names = found[1].split()
        lines = [_GRID]
        lines += [
            f":::{{grid-item-card}} {name.replace('_', '_<wbr>')}\n"
            f":link: ../api/sincviz.plotting.{name}\n:link-type: doc\n:link-alt: {name}\n"
            f":img-top: /api/gallery/{name}.png\n:img-alt: {described(name)}\n\n"
            f"{summary(name)}\n:::\n"
            for name in names
        ]
        pages = "\n".join(f"../api/sincviz.plotting.{name}" for name in names)
        return "\n".join([*lines, f"::::\n\n```{{toctree}}\n:hidden:\n\n{pages}\n```\n"])

    return _LISTING.sub(cards, text)


def show_picture(app: Sphinx, what: str, name: str, obj: object, options: Any, lines: list[str]) -> None:
    """Add to the page of a plot function what its example draws, and how to draw the same of a network."""
    module, _, own = name.rpartition(".")
    if module != "sincviz.plotting" or not own.startswith("plot_"):
        return
    width_px = round(png_size(PICTURES / f"{own}.png")[0] / DPI * SHOWN_PX_PER_INCH)
    lines += [
        "",
        f".. image:: /api/gallery/{own}.png",
        f"   :alt: {described(own)}",
        f"   :width: {width_px}px",
    ]
    lines += ["   :class: gallery-example", "", *of_your_own(obj, own), ""]


def of_your_own(function: object, name: str) -> list[str]:
    """Return a line with the calls that draw the same of a network, or of an inspection, comparison or group."""
    module = importlib.import_module(str(getattr(function, "__module__", "")))
    drawn = getattr(module, "DRAWN", {}).get(name)
    if drawn is None:
        return []
    calls = dict.fromkeys(filter(None, [drawn.of_network, drawn.of_results]))
    told = _RETURNED_BY.get(drawn.of_results.partition(".")[0], "")
    where = f" with what :func:`{told}` returned" if told else ""
    return [
        "With results of your own: " + ", or ".join(f"``{name}({call})``" for call in calls) + f"{where}."
    ]


def png_size(path: Path) -> tuple[int, int]:
    """Return width and height of a PNG in pixels."""
    width, height = struct.unpack(">II", path.read_bytes()[16:24])
    return width, height


def tutorial_thumbnails(source: Path, target: Path) -> dict[str, Path]:
    """Write of each notebook the figure with the largest file that is not a narrow strip; return where they are."""
    target.mkdir(parents=True, exist_ok=True)
    written = {}
    for notebook in sorted(source.glob("*.ipynb")):
        pictures = [one for one in pictures_of(notebook) if _is_high(one)]
        if not pictures:
            raise ExtensionError(f"{notebook.name} has no figure for its card.")
        written[notebook.stem] = target / f"{notebook.stem}.png"
        write_if_new(written[notebook.stem], max(pictures, key=len))
    return written


def pictures_of(notebook: Path) -> list[bytes]:
    """Return the PNGs among the outputs of a notebook."""
    cells = json.loads(notebook.read_text("utf-8"))["cells"]
    outputs = [output.get("data", {}) for cell in cells for output in cell.get("outputs", [])]
    return [base64.b64decode("".join(data["image/png"])) for data in outputs if "image/png" in data]


def _is_high(picture: bytes) -> bool:
    width, height = struct.unpack(">II", picture[16:24])
    return height >= _NARROW * width


def title_of(notebook: Path) -> str:
    """Return the first heading of a notebook."""
    first = "".join(json.loads(notebook.read_text("utf-8"))["cells"][0]["source"])
    return first.partition("\n")[0].removeprefix("# ")


def tutorial_rows(source: Path) -> list[tuple[str, str, str, int]]:
    """Return name, subject, data and seconds of each notebook, as the table in the notebooks' README says."""
    rows = _ROW.findall((source / "README.md").read_text("utf-8"))
    return [(name, what, data, int(seconds)) for name, what, data, seconds in rows]


def list_tutorials(source: Path, target: Path) -> None:
    """Write the cards of the notebooks, which the page of tutorials includes."""
    tutorial_thumbnails(source, target)
    after_table = (source / "README.md").read_text("utf-8").rstrip().rpartition("\n\n")[2]
    lines = [f"{after_table}\n", _GRID]
    for name, what, data, seconds in tutorial_rows(source):
        title = title_of(source / f"{name}.ipynb")
        lines.append(
            f":::{{grid-item-card}} {title}\n:link: tutorials/{name}\n:link-type: doc\n:link-alt: {title}\n"
            f":img-top: /api/gallery/{name}.png\n:img-alt: One of the figures of the notebook “{title}”\n\n"
            f"{what[0].upper()}{what[1:]}.\n\n*Data: {data}. Runs for {seconds} s.*\n:::\n"
        )
    write_if_new(target / "tutorials.inc", "\n".join([*lines, "::::\n"]).encode())


def write_if_new(path: Path, data: bytes) -> None:
    """Write a file unless it holds that already: its date tells Sphinx what to read again."""
    if not path.exists() or path.read_bytes() != data:
        path.write_bytes(data)
