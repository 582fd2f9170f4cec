"""The methods paragraph of a group: what was done, in the past tense, with its references."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import xarray as xr

from sincviz._utils.text import counted, percent
from sincviz._version import __version__
from sincviz.analysis.accuracy import ALPHA
from sincviz.population.averages import FAILED, LEFT_OUT, READ
from sincviz.population.group import Group
from sincviz.report.group_numbers import has_several_runs, paired_comparisons
from sincviz.report.group_words import majority_words
from sincviz.report.methods import REFERENCES
from sincviz.verdict import REASONS

OF_GROUPS = {
    "maris": "Maris, E., & Oostenveld, R. (2007). Nonparametric statistical testing of EEG- and MEG-data. Journal of "
    "Neuroscience Methods, 164, 177–190.",
    "sassenhagen": "Sassenhagen, J., & Draschkow, D. (2019). Cluster-based permutation tests of MEG/EEG data do not "
    "establish significance of effect latency or location. Psychophysiology, 56, e13335.",
    "benjamini": "Benjamini, Y., & Hochberg, Y. (1995). Controlling the false discovery rate: a practical and powerful "
    "approach to multiple testing. Journal of the Royal Statistical Society B, 57, 289–300.",
    "hedges": "Hedges, L. V. (1981). Distribution theory for Glass's estimator of effect size and related estimators. "
    "Journal of Educational Statistics, 6, 107–128.",
    "kuhn": "Kuhn, H. W. (1955). The Hungarian method for the assignment problem. Naval Research Logistics "
    "Quarterly, 2, 83–97.",
}


def group_methods(found: Group) -> tuple[str, list[str]]:
    """Return a paragraph that can be pasted into a paper, and its references.

    Parameters
    ----------
    found : Group
        What was measured.

    Returns
    -------
    text : str
        What was done, and nothing that was not.
    references : list of str
        In alphabetical order.
    """
    facts = found.facts
    cited = ["gramfort", "sundararajan"]
    used = found.networks[found.networks["status"] == READ]
    runs = used.groupby("subject").size()
    each = f"{runs.min()}" if runs.min() == runs.max() else f"{runs.min()} to {runs.max()}"
    text = [
        f"{counted(facts['n_read'], 'network')} of {counted(facts['n_subjects'], 'subject')} ({each} per subject) "
        f"{'was' if facts['n_read'] == 1 else 'were'} read with sincviz {__version__}, which builds on MNE-Python "
        f"(Gramfort et al., 2013); the mean accuracy over subjects was "
        f"{percent(facts['accuracy'])}{majority_words(facts)}, the mean balanced accuracy "
        f"{percent(facts['balanced_accuracy'])} (chance {percent(facts['chance_level'])}); "
        f"{facts['above_chance']['yes']} of {counted(facts['n_read'], 'network')} decoded above chance (permutation "
        f"test of the predictions, p < {ALPHA:g}).",
        *_trials_words(found),
        *_unreadable_words(facts),
        "For each network the integrated gradient of each class score (Sundararajan et al., 2017) from a baseline of "
        "zero was split exactly over frequencies and channels by Parseval's theorem, averaged over the trials of the "
        "class minus the average over the others, and divided by the standard deviation of the score within the "
        "classes, so that the sum over cells is the distance between the class means in standard deviations.",
    ]
    if has_several_runs(found):
        text.append("Runs were averaged within subjects.")
    if found.band_use is not None and np.isfinite(found.band_use.to_numpy()).any(-1).sum() > 1:
        text.append(
            "The share of a band is its sum over channels and subjects, divided by the sum over all bands."
        )
    test = found.band_test if found.band_test is not None else found.spectral_test
    if test is not None:
        maps = [
            words
            for one, words in (
                (found.band_test, "bands × channels"),
                (found.spectral_test, "channels × frequencies"),
            )
            if one is not None
        ]
        cited += ["maris", "sassenhagen", "benjamini", "hedges"]
        text.append(
            f"Contrasts were tested against zero over {' and over '.join(maps)} with cluster-based permutation tests "
            f"(Maris and Oostenveld, 2007; subjects as the unit, {_flips(test)}; cluster-forming p "
            f"{test.attrs['cluster_forming_p']:g}, two-sided; neighbouring electrodes by MNE-Python, bands that "
            f"touch and neighbouring frequencies adjacent; family-wise alpha {facts['alpha']:g} within each test). A "
            "cluster says that there is a difference, not where its border lies (Sassenhagen and Draschkow, 2019). "
            "Effect sizes are Hedges' g (Hedges, 1981); single cells were corrected by the false-discovery rate "
            "(Benjamini and Hochberg, 1995)."
        )
        names = [str(name) for name in test["comparison"].to_numpy()]
        within = (
            "; conditions were compared within subjects"
            if set(names) & set(paired_comparisons(found))
            else ""
        )
        if len(names) > 1:
            text.append(f"The comparisons were {', '.join(names)}{within}.")
    if found.agreement is not None and found.agreement.sizes["run"] > 1:
        text.append("Agreement of runs is Spearman's correlation over bands × channels.")
    if found.matching is not None and found.matching.sizes["run"] > 1:
        cited.append("kuhn")
        text.append(
            "Filters of different networks were matched by the overlap (cosine) of their amplitude responses with the "
            "Hungarian method (Kuhn, 1955), to the run most like the others."
        )
    if found.drift is not None:
        cited.append("benjamini")
        text.append(
            "The share of the filters' energy in each band, as the kernels compute it, was compared with that before "
            "training by t tests over subjects, corrected over bands by the false-discovery rate (Benjamini and "
            "Hochberg, 1995)."
        )
    if found.filter_drift is not None:
        cited.append("benjamini")
        text.append(
            "How far training moved the middle of each filter's cut-offs was tested by t tests over subjects, "
            "corrected over filters by the false-discovery rate (Benjamini and Hochberg, 1995)."
        )
    return " ".join(text), sorted((REFERENCES | OF_GROUPS)[name] for name in set(cited))


def _trials_words(found: Group) -> Iterator[str]:
    """Yield which networks were left out, and whether the trials of the others were new to them."""
    status, share = found.networks["status"], found.facts["shared_training"]
    n_failed, n_left_out = int((status == FAILED).sum()), int((status == LEFT_OUT).sum())
    if n_failed:
        yield f"Another {counted(n_failed, 'network')} could not be read."
    if n_left_out:
        yield (
            f"Another {counted(n_left_out, 'network')} {'was' if n_left_out == 1 else 'were'} left out, for trials "
            "that were used in training or for other classes."
        )
    held_out = found.networks.loc[status == READ, "held_out"]
    silent, said = int((held_out != "yes").sum()), int((held_out == "said").sum())
    if not silent:
        yield "No trial that was examined was used in training its network."
    elif said or silent < len(held_out):
        claimed = f"; for {said} of these it is what the user says" if said else ""
        yield (
            "No trial that was examined was used in training its network, as far as networks tell ("
            f"{silent} of {len(held_out)} do not{claimed})."
        )
    if share:
        yield f"Networks of different subjects had a median of {percent(share)} of their training trials in common."


def _unreadable_words(facts: dict[str, Any]) -> Iterator[str]:
    """Yield how many networks do not show by themselves what they use, and that they were kept."""
    n_networks = facts["n_not_readable"]
    if n_networks:
        reasons = "; ".join(
            f"{REASONS[code]}, {count}" for code, count in facts["not_readable_because"].items()
        )
        yield (
            f"Of {counted(n_networks, 'network')} it could not be read what they use by themselves ({reasons}); they "
            "were kept."
        )


def _flips(test: xr.Dataset) -> str:
    """Return how many signs of subjects were flipped: all there are, or a number."""
    n_flips, n_subjects = test["n_permutations"].to_numpy(), test["n_subjects"].to_numpy()
    most = int(n_flips.max())
    if (n_flips == 2.0 ** (n_subjects - 1)).all():
        return f"all {most} sign flips"
    return f"{'' if n_flips.min() == most else 'up to '}{most} sign flips"
