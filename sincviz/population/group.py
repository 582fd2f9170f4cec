"""Group: every row of a manifest inspected, runs averaged within subjects, subjects compared."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from sincviz._utils.checks import checked_seed, positive_int
from sincviz._utils.progress import shows_progress
from sincviz.analysis.statistics.clusters import ALPHA, N_PERMUTATIONS
from sincviz.analysis.statistics.subjects import subject_test
from sincviz.datasets.physionet import checked_runs
from sincviz.eeg.montages import standard_montage
from sincviz.inspection.contents import SECTIONS as SECTIONS_OF_ONE
from sincviz.networks.attributes import listed_names
from sincviz.population.averages import READ, Averages, combine
from sincviz.population.contents import CONTENTS, SECTIONS
from sincviz.population.findings import group_findings, shared_training
from sincviz.population.manifest import read_manifest
from sincviz.population.measuring import GroupRun
from sincviz.population.results import GroupResults
from sincviz.population.rows.runs import read_rows
from sincviz.population.rows.settings import RUNS, RowSettings, checked_parameters
from sincviz.population.rows.settings import SECTIONS as COMPARED
from sincviz.population.verdicts import ANSWERS, chance_by_subject, doubts, n_not_readable, not_readable
from sincviz.report.contents import chosen_sections, measure, steps_of


@dataclass(frozen=True, eq=False)
class Group(GroupResults):
    """Results over many networks, with a report page and a folder.

    See :class:`sincviz.population.GroupResults` for what it holds.
    """

    @shows_progress
    def report(
        self,
        path: str | os.PathLike[str],
        *,
        title: str | None = None,
        style: str = "sincviz",
        overwrite: bool = False,
        progress: bool = True,
    ) -> None:
        """Write one self-contained HTML page, atomically.

        Parameters
        ----------
        path : path-like
            The file to write; its folder must exist.
        title : str | None
            Heading of the page.
        style : {"sincviz", "neuroimage", "nature", "ieee"}
            Widths and fonts of the figures.
        overwrite : bool
            Replace an earlier page.
        progress : bool
            Show a progress bar.

        Raises
        ------
        FileExistsError
            If there is such a file and ``overwrite`` is false.
        """
        from sincviz.report.folder import write_page

        write_page(self, CONTENTS, SECTIONS, path, title=title, style=style, overwrite=overwrite)

    def save(
        self,
        folder: str | os.PathLike[str],
        *,
        formats: Sequence[str] = ("png",),
        title: str | None = None,
        style: str = "sincviz",
        overwrite: bool = False,
        progress: bool = True,
    ) -> list[str]:
        """Write tables (CSV), arrays (netCDF), figures, ``group.json`` and ``report.html`` to a folder.

        Parameters
        ----------
        folder : path-like
            Where to write; made if it does not exist. It may be the one that keeps the rows.
        formats : sequence of {"png", "pdf", "svg"}
            Of the figures.
        title : str | None
            Heading of the page.
        style : {"sincviz", "neuroimage", "nature", "ieee"}
            Widths and fonts of the figures.
        overwrite : bool
            Replace the files of an earlier group; those that this one does not have are removed.
        progress : bool
            Show a progress bar.

        Returns
        -------
        list of str
            Names of the files.

        Raises
        ------
        FileExistsError
            If the folder holds files of these names and ``overwrite`` is false; nothing is written.
        ValueError
            If a format or style is unknown.
        """
        from sincviz.report.folder import write_folder

        return write_folder(
            self,
            CONTENTS,
            SECTIONS,
            folder,
            formats=formats,
            title=title,
            style=style,
            overwrite=overwrite,
            progress=progress,
        )


@shows_progress
def group(
    manifest: str | os.PathLike[str] | pd.DataFrame,
    folder: str | os.PathLike[str],
    *,
    only: Sequence[str] | None = None,
    reference: str = "trained",
    ch_names: Sequence[str] | None = None,
    montage: str | None = None,
    parameters: Mapping[str, object] | None = None,
    runs: Sequence[int] = RUNS,
    data_path: str | os.PathLike[str] | None = None,
    download: bool = False,
    held_out: bool = False,
    alpha: float = ALPHA,
    n_permutations: int = N_PERMUTATIONS,
    seed: int = 0,
    n_jobs: int = -1,
    backend: str | None = "processes",
    scheduler: str | None = None,
    progress: bool = True,
) -> Group:
    """Inspect many networks, average the runs of each subject, and test over subjects what they have in common.

    What is read of a network is stored at once, under a name made of checkpoint, trials and settings: the same call
    continues where an earlier one stopped. A row that cannot be read is reported and does not stop the others.

    Parameters
    ----------
    manifest : path-like | pandas.DataFrame
        One row per network: ``checkpoint``; ``epochs`` (a file of trials) or ``dataset`` (``"eegbci"``,
        ``"simulated"``, or one of MOABB); ``subject``, and where there are several ``seed``, ``fold``, ``condition``.
        The trials must not be those of the training.
    folder : path-like
        Where results of rows are kept, in ``rows``.
    only : sequence of str | None
        Sections of :func:`sincviz.inspect` to measure; ``None`` takes what is compared: bands, maps, relevance.
    reference : {"trained", "average", "recorded"}
        Reference of the trials.
    ch_names : sequence of str | None
        Names of the networks' channels, in their order, if the checkpoints do not store them.
    montage : str | None
        Standard montage that places the channels.
    parameters : mapping of str to object | None
        Other parameters that the checkpoints do not store, such as
        ``{"min_freq": 0.5, "class_names": ["left", "right"]}``; see :func:`sincviz.load_checkpoint`.
    runs : sequence of int
        Runs of the dataset eegbci.
    data_path : path-like | None
        The folder that holds the recordings of eegbci; ``None`` looks where MNE does.
    download : bool
        Fetch recordings of eegbci that are missing.
    held_out : bool
        State that no network was trained on the trials of its row. This counts for checkpoints that do not store their
        training trials; the others are judged by the trials that they store.
    alpha : float
        Family-wise error of each map test.
    n_permutations : int
        Maximum number of sign flips of a test.
    seed : int
        Seed of every random draw.
    n_jobs : int
        Networks at a time; −1 means as many as cores. A single one is read in this process.
    backend : {"processes", "dask"} | None
        Processes of this machine, or dask workers; ``None`` takes what ``joblib.parallel_config`` sets.
    scheduler : str | None
        Address of the dask scheduler; ``None`` takes the open ``distributed.Client``.
    progress : bool
        Show a bar with the time that remains.

    Returns
    -------
    Group
        Tables and labelled arrays; ``.save`` and ``.report`` write them.

    Raises
    ------
    FileNotFoundError
        If there is no such manifest.
    TypeError
        If names are not a list, parameters not a mapping of parameters, or runs not whole numbers.
    ValueError
        If the manifest or a setting is wrong, or no row could be read.
    ConnectionError
        If the scheduler does not answer.

    Examples
    --------
    >>> import tempfile
    >>> from sincviz import SincShallowNet, datasets, save_checkpoint
    >>> epochs, _ = datasets.simulate_motor_imagery(20, n_chans=8, duration=1.0)
    >>> model = SincShallowNet(n_outputs=2, n_times=len(epochs.times), sfreq=160, chs_info=epochs.info["chs"])
    >>> model.class_names, model.scale = ["left", "right"], 1e6
    >>> folder = tempfile.mkdtemp()
    >>> network, trials = f"{folder}/network.safetensors", f"{folder}/trials-epo.fif"
    >>> save_checkpoint(model, network)
    >>> _ = epochs.save(trials)
    >>> rows = pd.DataFrame({"checkpoint": [network], "epochs": [trials], "subject": [1]})
    >>> population = group(rows, folder, only=["relevance"], n_jobs=1)
    >>> population.networks.status.tolist(), dict(population.band_contrasts.sizes)["band"]
    (['read'], 6)
    """
    if not 0 < alpha < 1:
        raise ValueError(f"`alpha` must lie between 0 and 1; got {alpha}. Try 0.05.")
    positive_int("n_permutations", n_permutations)
    seed = checked_seed(seed)
    if montage is not None:
        standard_montage(montage)  # what MNE does not know is refused before any row is read
    # A section that is compared cannot be left out.
    asked = {*COMPARED} if only is None else {*_names(only), "relevance"}
    settings = RowSettings(
        sections=tuple(name for name in _names(None) if name in asked),
        seed=seed,
        reference=reference,
        ch_names=None if ch_names is None else tuple(listed_names("ch_names", ch_names)),
        montage=montage,
        parameters=checked_parameters(parameters),
        runs=tuple(checked_runs(runs)),
        data_path=None if data_path is None else Path(data_path).resolve(),
        download=download,
        held_out=held_out,
    )
    rows, place = read_manifest(manifest), Path(folder).resolve()
    keys, errors = read_rows(
        rows, settings, place, n_jobs=n_jobs, backend=backend, scheduler=scheduler, progress=progress
    )
    averages = combine(rows, keys, errors, place)
    if not averages.runs:
        findings = group_findings(averages)
        why = " ".join(findings["finding"] + " " + findings["evidence"])
        raise ValueError(f"No network can be compared. {why}")
    run = GroupRun(averages, alpha=alpha, n_permutations=n_permutations, seed=seed)
    for step in steps_of(SECTIONS, run):
        measure(step, run)
    return Group(
        networks=averages.networks,
        facts=_facts(averages, settings, alpha),
        findings=group_findings(averages),
        missing=run.missing,
        **run.results,
    )


def _names(only: Sequence[str] | None) -> list[str]:
    """Return the sections of an inspection that are named, in their order."""
    return [section.name for section in chosen_sections(SECTIONS_OF_ONE, only) if not section.always]


def _facts(averages: Averages, settings: RowSettings, alpha: float) -> dict[str, Any]:
    used = averages.networks[averages.networks["status"] == READ]
    contrasts = averages.subjects["band_contrast"]
    of_networks, of_subjects = used["above_chance"], chance_by_subject(used)
    return {
        "n_networks": len(averages.networks),
        "n_read": len(used),
        "n_subjects": contrasts.sizes["subject"],
        "subjects": contrasts["subject"].to_numpy().tolist(),
        "conditions": [name for name in contrasts["condition"].to_numpy().tolist() if name],
        "n_channels": contrasts.sizes["channel"],
        **_with_interval(averages, "accuracy"),
        "majority": float(averages.subjects["majority"].mean()),
        **_with_interval(averages, "balanced_accuracy"),
        "chance_level": float(averages.subjects["chance_level"].mean()),
        "above_chance": {answer: int((of_networks == answer).sum()) for answer in ANSWERS},
        "subjects_above_chance": {answer: int((of_subjects == answer).sum()) for answer in ANSWERS},
        "n_not_readable": n_not_readable(used),
        "not_readable_because": not_readable(used),
        "doubtful_because": doubts(used),
        "shared_training": shared_training(averages),
        "alpha": alpha,
        "settings": settings.facts,
    }


def _with_interval(averages: Averages, name: str) -> dict[str, float | None]:
    """Return the mean over subjects with its 95 % interval; a single subject has none."""
    values = averages.subjects[name].mean("condition")
    spread = subject_test(values) if values.sizes["subject"] > 1 else None
    return {
        name: float(values.mean()),
        f"{name}_ci_low": None if spread is None else float(spread["ci_low"]),
        f"{name}_ci_high": None if spread is None else float(spread["ci_high"]),
    }
