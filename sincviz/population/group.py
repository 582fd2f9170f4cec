"""Many networks, one answer: every row of a manifest inspected, runs averaged within subjects, subjects compared."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import xarray as xr

from sincviz._utils.checks import checked_seed, positive_int
from sincviz._utils.progress import shows_progress
from sincviz.analysis.filters.filter_matching import filter_stability, match_filters
from sincviz.analysis.statistics.cluster_test import ALPHA, N_PERMUTATIONS
from sincviz.analysis.statistics.run_agreement import agreement_by_subject, run_agreement
from sincviz.analysis.statistics.subject_test import subject_test
from sincviz.datasets.physionet import checked_runs
from sincviz.eeg.montages import standard_montage
from sincviz.inspection.measuring import checked_sections
from sincviz.networks.attributes import listed_names
from sincviz.population.averages import READ, Averages, combine
from sincviz.population.comparison import band_shares, filter_shifts, occupancy_change, over_subjects
from sincviz.population.findings import group_findings, shared_training
from sincviz.population.manifest import read_manifest
from sincviz.population.rows.runs import read_rows
from sincviz.population.rows.settings import RUNS, SECTIONS, RowSettings, checked_parameters
from sincviz.population.rows.verdicts import ANSWERS, chance_by_subject, doubts, n_not_readable, not_readable


@dataclass(frozen=True, eq=False)
class Group:
    """What many networks have in common. What could not be measured is ``None``; ``missing`` says why.

    Attributes
    ----------
    networks : pandas.DataFrame
        One row per row of the manifest: what became of it.
    facts : dict
        What all networks are, and how they were read: settings, sizes, versions, what training sets share.
    run_contrasts : xarray.DataArray, dims (run, band, channel)
        What separates the classes, of every network.
    band_contrasts : xarray.DataArray, dims (condition, subject, target, band, channel)
        The same, averaged within subjects.
    spectral_contrasts : xarray.DataArray, dims (condition, subject, target, frequency, channel)
        The same by frequency.
    band_use : xarray.DataArray, dims (condition, subject, band)
        Share of each band.
    band_test, spectral_test : xarray.Dataset
        Over subjects; dims (comparison, target, band or frequency, channel).
    clusters : pandas.DataFrame
        Every cluster of both tests.
    agreement : xarray.DataArray, dims (run, other_run)
        Rank agreement of what the networks use.
    agreement_by_subject : pandas.DataFrame
        The same in numbers.
    matching : xarray.Dataset, dims (run, filter)
        Which filters stand for each other.
    filter_stability : pandas.DataFrame
        How alike these are.
    occupancy : xarray.DataArray, dims (training, condition, subject, band)
        How much of the filters lies in each band, before training and after.
    drift, filter_drift : pandas.DataFrame
        How that changed, and which filters move the same way in all subjects.
    findings : pandas.DataFrame
        What keeps all this from being believed: columns ``severity``, ``check``, ``finding``, ``remedy``.
    missing : dict of str to str
        What could not be measured, and why.
    """

    networks: pd.DataFrame
    facts: dict[str, Any]
    findings: pd.DataFrame
    run_contrasts: xr.DataArray | None = None
    band_contrasts: xr.DataArray | None = None
    spectral_contrasts: xr.DataArray | None = None
    band_use: xr.DataArray | None = None
    band_test: xr.Dataset | None = None
    spectral_test: xr.Dataset | None = None
    clusters: pd.DataFrame | None = None
    agreement: xr.DataArray | None = None
    agreement_by_subject: pd.DataFrame | None = None
    matching: xr.Dataset | None = None
    filter_stability: pd.DataFrame | None = None
    occupancy: xr.DataArray | None = None
    drift: pd.DataFrame | None = None
    filter_drift: pd.DataFrame | None = None
    missing: dict[str, str] = field(default_factory=dict)

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
        from sincviz.report.group_folder import write_group_page

        write_group_page(self, path, title=title, style=style, overwrite=overwrite)

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
        from sincviz.report.group_folder import write_group_folder

        return write_group_folder(
            self, folder, formats=formats, title=title, style=style, overwrite=overwrite, progress=progress
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
    goes on where an earlier one stopped. A row that cannot be read is reported and stops no other.

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
        Names of the networks' channels, in their order, if the checkpoints do not tell them.
    montage : str | None
        Standard montage that places the channels.
    parameters : mapping of str to object | None
        What else the checkpoints do not tell, as ``{"min_freq": 0.5, "class_names": ["left", "right"]}``; see
        :func:`sincviz.load_checkpoint`.
    runs : sequence of int
        Runs of the dataset eegbci.
    data_path : path-like | None
        The folder that holds the recordings of eegbci; ``None`` looks where MNE does.
    download : bool
        Fetch recordings of eegbci that are missing.
    held_out : bool
        Say that no network was trained on the trials of its row. It is believed where a checkpoint does not tell which
        trials it was trained on; networks that do tell are judged by what they tell.
    alpha : float
        Family-wise error of each map test.
    n_permutations : int
        Most sign flips of a test.
    seed : int
        Seed of every random draw.
    n_jobs : int
        Networks at a time; −1 as many as cores. A single one is read in this process.
    backend : {"processes", "dask"} | None
        Processes of this machine, or the workers of dask; ``None`` takes what ``joblib.parallel_config`` sets.
    scheduler : str | None
        Address of dask's scheduler; ``None`` takes the open ``distributed.Client``.
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
        If names are no list, parameters no mapping of parameters, or runs no whole numbers.
    ValueError
        If the manifest or a setting is wrong, or no row could be read.
    ConnectionError
        If the scheduler does not answer.

    Examples
    --------
    >>> import tempfile
    >>> from sincviz import SincShallowNet, datasets, save_checkpoint
    >>> epochs, _ = datasets.simulate_motor_imagery(2, seed=1)
    >>> model = SincShallowNet(n_outputs=2, n_times=len(epochs.times), sfreq=160, chs_info=epochs.info["chs"])
    >>> model.class_names, model.scale = ["left", "right"], 1e6
    >>> folder = tempfile.mkdtemp()
    >>> save_checkpoint(model, f"{folder}/network.safetensors")
    >>> rows = pd.DataFrame({"checkpoint": [f"{folder}/network.safetensors"], "dataset": ["simulated"], "subject": [1]})
    >>> found = group(rows, folder, only=["relevance"], n_jobs=1)
    >>> found.networks.status.tolist(), dict(found.band_contrasts.sizes)["band"]
    (['read'], 6)
    """
    if not 0 < alpha < 1:
        raise ValueError(f"`alpha` must lie between 0 and 1; got {alpha}. Try 0.05.")
    positive_int("n_permutations", n_permutations)
    seed = checked_seed(seed)
    if montage is not None:
        standard_montage(montage)  # what MNE does not know is refused before any row is read
    # A section that is compared cannot be left out.
    asked = set(SECTIONS) if only is None else set(checked_sections(only)) | {"relevance"}
    settings = RowSettings(
        sections=checked_sections(sorted(asked)),
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
    found, missing = _measured(averages, alpha, n_permutations, seed)
    return Group(
        networks=averages.networks,
        facts=_facts(averages, settings, alpha),
        findings=group_findings(averages),
        missing=missing,
        **found,
    )


def _measured(
    averages: Averages, alpha: float, n_permutations: int, seed: int
) -> tuple[dict[str, Any], dict[str, str]]:
    """Return what was found by its name, and what could not be measured and why."""
    runs, subjects = averages.runs, averages.subjects
    found: dict[str, Any] = {
        "run_contrasts": runs["contrast"],
        "band_contrasts": subjects["band_contrast"],
        "spectral_contrasts": subjects["frequency_contrast"],
        "band_use": band_shares(subjects["band_contrast"]),
        "occupancy": subjects["occupancy"].transpose("training", ...),
    }
    missing: dict[str, str] = {}
    clusters = []
    for name in ("band", "spectral"):
        test, table, untested = over_subjects(
            found[f"{name}_contrasts"], alpha=alpha, n_permutations=n_permutations, seed=seed
        )
        found[f"{name}_test"] = test
        missing |= untested
        clusters += [] if test is None else [table]
    found["clusters"] = pd.concat(clusters, ignore_index=True) if clusters else None

    amplitude = runs["amplitude"]
    if "peak_hz" in runs:
        amplitude = amplitude.assign_coords(peak_hz=(("run", "filter"), runs["peak_hz"].to_numpy()))
    steps: tuple[tuple[str, Callable[[], Any]], ...] = (
        ("agreement", lambda: run_agreement(runs["contrast"])),
        ("agreement_by_subject", lambda: agreement_by_subject(found["agreement"])),
        ("matching", lambda: match_filters(amplitude, runs.get("pattern"))),
        ("filter_stability", lambda: filter_stability(found["matching"], amplitude)),
        ("drift", lambda: occupancy_change(subjects["occupancy"])),
        ("filter_drift", lambda: filter_shifts(subjects["shift_hz"], runs["initial_hz"])),
    )
    for name, measure in steps:
        try:
            found[name] = measure()
        except ValueError as error:
            missing[name] = str(error)
        except KeyError as error:  # what it is made of is missing
            missing[name] = missing.get(str(error.args[0]), "The section `bands` was not measured.")
    return found, missing


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
    """Return the mean over subjects with its 95 % interval; there is none of one subject."""
    values = averages.subjects[name].mean("condition")
    spread = subject_test(values) if values.sizes["subject"] > 1 else None
    return {
        name: float(values.mean()),
        f"{name}_low": None if spread is None else float(spread["low"]),
        f"{name}_high": None if spread is None else float(spread["high"]),
    }
