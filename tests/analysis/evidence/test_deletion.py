"""A ranking that knows what the network needs hurts it sooner than a random one."""

import warnings

import numpy as np
import pandas as pd
import pytest
import torch
import xarray as xr
from torch import nn

from sincviz import deletion_curve, spectral_relevance
from sincviz.analysis.evidence.band_replacement import other_trials
from sincviz.analysis.evidence.deletion import LEAST, MOST, ORDERS, RANDOM
from sincviz.attribution import sum_over_bands
from sincviz.eeg.band_limits import BAND_LIMITS, with_band_limits
from sincviz.eeg.bands import RHYTHMS

SFREQ, N_TIMES = 64, 64


class PowerAt10Hz(nn.Module):
    """A decoder that looks at 10 Hz of the second channel only: the louder, the more of class 1."""

    def __init__(self):
        super().__init__()
        time = torch.arange(N_TIMES) / SFREQ
        self.register_buffer("wave", torch.stack([f(2 * np.pi * 10 * time) for f in (torch.cos, torch.sin)]))

    def forward(self, x):
        power = (x[:, 1] @ self.wave.to(x).T).square().sum(1)
        return torch.stack([-power, power], 1) / 1000 + torch.tensor([0.5, -0.5])


@pytest.fixture(scope="module")
def trials():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((120, 3, N_TIMES)).astype(np.float32)
    y = np.resize([0, 1], 120)
    time = np.arange(N_TIMES) / SFREQ
    x[y == 1, 1] += 1.5 * np.sin(2 * np.pi * 10 * time + rng.uniform(0, 6, (60, 1))).astype(np.float32)
    return x, y


def ranked(best=("alpha", "1")):
    values = xr.DataArray(
        np.random.default_rng(1).uniform(0, 0.5, (5, 3)), {"band": list(RHYTHMS), "channel": list("012")}
    )
    values.loc[best] = 1.0
    return with_band_limits(values, RHYTHMS)


def curve(trials, ranking, **settings):
    x, y = trials
    return deletion_curve(PowerAt10Hz(), x, y, ranking=ranking, sfreq=SFREQ, progress=False, **settings)


def test_the_one_cell_that_matters_takes_the_accuracy_with_it(trials):
    table = curve(trials, ranked())
    most = table[table["order"] == MOST].set_index("n_cells")["accuracy"]
    assert most[0] > 0.9
    assert most.drop(0).max() < 0.65
    least = table[table["order"] == LEAST].set_index("n_cells")["accuracy"]
    assert least.iloc[:-1].min() > 0.9
    assert least.iloc[-1] == most.iloc[-1]  # all gone is all gone
    assert table.attrs["accuracy_area_ci_low"] > 0.1
    assert table.attrs["score_area_ci_low"] > 0


def test_a_wrong_ranking_is_worse_than_none(trials):
    assert curve(trials, -ranked()).attrs["accuracy_area_ci_high"] < 0


@pytest.mark.slow
def test_the_area_of_random_rankings_is_about_zero(trials):
    rng = np.random.default_rng(3)
    areas = [
        curve(trials, ranked().copy(data=rng.permuted(np.arange(15.0)).reshape(5, 3)), seed=seed).attrs[
            "accuracy_area"
        ]
        for seed in range(40)
    ]
    assert abs(np.mean(areas)) < 3 * np.std(areas) / np.sqrt(len(areas))
    assert abs(np.mean(areas)) < 0.06


def test_too_few_cells_to_show_anything_is_said(trials):
    attrs = curve(trials, ranked()).attrs
    # Of 15 cells one matters: a random order has it first once in 15.
    assert attrs["p_orders"] == pytest.approx(1 / 15, abs=0.02)
    assert attrs["p_trials"] < 0.01
    assert attrs["shown"] == "could not be checked"
    assert attrs["accuracy_area_to_least"] > attrs["accuracy_area"] > 0
    assert attrs["ranked_on"] == "given"


def test_the_relevance_finds_the_cell(trials):
    x, y = trials
    with pytest.warns(RuntimeWarning, match="shares of 'gradient_x_input'"):
        found = spectral_relevance(
            PowerAt10Hz(), x, y, method="gradient_x_input", trials="contrast", sfreq=SFREQ
        )
    cells = sum_over_bands(found)
    assert curve(trials, cells).attrs["accuracy_area_ci_low"] > 0.1


def test_steps_run_from_nothing_to_everything(trials):
    table = curve(trials, ranked(), n_steps=6)
    for order in ORDERS:
        own = table[table["order"] == order]
        assert own["n_cells"].iloc[0] == 0
        assert own["n_cells"].iloc[-1] == 15
        assert own["n_cells"].is_monotonic_increasing
        np.testing.assert_allclose(own["share_removed"], own["n_cells"] / 15)
        assert (own["accuracy_ci_low"] <= own["accuracy"]).all()
        assert (own["accuracy"] <= own["accuracy_ci_high"]).all()


def test_all_cells_together_are_other_trials(trials):
    x, y = trials
    # With a band for what no rhythm covers nothing of the trial is left.
    rest = xr.DataArray(np.zeros((1, 3)), {"band": ["other"], "channel": list("012")})
    ranking = with_band_limits(
        xr.concat([ranked().drop_vars(BAND_LIMITS, errors="ignore"), rest], "band"), RHYTHMS
    )
    table = curve(trials, ranking, seed=4)
    with torch.no_grad():
        scores = PowerAt10Hz()(torch.from_numpy(x[other_trials(120, np.random.default_rng(4))]))
    expected = (scores.argmax(1).numpy() == y).mean()
    assert table[table["order"] == MOST]["accuracy"].iloc[-1] == pytest.approx(expected)


def test_a_ranking_per_class_is_averaged(trials):
    classes = xr.concat([ranked() + 3, ranked() - 3], "target")
    own, averaged = curve(trials, ranked()), curve(trials, classes)
    assert own.equals(averaged)


def test_bands_of_your_own_are_those_of_the_ranking(trials):
    x, y = trials
    found = spectral_relevance(PowerAt10Hz(), x, y, trials="contrast", sfreq=SFREQ)
    cells = sum_over_bands(found, {"ten": (9.5, 10.5), "high": (20, np.inf)})
    table = curve(trials, cells)
    assert table["n_cells"].max() == 9  # with "other"
    assert table[(table["order"] == MOST)]["accuracy"].iloc[1] < 0.65


def test_the_same_cells_go_with_and_without_attrs(trials):
    x, y = trials
    bands = {"alpha": (9.5, 10.5), "beta": (11, 20), "gamma": (20, np.inf)}
    found = spectral_relevance(PowerAt10Hz(), x, y, trials="contrast", sfreq=SFREQ)
    cells = sum_over_bands(found, bands)
    whole = curve(trials, cells)
    bare = cells.copy()
    bare.attrs = {}
    with xr.set_options(keep_attrs=False):
        computed = sum_over_bands(found, bands) * 2 / 2
    assert computed.attrs == {}
    for ranking in (bare, computed):
        pd.testing.assert_frame_equal(curve(trials, ranking), whole)
    # The network hears 10 Hz alone: what more is in alpha by default makes no difference.
    one = curve(trials, bare.sel(band=["alpha"], channel=["1"]))["score"].iloc[-1]
    wide = curve(trials, ranked().sel(band=["alpha"], channel=["1"]))["score"].iloc[-1]
    assert one == pytest.approx(wide, abs=1e-4)


def test_what_is_no_ranking_is_refused(trials):
    with pytest.raises(TypeError, match=r"`ranking` must be a relevance.* got Dataset"):
        curve(trials, ranked().to_dataset(name="loss"))
    with pytest.raises(TypeError, match="`y` must hold labels; got an xarray object"):
        deletion_curve(PowerAt10Hz(), trials[0], ranked(), sfreq=SFREQ)
    with pytest.raises(
        ValueError, match=r"limits of the bands delta, .* gamma are not known: the coordinates"
    ):
        curve(trials, ranked().drop_vars("band_low_hz"))


def test_the_seed_decides(trials):
    assert curve(trials, ranked()).equals(curve(trials, ranked()))
    one, other = (curve(trials, ranked(), seed=seed) for seed in (0, 1))
    assert not one[one["order"] == RANDOM].equals(other[other["order"] == RANDOM])


def test_attributes_are_evidence(trials):
    attrs = curve(trials, ranked()).attrs
    assert attrs["above_chance"] == "yes"
    assert attrs["n_trials"] == 120
    assert all(isinstance(value, str | int | float) for value in attrs.values())


@pytest.mark.parametrize(
    ("ranking", "message"),
    [
        (ranked().sum("band"), r"dimensions \(\[trial,\] \[target,\] band, channel\)"),
        (ranked().assign_coords(channel=["0", "1", "X"]), "no channel X. It has 0, 1, 2"),
        (ranked().where(ranked() < 0.9), "not finite"),
    ],
    ids=["no bands", "another channel", "not finite"],
)
def test_a_ranking_that_does_not_fit_is_refused(trials, ranking, message):
    with pytest.raises(ValueError, match=message):
        curve(trials, ranking)


class ReadsCells(nn.Module):
    """A decoder of the power at 10 Hz of the first channels only: the louder, the more of class 1."""

    def __init__(self, n_decisive, effect, n_times=32):
        super().__init__()
        self.threshold = n_decisive * (n_times + (effect * n_times / 2) ** 2 / 2)
        self.n_decisive = n_decisive
        angle = 2 * np.pi * 5 * torch.arange(n_times) / n_times
        self.register_buffer("wave", torch.stack([angle.cos(), angle.sin()], 1))

    def forward(self, x):
        power = (x[:, : self.n_decisive] @ self.wave.to(x)).square().sum((1, 2)) - self.threshold
        return torch.stack([-power, power], 1)


def decided_by(n_decisive, effect, n_trials=100, n_chans=24, seed=0):
    """Trials of 120 cells whose classes differ in power at 10 Hz (5 cycles in 0.5 s) of the first channels."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n_trials, n_chans, 32))
    y = np.resize([0, 1], n_trials)
    wave = np.sin(2 * np.pi * 5 * np.arange(32) / 32 + rng.uniform(0, 6, (n_trials, n_chans, 1)))
    x[:, :n_decisive] += effect * y[:, None, None] * wave[:, :n_decisive]
    return x.astype(np.float32), y


BANDS = {name: (2.0 * n, 2.0 * n + 2) for n, name in enumerate(("a", "b", "c", "d"))} | {"ten": (8.0, 12.0)}


def contrast(model, x, y):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        found = spectral_relevance(model, x, y, method="gradient_x_input", trials="contrast", sfreq=64)
    return sum_over_bands(found, BANDS)


@pytest.mark.parametrize("n_decisive", [1, 2, 5, 10])
def test_a_right_order_of_few_cells_is_shown(n_decisive):
    x, y = decided_by(n_decisive, effect=0.8)
    table = deletion_curve(
        ReadsCells(n_decisive, 0.8), x, y, ranking=contrast, sfreq=64, n_random=1, progress=False
    )
    assert table["n_cells"].max() == 6 * 24  # with "other"
    assert table.attrs["ranked_on"] == "the other half"
    assert table.attrs["shown"] == "yes"
    assert table.attrs["p_orders"] < 0.02


@pytest.mark.slow
def test_a_network_that_knows_nothing_shows_nothing():
    """Rankings of the same trials find an area; those of the other half do not."""
    halves, same, shown = [], [], 0
    for seed in range(30):
        x, y = decided_by(6, effect=0.0, n_trials=40, n_chans=8, seed=seed)
        model, settings = ReadsCells(6, 0.0), {"sfreq": 64, "n_steps": 6, "progress": False, "seed": seed}
        other = deletion_curve(model, x, y, ranking=contrast, **settings)
        halves.append(other.attrs["accuracy_area"])
        same.append(
            deletion_curve(model, x, y, ranking=contrast(model, x, y), **settings).attrs["accuracy_area"]
        )
        shown += other.attrs["shown"] == "yes"
    assert np.mean(same) > 3 * np.std(same) / np.sqrt(30)
    assert np.mean(halves) < 2 * np.std(halves) / np.sqrt(30)
    assert shown <= 2


def test_single_trials_are_contrasted_in_each_half(trials):
    x, y = decided_by(2, effect=0.8, n_trials=40, n_chans=6)
    model, settings = ReadsCells(2, 0.8), {"sfreq": 64, "n_steps": 4, "progress": False}
    with pytest.warns(RuntimeWarning, match="shares of"):
        single = spectral_relevance(model, x, y, method="gradient_x_input", sfreq=64, per_trial=True)
    single = sum_over_bands(single, BANDS)
    pd.testing.assert_frame_equal(
        deletion_curve(model, x, y, ranking=single, **settings),
        deletion_curve(model, x, y, ranking=contrast, **settings),
    )
    # Without classes the mean over trials.
    of_one = single.isel(target=1, drop=True)
    mean = deletion_curve(model, x, y, ranking=of_one, **settings)
    again = deletion_curve(
        model, x, y, ranking=lambda _, some, codes: group_of(model, some, codes).isel(target=1), **settings
    )
    pd.testing.assert_frame_equal(mean, again)
    with pytest.raises(ValueError, match="has 39 trials, but there are 40"):
        deletion_curve(model, x, y, ranking=single[1:], **settings)


def group_of(model, x, codes):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        found = spectral_relevance(model, x, codes, method="gradient_x_input", trials="all", sfreq=64)
    return sum_over_bands(found, BANDS)


def test_without_a_ranking_each_half_is_explained():
    x, y = decided_by(2, effect=0.8, n_trials=40, n_chans=6)
    table = deletion_curve(ReadsCells(2, 0.8), x, y, sfreq=64, n_steps=4, progress=False)
    assert table.attrs["ranked_on"] == "the other half"
    assert table.attrs["accuracy_area"] > 0.1


def test_groups_stay_together_and_only_some_trials_are_tested():
    x, y = decided_by(2, effect=0.8, n_trials=40, n_chans=6)
    groups = np.repeat(["S1", "S2", "S3", "S4"], 10)
    seen = []

    def remember(model, some, codes):
        seen.append({group for group in groups if any((x[groups == group][0] == one).all() for one in some)})
        return contrast(model, some, codes)

    settings = {"sfreq": 64, "n_steps": 4, "progress": False}
    tested = np.arange(0, 40, 3)
    table = deletion_curve(
        ReadsCells(2, 0.8), x, y, ranking=remember, groups=groups, tested=tested, **settings
    )
    assert seen[0] | seen[1] == {"S1", "S2", "S3", "S4"}
    assert not seen[0] & seen[1]
    assert table.attrs["n_trials"] == len(tested)
    with pytest.raises(ValueError, match="only one label, 'S1'"):
        deletion_curve(ReadsCells(2, 0.8), x, y, ranking=contrast, groups=["S1"] * 40, **settings)
    with pytest.raises(ValueError, match="one label per trial"):
        deletion_curve(ReadsCells(2, 0.8), x, y, ranking=contrast, groups=groups[1:], **settings)
    with pytest.raises(ValueError, match="`tested` must hold different numbers from 0 to 39"):
        deletion_curve(ReadsCells(2, 0.8), x, y, ranking=contrast, tested=np.array([0, 40]), **settings)
    with pytest.raises(ValueError, match="each half needs trials of two classes"):
        deletion_curve(ReadsCells(2, 0.8), x, y, ranking=contrast, groups=np.where(y, "S1", "S2"), **settings)
