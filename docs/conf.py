"""How the pages are built: `make docs`, without a network."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from docutils import nodes
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator

from sincviz import __version__

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

import inventories  # noqa: E402

project = "sincviz"
author = "The sincviz developers"
copyright = author
version = release = __version__
# What pages are built of: a release, if its tag is checked out by the workflow that publishes them, or what comes next.
ref = os.environ.get("GITHUB_REF_NAME", "")
described = version if ref == f"v{version}" else "dev"
hosted = ref in ("main", f"v{version}")

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.intersphinx",
    "numpydoc",
    "myst_nb",
    "sphinx_copybutton",
    "sphinx_design",
    "gallery",
]
exclude_patterns = ["_build", "_doctrees", "jupyter_execute", "**/.ipynb_checkpoints"]
templates_path = ["_templates"]
default_role = "code"
highlight_language = "none"  # of blocks that do not say theirs

# Docstrings say types and shapes in words; a signature names the parameters.
autodoc_typehints = "none"
autodoc_inherit_docstrings = False
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
maximum_signature_line_length = 80
numpydoc_show_class_members = False
# Types of parameters are linked: names of other projects that have an inventory here, and these of our own.
numpydoc_xref_param_type = True
numpydoc_xref_ignore = "all"
_own = {
    "": ("SincShallowNet",),
    "benchmark.": ("Case",),
    "inspection.": ("Inspection",),
    "networks.": ("BlackBox", "Ensemble", "FrontEnd", "RecordedStatistics", "SincConv"),
    "population.": ("Group",),
    "training.": ("EpochsClassifier", "LiveTraining", "SeedClassifier"),
}
numpydoc_xref_aliases = {
    **{name: f":obj:`{name}`" for name in inventories.dotted_names()},
    **{name: f"sincviz.{module}{name}" for module, names in _own.items() for name in names},
    "Path": "pathlib.Path",
    "bool": ":class:`python:bool`",
    "classifier": ":term:`sklearn:classifier`",
    "mapping": ":term:`python:mapping`",
    "path-like": ":term:`path-like <python:path-like object>`",
    "torch.nn.Parameter": "torch.nn.parameter.Parameter",
}
toc_object_entries_show_parents = "hide"

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3
nb_execution_mode = "off"
nb_merge_streams = True
# A progress bar is shown as its text: the widget would need a script from another server.
nb_mime_priority_overrides = [("html", "application/vnd.jupyter.widget-view+json", None)]
nb_ipywidgets_js: dict[str, dict[str, str]] = {}

intersphinx_mapping = inventories.mapping(HERE / "api" / "inventories")

copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

html_theme = "pydata_sphinx_theme"
html_baseurl = "https://sincviz.github.io/sincviz/"
html_title = "sincviz"
html_static_path = ["_static"]
html_sidebars: dict[str, list[str]] = {
    "index": [],
    "first_steps": [],
}  # these have no pages beside or below them
html_css_files = ["pages.css"]
html_math_renderer = "mathml"
html_copy_source = False
html_context = {"default_mode": "auto", "described": described}
html_show_sourcelink = False
html_theme_options = {
    "header_links_before_dropdown": 7,
    "navbar_align": "left",
    "navbar_start": ["navbar-logo", "version-switcher"],
    # Hosted pages of an old version read the list of the newest ones; others ask no server.
    "switcher": {
        "json_url": f"{html_baseurl if hosted else ''}_static/switcher.json",
        "version_match": described,
    },
    "check_switcher": False,
    "icon_links": [
        {"name": "GitHub", "url": "https://github.com/sincviz/sincviz", "icon": "fa-brands fa-github"}
    ],
    "navigation_with_keys": False,
    "show_toc_level": 2,
    "show_prev_next": True,
    "secondary_sidebar_items": {"**": ["page-toc"], "index": []},
    "footer_start": ["copyright"],
    "footer_center": ["describes"],
    "footer_end": ["theme-version"],
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}


def setup(app: Sphinx) -> None:
    """Fetch what lies elsewhere before pages are read; write formulas as MathML, which needs no script."""
    app.connect("config-inited", lambda *_: bring_notebooks(HERE.parent / "tutorials", HERE / "tutorials"))
    app.connect("config-inited", lambda *_: describe_commands(HERE / "api" / "commands.inc"))
    app.add_html_math_renderer("mathml", (inline_formula, None), (displayed_formula, None))


def bring_notebooks(source: Path, target: Path) -> None:
    """Make one folder hold copies of the notebooks of another; those that did not change are left alone."""
    target.mkdir(exist_ok=True)
    notebooks = {path.name: path for path in sorted(source.glob("*.ipynb"))}
    for old in target.glob("*.ipynb"):
        if old.name not in notebooks:
            old.unlink()
    for name, path in notebooks.items():
        copy = target / name
        if not copy.exists() or copy.read_bytes() != path.read_bytes():
            shutil.copyfile(path, copy)


def describe_commands(target: Path) -> None:
    """Write what the commands say of themselves, one section each."""
    asked = [sys.executable, "-m", "typer", "sincviz.cli.main", "utils", "docs", "--name", "sincviz"]
    told = subprocess.run(asked, capture_output=True, text=True, encoding="utf-8", check=True).stdout
    text = told[told.index("\n## ") + 1 :]
    target.parent.mkdir(exist_ok=True)
    if not target.exists() or target.read_text("utf-8") != text:
        target.write_text(text, "utf-8")


def inline_formula(writer: HTML5Translator, node: nodes.math) -> None:
    """Write a formula in a line of text."""
    writer.body.append(tex2mathml(node.astext()))
    raise nodes.SkipNode


def displayed_formula(writer: HTML5Translator, node: nodes.math_block) -> None:
    """Write a formula on a line of its own."""
    writer.body.append(f'<div class="formula">{tex2mathml(node.astext(), as_block=True)}</div>')
    raise nodes.SkipNode
