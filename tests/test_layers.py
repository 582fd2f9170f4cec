"""The table of rooms in CONTRIBUTING is the contract that the linter checks."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def layers():
    pyproject = ROOT / "pyproject.toml"
    if not pyproject.exists():
        pytest.skip("there is no pyproject.toml here: it is not part of every package")
    contracts = tomllib.loads(pyproject.read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    (contract,) = (one for one in contracts if one["type"] == "layers")
    return [
        [room.strip().removeprefix("sincviz.") for room in line.split("|")] for line in contract["layers"]
    ]


def test_the_table_of_rooms_has_the_layers_of_the_contract(layers):
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    rows = re.findall(r"^\| (`[\w, `]+`) \|", text, re.MULTILINE)
    table = [re.findall(r"`(\w+)`", row) for row in rows]
    assert table == [line for line in layers if line not in (["__main__"], ["_version"])]


def test_every_module_has_its_layer(layers):
    package = ROOT / "sincviz"
    rooms = {path.stem for path in package.glob("*.py")} | {
        path.parent.name for path in package.glob("*/__init__.py")
    }
    assert rooms - {"__init__"} == {room for line in layers for room in line}


def test_few_modules_are_loose():
    loose = {path.stem for path in (ROOT / "sincviz").glob("*.py")} - {"__init__", "__main__"}
    assert len(loose) <= 5
