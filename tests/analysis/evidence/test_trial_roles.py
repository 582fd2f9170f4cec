"""Roles on networks and signals whose roles are known."""

import numpy as np
import pandas as pd
import pytest
import scipy
import torch
import xarray as xr
from sklearn.metrics import roc_auc_score
from torch import nn

from sincviz import ablate
from sincviz.analysis.attribution.cells import cell_relevance
from sincviz.analysis.evidence.cell_information import (
    CellParts,
    _evoked,
    _tells_two,
    cell_information,
    told_by_bands,
)
from sincviz.analysis.evidence.roc_areas import area_intervals, roc_areas
from sincviz.analysis.evidence.shared_information import _difference, shared_evoked, shared_power
from sincviz.analysis.evidence.target_trials import target_trials
from sincviz.analysis.evidence.trial_roles import roles, roles_in_time, roles_of
from sincviz.eeg.role_words import (
    NEITHER,
    NO,
    NOT_SHOWN,
    REDUNDANT,
    ROLES,
    SUPPRESSOR,
    USED_AND_INFORMATIVE,
    YES,
    role_of,
)

RATE_HZ, N_TRIALS, N_TIMES = 64.0, 160, 128
BANDS = {"low": (4.0, 12.0), "high": (12.0, 24.0)}


class PowerOfDifference(nn.Module):
    """Scores follow the logarithm of the power of the first channel minus the second."""

    sfreq = RATE_HZ
    class_names = ("loud", "soft")
    ch_names = ("signal", "noise", "copy", "other")

    def forward(self, x):
        power = (x[:, 0] - x[:, 1]).square().mean(-1, keepdim=True).add(1e-3).log()
        return torch.cat([power, -power], 1)


class Template(PowerOfDifference):
    """Scores follow a potential in the first channel minus the second."""

    def forward(self, x):
        potential = ((x[:, 0] - x[:, 1]) * bump()).sum(-1, keepdim=True)
        return torch.cat([potential, -potential], 1)


def bump() -> torch.Tensor:
    time_s = torch.arange(N_TIMES) / RATE_HZ
    return torch.exp(-(((time_s - 1) / 0.05) ** 2)) * torch.cos(2 * np.pi * 8 * (time_s - 1))


def in_band(rng, low_hz: float, high_hz: float, n: int = N_TRIALS) -> np.ndarray:
    frequency_hz = np.fft.rfftfreq(N_TIMES, 1 / RATE_HZ)
    spectrum = np.fft.rfft(rng.standard_normal((n, N_TIMES)))
    signal = np.fft.irfft(spectrum * ((frequency_hz >= low_hz) & (frequency_hz < high_hz)), N_TIMES)
    return signal / signal.std()


def trials(seed: int = 2, *, evoked: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Channels: signal and noise, the noise alone, a copy of the signal that no network reads, and other noise."""
    rng = np.random.default_rng(seed)
    y = rng.permutation(np.repeat([0, 1], N_TRIALS // 2))
    if evoked:
        signal = np.where(y == 0, 3.0, 0.5)[:, None] * bump().numpy() + 0.3 * in_band(rng, 4, 12)
    else:
        signal = np.where(y == 0, 1.5, 1.0)[:, None] * in_band(rng, 4, 12)
    noise = 1.5 * in_band(rng, 2, 24)
    x = np.stack([signal + noise, noise, signal + 0.3 * in_band(rng, 2, 24), in_band(rng, 2, 24)], 1)
    return (x + 0.02 * rng.standard_normal(x.shape)).astype(np.float32), y


def of_low(found: xr.Dataset, variable: str = "role") -> list:
    return found[variable].sel(band="low").isel(target=0).to_numpy().tolist()


@pytest.fixture(scope="module")
def found() -> xr.Dataset:
    return roles(PowerOfDifference(), *trials(), bands=BANDS, progress=False)


def test_a_role_follows_from_two_answers():
    table = {
        (used, told): role_of(used, told) for used in (YES, NO, NOT_SHOWN) for told in (YES, NO, NOT_SHOWN)
    }
    assert table[YES, YES] == USED_AND_INFORMATIVE
    assert table[NO, NO] == NEITHER
    assert sum(role == NOT_SHOWN for role in table.values()) == 5
    assert set(table.values()) == set(ROLES)


def test_roles_are_known(found):
    assert of_low(found) == [USED_AND_INFORMATIVE, SUPPRESSOR, REDUNDANT, NEITHER]


def test_roles_of_evoked_responses_are_known():
    found = roles(Template(), *trials(evoked=True), bands=BANDS, progress=False)
    assert of_low(found) == [USED_AND_INFORMATIVE, SUPPRESSOR, REDUNDANT, NEITHER]
    assert of_low(found, "evoked_area")[2] > 0.9


def test_a_suppressor_has_spread_but_no_contrast(found):
    spread = of_low(found, "spread")
    assert spread[1] > 0.3 * spread[0]
    p = of_low(found, "p_used")
    assert p[0] < 0.05 < p[1]


def test_what_a_network_cannot_see_has_no_relevance_at_all(found):
    for variable in ("relevance", "spread", "relevance_ci_low", "spread_ci_high"):
        np.testing.assert_array_equal(of_low(found, variable)[2:], 0)


def test_pattern_has_intervals_around_it(found):
    assert (found["pattern_ci_low"] <= found["pattern"]).all()
    assert (found["pattern"] <= found["pattern_ci_high"]).all()
    total = found["pattern"].sum("channel") - found["relevance"].sum("channel")
    np.testing.assert_allclose(total, 0, atol=1e-4)


def test_coordinates_and_thresholds_are_there(found):
    assert found["role"].dims == ("target", "band", "channel")
    assert found.band_low_hz.to_numpy()[:2].tolist() == [4, 12]
    assert found.target.item() == "loud against soft"
    assert found.attrs["used_share"] == 0.1
    assert (found.attrs["n_permutations"], found.attrs["n_permutations_informative"]) == (1999, 500)
    assert (found.attrs["power_excluded"], found.attrs["evoked_excluded"]) == (0.67, 0.77)
    assert found["relevance"].attrs["units"] == "score difference"


def test_shares_that_are_known_give_the_same_roles(found):
    x, y = trials()
    model = PowerOfDifference()
    shares = cell_relevance(model, x, y, bands=BANDS)
    again = roles_of(shares, x, RATE_HZ)
    assert of_low(again) == of_low(found)
    np.testing.assert_allclose(again["relevance"], found["relevance"], rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(again["power_area"], found["power_area"])
    assert np.isnan(again["pattern"]).all()


def test_the_same_seed_gives_the_same_numbers(found):
    xr.testing.assert_identical(found, roles(PowerOfDifference(), *trials(), bands=BANDS, progress=False))


def test_labels_that_mean_nothing_give_no_roles():
    x, y = trials()
    shares = cell_relevance(PowerOfDifference(), x, y, bands=BANDS)
    roles_said = 0
    for seed in range(6):
        names = np.random.default_rng(seed).permutation(shares["class_name"].values)
        found = roles_of(shares.assign_coords(class_name=("trial", names)), x, RATE_HZ, seed=seed)
        roles_said += bool(found["role"].isin([USED_AND_INFORMATIVE, SUPPRESSOR, REDUNDANT]).any())
    assert roles_said <= 2  # with a probability of 0.05 each, more has one of 0.002


def test_labels_in_blocks_show_nothing_informative():
    x, y = trials()
    order = np.argsort(y, kind="stable")
    found = roles(PowerOfDifference(), x[order], y[order], bands=BANDS, progress=False)
    assert not (found["informative"] == YES).any()
    assert set(found["role"].to_numpy().ravel()) <= {NOT_SHOWN, NEITHER}


def test_few_trials_show_no_absence():
    x, y = trials()
    found = roles(PowerOfDifference(), x[:24], y[:24], bands=BANDS, progress=False)
    assert not (found["informative"] == NO).any()


def test_several_classes_are_told_from_the_others():
    x, y = trials()
    extra, _ = trials(1)
    order = np.random.default_rng(2).permutation(N_TRIALS + 80)
    x, y = np.concatenate([x, 4 * extra[:80]])[order], np.r_[y, np.full(80, 2)][order]

    class Three(PowerOfDifference):
        class_names = ("loud", "soft", "loudest")

        def forward(self, x):
            scores = super().forward(x)
            return torch.cat([scores, 2 * scores[:, :1]], 1)

    found = roles(Three(), x, y, bands=BANDS, progress=False)
    assert found.target.to_numpy().tolist() == ["loud", "soft", "loudest"]
    assert found["informative"].sel(target="loudest", band="low", channel="signal") == YES
    loss = ablate(Three(), x, y, bands=BANDS, progress=False)
    assert loss["power_area"].sel(band="low", channel="other") > 0.9


def test_numbers_have_no_roles():
    class Number(PowerOfDifference):
        numeric = True

    x, _ = trials()
    with pytest.raises(ValueError, match="band_power_contrast"):
        roles(Number(), x, np.random.default_rng(0).standard_normal((N_TRIALS, 2)), progress=False)


def test_one_class_has_no_roles():
    with pytest.raises(ValueError, match="one class"):
        roles(PowerOfDifference(), trials()[0], np.zeros(N_TRIALS, int), progress=False)


def test_other_signals_are_refused():
    x, y = trials()
    shares = cell_relevance(PowerOfDifference(), x, y, bands=BANDS)
    with pytest.raises(ValueError, match="160 and 4; got 159 and 4"):
        roles_of(shares, x[1:], RATE_HZ)


def test_flat_and_equal_channels_are_no_obstacle():
    x, y = trials()
    x[:, 3] = 0
    x[:, 2] = x[:, 0]
    found = roles(PowerOfDifference(), x, y, progress=False)
    assert found["informative"].sel(band="alpha", channel="other").item() == NOT_SHOWN
    assert np.isnan(found["power_area"].sel(channel="other")).all()
    assert found["informative"].sel(band="alpha", channel="copy").item() == YES


def test_windows_have_roles():
    x, y = trials(evoked=True)
    found = roles_in_time(Template(), x, y, width_s=0.25, progress=False)
    assert found["role"].dims == ("target", "channel", "time")
    told = found["informative"].isel(target=0).sel(channel="copy")
    assert set(told["time"].to_numpy()[told.to_numpy() == YES].round(2)) <= {0.87, 0.88, 1.12, 1.13}
    assert (told == YES).any()
    assert found["role"].sel(channel="copy").isin([REDUNDANT, NEITHER, NOT_SHOWN]).all()


def test_areas_are_those_of_scikit_learn():
    rng = np.random.default_rng(0)
    values, members = rng.integers(0, 9, (3, 50)).astype(float), rng.random((4, 50)) < 0.4
    expected = [[roc_auc_score(row, of) for row in members] for of in values]
    np.testing.assert_allclose(roc_areas(values, members), expected)


def test_areas_of_folds_compare_trials_of_the_same_fold():
    rng = np.random.default_rng(1)
    values, own, folds = rng.standard_normal(60), rng.random(60) < 0.5, np.arange(60) % 3
    own_trial, other_trial = np.nonzero(own[:, None] & ~own & (folds[:, None] == folds))
    larger = values[own_trial] > values[other_trial]
    assert roc_areas(values, own[None], folds)[0] == pytest.approx(larger.mean())


def test_intervals_of_areas_cover_them():
    rng = np.random.default_rng(2)
    own = np.arange(120) < 60
    covered = 0
    for values in rng.standard_normal((400, 120)):
        low, high = area_intervals(values, own, 0.95)
        covered += low <= 0.5 <= high
    assert 0.91 < covered / 400 < 0.985


def test_permuted_evoked_areas_are_computed_anew():
    rng = np.random.default_rng(3)
    values, folds = rng.standard_normal((40, 1, 6)), np.arange(40) % 4
    members = np.array([rng.permutation(np.repeat([True, False], 20)) for _ in range(3)])
    areas = _evoked(values, members, folds)[1][0]
    for own, area in zip(members, areas, strict=True):
        scores = np.empty(40)
        for fold in range(4):
            apart = folds != fold
            template = values[own & apart, 0].mean(0) - values[~own & apart, 0].mean(0)
            scores[~apart] = values[~apart, 0] @ template
        assert area == pytest.approx(roc_areas(scores, own[None], folds)[0])


def test_parts_of_bands_hold_the_power():
    x, _ = trials()
    parts = CellParts.of_bands(x, np.ones((1, N_TIMES // 2 + 1), bool))
    np.testing.assert_allclose((parts.rows[0] ** 2).sum(2), (x.astype(float) ** 2).mean(2), rtol=1e-6)


def test_weak_information_is_not_called_none():
    """A channel with a little of the signal tells the classes hardly by itself, but is not said to tell nothing."""
    said = []
    for seed in range(5):
        x, y = trials(seed)
        rng = np.random.default_rng(100 + seed)
        x[:, 3] = 0.5 * (x[:, 0] - x[:, 1]) + in_band(rng, 2, 24)
        covered = np.array([np.abs(np.fft.rfftfreq(N_TIMES, 1 / RATE_HZ) - 8) < 4])
        parts = CellParts.of_bands(x, covered)
        found = cell_information(parts, target_trials(y, 1, seed=seed), ("target", "band", "channel"))
        said.append(found["informative"].to_numpy()[0, 0].tolist())
    assert [row[1] for row in said].count(NO) >= 3
    assert NO not in [row[3] for row in said]


def test_shared_limits_hold_the_true_area():
    """Of one source in several channels, whose own areas are known from many trials."""
    rng = np.random.default_rng(0)
    n_trials, weights = 4000, np.array([1.0, 0.5, 0.25, 0.0])
    own = np.arange(n_trials) % 2 == 0
    source = np.where(own, 1.5, 1.0)[:, None] * rng.standard_normal((n_trials, 12))
    values = weights[:, None] * source[:, None] + rng.standard_normal((n_trials, 4, 12))
    log_power = np.log((values**2).sum(2)).T
    area = roc_areas(log_power, own[None])[:, 0]
    of_few = np.arange(n_trials) < 400
    shared = shared_power(
        values[of_few], log_power[:, of_few], own[of_few], np.arange(400) // 2 % 5, n_tests=4
    )
    assert shared.reliable
    assert ((shared.least < area + 0.01) & (area < shared.area + 0.01)).all()
    assert shared.area[3] < 0.65
    assert shared.least[0] > 0.6


def of_values(values, own, *, permuted=None) -> xr.Dataset:
    """Return the information of one row of cells, for one target."""
    of_class = target_trials(np.where(own, 0, 1), 1, permuted)
    found = cell_information(CellParts([values]), of_class, ("target", "band", "channel"))
    return found.isel(target=0, band=0)


def loud(rng, own, ratios: dict[int, float], n_channels: int = 8) -> np.ndarray:
    """Return independent channels whose amplitude varies from trial to trial; that of some depends on the class."""
    amplitude = np.exp(0.5 * rng.standard_normal((len(own), n_channels)))
    for channel, ratio in ratios.items():
        amplitude[own, channel] *= ratio
    return amplitude[:, :, None] * rng.standard_normal((len(own), n_channels, 20))


def test_components_that_change_places_between_folds_do_not_cancel():
    """Two sources, equally sure, one louder in the class and one in the others."""
    own, folds, n_reliable = np.arange(200) % 2 == 0, np.arange(200) // 2 % 5, 0
    for seed in range(6):
        values = loud(np.random.default_rng(seed), own, {0: 1.6, 1: 1 / 1.6}, 2)
        log_power = np.log((values**2).sum(2)).T
        shared = shared_power(values, log_power, own, folds)
        n_reliable += bool((shared.sign == [1, -1]).all() and (shared.least > 0.5).all())
    assert n_reliable == 6


def test_weak_sources_beside_a_strong_one_are_not_denied():
    """Their areas are 0.66 by power, which "no" excludes."""
    own, said = np.arange(160) % 2 == 0, []
    for seed in range(25):
        values = loud(np.random.default_rng(seed), own, {0: 2.0, 1: 1.36, 2: 1.36, 3: 1 / 1.36})
        said += (
            of_values(values, own, permuted=np.where(own, 1, 0)[None])["informative"].to_numpy()[1:4].tolist()
        )
    assert said.count(NO) <= 3  # of 75


def test_a_weak_evoked_response_beside_strong_ones_is_not_denied():
    """The area of its best projection is 0.78, which "no" excludes, in another time course than the strong ones."""
    own, said = np.arange(100) % 2 == 0, []
    for seed in range(20):
        values = np.random.default_rng(seed).standard_normal((100, 6, 68))
        values[own, 0, :10] += 0.8
        values[own, 1, 10:20] += 0.8
        values[own, 2:4, 30] += 1.1
        said += (
            of_values(values, own, permuted=np.where(own, 1, 0)[None])["informative"].to_numpy()[2:4].tolist()
        )
    assert said.count(NO) <= 2  # of 40


def test_empty_cells_are_mostly_denied_with_enough_trials():
    own = np.arange(200) % 2 == 0
    said = [
        of_values(loud(np.random.default_rng(seed), own, {0: 2.0}), own, permuted=np.where(own, 1, 0)[None])
        for seed in range(6)
    ]
    words = np.stack([of["informative"].to_numpy()[1:] for of in said])
    assert (words == NO).mean() > 0.75
    assert not (words == YES).any()


def test_what_is_denied_has_an_interval_that_reaches_chance():
    for seed in range(6):
        x, y = trials(seed)
        covered = np.array([np.abs(np.fft.rfftfreq(N_TIMES, 1 / RATE_HZ) - 8) < 4])
        told = told_by_bands(x, y, covered, pd.DataFrame(index=range(N_TRIALS)))
        no = told.where(told["informative"] == NO)
        assert not ((no["power_area_ci_low"] > 0.5) | (no["power_area_ci_high"] < 0.5)).any()
        assert not ((no["power_area_ci_low"] < 0.33) | (no["power_area_ci_high"] > 0.67)).any()
        assert not (no["evoked_area_ci_low"] > 0.5).any()


def test_subjects_who_differ_tell_nothing():
    """Each has evoked responses and powers of its own, and its own share of the classes, in which they are the same."""
    n_false = 0
    for seed in range(10):
        rng = np.random.default_rng(seed)
        subject = np.repeat(np.arange(8), 25)
        codes = (rng.random(200) < np.where(subject % 2, 0.8, 0.2)).astype(int)
        potential = 0.5 * np.sin(2 * np.pi * 9 * np.arange(256) / 128 + rng.uniform(0, 6, 8)[:, None])
        x = rng.standard_normal((200, 8, 256)) * np.exp(0.5 * rng.standard_normal((8, 8, 1)))[subject]
        x += (rng.standard_normal((8, 8, 1)) * potential[:, None])[subject]
        covered = np.abs(np.fft.rfftfreq(256, 1 / 128) - 10.5)[None] < 2.5
        structure = pd.DataFrame({"subject": subject.astype(str)})
        n_false += bool((told_by_bands(x, codes, covered, structure)["informative"] == YES).any())
    assert n_false <= 2  # with a probability of 0.05 each, more has one of 0.01


def test_a_class_in_the_middle_is_not_denied():
    """The first channel is loudest in the first class and faintest in the last: the middle one has an area of 0.5."""
    said = []
    for seed in range(4):
        rng, codes = np.random.default_rng(seed), np.arange(240) % 3
        values = rng.standard_normal((240, 4, 20)) * np.exp(0.4 * rng.standard_normal((240, 4)))[..., None]
        values[:, 0] *= np.exp(0.4 * (1 - codes))[:, None]
        found = cell_information(
            CellParts([values]), target_trials(codes, 3, seed=seed), ("target", "band", "channel")
        )
        said.append(found["informative"].isel(band=0, channel=0).to_numpy().tolist())
    assert said == [[YES, NOT_SHOWN, YES]] * 4


def test_two_of_several_classes_are_compared_by_themselves():
    """The first channel tells the first class from the second by power, the other one by its evoked response."""
    rng, codes = np.random.default_rng(0), np.arange(240) % 3
    values = rng.standard_normal((240, 3, 20))
    values[codes == 1, 0] *= 1.3
    values[codes == 1, 1, :4] += 1
    of_classes, log_power = target_trials(codes, 3), np.log((values**2).sum(2)).T
    assert _tells_two(values, log_power, of_classes, 0, 1).tolist() == [True, True, False]
    assert _tells_two(values, log_power, of_classes, 0, 2).tolist() == [False] * 3


def test_rare_classes_need_permutations():
    """Without permutations to speak of, a strong source is established by the limits alone, but not of ten trials."""
    for n_own, word in ((60, YES), (10, NOT_SHOWN)):
        own = np.random.default_rng(0).permutation(np.arange(120) < n_own)
        values = loud(np.random.default_rng(1), own, {0: 3.0})
        found = of_values(values, own, permuted=np.where(own, 1, 0)[None])
        assert found["p_informative"].min() > 0.05
        assert found["informative"].item(0) == word


def test_differences_of_means_have_intervals_of_welch():
    rng, own = np.random.default_rng(0), np.arange(40) < 8
    values = rng.standard_normal((40, 3)) * np.where(own, 3, 1)[:, None]
    size, half = _difference(values, own)
    expected = scipy.stats.ttest_ind(values[own], values[~own], equal_var=False).confidence_interval(0.95)
    np.testing.assert_allclose([size - half, size + half], [expected.low, expected.high])


def test_upper_limits_of_evoked_responses_hold_any_time_course():
    rng, own = np.random.default_rng(0), np.arange(400) % 2 == 0
    values = rng.standard_normal((400, 5, 12))
    for channel, size in enumerate((2.0, 1.5, 1.0, 0.5)):
        values[own, channel, 3 * channel] += size
    shared = shared_evoked(values, own, np.arange(400) // 2 % 5)
    true = scipy.stats.norm.cdf(np.array([2.0, 1.5, 1.0, 0.5, 0.0]) / np.sqrt(2))
    assert (shared.area > true - 0.005).all()


def test_a_flat_trial_costs_no_channel():
    x, y = trials()
    flat = x.copy()
    flat[7, 0] = 0
    covered = np.ones((1, N_TIMES // 2 + 1), bool)
    whole, found = (told_by_bands(of, y, covered, pd.DataFrame(index=range(N_TRIALS))) for of in (x, flat))
    assert np.isfinite(found["shared_power_area"]).all()
    np.testing.assert_allclose(found["power_area"], whole["power_area"], atol=0.01)
    np.testing.assert_array_equal(found["power_area"][..., 1:], whole["power_area"][..., 1:])
    assert (found["informative"] == whole["informative"]).all()


@pytest.mark.parametrize("measure", [roles, ablate])
def test_bands_without_a_frequency_are_refused(measure):
    with pytest.raises(ValueError, match=r"lies in the band 'fast', 70 to 80 Hz.*Nyquist frequency, 32 Hz"):
        measure(PowerOfDifference(), *trials(), bands={"fast": (70, 80)}, progress=False)


@pytest.mark.parametrize("measure", [roles, ablate])
def test_bands_without_names_are_refused(measure):
    with pytest.raises(
        TypeError, match=r"`bands` must be a mapping.*got \[\(8, 13\)\]\. Try \{'mu': \(8, 13\)\}"
    ):
        measure(PowerOfDifference(), *trials(), bands=[(8, 13)], progress=False)


def test_a_sampling_rate_that_is_given_counts():
    """As for :func:`sincviz.spectral_relevance`: at twice the rate everything lies at twice the frequency."""
    x, y = trials()
    told = roles(PowerOfDifference(), x, y, bands={"low": (8, 24)}, sfreq=2 * RATE_HZ, progress=False)
    as_known = roles(PowerOfDifference(), x, y, bands={"low": (4, 12)}, progress=False)
    np.testing.assert_array_equal(told["power_area"], as_known["power_area"])
    np.testing.assert_allclose(told["relevance"], as_known["relevance"])


def test_trials_that_are_not_independent_widen_the_intervals():
    x, y = trials()
    parts = CellParts.of_bands(x, np.ones((1, N_TIMES // 2 + 1), bool))
    pairs = np.argsort(np.argsort(y, kind="stable")) // 2
    alone, paired = (
        cell_information(parts, target_trials(y, 1, units=units), ("target", "band", "channel"))
        for units in (None, pairs)
    )
    width = [of["power_area_ci_high"] - of["power_area_ci_low"] for of in (alone, paired)]
    np.testing.assert_allclose(width[1].to_numpy()[..., 3], np.sqrt(2) * width[0].to_numpy()[..., 3])


def test_ablate_says_what_its_cells_tell():
    x, y = trials()
    loss = ablate(PowerOfDifference(), x, y, bands=BANDS, progress=False)
    assert loss["informative"].sel(band="low").to_numpy().tolist() == [YES, NO, YES, NO]
    assert loss["score_loss"].sel(band="low", channel="noise") > loss["score_loss"].sel(
        band="low", channel="copy"
    )
    area = loss["power_area"]
    assert ((loss["power_area_ci_low"] <= area) & (area <= loss["power_area_ci_high"])).all()


def test_a_region_tells_what_its_best_channel_tells():
    x, y = trials()
    regions = {"both": ["noise", "copy"], "none": ["noise", "other"]}
    loss = ablate(PowerOfDifference(), x, y, bands=BANDS, channels=regions, progress=False)
    single = ablate(PowerOfDifference(), x, y, bands=BANDS, channels=["copy"], progress=False)
    assert loss["informative"].sel(band="low").to_numpy().tolist() == [YES, NO]
    assert loss["power_area"].sel(band="low", channel="both") == single["power_area"].sel(
        band="low", channel="copy"
    )


def test_of_one_class_nothing_is_told():
    x, _ = trials()
    covered = np.ones((1, N_TIMES // 2 + 1), bool)
    told = told_by_bands(x, np.zeros(N_TRIALS, int), covered, pd.DataFrame(index=range(N_TRIALS)))
    assert (told["informative"] == NOT_SHOWN).all()
