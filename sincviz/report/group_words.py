"""What a group's results mean, in sentences that always say how many subjects they are about."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

from sincviz._utils.text import coefficient, counted, in_brackets, listed, p_words, percent, points, signed
from sincviz.analysis.accuracy import ALPHA as CHANCE_ALPHA
from sincviz.eeg.band_limits import ranges_by_name
from sincviz.eeg.band_words import band_words
from sincviz.eeg.bands import OTHER
from sincviz.population.averages import ALL_CLASSES, FAILED, LEFT_OUT
from sincviz.population.comparison import share_intervals
from sincviz.population.group import Group
from sincviz.population.rows.verdicts import doubt_words
from sincviz.report.group_numbers import are_matched, has_several_runs, n_drifted
from sincviz.verdict import REASONS

MOST_CLUSTERS = 6
MOST_CHANNELS = 4
ALIKE = 0.9
"""Runs that correlate less show different cells."""
STABLE = 0.8
"""A matched filter that overlaps so much with its like, on average, is called stable."""


def summary_words(found: Group) -> list[str]:
    """Return what was read, how well it decodes, what is significant, and how far runs agree."""
    return [
        *count_words(found),
        *accuracy_words(found),
        *readable_words(found),
        *cluster_words(found),
        *band_use_words(found),
        *agreement_words(found),
        *filter_words(found),
        *drift_words(found),
        *shift_words(found),
    ]


def count_words(found: Group) -> Iterator[str]:
    """Yield how many networks of how many subjects were read."""
    facts, status = found.facts, found.networks["status"]
    conditions = f" in {counted(len(facts['conditions']), 'condition')}" if facts["conditions"] else ""
    averaged = "; runs are averaged within subjects first" if has_several_runs(found) else ""
    words = (
        f"{counted(facts['n_read'], 'network')} of {counted(facts['n_subjects'], 'subject')}{conditions} "
        f"{'is' if facts['n_read'] == 1 else 'are'} compared, on {counted(facts['n_channels'], 'channel')}{averaged}."
    )
    lost = [
        f"{counted(int((status == kind).sum()), 'network')} {verb}"
        for kind, verb in ((FAILED, "could not be read"), (LEFT_OUT, "left out"))
        if (status == kind).any()
    ]
    yield words + (f" {'; '.join(lost)}: see the findings." if lost else "")


def accuracy_words(found: Group) -> Iterator[str]:
    """Yield how often the networks are right, over subjects, and how many are shown to be above chance."""
    facts = found.facts
    yield (
        f"Mean accuracy of {counted(facts['n_subjects'], 'subject')} {share_with_interval(facts, 'accuracy')}"
        f"{majority_words(facts)}. Mean balanced accuracy {share_with_interval(facts, 'balanced_accuracy')}, chance "
        f"{percent(facts['chance_level'])}."
    )
    yield chance_words(facts)


def chance_words(facts: dict[str, Any]) -> str:
    """Return how many networks, and networks of how many subjects, are shown to be above chance."""
    networks, subjects = facts["above_chance"], facts["subjects_above_chance"]
    verb = "is" if networks["yes"] == 1 else "are"
    of_subjects = (
        f"{counted(sum(subjects.values()), 'pair')} of {counted(facts['n_subjects'], 'subject')} and condition"
        if facts["conditions"]
        else counted(facts["n_subjects"], "subject")
    )
    untold = [f"; of {networks['unknown']} it cannot be told" if networks["unknown"] else ""]
    untold += [f"; in {subjects['unknown']} it cannot be told" if subjects["unknown"] else ""]
    return (
        f"{networks['yes']} of {counted(facts['n_read'], 'network')} {verb} shown to be above chance (permutation "
        f"tests, p < {CHANCE_ALPHA:g}{untold[0]}), at least half of the networks in {subjects['yes']} of {of_subjects}"
        f"{untold[1]}."
    )


def share_with_interval(facts: dict[str, Any], name: str) -> str:
    """Return a mean over subjects with its interval, if there is one: subjects who are all alike have none."""
    low, high = facts[f"{name}_low"], facts[f"{name}_high"]
    interval = "" if low is None else in_brackets(low, high, _accuracy).replace("(", "(95% interval ")
    return f"{percent(facts[name])}{interval}"


def majority_words(facts: dict[str, Any]) -> str:
    """Return what naming the most frequent class reaches, where the classes are not of the same size."""
    majority = percent(facts["majority"])
    if majority == percent(facts["chance_level"]):
        return ""
    return f"; naming the most frequent class every time reaches {majority}"


def readable_words(found: Group) -> Iterator[str]:
    """Yield how many networks cannot be read by themselves, and why."""
    facts = found.facts
    if not facts["n_not_readable"]:
        return
    of = f"{counted(facts['n_read'], 'network')} of {counted(facts['n_subjects'], 'subject')}"
    reasons = "; ".join(f"{REASONS[code]} ({count})" for code, count in facts["not_readable_because"].items())
    yield (
        f"{facts['n_not_readable']} of {of} cannot be read by {'itself' if facts['n_read'] == 1 else 'themselves'}: "
        f"{reasons}. They are kept, so that the others do not look better than all are."
    )


def cluster_words(found: Group) -> Iterator[str]:
    """Yield which clusters are significant in each test, or that none is and what that does not show."""
    doubt = f" {doubt_words(found.networks)}".rstrip()
    for test, maps in ((found.band_test, "band × channel"), (found.spectral_test, "channel × frequency")):
        if test is None:
            continue
        for name in test["comparison"].to_numpy().tolist():
            table = _of(found.clusters, name, maps)
            subjects = counted(int(test["n_subjects"].sel(comparison=name)), "subject")
            title = f"{maps[0].upper()}{maps[1:]}, {name}"
            good = table[table["significant"]] if len(table) else table
            if not len(good):
                best = f"smallest p {p_words(table['p'].min())}, " if len(table) else ""
                yield (
                    f"{title}: no cluster is significant ({best}{subjects}). This does not show that the networks have "
                    "nothing in common."
                )
                continue
            listed = [_cluster_in_words(row, found) for row in good.iloc[:MOST_CLUSTERS].to_dict("records")]
            more = [f"and {len(good) - MOST_CLUSTERS} more"] if len(good) > MOST_CLUSTERS else []
            yield (
                f"{title}: {counted(len(good), 'significant cluster')} (cluster permutation, {subjects}): "
                f"{'; '.join([*listed, *more])}.{doubt}"
            )
    for name, reason in found.missing.items():
        if " × " in name:
            yield f"{name[0].upper()}{name[1:]}: not tested. {reason}"


def _cluster_in_words(row: dict[Any, Any], found: Group) -> str:
    only_one = found.band_contrasts is None or found.band_contrasts.sizes["target"] == 1
    target = "" if only_one and row["target"] == ALL_CLASSES else f"for {row['target']}, "
    side = "" if row["mass"] > 0 else "below zero, "
    around = ", ".join(row["channels"].split(" and ")[0].split(", ")[:MOST_CHANNELS])
    return f"{target}{side}{bands_in_words(row['bands'], found)} around {around} (p {p_words(row['p'])})"


def bands_in_words(bands: str, found: Group) -> str:
    """Return the bands of a cluster; what no band covers is named by its limits."""
    names = bands.split(", ")
    if OTHER in names and found.band_test is not None:
        limits = ranges_by_name(found.band_test)
        names = [band_words(OTHER, limits) if name == OTHER else name for name in names]
    return " and ".join([*([", ".join(names[:-1])] if len(names) > 1 else []), names[-1]])


def band_use_words(found: Group) -> Iterator[str]:
    """Yield what share of the contrast the leading bands hold."""
    if found.band_contrasts is None:
        return
    doubt = f" {doubt_words(found.networks)}".rstrip()
    shares = share_intervals(found.band_contrasts)
    limits = ranges_by_name(shares)
    for condition in shares["condition"].to_numpy():
        n_subjects = (
            found.band_contrasts.sel(condition=condition).dropna("subject", how="all").sizes["subject"]
        )
        if n_subjects < 2:
            continue
        own = shares.sel(condition=condition)
        of, over = f" in {condition}" if condition else "", counted(n_subjects, "subject")
        if np.isnan(own["mean"]).all():
            yield (
                f"What separates the classes{of} is not surely more than nothing over {over}: no band has "
                "a share of it."
            )
            continue
        order = [k for k in np.argsort(-own["mean"].to_numpy())[:3] if own["mean"][k] > 0]
        parts = [
            f"{band_words(str(own['band'].to_numpy()[k]), limits)} {percent(float(own['mean'][k]))}"
            f"{in_brackets(float(own['low'][k]), float(own['high'][k]), percent)}"
            for k in order
        ]
        yield (
            f"What separates the classes{of} lies in {', '.join(parts)}; shares of what {over} have together, with 95% "
            f"intervals over subjects.{doubt}"
        )


def agreement_words(found: Group) -> Iterator[str]:
    """Yield how far runs of one subject agree, beside runs of different subjects."""
    table = found.agreement_by_subject
    if table is None or not table["between_runs"].notna().any():
        return
    own = table["between_runs"].dropna()
    others = table["with_others"].dropna()
    spread = f", from {coefficient(own.min())} to {coefficient(own.max())}" if len(own) > 1 else ""
    beside = f"; runs of different subjects with {coefficient(others.mean())}" if len(others) else ""
    moral = ": what one run shows of single cells is not what another shows" if own.mean() < ALIKE else ""
    yield (
        f"Two runs of one subject rank the cells alike with a correlation of {coefficient(own.mean())} (mean of "
        f"{counted(len(own), 'subject')}{spread}){beside}{moral}."
    )


def filter_words(found: Group) -> Iterator[str]:
    """Yield how many filters have their like in the other runs."""
    table = found.filter_stability
    if table is None or not are_matched(found):
        return
    n_others = int(table["n_runs"].max())
    # A filter that a run has no match for has no like there.
    stable = int((table["overlap"] * table["n_runs"] / n_others >= STABLE).sum())
    others = "other run" if n_others == 1 else f"{n_others} other runs"
    by_chance, same = coefficient(table["chance_overlap"].mean()), percent(table["same_number"].mean())
    yield (
        f"{stable} of {counted(len(table), 'filter')} {'has its' if stable == 1 else 'have their'} like in the "
        f"{others} of {counted(found.facts['n_subjects'], 'subject')} (mean overlap of the responses of {STABLE:g} or "
        f"more; any two filters overlap by {by_chance}); in {same} of the matches it is the filter of the same number."
    )


def drift_words(found: Group) -> Iterator[str]:
    """Yield between which bands training moved the filters."""
    if found.drift is None or found.occupancy is None:
        return
    alpha = found.facts["alpha"]
    limits = ranges_by_name(found.drift)
    for condition in found.drift.index.unique("condition"):
        own = found.drift.xs(condition, level="condition")
        subjects = counted(n_drifted(found.occupancy, condition), "subject")
        good = own[own["q"] <= alpha].sort_values("change", key=abs, ascending=False)[:3]
        of = f" in {condition}" if condition else ""
        if own["q"].isna().all():
            yield f"Training changed the filters{of} in all of {subjects} alike, or in none: there is nothing to test."
        elif not len(good):
            yield (
                f"Training moved the filters{of} between no bands on average over {subjects} (every q above "
                f"{alpha:g})."
            )
        else:
            parts = [
                f"{band_words(str(band), limits)} {points(row['change'])}"
                f"{in_brackets(row['low'], row['high'], points)}"
                for band, row in good.to_dict("index").items()
            ]
            yield (
                f"Training changed the share of the filters' energy{of} in {', '.join(parts)}, in percentage points; q "
                f"at most {alpha:g}, mean over {subjects} with 95% intervals."
            )


def shift_words(found: Group) -> Iterator[str]:
    """Yield how many filters training moved to one side, and how far."""
    if found.filter_drift is None or found.occupancy is None:
        return
    alpha = found.facts["alpha"]
    for condition in found.filter_drift.index.unique("condition"):
        own = found.filter_drift.xs(condition, level="condition")
        good = own[own["q"] <= alpha]
        subjects = counted(n_drifted(found.occupancy, condition), "subject")
        of = f" in {condition}" if condition else ""
        most = (
            f", the farthest by {signed(good['shift_hz'].loc[good['shift_hz'].abs().idxmax()], 2)} Hz"
            if len(good)
            else ""
        )
        yield (
            f"Training moved {len(good)} of {counted(len(own), 'filter')}{of} to one side on average over {subjects} "
            f"(q at most {alpha:g}){most}."
        )


def subjects_words(found: Group) -> str:
    """Return the subjects by name, the surplus counted."""
    return listed([str(name) for name in found.facts["subjects"]], 12)


def _accuracy(share: float) -> str:
    return percent(min(max(share, 0.0), 1.0))


def _of(clusters: pd.DataFrame | None, comparison: str, maps: str) -> pd.DataFrame:
    if clusters is None or not len(clusters):
        return pd.DataFrame()
    return clusters[(clusters["comparison"] == comparison) & (clusters["maps"] == maps)]
