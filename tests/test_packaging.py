"""The files that are published: everything is in them, and what is installed from them works elsewhere."""

import json
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
if not (ROOT / "pyproject.toml").exists():
    pytest.skip("there is no pyproject.toml here: it is not part of every package", allow_module_level=True)
pytest.importorskip("hatchling", reason="hatchling comes with the extra `test`")
pytest.importorskip("hatch_fancy_pypi_readme", reason="it comes with the extra `test`")
pytestmark = pytest.mark.slow

# Runs from an empty folder, with what was installed before everything else.
SMOKE = """
import json
from pathlib import Path

import sincviz
from sincviz.benchmark.published import published_rows

epochs, truth = sincviz.datasets.simulate_motor_imagery(40, n_chans=6, sfreq=128, duration=1.0, seed=1)
model = sincviz.SincShallowNet(
    n_outputs=2, n_times=len(epochs.times), sfreq=128, chs_info=epochs.info["chs"], time_filter_len=33)
found = sincviz.inspect(model, epochs, held_out=True, only=["bands"])
found.report("report.html")
sincviz.plotting.plot_bands(sincviz.learned_bands(model)).savefig("bands.png")
page = Path("report.html").read_text("utf-8")
print(json.dumps({
    "file": sincviz.__file__,
    "style": "mplstyle" in str(list(Path(sincviz.__file__).parent.rglob("*.mplstyle"))),
    "page": len(page),
    "css": page.count("<style"),
    "published": len(published_rows()),
}))
"""


def built(source, folder, *kinds):
    """Return what hatchling builds of a folder, with what is installed here."""
    command = [
        sys.executable,
        "-m",
        "hatchling",
        "build",
        *(f"--target={kind}" for kind in kinds),
        f"-d={folder}",
    ]
    subprocess.run(command, cwd=source, check=True, capture_output=True)
    return sorted(folder.iterdir())


@pytest.fixture(scope="module")
def sdist(tmp_path_factory):
    (path,) = built(ROOT, tmp_path_factory.mktemp("sdist"), "sdist")
    return path


@pytest.fixture(scope="module")
def unpacked(sdist, tmp_path_factory):
    folder = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    (source,) = folder.iterdir()
    return source


@pytest.fixture(scope="module")
def wheel(unpacked, tmp_path_factory):
    """A wheel that is built of the sdist, as installers and releases do."""
    (path,) = built(unpacked, tmp_path_factory.mktemp("wheel"), "wheel")
    return path


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """The wheel alone in a folder; the libraries are those of this environment."""
    folder = tmp_path_factory.mktemp("installed")
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        "--target",
        folder,
        wheel,
    ]
    subprocess.run(command, check=True, capture_output=True)
    return folder


def run(installed, folder, *arguments):
    environment = os.environ | {"PYTHONPATH": str(installed), "MPLBACKEND": "Agg", "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [sys.executable, "-P", *arguments], cwd=folder, env=environment, capture_output=True, text=True
    )


def files_of(folder):
    """Return the files below a folder that are not made by running it."""
    paths = (path for path in folder.rglob("*") if path.is_file() and path.suffix != ".pyc")
    names = {path.relative_to(folder.parent).as_posix() for path in paths}
    made = ("figures/cache/", "figures/out/", "tutorials/.ipynb_checkpoints/")
    return {name for name in names if not name.startswith(made)}


def test_the_wheel_has_every_file_of_the_package_and_no_other(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        of_package = {name for name in names if not name.startswith(f"sincviz-{version(wheel)}.dist-info/")}
        assert of_package == files_of(ROOT / "sincviz")
        assert all(archive.read(name) == (ROOT / name).read_bytes() for name in of_package)
    suffixes = {Path(name).suffix for name in of_package}
    assert {".py", ".pyi", ".mplstyle", ".js", ".css", ".jinja", ".csv"} <= suffixes
    assert "sincviz/py.typed" in names


def version(path):
    return path.name.split("-")[1]


def test_the_sdist_has_the_tests_and_what_they_read(unpacked):
    for name in ("tests", "benchmarks", "figures", "sincviz", "tutorials", "docs/reference", "docs/images"):
        assert files_of(unpacked / name) == files_of(ROOT / name)
    for name in (
        "pyproject.toml",
        "Makefile",
        "constraints.txt",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        "LICENSE",
    ):
        assert (unpacked / name).read_bytes() == (ROOT / name).read_bytes()
    assert (unpacked / "docs" / "releasing.md").exists()


def test_the_sdist_is_small_and_has_nothing_that_was_made(sdist, unpacked):
    assert sdist.stat().st_size < 15_000_000
    names = {path.name for path in unpacked.rglob("*")}
    assert not names & {"__pycache__", ".venv", "_build", ".git", ".pytest_cache"}
    assert not any(name.endswith((".whl", ".fif", ".edf", ".pyc")) for name in names)
    if (ROOT / ".git").exists():
        listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
        ours = subprocess.run(listing, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split(
            "\0"
        )
        packed = {path.relative_to(unpacked).as_posix() for path in unpacked.rglob("*") if path.is_file()}
        assert packed - set(ours) <= {"PKG-INFO"}


def test_the_licence_and_the_readme_are_in_the_metadata(wheel):
    with zipfile.ZipFile(wheel) as archive:
        folder = f"sincviz-{version(wheel)}.dist-info"
        metadata = archive.read(f"{folder}/METADATA").decode("utf-8")
        assert archive.read(f"{folder}/licenses/LICENSE") == (ROOT / "LICENSE").read_bytes()
    assert "\nLicense-Expression: BSD-3-Clause\n" in metadata
    assert "\n# sincviz\n" in metadata


def test_links_of_the_readme_work_on_other_pages(wheel):
    with zipfile.ZipFile(wheel) as archive:
        text = archive.read(f"sincviz-{version(wheel)}.dist-info/METADATA").decode("utf-8")
    targets = [part.split(")")[0] for part in text.split("](")[1:]]
    assert len(targets) > 5
    assert [one for one in targets if not one.startswith(("https://", "http://", "#"))] == []
    pictures = [part.split("](")[1].split(")")[0] for part in text.split("![")[1:]]
    assert all(one.startswith("https://") and "/blob/" not in one for one in pictures)
    ours = [
        one.partition("/HEAD/")[2].partition("#")[0]
        for one in targets
        if "/sincviz/HEAD/" in one or "/blob/" in one
    ]
    if (ROOT / "docs" / "images").is_dir() and (ROOT / "tutorials").is_dir():
        assert [one for one in ours if one and not (ROOT / one).exists()] == []


def test_what_is_installed_works_from_an_empty_folder(installed, tmp_path):
    done = run(installed, tmp_path, "-W", "error::UserWarning:sincviz", "-c", SMOKE)
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout.splitlines()[-1])
    assert Path(facts["file"]).is_relative_to(installed)
    assert facts["style"]
    assert facts["page"] > 50_000
    assert facts["css"] > 0
    assert facts["published"] > 100
    assert (tmp_path / "bands.png").read_bytes().startswith(b"\x89PNG")


def test_the_command_is_installed(installed, tmp_path):
    scripts = {path.stem: path for path in (installed / ("Scripts" if os.name == "nt" else "bin")).iterdir()}
    assert set(scripts) == {"sincviz"}
    done = run(installed, tmp_path, "-m", "sincviz", "--version")
    assert done.returncode == 0, done.stderr
    assert version_of_package() in done.stdout


def version_of_package():
    text = (ROOT / "sincviz" / "_version.py").read_text("utf-8")
    return text.split('__version__ = "')[1].split('"')[0]
