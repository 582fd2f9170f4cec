"""Inspection: everything that can be read from one network, in one place."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from numpy.typing import ArrayLike

from sincviz._utils.checks import checked_seed, positive_int
from sincviz._utils.progress import shows_progress, silenced, switched_off, tqdm
from sincviz.inspection.contents import CONTENTS, SECTIONS
from sincviz.inspection.facts import network_facts
from sincviz.inspection.judging import judge
from sincviz.inspection.measuring import InspectionRun
from sincviz.inspection.results import InspectionResults
from sincviz.inspection.retraining import check_training_trials
from sincviz.inspection.screen import screen_text
from sincviz.inspection.sensitivity import SENSITIVITY
from sincviz.opening.inputs import network_inputs
from sincviz.report.contents import Section, chosen_sections, measure, steps_of
from sincviz.trials.classes import classes_if_known
from sincviz.trials.epochs import EpochsOrArray, input_batches, ready, warned_once
from sincviz.trials.numeric_targets import Targets

if TYPE_CHECKING:
    import matplotlib.figure
    import mne

    from sincviz.explorer.widget import Explorer


@dataclass(frozen=True, eq=False, repr=False)
class Inspection(InspectionResults):
    """What was measured of one network, with a page and a folder of it.

    See :class:`sincviz.inspection.InspectionResults` for what it holds.
    """

    def plot(self, columns: int = 2) -> "matplotlib.figure.Figure":
        """Draw the overview: how well the network decodes, on what that rests, and how sure it is.

        Parameters
        ----------
        columns : {2, 1}
            Columns of a journal that the figure spans.

        Returns
        -------
        matplotlib.figure.Figure
            What :func:`sincviz.plotting.plot_overview` draws of these results.

        Raises
        ------
        ValueError
            If neither bands nor relevance were measured, or ``columns`` is neither 1 nor 2.
        """
        from sincviz.inspection.overview import overview

        if self.bands is None and self.leading_bands is None:
            raise ValueError(
                "Neither bands nor relevance were measured, so there is nothing to draw. Inspect with "
                "`only=['bands']`, or without `only`."
            )
        return overview(self, columns)

    def explore(self, *, height_px: int = 900) -> "Explorer":
        """Show filters, scalp and trials together, and edit the network, in a notebook.

        Cut-offs can be moved, and filters, bands and channels taken away; the accuracy is computed again in the
        browser. It is the same as at the top of the page.

        Parameters
        ----------
        height_px : int
            Height of the frame.

        Returns
        -------
        sincviz.explorer.widget.Explorer
            Shows itself as the last value of a cell; ``.save(path)`` writes it as a page of its own.

        Raises
        ------
        ValueError
            If it was not measured.
        """
        from sincviz.explorer.widget import Explorer
        from sincviz.inspection.explorer import payload

        text = payload(self)
        if text is None:
            why = self.missing.get("explorer", "Inspect with `only=['explorer']`, or without `only`.")
            raise ValueError(f"The explorer was not measured. {why}")
        return Explorer(text, title=CONTENTS.title(self), height_px=positive_int("height_px", height_px))

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
            Heading of the page; ``None`` names the classes.
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

        write_page(self, CONTENTS, self._shown(), path, title=title, style=style, overwrite=overwrite)

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
        """Write tables (CSV), arrays (netCDF), figures, ``inspection.json`` and ``report.html`` to a folder.

        Everything is written beside the folder first: if that fails or is killed, the folder stays as it was.

        Parameters
        ----------
        folder : path-like
            Where to write; made if it does not exist.
        formats : sequence of {"png", "pdf", "svg"}
            Of the figures.
        title : str | None
            Heading of the page; ``None`` names the classes.
        style : {"sincviz", "neuroimage", "nature", "ieee"}
            Widths and fonts of the figures.
        overwrite : bool
            Replace the files of an earlier inspection; those that this one does not have are removed.
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
            self._shown(),
            folder,
            formats=formats,
            title=title,
            style=style,
            overwrite=overwrite,
            progress=progress,
        )

    def _shown(self) -> tuple[Section[InspectionResults, InspectionRun], ...]:
        return chosen_sections(SECTIONS, self.sections)

    def __repr__(self) -> str:
        return screen_text(self)

    def _repr_html_(self) -> str:
        from sincviz.inspection.notebook import notebook_html

        return notebook_html(self)


def inspect(
    model: object,
    epochs: EpochsOrArray | None = None,
    y: ArrayLike | None = None,
    *,
    only: Sequence[str] | None = None,
    held_out: bool = False,
    sensitivity: "mne.BaseEpochs | None" = None,
    seed: int = 0,
    progress: bool = True,
) -> Inspection:
    """Measure everything that can be read from a network.

    Parameters
    ----------
    model : SincShallowNet | classifier | torch.nn.Module
        Any network that maps trials to class scores. What needs filters is measured where its first operations are a
        convolution in time; for others ``missing`` says why not.
    epochs : mne.BaseEpochs | array, shape (trials, channels, times), or None
        Trials, preferably not used in training; without them there are no patterns, no relevance and no
        evidence.
    y : array, shape (trials,) | None
        Class of each trial, as names or as numbers of the outputs; ``None`` takes ``epochs.event_id``. Of a network
        that predicts numbers (see :func:`sincviz.network`), what each output should be, shape (trials,) or (trials,
        outputs), such as ``epochs.metadata["age"]``: then correlation and error stand in place of the accuracy.
    only : sequence of str | None
        Sections to measure, out of ``"bands"``, ``"responses"``, ``"maps"``, ``"relevance"``, ``"time"``, ``"roles"``,
        ``"seeds"``, ``"evidence"``, ``"shortcuts"``, ``"sensitivity"``, ``"training"`` and ``"explorer"``; ``None``
        means all. The findings are always there.
    held_out : bool
        Declare that the network was not trained on these trials, if the checkpoint does not store its training trials.
        Without it, such trials do not show what the decisions rest on. Trials that it does store still count as seen.
    sensitivity : mne.BaseEpochs | None
        Training trials, none of which is in ``epochs``: a SincShallowNet is then trained anew on them, with two seeds
        each, as it was, under other preparations and without single people, which takes as long as that many trainings
        (:func:`sincviz.inspection.preparation_sensitivity`). ``None`` trains nothing.
    seed : int
        Seed of the trials that the evidence takes, of intervals and of random networks.
    progress : bool
        Show a progress bar that names each step.

    Returns
    -------
    Inspection
        What was measured; prints as one screen of text, in a notebook with figures.

    Raises
    ------
    TypeError
        If this is not a network, or there are neither trials nor filters that could be read.
    EpochsError
        If the epochs do not fit the network.
    ValueError
        If a section is unknown, ``seed`` is not between 0 and 2**31 - 1, labels were given and do not fit, or
        ``sensitivity`` was given without ``epochs`` or without its section.

    Examples
    --------
    >>> from sincviz import SincShallowNet
    >>> inspection = inspect(SincShallowNet(n_chans=3, n_outputs=2, n_times=256, sfreq=128))
    >>> len(inspection.bands), inspection.spatial_patterns is None
    (32, True)
    """
    sections, seed = chosen_sections(SECTIONS, only), checked_seed(seed)
    if sensitivity is not None:
        _check_sensitivity(sensitivity, epochs, sections)
    network, epochs, y = network_inputs(model, epochs, y)
    hidden = switched_off() if progress else True
    with warned_once(network, epochs), silenced():  # one bar is enough
        trials = None if epochs is None else ready(epochs)
        codes: Targets | None = None
        if trials is not None:
            # What does not fit is refused before the first long step.
            next(iter(input_batches(network, trials)))
            codes = classes_if_known(network, trials, y, needed=False)
        run = InspectionRun(network, trials, y, codes, seed=seed, held_out=held_out)
        run.model, run.training = model, sensitivity
        steps = steps_of(sections, run)
        run.wanted = frozenset(name for step in steps for name in step.fields)
        # The notebook's and the terminal's bar; quiet if there is neither.
        with tqdm(steps, "Measuring", unit="step", leave=False, disable=hidden) as bar:
            for step in bar:
                bar.set_description(step.words)
                run.follow = partial(_counted, bar, step.words)
                measure(step, run)
    with silenced():
        judge(run)
    return Inspection(
        network=network_facts(network),
        missing=run.missing,
        sections=tuple(section.name for section in sections if not section.always),
        seed=seed,
        **run.results,
    )


def _counted(bar: Any, words: str, items: Sequence[Any]) -> Iterator[Any]:
    """Go through the items, and let the bar say how far."""
    for number, item in enumerate(items, 1):
        bar.set_description(f"{words} ({number} of {len(items)})")
        yield item


def _check_sensitivity(training: object, epochs: object, sections: Sequence[Section[Any, Any]]) -> None:
    check_training_trials("sensitivity", training)
    if epochs is None:
        raise ValueError(
            "`sensitivity` (`--sensitivity`) holds trials to train on, and networks must be read on others: pass these "
            "as `epochs` (`--epochs`)."
        )
    if SENSITIVITY not in sections:
        raise ValueError(
            "`sensitivity` (`--sensitivity`) was given, but `only` leaves its section out. Add 'sensitivity' to `only`."
        )
