"""What the doctor finds in a network's weights: a fault planted in a healthy network, and nothing else."""

import dataclasses

import numpy as np
import pytest
import torch

from sincviz import SincShallowNet, diagnose
from sincviz.analysis.filters.overlap import WIDER
from sincviz.networks import front_end
from sincviz.training import recalibrate_batch_norm

pytestmark = pytest.mark.usefixtures("one_thread")

N_FILTERS = 8


@pytest.fixture(scope="module")
def kernels_of(practice):
    """Give filters other cut-offs, and the normalisations the statistics that belong to them."""

    def change(model, cutoffs_hz):
        layer = model.sinc_filter_layer
        with torch.no_grad():
            for filter_, (low_hz, width_hz) in cutoffs_hz.items():
                layer.low_freqs[0, filter_] = low_hz - layer.min_freq
                layer.bandwidths[0, filter_] = width_hz
        return recalibrate_batch_norm(model, practice)

    return change


def both(model, fresh, only, *expected):
    """Assert one finding, with epochs and without, and return the one with epochs."""
    only(diagnose(model), *expected)
    return only(diagnose(model, fresh), *expected)


@pytest.mark.parametrize("filters", [(7,), (6, 7)])
def test_filters_that_end_at_the_nyquist_frequency_are_clamped(patient, fresh, kernels_of, only, filters):
    model = kernels_of(patient, {filter_: (58.0 + filter_, 40.0) for filter_ in filters})
    row = both(model, fresh, only, "clamped_at_nyquist", "warning", filters)
    assert "80 Hz" in row["evidence"]


def test_a_filter_just_below_the_nyquist_frequency_is_not_clamped(patient, kernels_of):
    assert diagnose(kernels_of(patient, {7: (60.0, 19.9)})).empty


@pytest.mark.parametrize("filters", [(2,), (2, 5, 7)])
def test_filters_without_width(patient, fresh, kernels_of, only, filters):
    centers = {2: 15.0, 5: 28.0, 7: 36.0}
    model = kernels_of(patient, {filter_: (centers[filter_], 0.0) for filter_ in filters})
    both(model, fresh, only, "zero_width", "warning", filters)


@pytest.mark.parametrize(("groups", "count"), [({1: [4]}, 1), ({0: [2, 5], 3: [6]}, 2)])
def test_filters_with_the_same_kernel(patient, fresh, kernels_of, only, groups, count):
    cutoffs = patient.cutoffs().tolist()
    same = {copy: cutoffs[source] for source, copies in groups.items() for copy in copies}
    model = kernels_of(patient, {copy: (low, high - low) for copy, (low, high) in same.items()})
    filters = sorted([*groups, *(copy for copies in groups.values() for copy in copies)])
    row = both(model, fresh, only, "duplicates", "warning", filters)
    assert f"{len(filters)} filters" in row["finding"]
    assert row["finding"].endswith(f"count as {count}.")
    for source, copies in groups.items():
        assert ", ".join(map(str, [source, *copies])) in row["evidence"]


def without_spatial_weights(model, filters):
    model.depthwiseconv[1].weight.reshape(N_FILTERS, 2, -1)[filters] = 0


def without_head(model, filters):
    model.final_layer.weight.reshape(2, N_FILTERS, -1)[:, filters] = 0


def with_the_same_head_for_all_classes(model, filters):
    head = model.final_layer.weight.reshape(2, N_FILTERS, -1)
    head[0, filters] = head[1, filters]


def without_scale_of_the_first_normalisation(model, filters):
    model.depthwiseconv[0].weight[filters] = 0


def without_scale_of_the_second_normalisation(model, filters):
    model.temporal_aggregation[0].weight.reshape(N_FILTERS, 2)[filters] = 0


DEATHS = [
    (without_spatial_weights, [4]),
    (without_head, [4, 7]),
    (with_the_same_head_for_all_classes, [4]),
    (without_scale_of_the_first_normalisation, [4, 7]),
    (without_scale_of_the_second_normalisation, [4]),
]


@pytest.mark.parametrize(("kill", "filters"), DEATHS)
def test_filters_that_nothing_listens_to_are_dead(patient, fresh, only, kill, filters):
    with torch.no_grad():
        kill(patient, filters)
    both(patient, fresh, only, "dead", "warning", filters)


def test_dead_filters_are_named_also_when_most_are(patient, only):
    dead = [0, 1, 3, 4, 6, 7]
    with torch.no_grad():
        without_head(patient, dead)
    only(diagnose(patient), "dead", "warning", dead)


@pytest.mark.parametrize(("factor", "dead"), [(1e-6, ["dead"]), (1e-2, [])])
def test_next_to_no_weight_is_dead_and_little_is_not(patient, factor, dead):
    with torch.no_grad():
        patient.final_layer.weight.reshape(2, N_FILTERS, -1)[:, 4] *= factor
    assert diagnose(patient)["check"].tolist() == dead


def test_a_filter_with_one_living_unit_lives(patient):
    with torch.no_grad():
        patient.depthwiseconv[1].weight[8] = 0
    assert diagnose(patient).empty


@pytest.mark.parametrize(
    ("filters", "severity"), [((3,), "note"), ((1, 6), "note"), (tuple(range(N_FILTERS)), "warning")]
)
def test_cutoffs_that_did_not_move(patient, fresh, only, filters, severity):
    began = np.array(patient.provenance["initial_cutoffs_hz"])
    began[list(filters)] = patient.cutoffs().detach().numpy()[list(filters)] + 0.2
    patient.provenance = patient.provenance | {"initial_cutoffs_hz": began.tolist()}
    row = both(patient, fresh, only, "unmoved", severity, filters)
    assert row["finding"].startswith(f"{len(filters)} of {N_FILTERS} filters did not move")
    assert row["evidence"].endswith("initial cut-offs: recorded by the training.")


def test_a_cutoff_that_moved_as_far_as_counts_has_moved(patient):
    began = patient.cutoffs().detach().double().numpy() + 0.2501
    patient.provenance = patient.provenance | {"initial_cutoffs_hz": began.tolist()}
    assert diagnose(patient).empty


def default_network(**settings):
    return SincShallowNet(**{"n_chans": 22, "n_outputs": 4, "n_times": 1000, "sfreq": 250} | settings)


def test_the_default_kernels_at_250_hz_cannot_resolve_their_bands(slips_of):
    findings = diagnose(default_network()).set_index("check")
    row = findings.loc["unresolvable"]
    assert row["severity"] == "warning"
    assert row["filters"] == ", ".join(map(str, range(32)))
    assert row["finding"].startswith(
        "The bands cannot be resolved: kernels of 33 samples at 250 Hz (132 ms) are too short"
    )
    for fact in ("Nominal width 4.0 Hz, as computed 10.4 Hz", "4 dimensions", "32 of 32 filters"):
        assert fact in row["evidence"]
    assert "Use the measured bands, never the cut-offs." in row["remedy"]
    assert not slips_of(findings)


def test_the_kernels_that_it_recommends_resolve_the_bands():
    remedy = diagnose(default_network()).set_index("check").loc["unresolvable", "remedy"]
    taps = next(int(word) for word in remedy.split() if word.isdigit())
    assert "unresolvable" not in set(diagnose(default_network(time_filter_len=taps))["check"])


def test_few_short_kernels_whose_bands_lie_apart_cannot_be_read_either():
    model = default_network(num_time_filters=8, freq_stride=8.0)
    findings = diagnose(model).set_index("check")
    assert "unresolvable" in findings.index
    assert "cannot be distinguished" not in findings.loc["unresolvable", "evidence"]


@pytest.mark.parametrize("taps", [65, 129])
def test_longer_kernels_resolve_their_bands(taps):
    findings = diagnose(default_network(time_filter_len=taps, num_time_filters=8, freq_stride=4.0))
    assert "unresolvable" not in set(findings["check"])


def test_a_short_kernel_with_other_taps_than_trained(patient, practice, only):
    settings = patient.get_config() | {"time_filter_len": 17}
    short = SincShallowNet.from_config(settings)
    weights = {
        name: value
        for name, value in patient.state_dict().items()
        if not name.endswith(("window", "n_pi", "ones"))
    }
    short.load_state_dict(weights, strict=False)
    short.class_names, short.scale, short.provenance = patient.class_names, patient.scale, patient.provenance
    model = recalibrate_batch_norm(short, practice)
    table = diagnose(model)
    ratio = 1.4 * 160 / 17 / np.diff(model.cutoffs().detach().numpy())[:, 0]
    assert (ratio > WIDER).all()
    only(table, "unresolvable", "warning", range(N_FILTERS))


def test_no_kernel_longer_than_a_trial_is_recommended(patient, kernels_of, only):
    cutoffs = patient.cutoffs().tolist()
    model = kernels_of(patient, {filter_: (low, 0.05) for filter_, (low, _) in enumerate(cutoffs)})
    row = only(diagnose(model), "unresolvable", "warning", range(N_FILTERS))
    assert row["remedy"] == "Use the measured bands, never the cut-offs."


def test_a_momentum_that_keeps_the_last_batch_only(patient, fresh, only):
    for layer in (patient.depthwiseconv[0], patient.temporal_aggregation[0]):
        layer.momentum = 0.99
    row = both(patient, fresh, only, "batch_norm_momentum", "warning")
    assert "0.99 in Keras is 0.01 in PyTorch" in row["finding"]
    assert "0.99" in row["evidence"]


def test_the_remedy_for_the_momentum_cures_it(patient, fresh, practice):
    patient.depthwiseconv[0].momentum = 0.99
    assert diagnose(recalibrate_batch_norm(patient, practice), fresh).empty


@pytest.mark.parametrize("momentum", [0.01, 0.1, 0.5, None])
def test_a_momentum_that_remembers_is_no_finding(patient, momentum):
    patient.depthwiseconv[0].momentum = momentum
    assert diagnose(patient).empty


BREAKS = {
    "cut-offs": (lambda model: model.sinc_filter_layer.low_freqs[0], [3]),
    "widths": (lambda model: model.sinc_filter_layer.bandwidths[0], [3, 5]),
    "spatial filters": (lambda model: model.depthwiseconv[1].weight.reshape(N_FILTERS, -1), [2]),
    "gain of the first normalisation": (lambda model: model.depthwiseconv[0].weight, [6]),
    "shift of the first normalisation": (lambda model: model.depthwiseconv[0].bias, [6]),
    "variances": (lambda model: model.depthwiseconv[0].running_var, [0, 1]),
    "second normalisation": (lambda model: model.temporal_aggregation[0].weight.reshape(N_FILTERS, 2), [4]),
    "head": (lambda model: model.final_layer.weight.reshape(2, N_FILTERS, -1).transpose(0, 1), [7]),
}


@pytest.mark.parametrize(("tensor", "filters"), BREAKS.values(), ids=BREAKS)
def test_weights_that_are_not_a_number_are_an_error(patient, fresh, only, tensor, filters):
    with torch.no_grad():
        tensor(patient)[filters] = np.nan
    both(patient, fresh, only, "not_finite", "error", filters)


@pytest.mark.parametrize("part", ["spatial filters", "head"])
def test_weights_that_are_infinite_are_an_error(patient, only, part):
    tensor, filters = BREAKS[part]
    with torch.no_grad():
        tensor(patient)[filters] = np.inf
    row = only(diagnose(patient), "not_finite", "error", filters)
    assert part in row["evidence"]


def test_an_infinite_width_ends_at_the_nyquist_frequency(patient, only):
    with torch.no_grad():
        patient.sinc_filter_layer.bandwidths[0, 7] = np.inf
    only(diagnose(patient), "clamped_at_nyquist", "warning", [7])


def test_a_negative_variance_is_not_finite_as_a_gain(patient, only):
    patient.depthwiseconv[0].running_var[5] = -1
    row = only(diagnose(patient), "not_finite", "error", [5])
    assert "normalisation" in row["evidence"]


def test_a_bias_of_the_head_that_is_not_finite_belongs_to_no_filter(patient, fresh, only):
    with torch.no_grad():
        patient.final_layer.bias[0] = np.nan
    both(patient, fresh, only, "not_finite", "error")


def test_a_single_filter_is_read_in_the_singular(network, epochs, slips_of):
    model = network(num_time_filters=1, time_filter_len=65, chs_info=epochs.info["chs"])
    findings = diagnose(model)
    assert set(findings["check"]) == {"unmoved"}
    assert findings.loc[0, "finding"].startswith("1 of 1 filter did not move")
    assert not slips_of(findings)


def test_a_network_with_one_output_is_not_called_dead(network, epochs):
    model = network(n_outputs=1, chs_info=epochs.info["chs"])
    assert "dead" not in set(diagnose(model, epochs.get_data() * 1e6)["check"])


def test_free_filters_that_pass_nothing_are_dead(healthy, only):
    parts = front_end(healthy)
    kernels = parts.kernels.clone()
    kernels[[1, 4]] = 0
    free = dataclasses.replace(parts, kernels=kernels, cutoffs=None, initial_cutoffs=None)
    only(diagnose(free), "dead", "warning", [1, 4])
