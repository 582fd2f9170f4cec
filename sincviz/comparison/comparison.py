"""Comparison: two networks, inspected on the same trials and put side by side."""

import os
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
from numpy.typing import ArrayLike

from sincviz._utils.checks import checked_seed
from sincviz._utils.progress import shows_progress, silenced, switched_off, tqdm
from sincviz._utils.text import shown_name
from sincviz.comparison.contents import CONTENTS, SECTIONS, summary_words
from sincviz.comparison.measuring import ComparisonRun
from sincviz.comparison.results import ComparisonResults
from sincviz.inspection.inspection import inspect
from sincviz.opening.inputs import with_or_without_trials
from sincviz.report.contents import measure, steps_of
from sincviz.trials.classes import classes_known
from sincviz.trials.epochs import EpochsOrArray, ready

SECTIONS_OF_ONE = ("bands", "responses", "maps", "relevance", "training", "explorer")
"""What is measured of each network; the evidence is that of :func:`sincviz.inspect`."""


@dataclass(frozen=True, eq=False, repr=False)
class Comparison(ComparisonResults):
    """What two networks have in common, and where they differ, with a page and a folder of it.

    See :class:`sincviz.comparison.ComparisonResults` for what it holds.
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
        """Write one self-contained HTML page; see :meth:`sincviz.inspection.Inspection.report`."""
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
        """Write tables, arrays, figures, ``comparison.json`` and ``report.html`` to a folder.

        See :meth:`sincviz.inspection.Inspection.save`.
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

    def __repr__(self) -> str:
        return "\n".join([f"Comparison of {' and '.join(map(shown_name, self.names))}", *summary_words(self)])


def compare(
    model: object,
    other: object,
    epochs: EpochsOrArray | None = None,
    y: ArrayLike | None = None,
    *,
    names: tuple[str, str] = ("first", "second"),
    held_out: bool = False,
    seed: int = 0,
    progress: bool = True,
) -> Comparison:
    """Compare two networks: before and after training, two seeds, two subjects, sinc and free kernels.

    Filters are matched, and their bands, scalp maps and relevance put side by side, with the decisions on which the
    networks differ.

    Parameters
    ----------
    model, other : SincShallowNet | classifier | torch.nn.Module
        Any models that :func:`sincviz.networks.front_ends` recognises.
    epochs : mne.BaseEpochs | array, shape (trials, channels, times), or None
        Trials, preferably not used in the training of either; without them only weights are compared.
    y : array, shape (trials,) | None
        Class of each trial, as names or as numbers of the outputs; ``None`` takes ``epochs.event_id``.
    names : (str, str)
        What to call the networks.
    held_out : bool
        State that neither network was trained on these trials; see :func:`sincviz.inspect`.
    seed : int
        Seed of intervals.
    progress : bool
        Show a progress bar.

    Returns
    -------
    Comparison
        Tables and labelled arrays; ``.report`` and ``.save`` write them. If some of the trials were used in the
        training of one network, decisions and relevance are compared on the others.

    Raises
    ------
    TypeError
        If a network is not supported.
    EpochsError
        If the epochs do not fit both networks.
    ValueError
        If there are not two different names, or ``seed`` is not between 0 and 2**31 - 1.

    Examples
    --------
    >>> from sincviz import SincShallowNet
    >>> model = SincShallowNet(n_chans=3, n_outputs=2, n_times=256, sfreq=128, num_time_filters=4)
    >>> comparison = compare(model, model, names=("before", "after"))
    >>> comparison.filters.overlap.round(6).tolist(), comparison.decisions is None
    ([1.0, 1.0, 1.0, 1.0], True)
    """
    seed = checked_seed(seed)
    if not isinstance(names, tuple | list) or len(names) != 2 or len({str(name) for name in names}) != 2:
        raise ValueError(f"`names` must be two different names; got {names!r}. Try ('before', 'after').")
    front_end, epochs, y = with_or_without_trials(model, epochs, y)
    front_ends = (front_end, with_or_without_trials(other, epochs, y)[0])
    if any(one.numeric for one in front_ends):
        raise ValueError(
            "The outputs of these networks are numbers, and a comparison is of decisions between classes. Inspect each "
            "of them with `sincviz.inspect`, and compare their correlations."
        )
    hidden = switched_off() if progress else True
    with silenced():
        trials = None if epochs is None else ready(epochs)
        codes = [None if trials is None else classes_known(one, trials, y) for one in front_ends]
    inspections = []
    with tqdm(front_ends, "Inspecting", unit="network", leave=False, disable=hidden) as bar:
        for one in bar:
            inspections.append(
                inspect(one, trials, y, only=SECTIONS_OF_ONE, held_out=held_out, seed=seed, progress=False)
            )
    first, second = inspections
    run = ComparisonRun(front_ends, (first, second), trials, codes, seed=seed)
    with (
        silenced(),
        tqdm(steps_of(SECTIONS, run), "Comparing", unit="step", leave=False, disable=hidden) as bar,
    ):
        for step in bar:
            measure(step, run)
    findings = [
        one.findings.assign(finding=f"{shown_name(name)}: " + one.findings["finding"], network=name)
        for name, one in zip(names, inspections, strict=True)
    ]
    return Comparison(
        names=(str(names[0]), str(names[1])),
        first=first,
        second=second,
        findings=pd.concat(findings, ignore_index=True),
        missing=run.missing,
        seed=seed,
        **run.results,
    )
