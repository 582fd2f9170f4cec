"""A ranking that knows what the network needs hurts it sooner than a random one."""

import numpy as np
import pandas as pd
import pytest
import torch
import xarray as xr
from torch import nn

from sincviz import deletion_curve, group_frequencies, spectral_relevance
from sincviz.analysis.band_replacement import other_trials
from sincviz.analysis.deletion import LEAST, MOST, ORDERS, RANDOM
from sincviz.band_limits import BAND_LIMITS, with_band_limits
from sincviz.rhythms import RHYTHMS

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
    return deletion_curve(PowerAt10Hz(), x, y, ranking, sfreq=SFREQ, progress=False, **settings)


def test_the_one_cell_that_matters_takes_the_accuracy_with_it(trials):
    table = curve(trials, ranked())
    most = table[table["order"] == MOST].set_index("n_cells")["accuracy"]
    assert most[0] > 0.9
    assert most.drop(0).max() < 0.65
    least = table[table["order"] == LEAST].set_index("n_cells")["accuracy"]
    assert least.iloc[:-1].min() > 0.9
    assert least.iloc[-1] == most.iloc[-1]  # all gone is all gone
    assert table.attrs["accuracy_area_low"] > 0.1
    assert table.attrs["score_area_low"] > 0


def test_a_wrong_ranking_is_worse_than_none(trials):
    assert curve(trials, -ranked()).attrs["accuracy_area_high"] < 0


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


def test_chance_alone_is_rarely_told_from_random_orders(trials):
    rng = np.random.default_rng(5)
    values = [
        curve(trials, ranked().copy(data=rng.permuted(np.arange(15.0)).reshape(5, 3)), seed=seed).attrs[
            "score_area_p"
        ]
        for seed in range(40)
    ]
    # At most as often as once in twenty, up to the binomial's 99.9 %.
    assert (np.array(values) < 0.05).sum() <= 7
    assert min(values) > 0


def test_the_right_ranking_is_told_from_random_orders(trials):
    attrs = curve(trials, ranked(), n_random=20).attrs
    assert attrs["accuracy_area_p"] < 0.2
    assert attrs["accuracy_area_to_least"] > attrs["accuracy_area"] > 0


def test_the_relevance_finds_the_cell(trials):
    x, y = trials
    with pytest.warns(RuntimeWarning, match="shares of 'gradient_x_input'"):
        found = spectral_relevance(
            PowerAt10Hz(), x, y, method="gradient_x_input", trials="contrast", sfreq=SFREQ
        )
    cells = group_frequencies(found)
    assert curve(trials, cells).attrs["accuracy_area_low"] > 0.1


def test_steps_run_from_nothing_to_everything(trials):
    table = curve(trials, ranked(), n_steps=6)
    for order in ORDERS:
        own = table[table["order"] == order]
        assert own["n_cells"].iloc[0] == 0
        assert own["n_cells"].iloc[-1] == 15
        assert own["n_cells"].is_monotonic_increasing
        np.testing.assert_allclose(own["share_removed"], own["n_cells"] / 15)
        assert (own["accuracy_low"] <= own["accuracy"]).all()
        assert (own["accuracy"] <= own["accuracy_high"]).all()


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
    cells = group_frequencies(found, {"ten": (9.5, 10.5), "high": (20, np.inf)})
    table = curve(trials, cells)
    assert table["n_cells"].max() == 9  # with "other"
    assert table[(table["order"] == MOST)]["accuracy"].iloc[1] < 0.65


def test_the_same_cells_go_with_and_without_attrs(trials):
    x, y = trials
    bands = {"alpha": (9.5, 10.5), "beta": (11, 20), "gamma": (20, np.inf)}
    found = spectral_relevance(PowerAt10Hz(), x, y, trials="contrast", sfreq=SFREQ)
    cells = group_frequencies(found, bands)
    whole = curve(trials, cells)
    bare = cells.copy()
    bare.attrs = {}
    with xr.set_options(keep_attrs=False):
        computed = group_frequencies(found, bands) * 2 / 2
    assert computed.attrs == {}
    for ranking in (bare, computed):
        pd.testing.assert_frame_equal(curve(trials, ranking), whole)
    # The network hears 10 Hz alone: what more is in alpha by default makes no difference.
    one = curve(trials, bare.sel(band=["alpha"], channel=["1"]))["score"].iloc[-1]
    wide = curve(trials, ranked().sel(band=["alpha"], channel=["1"]))["score"].iloc[-1]
    assert one == pytest.approx(wide, abs=1e-4)


def test_what_is_no_ranking_is_refused(trials):
    with pytest.raises(TypeError, match="`ranking` must be a relevance"):
        curve(trials, None)
    with pytest.raises(TypeError, match="got Dataset"):
        curve(trials, ranked().to_dataset(name="loss"))
    with pytest.raises(TypeError, match="came as `y`"):
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
        (ranked().sum("band"), r"dimensions \(\[target,\] band, channel\)"),
        (ranked().assign_coords(channel=["0", "1", "X"]), "no channel X. It has 0, 1, 2"),
        (ranked().where(ranked() < 0.9), "not finite"),
    ],
    ids=["no bands", "another channel", "not finite"],
)
def test_a_ranking_that_does_not_fit_is_refused(trials, ranking, message):
    with pytest.raises(ValueError, match=message):
        curve(trials, ranking)
