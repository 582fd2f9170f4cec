"""Files that describe the package to others say the same: version, licence, words, Pythons and lowest versions."""

import json
import os
import re
import runpy
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

import sincviz

yaml = pytest.importorskip("yaml")
ROOT = Path(__file__).parents[1]
if not (ROOT / "pyproject.toml").exists():
    pytest.skip("there is no pyproject.toml here: it is not part of every package", allow_module_level=True)

CONDA_NAMES = {"matplotlib": "matplotlib-base", "mne": "mne-base", "torch": "pytorch"}
# What others see of versions and words; the first is the place that decides.
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def read(name):
    path = ROOT / name
    if not path.exists():
        pytest.skip(f"there is no {name} here: it is not part of every package")
    text = path.read_text("utf-8")
    return json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)


@pytest.fixture(scope="module")
def citation():
    return read("CITATION.cff")


@pytest.fixture(scope="module")
def codemeta():
    return read("codemeta.json")


@pytest.fixture(scope="module")
def zenodo():
    return read(".zenodo.json")


@pytest.fixture(scope="module")
def recipe():
    return read("recipe/recipe.yaml")


def floors(requirements):
    """Return name and lowest version of requirements such as ``numpy>=2.1``."""
    found = (re.fullmatch(r"([\w.-]+)(?:\[\w+\])?>=([\d.]+)", one) for one in requirements)
    return {match[1].lower().replace("_", "-"): match[2] for match in found}


def pythons():
    """Return the versions of Python that the classifiers name."""
    found = (
        re.fullmatch(r"Programming Language :: Python :: (3\.\d+)", one) for one in PROJECT["classifiers"]
    )
    return [match[1] for match in found if match]


def test_all_name_the_same_version(citation, codemeta, zenodo, recipe):
    others = [citation["version"], codemeta["version"], zenodo["version"], recipe["context"]["version"]]
    assert set(others) == {sincviz.__version__}


def test_all_name_the_same_licence(citation, codemeta, zenodo, recipe):
    others = [citation["license"], codemeta["license"], zenodo["license"], recipe["about"]["license"]]
    assert {one.removeprefix("https://spdx.org/licenses/") for one in others} == {PROJECT["license"]}
    assert (ROOT / "LICENSE").read_text("utf-8").startswith("BSD 3-Clause License")


def test_title_and_description_are_the_same(citation, codemeta, zenodo, recipe):
    assert citation["title"] == zenodo["title"]
    others = [
        citation["abstract"],
        codemeta["description"],
        zenodo["description"],
        recipe["about"]["summary"],
    ]
    assert set(others) == {PROJECT["description"]}


def test_authors_and_keywords_are_the_same(citation, codemeta, zenodo):
    for people in (citation["authors"], codemeta["author"], zenodo["creators"]):
        assert [one["name"] for one in people] == [one["name"] for one in PROJECT["authors"]]
    assert citation["keywords"] == codemeta["keywords"] == zenodo["keywords"] == PROJECT["keywords"]


def test_addresses_are_the_same(citation, codemeta, zenodo, recipe):
    urls = PROJECT["urls"]
    about = recipe["about"]
    repository = [
        citation["repository-code"],
        codemeta["codeRepository"],
        about["repository"],
        about["homepage"],
    ]
    assert {*repository, zenodo["related_identifiers"][0]["identifier"], urls["Homepage"]} == {urls["Source"]}
    assert {citation["url"], codemeta["url"], about["documentation"]} == {urls["Documentation"]}
    assert codemeta["issueTracker"] == urls["Issues"]
    assert codemeta["releaseNotes"] == urls["Changelog"]


def test_only_what_is_released_has_a_date_of_release(citation, codemeta):
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", codemeta["dateModified"])
    version = re.escape(sincviz.__version__)
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    heading = re.search(rf"^## {version} \((.+)\)$", changelog, re.MULTILINE)
    if heading[1] == "unreleased":
        assert "date-released" not in citation
    else:
        assert citation["date-released"] == codemeta["dateModified"] == heading[1]


def test_the_pythons_are_the_same(codemeta, recipe):
    oldest = PROJECT["requires-python"].removeprefix(">=")
    assert pythons()[0] == oldest == recipe["context"]["python_min"]
    assert codemeta["runtimePlatform"] == [f"Python {one}" for one in pythons()]


@pytest.mark.parametrize(("name", "job"), [("tests", "fast"), ("release", "test")])
def test_the_workflows_test_every_python_that_is_named(name, job):
    workflow = read(f".github/workflows/{name}.yml")
    assert workflow["jobs"][job]["strategy"]["matrix"]["python-version"] == pythons()


def test_conda_gets_the_same_libraries(recipe):
    lines = dict(line.split(" >=") for line in recipe["requirements"]["run"])
    assert lines.pop("python") == "${{ python_min }}"
    assert lines == {
        CONDA_NAMES.get(name, name): floor for name, floor in floors(PROJECT["dependencies"]).items()
    }
    build = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["build-system"]["requires"]
    assert dict(line.split(" >=") for line in recipe["requirements"]["host"][2:]) == floors(build)
    assert recipe["build"]["python"]["entry_points"] == [f"sincviz = {PROJECT['scripts']['sincviz']}"]


def test_the_page_on_releases_names_the_lowest_versions():
    page = ROOT / "docs" / "releasing.md"
    if not page.exists():
        pytest.skip("there is no docs/ here: the pages are not part of every package")
    rows = re.findall(r"^\| ([\w.-]+) \| ([\d.]+) \|", page.read_text("utf-8"), re.MULTILINE)
    assert dict(rows) == floors(PROJECT["dependencies"])


def test_what_is_imported_is_required():
    """A library that only another one brings can disappear with its next version."""
    package = Path(sincviz.__file__).parent
    text = "\n".join(path.read_text("utf-8") for path in sorted(package.rglob("*.py")))
    imported = set(
        re.findall(r"^\s*(?:from|import) ([A-Za-z]\w*)[\w.]*(?: import |$| as )", text, re.MULTILINE)
    )
    imported -= {*sys.stdlib_module_names, "sincviz"}
    owners = packages_distributions()
    extras = [
        one for group in PROJECT["optional-dependencies"].values() for one in group if "sincviz[" not in one
    ]
    required = set(floors(PROJECT["dependencies"] + extras))
    assert {"numpy", "torch"} <= imported
    missing = {
        name
        for name in imported
        if name in owners and not {one.lower().replace("_", "-") for one in owners[name]} & required
    }
    assert missing == set()


def test_everything_in_the_repository_is_packed():
    """A new file or folder at the top has to be put on the list."""
    if not (ROOT / ".git").exists() or shutil.which("git") is None:
        pytest.skip("this is no clone of the repository")
    sdist = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]["targets"][
        "sdist"
    ]
    run = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if run.returncode:
        pytest.skip(f"git does not list the files: {run.stderr.strip()}")
    top = {line.partition("/")[0] for line in run.stdout.splitlines()}
    packed = {one.lstrip("/") for one in sdist["include"]}
    assert top - packed == {".gitignore", "pyproject.toml"}  # hatchling adds these itself
    assert [name for name in packed if not (ROOT / name).exists()] == []


class TestSetVersion:
    """The script that a release begins with."""

    NAMES = ("sincviz/_version.py", "CITATION.cff", "codemeta.json", ".zenodo.json", "recipe/recipe.yaml")

    @pytest.fixture
    def script(self, tmp_path):
        for name in (".ci/set_version", "CHANGELOG.md", *self.NAMES):
            if not (ROOT / name).exists():
                pytest.skip(f"there is no {name} here: it is not part of every package")
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, tmp_path / name)
        return tmp_path / ".ci" / "set_version"

    def run(self, script, *arguments):
        run = subprocess.run(
            [sys.executable, script, *map(str, arguments)],
            capture_output=True,
            text=True,
            env=dict(os.environ),
        )
        return run.returncode, run.stdout + run.stderr

    def test_it_writes_version_and_date_everywhere(self, script):
        status, _ = self.run(script, "0.2.0rc1", "2027-03-01")
        assert status == 0
        folder = script.parents[1]
        assert runpy.run_path(str(folder / "sincviz" / "_version.py"))["__version__"] == "0.2.0rc1"
        texts = [(folder / name).read_text("utf-8") for name in self.NAMES]
        assert all(text.count("0.2.0rc1") == 1 for text in texts)
        assert sum(text.count("2027-03-01") for text in texts) == 2
        assert yaml.safe_load(texts[1])["date-released"] == "2027-03-01"
        assert not any(
            sincviz.__version__ in re.sub("cff-version.*", "", text) for text in texts[:1] + texts[2:]
        )

    def test_a_later_date_takes_the_place_of_the_first(self, script):
        for version, date in (("0.2.0", "2027-03-01"), ("0.2.1", "2027-03-02")):
            assert self.run(script, version, date)[0] == 0
        text = (script.parents[1] / "CITATION.cff").read_text("utf-8")
        assert text.count("date-released") == 1
        assert yaml.safe_load(text)["date-released"] == "2027-03-02"

    def test_the_check_finds_files_of_another_version(self, script):
        changelog = script.parents[1] / "CHANGELOG.md"
        changelog.write_text("# Changelog\n\n## 0.2.0 (2027-03-01)\n", "utf-8")
        status, printed = self.run(script, "--check", "0.2.0")
        assert status != 0
        assert all(name in printed for name in self.NAMES)
        assert self.run(script, "0.2.0", "2027-03-01")[0] == 0
        assert self.run(script, "--check", "0.2.0") == (0, "")
        changelog.write_text("# Changelog\n\n## 0.2.0 (unreleased)\n", "utf-8")
        status, printed = self.run(script, "--check", "0.2.0")
        assert status != 0
        assert "CHANGELOG.md" in printed

    def test_it_writes_the_checksum_of_an_sdist(self, script, tmp_path):
        (tmp_path / "sdist").write_bytes(b"")
        assert self.run(script, "--sdist", tmp_path / "sdist")[0] == 0
        recipe = (script.parents[1] / "recipe" / "recipe.yaml").read_text("utf-8")
        assert "sha256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n" in recipe

    @pytest.mark.parametrize("arguments", [(), ("0.2", "2027-03-01"), ("0.2.0", "March"), ("0.2.0",)])
    def test_other_arguments_change_nothing(self, script, arguments):
        status, printed = self.run(script, *arguments)
        assert status != 0
        assert "set_version 0.2.0" in printed
        assert (script.parents[1] / "CITATION.cff").read_text("utf-8") == (ROOT / "CITATION.cff").read_text(
            "utf-8"
        )
