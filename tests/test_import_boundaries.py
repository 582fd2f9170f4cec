"""Who may import whom: the front door costs nothing, measuring needs no drawing, drawing no network."""

import importlib
import json
import pkgutil
import subprocess
import sys

import pytest

import sincviz
import sincviz.analysis
import sincviz.plotting


def modules_after(statement):
    """Return the names of the modules that a fresh interpreter has loaded after a statement."""
    code = f"import json, sys\n{statement}\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout))


def modules_in(package):
    return [f"{package.__name__}.{module.name}" for module in pkgutil.iter_modules(package.__path__)]


def test_the_front_door_loads_nothing_heavy():
    loaded = modules_after("import sincviz; sincviz.__version__; dir(sincviz)")
    assert "sincviz" in loaded
    assert not {"torch", "matplotlib", "mne", "pandas", "xarray", "numpy", "skorch", "sklearn"} & loaded


MEASURING = [f"sincviz.{name}" for name in ("checkpoints", "epochs", "front_ends", "inspection", "training")]


# One interpreter per room: if one module of it breaks the rule, so does the room.
@pytest.mark.parametrize(
    ("modules", "forbidden"),
    [
        (modules_in(sincviz.plotting), {"torch", "mne", "skorch", "sincviz.networks.front_ends"}),
        (modules_in(sincviz.analysis) + MEASURING, {"matplotlib"}),
    ],
    ids=["what draws needs no network", "what measures and trains does not draw"],
)
def test_a_room_imports_only_what_it_may(modules, forbidden):
    loaded = modules_after(f"import {', '.join(modules)}")
    assert set(modules) <= loaded
    assert not forbidden & loaded


def test_nothing_depends_on_the_optional_libraries():
    blocked = "; ".join(
        f"sys.modules[{name!r}] = None"
        for name in ("huggingface_hub", "moabb", "braindecode", "distributed", "dask")
    )
    names = ", ".join(modules_in(sincviz))
    loaded = modules_after(
        f"import sys; {blocked}; import {names}; [getattr(sincviz, n) for n in sincviz.__all__]"
    )
    assert {"sincviz.training", "sincviz.cli.main", "sincviz.weights.hub"} <= loaded


@pytest.mark.parametrize("package", ["sincviz", "sincviz.plotting", "sincviz.datasets"])
def test_every_public_name_exists_and_is_listed(package):
    module = importlib.import_module(package)
    for name in module.__all__:
        assert getattr(module, name) is not None
    assert set(module.__all__) <= set(dir(module))


def test_a_name_that_does_not_exist_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no_such_name"):
        sincviz.no_such_name  # noqa: B018


def test_no_module_hides_a_public_function():
    public = {name for name in sincviz.__all__ if callable(getattr(sincviz, name))}
    modules = {module.name for module in pkgutil.iter_modules(sincviz.__path__)}
    assert not public & modules
