"""Where nothing is there, a cluster is called significant in 5 % of experiments; where something is, it is found."""

import numpy as np
import pytest
import scipy.ndimage
import scipy.stats
import xarray as xr

from sincviz.analysis.statistics.clusters import cluster_test
from sincviz.eeg.band_limits import with_band_limits
from sincviz.eeg.bands import RHYTHMS
from sincviz.eeg.montages import standard_montage

pytestmark = pytest.mark.slow

BANDS = ["delta", "theta", "alpha", "beta", "gamma", "other"]
N_EXPERIMENTS, N_SUBJECTS, ALPHA = 400, 10, 0.05
REACH_M = 0.06  # how far noise on the scalp is alike


@pytest.fixture(scope="module")
def electrodes():
    """Names and positions in metres of 32 electrodes of a standard cap."""
    placed = standard_montage("biosemi32").get_positions()["ch_pos"]
    return list(placed), np.array(list(placed.values()))


@pytest.fixture(scope="module")
def noise(electrodes):
    """Draw maps of subjects without any effect, alike in neighbouring channels."""
    names, positions_m = electrodes
    distance_m = np.linalg.norm(positions_m[:, None] - positions_m, axis=2)
    mixing = np.linalg.cholesky(np.exp(-((distance_m / REACH_M) ** 2) / 2) + 1e-6 * np.eye(len(names)))

    def draw(seed, rows=BANDS, dim="band", unlike=False):
        rng = np.random.default_rng(seed)
        values = rng.standard_normal((N_SUBJECTS, len(rows), len(names))) @ mixing.T
        if dim == "frequency":
            values = scipy.ndimage.gaussian_filter1d(values, 1.0, axis=1)
        if unlike:
            # Student's t of 3 degrees of freedom, and subjects whose spread differs 16 times.
            values *= np.sqrt(3 / rng.chisquare(3, (N_SUBJECTS, 1, 1)))
            values *= np.geomspace(0.3, 5, N_SUBJECTS)[:, None, None]
        coords = {dim: rows, "channel": names}
        coords |= {axis: ("channel", column) for axis, column in zip("xyz", positions_m.T, strict=True)}
        found = xr.DataArray(values, coords, ("subject", dim, "channel"), "contrast")
        return with_band_limits(found, RHYTHMS) if dim == "band" else found

    return draw


def n_false(draw, cluster_forming_p, n_experiments=N_EXPERIMENTS):
    """Count the experiments with a significant cluster."""
    # 5 of 100 flips is exactly alpha; each experiment draws its own, as one fixed draw has a level of its own.
    settings = {"alpha": ALPHA, "cluster_forming_p": cluster_forming_p, "n_permutations": 100}
    found = (cluster_test(draw(seed), seed=seed, **settings) for seed in range(n_experiments))
    return sum(bool((test.cluster_p <= ALPHA).any()) for test in found)


def expected(n_experiments=N_EXPERIMENTS):
    return scipy.stats.binom.interval(0.99, n_experiments, ALPHA)


@pytest.mark.parametrize("cluster_forming_p", [0.05, 0.01])
@pytest.mark.parametrize("unlike", [False, True], ids=["normal", "heavy tails and unlike subjects"])
def test_bands_and_channels(noise, unlike, cluster_forming_p):
    low, high = expected()
    assert low <= n_false(lambda seed: noise(seed, unlike=unlike), cluster_forming_p) <= high


def test_channels_and_frequencies(noise):
    frequency_hz = np.arange(1.0, 31.0)
    low, high = expected(200)
    assert low <= n_false(lambda seed: noise(seed, frequency_hz, "frequency"), 0.01, 200) <= high


def test_differences_of_paired_conditions(noise):
    def difference(seed):
        trait = 3 * noise(10_000 + seed)  # what a subject has in both conditions
        return (trait + noise(20_000 + seed, unlike=True)) - (trait + noise(30_000 + seed))

    low, high = expected()
    assert low <= n_false(difference, 0.01) <= high


def test_without_correction_nearly_every_experiment_would_find_something(noise):
    found = [scipy.stats.ttest_1samp(noise(seed).to_numpy(), 0).pvalue.min() <= ALPHA for seed in range(100)]
    assert np.mean(found) > 0.9


def test_planted_effects_are_found_where_they_are(noise, electrodes):
    names, positions_m = electrodes
    near = np.linalg.norm(positions_m - positions_m[names.index("C3")], axis=1).argsort()[:6]
    n_found, covered, beside = 0, [], []
    for seed in range(40):
        values = noise(seed)
        values[:, 2, near] += 2.0
        planted = xr.zeros_like(values[0], bool)
        planted[2, near] = True
        found = cluster_test(values, n_permutations=100).cluster_p <= ALPHA
        n_found += bool((found & planted).any())
        covered.append(float((found & planted).sum() / planted.sum()))
        beside.append(float((found & ~planted).sum() / max(found.sum(), 1)))
    assert n_found >= 36
    assert np.mean(covered) > 0.6
    assert np.mean(beside) < 0.3
