"""Tests over subjects: whether they agree on a value, cell by cell, with effect sizes."""

import numpy as np
import scipy
import xarray as xr
from numpy.typing import ArrayLike, NDArray

LEVEL = 0.95
_NO_SPREAD = 1e-12


def subject_test(values: xr.DataArray, dim: str = "subject") -> xr.Dataset:
    r"""Test every cell against zero, with subjects as the unit.

    The effect size is Hedges' :math:`g = J(n - 1)\, m / s` of mean :math:`m` and standard deviation :math:`s` over
    :math:`n` subjects, with :math:`J(k) = \Gamma(k / 2) / (\sqrt{k / 2}\, \Gamma((k - 1) / 2))`, which corrects
    the bias of small samples [1]_.

    Parameters
    ----------
    values : xarray.DataArray, dims (subject, ...)
        One value per subject and cell, such as contrasts between classes or differences between paired conditions;
        zero is the chance level. Subjects without any value are left out.
    dim : str
        The dimension that holds the subjects.

    Returns
    -------
    xarray.Dataset, dims (...)
        ``mean``, with ``ci_low`` and ``ci_high`` its 95 % t interval; ``t``; ``p``, two-sided and uncorrected; ``q``,
        the same with the false discovery rate controlled over all cells that have a p [2]_; ``effect_size``, NaN for
        two subjects, for which no unbiased one exists. A cell that lacks a subject is NaN and not counted as a test. A
        cell that is the same in all subjects has a mean and no test: all else is NaN. ``attrs["n_subjects"]`` counts
        the subjects.

    Raises
    ------
    ValueError
        If there is no such dimension, or fewer than two subjects have values.

    References
    ----------
    .. [1] Hedges, L. V. (1981). Distribution theory for Glass's estimator of effect size and related estimators.
       Journal of Educational Statistics, 6, 107-128.
    .. [2] Benjamini, Y., and Hochberg, Y. (1995). Controlling the false discovery rate. Journal of the Royal
       Statistical Society B, 57, 289-300.

    Examples
    --------
    >>> values = xr.DataArray([[1.0, -1.0], [2.0, 0.0], [3.0, 1.0]], {"channel": ["C3", "Cz"]}, ("subject", "channel"))
    >>> test = subject_test(values)
    >>> test["mean"].values.tolist(), test.t.values.round(3).tolist(), test.p.values.round(3).tolist()
    ([2.0, 0.0], [3.464, 0.0], [0.074, 1.0])
    """
    subjects = with_values(values, dim)
    samples = subjects.to_numpy()
    mean, spread = samples.mean(0), samples.std(0, ddof=1)
    # Rounding gives equal numbers a little spread.
    testable = spread > _NO_SPREAD * np.abs(mean)
    names = ("ci_low", "ci_high", "t", "p", "q", "effect_size")
    columns = {name: np.full(mean.shape, np.nan) for name in names}
    if testable.any():
        test = scipy.stats.ttest_1samp(samples[:, testable], 0.0)
        interval = test.confidence_interval(LEVEL)
        columns["ci_low"][testable], columns["ci_high"][testable] = interval.low, interval.high
        columns["t"][testable], columns["p"][testable] = test.statistic, test.pvalue
        columns["q"][testable] = scipy.stats.false_discovery_control(test.pvalue)
        columns["effect_size"][testable] = hedges_g(test.statistic, len(samples))
    dims = subjects.dims[1:]
    kept = {name: coord for name, coord in subjects.coords.items() if dim not in coord.dims}
    return xr.Dataset(
        {"mean": (dims, mean)} | {name: (dims, column) for name, column in columns.items()},
        kept,
        values.attrs | {"n_subjects": len(samples), "interval": f"{LEVEL:.0%} t interval over subjects"},
    )


def with_values(values: xr.DataArray, dim: str = "subject") -> xr.DataArray:
    """Return the values of the subjects that have any, subjects first, in double precision.

    Raises
    ------
    ValueError
        If there is no such dimension, or fewer than two subjects have values.

    Examples
    --------
    >>> values = xr.DataArray([[1.0, 2.0, np.nan]], dims=("channel", "subject"), coords={"subject": ["a", "b", "c"]})
    >>> with_values(values).subject.values.tolist()
    ['a', 'b']
    """
    if dim not in values.dims:
        raise ValueError(f"`values` must have the dimension {dim!r}; got {values.dims}.")
    numbers = values.transpose(dim, ...).astype(np.float64)
    known = numbers.where(np.isfinite(numbers)).dropna(dim, how="all")
    if known.sizes[dim] < 2:
        raise ValueError(
            f"A test over subjects needs two or more subjects with values; got {known.sizes[dim]} of "
            f"{values.sizes[dim]}. Runs of one subject are not a sample of subjects: add subjects."
        )
    return known


def hedges_g(t: ArrayLike, n_subjects: int) -> NDArray[np.float64]:
    """Return Hedges' g, with the exact correction, of one-sample t values; NaN for two subjects.

    Examples
    --------
    >>> hedges_g([2.0, -2.0], 4).round(4).tolist()  # J(3) = 0.7236
    [0.7236, -0.7236]
    """
    if n_subjects < 3:
        return np.full(np.shape(t), np.nan)
    half = (n_subjects - 1) / 2
    log_correction = scipy.special.gammaln(half) - scipy.special.gammaln(half - 0.5) - np.log(half) / 2
    return np.asarray(np.exp(log_correction) * np.asarray(t, float) / np.sqrt(n_subjects))


def effect_interval(t: float, n_subjects: int) -> tuple[float, float]:
    r"""Return the 95 % interval of a population's effect size, mean over standard deviation.

    A t value of :math:`n` subjects follows the noncentral t distribution of noncentrality :math:`\sqrt{n}\, \delta`;
    the interval holds the effect sizes :math:`\delta` under which it is not among the extreme 2.5 % on either
    side [1]_.

    References
    ----------
    .. [1] Cumming, G., and Finch, S. (2001). A primer on the understanding, use, and calculation of confidence
       intervals that are based on central and noncentral distributions. Educational and Psychological Measurement,
       61, 532-574.

    Examples
    --------
    >>> low, high = effect_interval(0.0, 16)
    >>> round(low, 2), round(high, 2)
    (-0.49, 0.49)
    """
    tail = (1 - LEVEL) / 2
    low, high = scipy.special.nctdtrinc(n_subjects - 1, [1 - tail, tail], t) / np.sqrt(n_subjects)
    return float(low), float(high)
