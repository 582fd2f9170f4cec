"""From a drawn figure to the files of a paper: PDF, SVG, PNG, the caption, and a manifest of where all comes from."""

import hashlib
import json
import platform
from collections.abc import Callable, Mapping
from importlib.metadata import version
from pathlib import Path

import mne
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import sincviz
from figures.study import Study, study_from, trials_hash
from sincviz import plotting
from sincviz._utils.files import replacing
from sincviz.plotting.canvas.style import large_pt

FORMATS = ("pdf", "svg", "png")
PACKAGES = (
    "captum",
    "matplotlib",
    "mne",
    "numpy",
    "pandas",
    "scikit-learn",
    "scipy",
    "skorch",
    "torch",
    "xarray",
)


def publish(study: Study, name: str, panels: Figure | Mapping[str, Figure], caption: str) -> None:
    """Write a figure, or the panels that one is made of, in every format, with its caption beside it."""
    study.out.mkdir(parents=True, exist_ok=True)
    parts = (
        {name: panels}
        if isinstance(panels, Figure)
        else {f"{name}_{key}": one for key, one in panels.items()}
    )
    for part, figure in parts.items():
        for ending in FORMATS:
            plotting.save_figure(figure, study.out / f"{part}.{ending}")
        plt.close(figure)
    with replacing(study.out / f"{name}.txt") as temporary:
        temporary.write_text(" ".join(caption.split()) + "\n", encoding="utf-8")


def letter(*axes: Axes) -> None:
    """Write a, b, c ... beside the panels."""
    for name, ax in zip("abcdefgh", axes, strict=False):
        ax.annotate(
            name, (0, 1), (-24, 6), "axes fraction", "offset points", weight="bold", fontsize=large_pt()
        )


def spread(values: list[float], decimals: int = 2) -> str:
    """Return the mean of some numbers and from where to where they go, for captions."""
    mean, low, high = (
        f"{value:z.{decimals}f}" for value in (sum(values) / len(values), min(values), max(values))
    )
    return mean if len(values) == 1 else f"{mean} ({low} to {high})"


def write_manifest(study: Study) -> None:
    """Write versions, trials, seeds, networks and files with their hashes."""
    recorded = study.data == "eegbci"
    epochs = {"training": study.training_epochs, "held out": study.held_out_epochs}
    manifest = {
        "versions": {"python": platform.python_version(), "sincviz": sincviz.__version__}
        | {name: version(name) for name in PACKAGES},
        "data": study.data,
        "trials": {
            kind: {"n_trials": len(part), "sha256": trials_hash(part)}
            | ({"subjects_sha256": _of_subjects(part)} if recorded else {})
            for kind, part in epochs.items()
        },
        "style": study.style,
        "seeds": list(range(study.seeds)),
        "networks": {
            path.name: {"seed": seed, **settings, "sha256": _sha256(path)}
            for path, (seed, settings) in study.files().items()
            if path.exists()
        },
        "files": {path.name: _sha256(path) for path in sorted(study.out.glob("figure_*"))},
    }
    with replacing(study.out / "manifest.json") as temporary:
        temporary.write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")


def run(draw: Callable[[Study], None], description: str | None) -> None:
    """Draw one figure, as the command line asks for it."""
    study = study_from(description=description)
    with plotting.journal(study.style):
        draw(study)


def _of_subjects(epochs: mne.BaseEpochs) -> dict[str, str]:
    subject = epochs.metadata["subject"]
    return {str(one): trials_hash(epochs[(subject == one).to_numpy()]) for one in subject.unique()}


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
