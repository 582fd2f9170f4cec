"""A network that predicts a number: relevance, contrast and evidence find the cell that it reads, in closed form."""

import numpy as np
import pytest
import torch
import xarray as xr
from torch import nn

import sincviz
from sincviz import attribution, plotting, statistics
from sincviz.analysis.attribution.cells import cell_relevance
from sincviz.analysis.statistics.numeric_contrast import contributions
from sincviz.analysis.statistics.trial_average import trial_weights
from sincviz.evidence import band_power_contrast, csp_accuracy, predictions
from sincviz.plotting.canvas.evidence import evidence_line

SFREQ, N_TIMES = 128, 128
BIN, CHANNEL = 10, 2  # 10 Hz


class Power(nn.Module):
    """The power of 10 Hz in the third channel."""

    def forward(self, x):
        return (torch.fft.rfft(x)[:, CHANNEL, BIN].abs() ** 2)[:, None] / 1000


class PowerAndMean(Power):
    """The same, and beside it the mean of the first channel."""

    def forward(self, x):
        return torch.cat([super().forward(x), x[:, 0].mean(1, keepdim=True)], 1)


@pytest.fixture(scope="module")
def trials():
    rng = np.random.default_rng(0)
    target = rng.uniform(20, 60, 48)
    time = np.arange(N_TIMES) / SFREQ
    x = rng.standard_normal((48, 4, N_TIMES))
    phase = rng.uniform(0, 2 * np.pi, (48, 1))
    x[:, CHANNEL] += 0.05 * (target - 10)[:, None] * np.sin(2 * np.pi * 10 * time + phase)
    return x, target


@pytest.fixture(scope="module")
def outputs(trials):
    return (np.abs(np.fft.rfft(trials[0])[:, CHANNEL, BIN]) ** 2) / 1000


def test_the_contrast_is_the_slope_of_the_predictions_at_the_cell_that_is_read(trials, outputs):
    x, target = trials
    spectrum = sincviz.spectral_relevance(Power(), x, target, trials="contrast", sfreq=SFREQ)
    assert spectrum["target"].to_numpy().tolist() == ["output"]
    assert (spectrum.attrs["units"], spectrum.attrs["outputs"]) == ("output", "numbers")
    slope = np.corrcoef(target, outputs)[0, 1] * outputs.std()
    assert float(spectrum.sel(frequency=10.0)[0, CHANNEL]) == pytest.approx(slope, rel=1e-4)
    assert float(spectrum.sum()) == pytest.approx(slope, rel=1e-4)
    average = sincviz.spectral_relevance(Power(), x, target, trials="all", sfreq=SFREQ)
    assert float(average.sum()) == pytest.approx(outputs.mean(), rel=1e-4)


def test_half_of_it_is_the_contrast_of_two_classes(trials):
    codes = np.resize([0, 1], 48)
    numeric = trial_weights("contrast", 48, 1, np.where(codes == 0, 3.0, 8.0)[:, None])
    np.testing.assert_allclose(2 * numeric[0], trial_weights("contrast", 48, 2, codes)[1], atol=1e-12)


def test_the_mean_of_the_contributions_is_the_contrast(trials):
    x, target = trials
    single = cell_relevance(sincviz.network(Power(), sfreq=SFREQ), x, target)
    whole = attribution.sum_over_bands(
        sincviz.spectral_relevance(Power(), x, target, trials="contrast", sfreq=SFREQ)
    )
    np.testing.assert_allclose(contributions(single).mean("trial"), whole, rtol=1e-3, atol=1e-6)
    cells = statistics.bootstrap_intervals(single, trials="contrast")
    np.testing.assert_allclose(cells, whole, rtol=1e-3, atol=1e-6)
    here = cells.sel(band="alpha", channel=str(CHANNEL))
    assert 0 < here.ci_low < here < here.ci_high


def test_intervals_of_the_contrast_cover_the_slope():
    rng = np.random.default_rng(1)
    covered = 0
    for number in range(200):
        target = rng.exponential(size=(60, 1))
        values = 5 + 2 * target + rng.standard_normal((60, 1)) * (1 + target)
        single = xr.DataArray(
            values, {"target": ["age"], "target_value": (("trial", "target"), target)}, ("trial", "target")
        )
        cells = statistics.bootstrap_intervals(single, trials="contrast", seed=number, n_resamples=300)
        covered += bool(cells.ci_low[0] < 2 < cells.ci_high[0])  # the targets' standard deviation is 1
    assert covered / 200 > 0.85


def test_cells_are_established_as_often_as_chance_allows():
    rng = np.random.default_rng(2)
    found = 0
    for number in range(100):
        target = rng.exponential(size=(40, 1))
        # Values vary more where the target is far from its mean.
        values = rng.standard_normal((40, 1, 20)) * (0.5 + target[..., None])
        single = xr.DataArray(
            values,
            {"target": ["age"], "target_value": (("trial", "target"), target)},
            ("trial", "target", "cell"),
        )
        found += bool(
            (statistics.corrected_p(single, trials="contrast", seed=number, n_permutations=300) < 0.05).any()
        )
    assert found <= 12
    values[:, 0, 7] += 3 * target[:, 0]
    single = single.copy(data=values)
    p = statistics.corrected_p(single, trials="contrast")
    assert np.flatnonzero(p[0] < 0.05).tolist() == [7]
    with pytest.raises(ValueError, match="`target_value`"):
        statistics.bootstrap_intervals(
            single.drop_vars("target_value").assign_attrs(outputs="numbers"), trials="contrast"
        )


def test_ablation_and_deletion_measure_the_agreement_with_the_targets(trials, outputs):
    x, target = trials
    loss = sincviz.ablate(Power(), x, target, sfreq=SFREQ, progress=False)
    assert "accuracy_loss" not in loss
    r = np.corrcoef(target, outputs)[0, 1]
    alone = loss.score_loss.sel(band="alpha", channel=str(CHANNEL))
    assert float(alone) == pytest.approx(r, abs=0.4)  # nothing follows the target any more
    others = loss.score_loss.where(loss.score_loss != alone, 0)
    assert float(abs(others).max()) < 1e-6
    curve = sincviz.deletion_curve(Power(), x, target, sfreq=SFREQ, progress=False)
    whole = curve[curve["n_cells"] == 0]
    np.testing.assert_allclose(whole["correlation"], r, rtol=1e-4)
    np.testing.assert_allclose(whole["score"], r, rtol=1e-4)
    first = curve[(curve["order"] == "most relevant first") & (curve["n_cells"] == 1)]
    assert float(first["correlation"].iloc[0]) < 0.4
    assert curve.attrs["correlation_area"] > 0.3
    assert curve.attrs["ranked_on"] == "the other half"
    assert "correlation" in evidence_line(curve.attrs)
    figure = plotting.plot_deletion(curve)
    assert figure.axes[0].get_ylabel() == "Correlation"
    plotting.plot_ablation(loss)


def test_random_networks_are_compared_by_the_contrast_with_the_targets(network, trials):
    x, target = trials
    model = network(n_chans=4, n_outputs=1)
    table = sincviz.randomization_test(model, x, target, n_draws=2, progress=False)
    assert table["kind"].iloc[-1] == "wrong targets"
    assert table["similarity"].iloc[-1] < 1
    plotting.plot_randomization(table)
    shares = sincviz.relevance(model, x, target, trials="contrast")
    assert dict(shares.sizes) == {"target": 1, "filter": 4, "channel": 4}
    z = (target - target.mean()) / target.std()
    slope = float((z * predictions(model, x, target)["prediction"]).mean())
    assert float(shares.sum()) == pytest.approx(slope, rel=1e-3, abs=1e-5)


def test_what_the_trials_say_without_the_network(trials):
    x, target = trials
    contrast = band_power_contrast(Power(), x, target, sfreq=SFREQ)
    power = np.log((np.abs(np.fft.rfft(x)[:, CHANNEL, 8:13]) ** 2).sum(1))
    r = np.corrcoef(power, target)[0, 1]
    assert float(contrast.sel(band="alpha", channel=str(CHANNEL))[0]) == pytest.approx(r)
    with pytest.raises(ValueError, match="compares classes, but the outputs of this network are numbers"):
        csp_accuracy(Power(), x, target, sfreq=SFREQ)


def test_several_outputs_are_no_two_classes(trials, outputs):
    x, target = trials
    y = np.column_stack([target, np.random.default_rng(3).standard_normal(48)])
    spectrum = sincviz.spectral_relevance(PowerAndMean(), x, y, trials="contrast", sfreq=SFREQ)
    assert spectrum["target"].to_numpy().tolist() == ["output 0", "output 1"]
    assert spectrum.attrs["judged_output"] == "output 0"
    table = predictions(PowerAndMean(), x, y)
    np.testing.assert_allclose(table["prediction_output 0"], outputs, rtol=1e-4)
    curve = sincviz.deletion_curve(PowerAndMean(), x, y, sfreq=SFREQ, progress=False)
    assert np.isfinite(curve["correlation"]).all()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"explain": "margin"}, "have no 'margin'"),
        ({"explain": "log_probability"}, "have no 'log_probability'"),
        ({"baseline": "class_mean"}, "Try 'channel_mean'"),
    ],
)
def test_what_only_classes_have_is_refused(trials, settings, message):
    x, target = trials
    with pytest.raises(ValueError, match=message):
        sincviz.spectral_relevance(Power(), x, target, sfreq=SFREQ, **settings)


def test_without_targets_each_output_is_explained_but_there_is_no_contrast(trials):
    x, _ = trials
    model = sincviz.network(Power(), output_names=["age"], sfreq=SFREQ)
    assert sincviz.spectral_relevance(model, x).attrs["above_chance"] == "unknown"
    with pytest.raises(ValueError, match="needs the target of every trial"):
        sincviz.spectral_relevance(model, x, trials="contrast")
    with pytest.raises(ValueError, match="All targets are equal"):
        sincviz.spectral_relevance(model, x, np.full(48, 30.0), trials="contrast")
    with pytest.raises(ValueError, match="the outputs of this network are numbers"):
        sincviz.ablate(model, x, sfreq=SFREQ, progress=False)
