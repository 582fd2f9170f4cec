"""Band use, as a section: what share of the contrast between the classes each band holds."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from sincviz import plotting
from sincviz._utils.text import counted, in_brackets, percent
from sincviz.analysis.statistics.subjects import subject_test
from sincviz.eeg.band_limits import ranges_by_name
from sincviz.eeg.band_words import band_words
from sincviz.population.averages import ALL_CLASSES
from sincviz.population.clusters import with_named_rest
from sincviz.population.measuring import GroupRun
from sincviz.population.results import GroupResults, with_doubt
from sincviz.population.verdicts import doubt_words
from sincviz.report.contents import Figure, Section, Sentence, Step, Summary, Table

if TYPE_CHECKING:
    import matplotlib.figure

_OF_ALL = ("mean", "ci_low", "ci_high")  # of all subjects together


def band_shares(contrasts: xr.DataArray) -> xr.DataArray:
    """Return the share of each band in each subject's contrast, summed over channels.

    Parameters
    ----------
    contrasts : xarray.DataArray, dims (condition, subject, target, band, channel)
        Contrasts between classes.

    Returns
    -------
    xarray.DataArray, dims (condition, subject, band)
        Shares that add up to 1; that of a band that is evidence against the true class is negative. NaN where the
        whole contrast is not positive: there is nothing to share.

    Examples
    --------
    >>> values = xr.DataArray(np.ones((1, 1, 1, 2, 3)), {"target": ["all classes"]},
    ...                       ("condition", "subject", "target", "band", "channel"))
    >>> band_shares(values).values.tolist()
    [[[0.5, 0.5]]]
    """
    bands = contrasts.sel(target=ALL_CLASSES, drop=True).sum("channel", skipna=False)
    total = bands.sum("band", skipna=False)
    shares = (bands / total.where(total > 0)).rename("band_use")
    shares.attrs = {"units": "1"}
    return shares


def share_intervals(contrasts: xr.DataArray) -> xr.DataArray:
    """Return the share of each band in the contrast of all subjects together, with a 95 % interval over subjects.

    Subjects are summed first: a mean of their shares would be dominated by those whose total contrast is nearly zero.

    Parameters
    ----------
    contrasts : xarray.DataArray, dims (condition, subject, target, band, channel)
        Contrasts between classes.

    Returns
    -------
    xarray.DataArray, dims (condition, subject, band)
        As :func:`band_shares` returns it, with the coordinates ``mean``, ``ci_low``, ``ci_high`` (condition,
        band): ratio of the means over subjects, with the interval of a ratio estimator [1]_. They are NaN
        where the whole contrast is not significantly above zero (its own 95 % interval): there is nothing to share. One
        subject has no interval.

    References
    ----------
    .. [1] Cochran, W. G. (1977). Sampling techniques (3rd ed.). Wiley. Section 6.4.

    Examples
    --------
    >>> values = xr.DataArray([[[[[3.0], [1.0]]], [[[2.0], [1.0]]], [[[4.0], [1.0]]]]],
    ...                       {"target": ["all classes"]}, ("condition", "subject", "target", "band", "channel"))
    >>> share_intervals(values)["mean"].round(2).values.tolist()
    [[0.75, 0.25]]
    """
    bands = contrasts.sel(target=ALL_CLASSES, drop=True).sum("channel", skipna=False)
    intervals = []
    for number in range(bands.sizes["condition"]):
        contrast = bands.isel(condition=number).dropna("subject", how="any")
        total = contrast.sum("band")
        ratio = contrast.mean("subject") / total.mean()
        there_is_some = float(total.mean()) > 0
        # Of subjects who are all alike the interval is not known.
        if there_is_some and contrast.sizes["subject"] > 1 and not float(subject_test(total)["ci_low"]) <= 0:
            # Errors of a ratio, to first order; their mean over subjects is zero.
            intervals.append(
                subject_test(ratio + (contrast - ratio * total) / total.mean())[["mean", "ci_low", "ci_high"]]
            )
        else:
            alone = there_is_some and contrast.sizes["subject"] == 1
            nothing = xr.full_like(ratio, np.nan)
            intervals.append(
                xr.Dataset({"mean": ratio if alone else nothing, "ci_low": nothing, "ci_high": nothing})
            )
    of_conditions = xr.concat(intervals, "condition", combine_attrs="override", join="override")
    shares = band_shares(contrasts)
    of_all = {name: (("condition", "band"), of_conditions[name].to_numpy()) for name in _OF_ALL}
    return shares.assign_coords(of_all)


def band_use_words(group: GroupResults) -> Iterator[str]:
    """Yield the shares of the contrast in the leading bands."""
    shares = group.band_use
    if group.band_contrasts is None or shares is None:
        return
    doubt = f" {doubt_words(group.networks)}".rstrip()
    limits = ranges_by_name(shares)
    for condition in shares["condition"].to_numpy():
        n_subjects = (
            group.band_contrasts.sel(condition=condition).dropna("subject", how="all").sizes["subject"]
        )
        if n_subjects < 2:
            continue
        of_condition = shares.sel(condition=condition)
        of, over = f" in {condition}" if condition else "", counted(n_subjects, "subject")
        if np.isnan(of_condition["mean"]).all():
            yield (
                f"What separates the classes{of} is not significantly above zero over {over}: no band has "
                "a share of it."
            )
            continue
        order = [k for k in np.argsort(-of_condition["mean"].to_numpy())[:3] if of_condition["mean"][k] > 0]
        leading = [
            f"{band_words(str(of_condition['band'].to_numpy()[k]), limits)} "
            f"{percent(float(of_condition['mean'][k]))}"
            f"{in_brackets(float(of_condition['ci_low'][k]), float(of_condition['ci_high'][k]), percent)}"
            for k in order
        ]
        yield (
            f"What separates the classes{of} lies in {', '.join(leading)}; shares of the sum over {over}, with 95% "
            f"intervals over subjects.{doubt}"
        )


def _band_use(shares: xr.DataArray) -> "matplotlib.figure.Figure":
    return plotting.plot_band_use(with_named_rest(shares))


def _methods(group: GroupResults) -> Iterator[Sentence]:
    if group.band_use is not None and np.isfinite(group.band_use.to_numpy()).any(-1).sum() > 1:
        yield Sentence(
            "The share of a band is its sum over channels and subjects, divided by the sum over all bands."
        )


BAND_USE: Section[GroupResults, GroupRun] = Section(
    name="band use",
    heading="Attribution",
    steps=(Step("Band use", ("band_use",), lambda run: (share_intervals(run.needed("band_contrasts")),)),),
    figures=(
        Figure(
            "band_use",
            "Share of each band, over subjects",
            ("band_use",),
            lambda group: _band_use(group.band_use),
            with_doubt(
                "Share of the contrast between the classes in each band, summed over channels. Each dot is a "
                "subject (mean over runs); next to the dots, all subjects together with a 95% interval. A "
                "negative share is evidence against the true class."
            ),
            applies=lambda group: bool(np.isfinite(group.band_use).any()),
        ),
    ),
    tables=(
        Table(
            "band_use", ("band_use",), lambda group: group.band_use.drop_vars(_OF_ALL).to_dataframe("share")
        ),
    ),
    summary=(Summary("bands", "Which bands?", band_use_words),),
    methods=_methods,
)
