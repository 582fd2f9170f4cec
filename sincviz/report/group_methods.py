"""The methods paragraph of a group: what was done, in the past tense, with its references."""

from sincviz._version import __version__
from sincviz.groups import Group
from sincviz.report.methods import REFERENCES
from sincviz.report.words import counted, percent

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
    """Return a paragraph that can be pasted into a paper, and its references in alphabetical order."""
    facts = found.facts
    cited = [REFERENCES["gramfort"], REFERENCES["sundararajan"]]
    runs = found.networks.query("status == 'read'").groupby("subject").size()
    each = f"{runs.min()}" if runs.min() == runs.max() else f"{runs.min()} to {runs.max()}"
    text = [
        f"{counted(facts['n_read'], 'network')} of {counted(facts['n_subjects'], 'subject')} ({each} per subject) "
        f"were read with sincviz {__version__}, which builds on MNE-Python (Gramfort et al., 2013); the mean "
        f"accuracy over subjects was {percent(facts['accuracy'])} (chance {percent(facts['chance_level'])}).",
        "For each network the integrated gradient of each class score (Sundararajan et al., 2017) from a baseline of "
        "zero was split exactly over frequencies and channels by Parseval's theorem, averaged over the trials of the "
        "class minus the average over the others, and divided by the standard deviation of the score within the "
        "classes, so that the sum over cells is the distance between the class means in standard deviations. Runs "
        "were averaged within subjects; subjects were the unit of all tests.",
    ]
    share = facts["shared_training"]
    if share:
        text.append(
            f"Networks of different subjects had a median of {percent(share)} of their training trials in common; the "
            "trials that were examined were each subject's own and not used in training its network."
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
        n_permutations = int(test["n_permutations"].max())
        cited += [OF_GROUPS[name] for name in ("maris", "sassenhagen", "benjamini", "hedges")]
        text.append(
            f"Contrasts were tested against zero over {' and over '.join(maps)} with cluster-based permutation tests "
            f"(Maris and Oostenveld, 2007; sign flips of subjects, up to {n_permutations}; cluster-forming p "
            f"{test.attrs['cluster_forming_p']:g}, two-sided; neighbouring electrodes by MNE-Python, bands that "
            f"touch and neighbouring frequencies adjacent; family-wise alpha {facts['alpha']:g} within each test). A "
            "cluster says that there is a difference, not where its border lies (Sassenhagen and Draschkow, 2019). "
            "Effect sizes are Hedges' g (Hedges, 1981); single cells were corrected by the false-discovery rate "
            "(Benjamini and Hochberg, 1995)."
        )
        if test.sizes["comparison"] > 1:
            names = ", ".join(str(name) for name in test["comparison"].to_numpy())
            text.append(f"The comparisons were {names}; conditions were compared within subjects.")
    if found.agreement is not None:
        text.append("Agreement of runs is Spearman's correlation over bands × channels.")
    if found.matching is not None:
        cited.append(OF_GROUPS["kuhn"])
        text.append(
            "Filters of different networks were matched by the overlap (cosine) of their amplitude responses with the "
            "Hungarian method (Kuhn, 1955), to the run most like the others."
        )
    if found.drift is not None:
        text.append(
            "The share of the filters' energy in each band, as the kernels compute it, was compared with that before "
            "training by t tests over subjects, corrected over bands by the false-discovery rate."
        )
        cited += [] if OF_GROUPS["benjamini"] in cited else [OF_GROUPS["benjamini"]]
    return " ".join(text), sorted(cited)
