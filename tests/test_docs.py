"""The reference names everything public, docstrings say what signatures ask, and what the pages name exists."""

import ast
import doctest
import importlib
import inspect
import re
from pathlib import Path

import pytest

import sincviz

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
REFERENCE = DOCS / "reference"
CONTRIBUTING = ROOT / "CONTRIBUTING.md"
TOPICS = {"attribution", "evidence", "filters", "maps", "statistics"}
MODULES = TOPICS | {"datasets", "networks", "plotting", "preparation", "training"}
RESULTS = {"benchmark", "inspection", "population"}
# Their examples are read, and not run, as MOABB would download and Lightning need not be installed.
NEED_ANOTHER_LIBRARY = {"sincviz.datasets.moabb", "sincviz.training.lightning_callback"}
# What a reader needs and what is wrong if it is missing or does not match, by numpydoc's own codes.
NEEDED = {
    "GL08": "there is no docstring",
    "PR01": "a parameter is not documented",
    "PR02": "a parameter does not exist",
    "PR03": "parameters stand in another order",
    "PR04": "a parameter has no type",
    "PR07": "a parameter has no description",
    "RT01": "it is not said what is returned",
    "RT03": "what is returned has no description",
    "SS03": "the summary has no full stop",
}


def public_names():
    """Return the full name of everything public; what a topic shows at the front door counts there."""
    names = [f"sincviz.{name}" for name in sincviz.__all__ if name not in MODULES]
    for module in sorted(MODULES | RESULTS):
        shown = set(importlib.import_module(f"sincviz.{module}").__all__) - set(sincviz.__all__)
        names += [f"sincviz.{module}.{name}" for name in sorted(shown)]
    return names


def public_object(name):
    module, _, own = name.rpartition(".")
    return getattr(importlib.import_module(module), own)


def functions():
    return [name for name in public_names() if inspect.isroutine(public_object(name))]


def documented_names(text):
    """Return what a page of the reference has an entry for."""
    names, module, listing = set(), "", False
    for line in text.splitlines():
        if found := re.match(r"\.\. currentmodule:: (\S+)", line):
            module = found[1]
        elif found := re.match(r"\.\. py:data:: (\S+)", line):
            names.add(found[1] if "." in found[1] else f"{module}.{found[1]}")
        elif line.startswith(".. autosummary::"):
            listing = True
        elif listing and (found := re.fullmatch(r"   (\w+)", line)):
            names.add(f"{module}.{found[1]}")
        elif line and not line.startswith("   "):
            listing = False
    return names


@pytest.fixture(scope="module")
def pages():
    if not REFERENCE.is_dir():
        pytest.skip("there is no docs/ here: the pages are not part of every package")
    return {page.name: page.read_text("utf-8") for page in sorted(REFERENCE.glob("*.md"))}


@pytest.fixture(scope="module")
def texts(pages):
    """Return what a user reads, by file; the changelog names what is gone, too."""
    made = {"_build", "api", "tutorials", "jupyter_execute"}
    written = [page for page in sorted(DOCS.rglob("*.md")) if page.relative_to(DOCS).parts[0] not in made]
    files = [path for path in (ROOT / "README.md", CONTRIBUTING, *written) if path.exists()]
    return {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for path in files}


@pytest.fixture(scope="module")
def contributing():
    if not CONTRIBUTING.exists():
        pytest.skip("there is no CONTRIBUTING.md here: it is not part of every package")
    return CONTRIBUTING.read_text("utf-8")


def test_everything_public_is_in_the_reference_once(pages):
    entries = [name for text in pages.values() for name in documented_names(text)]
    assert len(entries) == len(set(entries))
    assert set(public_names()) - set(entries) == set()


def test_everything_in_the_reference_exists(pages):
    for text in pages.values():
        for name in documented_names(text):
            assert public_object(name) is not None


@pytest.mark.parametrize("name", functions())
def test_the_docstring_says_what_the_signature_asks(name):
    validate = pytest.importorskip("numpydoc.validate", reason="numpydoc comes with the extra `docs`")
    what = public_object(name)
    found = validate.validate(f"{what.__module__}.{what.__qualname__}")
    assert {code: text for code, text in found["errors"] if code in NEEDED} == {}


@pytest.mark.parametrize("name", functions())
def test_the_docstring_has_an_example_that_runs(name):
    examples = doctest.DocTestParser().get_examples(inspect.getdoc(public_object(name)))
    if name in NEED_ANOTHER_LIBRARY:
        assert examples
    else:
        assert any(not one.options.get(doctest.SKIP) for one in examples)


@pytest.mark.parametrize("name", functions())
def test_the_docstring_names_every_parameter(name):
    """The same without numpydoc, as far as names go."""
    what = public_object(name)
    parameters = {parameter.replace("*", "") for parameter in documented_parameters(what)}
    assert parameters == set(inspect.signature(what).parameters)
    is_generator = hasattr(what, "__wrapped__") and inspect.isgeneratorfunction(what.__wrapped__)
    returns = inspect.signature(what).return_annotation not in (None, "None")
    if returns and not is_generator:
        assert re.search(r"^Returns\n-------$", inspect.getdoc(what), re.MULTILINE)


def documented_parameters(what):
    section = re.search(r"^Parameters\n-+\n(.*?)(?=\n\n\w+\n-+\n|\Z)", inspect.getdoc(what), re.M | re.S)
    lines = section[1].splitlines() if section else []
    heads = [line.partition(" :")[0] for line in lines if re.match(r"[\w*]", line)]
    return [name for head in heads for name in head.split(", ")]


def test_the_files_that_are_named_exist(contributing, pages):
    named = set(
        re.findall(r"`((?:\.ci|sincviz|tests|docs|tutorials|figures|benchmarks)/[\w./]*)`", contributing)
    )
    assert len(named) > 20
    made = {"docs/_build"}
    assert sorted(path for path in named - made if not (ROOT / path).exists()) == []
    tests = re.findall(r"(tests/[\w/]+\.py)(?:::(\w+))?", contributing)
    for path, name in tests:
        functions = {
            node.name for node in ast.parse((ROOT / path).read_text("utf-8")).body if hasattr(node, "name")
        }
        assert not name or name in functions


def test_the_targets_that_are_named_exist(contributing):
    makefile = (ROOT / "Makefile").read_text("utf-8")
    named = set(re.findall(r"(?:^|`|constraints\.txt )make ([a-z-]+)", contributing, re.MULTILINE))
    assert {"test", "lint", "docs"} <= named
    assert [target for target in named if not re.search(rf"^{target}:", makefile, re.MULTILINE)] == []


def resolved(name):
    """Return the object of a dotted name, importing modules on the way; an error if there is none."""
    found = sincviz
    for end in range(2, name.count(".") + 2):
        path = ".".join(name.split(".")[:end])
        if not hasattr(found, path.rpartition(".")[2]):
            importlib.import_module(path)
        found = getattr(found, path.rpartition(".")[2])
    return found


def test_the_dotted_names_in_the_pages_exist(texts):
    named = {
        name
        for text in texts.values()
        for name in re.findall(r"(?<![\w./-])sincviz(?:\.[A-Za-z_]\w*)+", text)
    }
    assert len(named) > 20
    assert all(resolved(name) is not None for name in named)
    with pytest.raises(ModuleNotFoundError):
        resolved("sincviz.filters.no_such_name")


def test_the_names_in_the_pages_are_in_the_package(texts):
    """A function that was renamed is in no file of the package any more."""
    package = "\n".join(
        path.read_text("utf-8") for path in sorted((ROOT / "sincviz").rglob("*.py*")) if path.suffix != ".pyc"
    )
    known = set(re.findall(r"\w+", package))
    elsewhere = {
        "dask_jobqueue",
        "find_ch_adjacency",
        "parallel_config",
        "to_data_frame",
        "OMP_NUM_THREADS",
        "SINCVIZ_TEST_DATA",
    }
    named = {
        part
        for text in texts.values()
        for name in re.findall(r"(?<!})`([A-Za-z_][\w.]*)(?:\([^`]*\))?`", text)
        for part in name.split(".")
        if "_" in part.strip("_") and not name.endswith((".md", ".py"))
    }
    made = {name for text in texts.values() for name in made_in(text)}
    assert len(named) > 50
    assert sorted(named - known - elsewhere - made) == []


def made_in(text):
    """Yield the names that code on a page gives to what it makes."""
    for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
        for node in ast.walk(ast.parse(block)):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                yield node.id
            elif isinstance(node, ast.FunctionDef | ast.ClassDef):
                yield node.name


def calls_in(text):
    """Yield the dotted name of everything of sincviz that code on a page calls, and the names of its arguments."""
    for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
        names = {"sincviz": "sincviz"}
        for node in ast.walk(ast.parse(block)):
            if isinstance(node, ast.ImportFrom) and str(node.module).startswith("sincviz"):
                names |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
        for node in ast.walk(ast.parse(block)):
            if isinstance(node, ast.Call):
                root, dot, rest = ast.unparse(node.func).partition(".")
                if root in names and "(" not in rest:
                    yield names[root] + dot + rest, [one.arg for one in node.keywords if one.arg]


def test_the_calls_in_the_pages_fit_their_functions(texts):
    calls = [call for text in texts.values() for call in calls_in(text)]
    assert len(calls) > 20
    for name, arguments in calls:
        parameters = inspect.signature(resolved(name)).parameters
        takes_any = any(one.kind is one.VAR_KEYWORD for one in parameters.values())
        assert takes_any or set(arguments) <= set(parameters), name


def without_code(text):
    return re.sub(r"`[^`\n]+`", "", re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL))


def anchors(text):
    """Return the names of headings as GitHub and MyST make them, and of explicit targets."""
    headings = re.findall(
        r"^#{1,3} (.+)$", re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S), re.MULTILINE
    )
    slugs = {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}
    return slugs | set(re.findall(r"^\((\S+)\)=$", text, re.MULTILINE))


def broken_links(name, text):
    """Return the relative links of a page whose file or heading is not there; pictures are links, too."""
    broken = []
    for target in re.findall(r"\]\(([^()\s]+)\)", without_code(text)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = ((ROOT / name).parent / path if path else ROOT / name).resolve()
        if file.suffix == ".ipynb" and file.parent == (DOCS / "tutorials").resolve():
            file = ROOT / "tutorials" / file.name  # the build copies the notebooks there
        if not file.exists() or (anchor and anchor not in anchors(file.read_text("utf-8"))):
            broken.append(f"{name}: {target}")
    return broken


def test_relative_links_lead_to_files_and_headings(texts):
    assert sum(len(re.findall(r"\]\((?!https?:)", text)) for text in texts.values()) > 100
    assert [link for name, text in texts.items() for link in broken_links(name, text)] == []


@pytest.mark.parametrize(
    ("link", "is_broken"),
    [
        ("[a](docs/index.md)", False),
        ("[a](docs/lineage.md#everything-else)", False),
        ("[a](#limits)", False),
        ("[a](https://example.org/nothing)", False),
        ("`[a](docs/none.md)`", False),
        ("[a](docs/none.md)", True),
        ("![a](docs/images/none.png)", True),
        ("[a](docs/lineage.md#no-such-heading)", True),
        ("[a](#no-such-heading)", True),
    ],
)
def test_broken_links_are_found(pages, link, is_broken):
    assert (broken_links("README.md", link) != []) == is_broken
