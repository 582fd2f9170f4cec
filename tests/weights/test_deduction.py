"""What weights alone tell of their network, what is assumed, and what contradicts."""

import pytest
import torch
from torch import nn

from sincviz.weights.deduction import MOST_SAMPLES, check_outline, configuration, sizes_of, start_is_assumed

DEFAULTS = {
    "min_freq": 1.0,
    "padding": "same",
    "pool_size": 55,
    "pool_stride": 12,
    "activation": "ELU",
    "drop_prob": 0.5,
    "first_freq": 5.0,
    "freq_stride": 1.0,
    "bandwidth": 4.0,
}


def weights_of(network, **settings):
    return network(
        **{"pool_size": 55, "pool_stride": 12, "first_freq": 5.0, "n_times": 200} | settings
    ).state_dict()


def completed(weights, trial=None, **told):
    return configuration(weights, known=told, defaults=DEFAULTS, trial=trial)


def test_shapes_tell_the_sizes(network):
    weights = weights_of(network, num_time_filters=5, time_filter_len=33, depth_multiplier=3, n_outputs=4)
    assert sizes_of(weights) == {
        "num_time_filters": 5,
        "time_filter_len": 33,
        "depth_multiplier": 3,
        "n_chans": 6,
        "n_outputs": 4,
        "sfreq": 128.0,
        "n_pooled": 13,
    }


@pytest.mark.parametrize(
    "sfreq", [50.0, 64, 100, 128, 160, 200, 250, 256, 500, 512, 1000, 250.5, 511.99, 1024]
)
def test_the_sampling_rate_is_a_nice_number(network, sfreq):
    weights = weights_of(network, sfreq=sfreq, num_time_filters=3)
    assert sizes_of(weights)["sfreq"] == sfreq
    # As whoever computes it in single precision throughout would write it.
    taps = torch.arange(-8, 0, dtype=torch.float32)
    weights["sinc_filter_layer.n_pi"] = (2 * torch.pi * taps / sfreq)[:, None]
    assert sizes_of(weights)["sfreq"] == sfreq


def test_an_odd_sampling_rate_is_kept_to_single_precision(network):
    assert sizes_of(weights_of(network, sfreq=512 / 3))["sfreq"] == pytest.approx(512 / 3, rel=1e-6)


@pytest.mark.parametrize("n_pi", [[0.0], [torch.nan], [-3.0, -1.0, -0.5], [torch.inf]])
def test_a_buffer_that_tells_no_rate_is_refused(network, n_pi):
    weights = weights_of(network)
    weights["sinc_filter_layer.n_pi"] = torch.tensor(n_pi).repeat(8)[:8, None]
    with pytest.raises(ValueError, match="does not determine a sampling rate"):
        sizes_of(weights)


def test_what_cannot_be_known_is_the_default_and_reported(network):
    config, assumed = completed(weights_of(network))
    assert assumed == DEFAULTS | {"n_times": 55 + 12 * 12}
    assert {name: config[name] for name in assumed} == assumed


def test_what_is_told_is_not_assumed(network):
    config, assumed = completed(weights_of(network), min_freq=1.0, n_times=200, activation="ReLU")
    assert not {"min_freq", "n_times", "activation"} & set(assumed)
    assert (config["n_times"], config["activation"]) == (200, "ReLU")


def test_the_trials_tell_their_length(network):
    config, assumed = completed(weights_of(network), trial=(205, 128.0))
    assert config["n_times"] == 205
    assert "n_times" not in assumed
    config, assumed = completed(weights_of(network), trial=(205, 250.0))
    assert assumed["n_times"] == 199, "trials of another rate have another length"


def test_a_length_in_seconds_is_one_too(network):
    config, _ = completed(weights_of(network), input_window_seconds=1.6)
    assert config["n_times"] == 205


def test_the_shortest_trial_holds_the_kernel(network):
    pooling = {"pool_size": 60, "pool_stride": 50}
    weights = weights_of(network, time_filter_len=101, n_times=104, **pooling)
    assert completed(weights, **pooling)[0]["n_times"] == 101


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("n_chans", 5),
        ("n_outputs", 3),
        ("num_time_filters", 5),
        ("time_filter_len", 19),
        ("depth_multiplier", 1),
        ("sfreq", 250),
        ("n_chans", "6"),
    ],
)
def test_what_contradicts_the_weights_is_refused(network, name, value):
    with pytest.raises(ValueError, match=rf"`{name}` is .* in the weights, but {value} was given"):
        completed(weights_of(network), **{name: value})


def test_what_agrees_with_the_weights_is_fine(network):
    completed(weights_of(network), n_chans=6, n_outputs=2, sfreq=128.0001, time_filter_len=17)


def test_pooling_that_does_not_fit_says_what_would(network):
    weights = weights_of(network, padding="valid")
    with pytest.raises(
        ValueError, match=r"head has 11 pooling windows, but 200 .* make 13\. .*padding='valid'` alone"
    ):
        completed(weights, n_times=200)
    weights = weights_of(network, pool_size=30)
    with pytest.raises(
        ValueError, match=r"has 15 .* make 13\. .*`pool_size` from 21 to 32 fits `pool_stride=12`"
    ):
        completed(weights, n_times=200)
    assert completed(weights, n_times=200, pool_size=21)[0]["pool_size"] == 21
    assert completed(weights, n_times=200, pool_size=32)[0]["pool_size"] == 32
    for outside in (20, 33):
        with pytest.raises(ValueError, match="pooling windows"):
            completed(weights, n_times=200, pool_size=outside)
    weights = weights_of(network, pool_stride=40)
    with pytest.raises(ValueError, match=r"`pool_stride` from 37 to 48 fits `pool_size=55`"):
        completed(weights, n_times=200)


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ({"n_times": MOST_SAMPLES + 1}, "would have 1000001 samples, more than the 1000000"),
        ({"n_times": 10**5000}, r"would have 10\*\*15 or more samples"),
        ({"input_window_seconds": 1e308}, "or more samples"),
        ({"input_window_seconds": 1e5}, "would have 12800000.0 samples"),
        ({"pool_size": 1_000_000_000}, "would have 1000000144 samples"),
        ({"pool_stride": 10**6}, "would have 12000055 samples"),
        ({"pool_size": 2**31}, r"`pool_size` must be below 2147483648; got 2147483648"),
        ({"pool_stride": 10**400, "n_times": 200}, r"`pool_stride` must be below .*10\*\*15 or more"),
    ],
)
def test_a_length_that_nothing_bounds_is_refused(network, told, message):
    with pytest.raises(ValueError, match=message):
        completed(weights_of(network), **told)


def test_epochs_of_any_length_are_not_taken_either(network):
    with pytest.raises(ValueError, match="more than the 1000000"):
        completed(weights_of(network), trial=(MOST_SAMPLES + 1, 128.0))


def test_the_outline_of_weights_is_checked_without_their_values(network):
    weights = {name: value.to("meta") for name, value in weights_of(network, activation=nn.PReLU).items()}
    check_outline(weights)
    wide = torch.empty(10**9, device="meta")
    for name in ("temporal_aggregation.1.weight", "extra"):
        with pytest.raises(ValueError, match=f"no SincShallowNet has: {name}"):
            check_outline(weights | {name: wide})
    with pytest.raises(ValueError, match="has the shape"):
        check_outline(weights | {"sinc_filter_layer.bandwidths": wide})


def test_a_slow_rate_gets_a_start_below_its_nyquist_frequency(network):
    weights = weights_of(
        network, sfreq=20.0, num_time_filters=8, first_freq=1.0, freq_stride=0.1, bandwidth=1.0
    )
    config, assumed = completed(weights)
    highest = config["min_freq"] + config["first_freq"] + config["bandwidth"] + 7 * config["freq_stride"]
    assert highest < 10
    assert {"first_freq", "freq_stride", "bandwidth"} <= set(assumed)


def test_an_activation_with_weights_must_be_passed(network):
    weights = weights_of(network, activation=nn.PReLU)
    with pytest.raises(
        ValueError, match=r"activation has weights \(temporal_aggregation\.1\.weight\).*PReLU"
    ):
        completed(weights)
    assert completed(weights, activation="PReLU")[0]["activation"] == "PReLU"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda weights: weights.pop("final_layer.bias"), "are missing: final_layer.bias"),
        (lambda weights: weights.update(extra=torch.zeros(1)), "no SincShallowNet has: extra"),
        (
            lambda weights: weights.update({"final_layer.bias": torch.zeros(3)}),
            r"`final_layer\.bias` has the shape \(3,\), but the other weights require \(2,\)",
        ),
        (lambda weights: weights.update({"final_layer.weight": torch.zeros(2, 13)}), "contradict each other"),
        (
            lambda weights: weights.update({"sinc_filter_layer.low_freqs": torch.zeros(())}),
            "no such network has",
        ),
    ],
    ids=["lost", "added", "another size", "no whole number of windows", "no dimension"],
)
def test_weights_that_do_not_fit_each_other_are_named(network, change, message):
    weights = dict(weights_of(network))
    change(weights)
    with pytest.raises(ValueError, match=message):
        completed(weights)


def test_a_recorded_start_is_not_assumed():
    assert start_is_assumed({"assumed": {"first_freq": 5.0}})
    assert not start_is_assumed({"assumed": {"first_freq": 5.0}, "initial_cutoffs_hz": [[1.0, 2.0]]})
    assert not start_is_assumed({"assumed": {"scale": 1e6}})
    assert not start_is_assumed({})
