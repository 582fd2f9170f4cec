"""Who may import whom: the front door costs nothing, measuring needs no drawing, drawing no network."""

import importlib
import importlib.util
import json
import pkgutil
import subprocess
import sys

import pytest

import sincviz
import sincviz.analysis
import sincviz.inspection
import sincviz.opening
import sincviz.trials


def modules_after(statement):
    """Return the names of the modules that a fresh interpreter has loaded after a statement."""
    code = f"import json, sys\n{statement}\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout))


def modules_in(package):
    """Return the names of all modules of a package, those in its folders too."""
    return [module.name for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")]


def test_the_front_door_loads_nothing_heavy():
    loaded = modules_after("import sincviz; sincviz.__version__; dir(sincviz)")
    assert "sincviz" in loaded
    assert not {"torch", "matplotlib", "mne", "pandas", "xarray", "numpy", "skorch", "sklearn"} & loaded


SHOWS = "sincviz.inspection.notebook"  # pictures, when a notebook asks for them
MEASURING = [
    name
    for room in (sincviz.analysis, sincviz.inspection, sincviz.networks, sincviz.opening, sincviz.training)
    for name in modules_in(room)
    if name != SHOWS
] + modules_in(sincviz.trials)


# One interpreter per room: if one module of it breaks the rule, so does the room.
@pytest.mark.parametrize(
    ("modules", "forbidden"),
    [
        (modules_in(sincviz.plotting), {"torch", "mne", "skorch", "sincviz.networks.front_ends"}),
        (MEASURING, {"matplotlib"}),
    ],
    ids=["what draws needs no network", "what measures and trains does not draw"],
)
def test_a_room_imports_only_what_it_may(modules, forbidden):
    loaded = modules_after(f"import {', '.join(modules)}")
    assert set(modules) <= loaded
    # Versions of MNE before 1.10 import Matplotlib themselves.
    assert not forbidden & (loaded - modules_after("import mne.viz.utils" if "mne" not in forbidden else ""))


def test_nothing_depends_on_the_optional_libraries():
    blocked = "; ".join(
        f"sys.modules[{name!r}] = None"
        for name in ("huggingface_hub", "moabb", "braindecode", "distributed", "dask")
    )
    names = ", ".join(name for name in modules_in(sincviz) if name != "sincviz.__main__")
    loaded = modules_after(
        f"import sys; {blocked}; import {names}; [getattr(sincviz, n) for n in sincviz.__all__]"
    )
    assert {"sincviz.training", "sincviz.cli.main", "sincviz.weights.hub"} <= loaded


TOPICS = {"attribution", "evidence", "filters", "maps", "statistics"}
PACKAGES = [
    f"sincviz.{name}"
    for name in sorted(TOPICS | {"datasets", "networks", "plotting", "preparation", "training"})
]


@pytest.mark.parametrize(
    "package",
    [
        *("sincviz", *PACKAGES, "sincviz.analysis.doctor"),
        *("sincviz.inspection", "sincviz.population", "sincviz.benchmark"),
    ],
)
def test_every_public_name_exists_and_is_listed(package):
    module = importlib.import_module(package)
    for name in module.__all__:
        assert getattr(module, name) is not None
    assert set(module.__all__) <= set(dir(module))


def test_a_name_that_does_not_exist_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no_such_name"):
        sincviz.no_such_name  # noqa: B018


def test_the_front_door_has_about_twenty_names():
    modules = {name.removeprefix("sincviz.") for name in PACKAGES}
    errors = {name for name in sincviz.__all__ if name.endswith("Error")}
    assert modules <= set(sincviz.__all__)
    assert len(set(sincviz.__all__) - modules - errors - {"__version__"}) <= 20


def test_a_topic_shows_the_same_objects_under_both_names_however_it_is_imported():
    # Only our own modules are loaded anew for each import: those of others take two seconds.
    forget = (
        "for name in [name for name in sys.modules if name.split('.')[0] == 'sincviz']: del sys.modules[name]"
    )
    tried = []
    for topic in sorted(TOPICS):
        name = importlib.import_module(f"sincviz.analysis.{topic}").__all__[0]
        same = f"assert sincviz.{topic}.{name} is sys.modules['sincviz.analysis.{topic}'].{name}"
        for statement in (
            f"import sincviz.{topic}",
            f"from sincviz import {topic}; import sincviz; assert {topic} is sincviz.{topic}",
            f"import sincviz, importlib; importlib.import_module('sincviz.{topic}')",
            f"from sincviz.{topic} import {name}; import sincviz; assert {name} is sincviz.{topic}.{name}",
            f"from sincviz.{topic} import *; import sincviz; assert {name} is sincviz.{topic}.{name}",
        ):
            tried += [forget, statement, same]
    modules_after("\n".join(["import sys", *tried]))


@pytest.mark.parametrize("topic", sorted(TOPICS))
def test_no_file_of_a_topic_is_loaded_twice(topic):
    """Under the short name a file is not found, whether or not it is loaded under its own."""
    analysis = importlib.import_module(f"sincviz.analysis.{topic}")
    for file in pkgutil.iter_modules(analysis.__path__):
        with pytest.raises(ModuleNotFoundError, match=f"'sincviz.{topic}' is not a package"):
            importlib.import_module(f"sincviz.{topic}.{file.name}")
    assert importlib.util.find_spec(f"sincviz.{topic}").name == f"sincviz.{topic}"


def test_what_the_front_door_shows_of_a_topic_is_the_same_there():
    for topic in TOPICS:
        module = getattr(sincviz, topic)
        for name in set(module.__all__) & set(sincviz.__all__):
            assert getattr(module, name) is getattr(sincviz, name)


@pytest.mark.parametrize(
    "package", ["sincviz", *PACKAGES, "sincviz.inspection", "sincviz.population", "sincviz.benchmark"]
)
def test_no_module_hides_a_public_function(package):
    module = importlib.import_module(package)
    if not hasattr(module, "__path__"):  # a topic: its files are in `sincviz.analysis`
        module = importlib.import_module(package.replace("sincviz.", "sincviz.analysis."))
    public = {name for name in module.__all__ if callable(getattr(module, name))}
    assert not public & {submodule.name for submodule in pkgutil.iter_modules(module.__path__)}
