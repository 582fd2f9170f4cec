"""Plot functions given something close to what they draw say what to call, and what they say works."""

import dataclasses
import functools
import importlib
import inspect as python_inspect
import pkgutil
import re
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.figure import Figure

import sincviz
from sincviz import plotting
from tests.group_examples import group_of, manifest, row

OF_NETWORK = [
    *("plot_bands", "plot_responses", "plot_cumulative_response", "plot_overlap", "plot_cutoff_history"),
    *("plot_topomaps", "plot_spatial_filters_and_patterns", "plot_relevance", "plot_spectral_relevance"),
    *("plot_deletion", "plot_ablation", "plot_randomization", "plot_findings", "plot_confusion_matrix"),
    *("plot_learning_curves", "plot_overview", "plot_temporal_relevance", "plot_time_frequency_relevance"),
    *("plot_roles", "plot_shortcuts"),
]
OF_PAIR = ["plot_filter_pairs", "plot_decisions"]
OF_GROUP = [
    *("plot_cluster_topomaps", "plot_cluster_spectrum", "plot_cluster_times", "plot_band_use"),
    *("plot_run_agreement", "plot_filter_stability", "plot_drift", "plot_filter_dashboards"),
]


@pytest.fixture(scope="module")
def names(network, moved, simulation):
    """What the lines in messages speak of."""
    model = moved(network(chs_info=simulation[0].info["chs"])).eval()
    model.scale, model.class_names = 1e6, ["left", "right"]
    model.provenance = {
        "cutoff_history_hz": [model.cutoffs().tolist()] * 3,
        "learning_curves": {"train_loss": [0.7, 0.6]},
    }
    epochs = simulation[0][:24]
    return {
        "sincviz": sincviz,
        "model": model,
        "other": model,
        "epochs": epochs,
        "inspection": sincviz.inspect(model, epochs, progress=False),
        "comparison": sincviz.compare(model, model, epochs, progress=False),
    }


@pytest.fixture(scope="module")
def given(names):
    """Evaluate each expression once; do not change what it gives."""
    return functools.cache(lambda line: eval(line, names))


@pytest.fixture(scope="module")
def drawn(names, given):
    """Whether a line of a message draws what an expression gives: many messages say the same, which is tried once."""
    return functools.cache(lambda line, expression: draws(line, names, result=given(expression)))


@pytest.fixture(scope="module")
def group(tmp_path_factory, unit_clusters):
    rng = np.random.default_rng(1)
    table = manifest(conditions=("",))
    rows = [row(rng, 1.0) for _ in range(len(table))]
    with pytest.MonkeyPatch.context() as patch:
        found = group_of(table, rows, tmp_path_factory.mktemp("group"), patch)
    # Of random patterns none is stable.
    return dataclasses.replace(found, unit_clusters=unit_clusters())


def call(plot, result, *more):
    function = getattr(plotting, plot)
    both = plot == "plot_spatial_filters_and_patterns"
    return function(result, result) if both else function(result, *more)


def line_in(error):
    """Return the last line of code in a message, and what came before it."""
    return [
        code for code in re.findall(r"`([^`]+)`", str(error)) if code.startswith(("sincviz.", "result."))
    ][-1]


def draws(line, names, **own):
    try:
        return isinstance(eval(line, names | own), Figure)
    finally:
        plt.close("all")


def test_every_plot_function_is_here():
    others = {"plot_notice", "plot_predictions"}  # of numbers, which these networks do not predict
    others |= {
        "plot_benchmark",
        "plot_seed_relevance",
    }  # of methods, of ensembles; their tests say what they refuse
    others |= {"plot_sensitivity"}  # of training trials
    functions = {name for name in plotting.__all__ if name.startswith("plot_")}
    assert functions == {*OF_NETWORK, *OF_PAIR, *OF_GROUP} | others


@pytest.mark.parametrize("plot", OF_NETWORK + OF_PAIR)
def test_of_a_network_it_says_what_to_measure(plot, names):
    for wrong in (names["model"], names["epochs"], np.zeros((3, 3)), "network.pt"):
        with pytest.raises(TypeError, match=f"`{plot}` draws an? .*; got {type(wrong).__name__}") as error:
            call(plot, wrong)
        assert plot in line_in(error.value)
    assert draws(line_in(error.value), names)


@pytest.mark.parametrize("plot", OF_NETWORK)
def test_of_an_inspection_it_says_the_field(plot, names):
    with pytest.raises(TypeError, match="got Inspection") as error:
        call(plot, names["inspection"])
    assert f"{plot}(inspection." in line_in(error.value)
    assert draws(line_in(error.value), names)


@pytest.mark.parametrize("plot", OF_PAIR)
def test_of_a_comparison_it_says_the_field(plot, names):
    with pytest.raises(TypeError, match="got Comparison") as error:
        call(plot, names["comparison"])
    assert f"{plot}(comparison." in line_in(error.value)
    assert draws(line_in(error.value), names)


@pytest.mark.parametrize("plot", OF_GROUP)
def test_of_several_networks_it_says_the_field(plot, names, group):
    with pytest.raises(TypeError, match="got Group") as error:
        call(plot, group)
    assert f"{plot}(group." in line_in(error.value)
    assert draws(line_in(error.value), names | {"group": group})
    with pytest.raises(
        TypeError,
        match=r"got SincShallowNet. This figure is of several networks: with `group = sincviz\.group",
    ):
        call(plot, names["model"])


@pytest.mark.parametrize("plot", OF_NETWORK + OF_PAIR + OF_GROUP)
def test_what_was_not_measured_is_said(plot):
    with pytest.raises(TypeError, match=r"got None\. This was not measured.*`inspection\.missing`"):
        call(plot, None)


RESULTS = {
    "bands": "sincviz.learned_bands(model)",
    "response": "sincviz.filter_response(model)",
    "overlap": "sincviz.filters.filter_overlap(model)",
    "history": "sincviz.filters.cutoff_history(model)",
    "cutoff drift": "sincviz.filters.cutoff_drift(model)",
    "cells": "inspection.band_relevance",
    "deletion": "inspection.deletion",
    "loss": "inspection.ablation",
    "randomization": "inspection.randomization",
    "findings": "inspection.findings",
}


@pytest.mark.parametrize("plot", OF_NETWORK + OF_PAIR + OF_GROUP)
@pytest.mark.parametrize("result", RESULTS)
def test_a_result_that_another_function_draws_names_it(result, plot, given, drawn):
    try:
        assert isinstance(call(plot, given(RESULTS[result])), Figure)
        return  # it is the one that draws it
    except (TypeError, ValueError) as found:
        error = found
    finally:
        plt.close("all")
    if plot == "plot_spatial_filters_and_patterns" and result == "cells":
        return  # two dimensions beside the channels: maps, of which it wants the weights
    assert drawn(line_in(error), RESULTS[result])


RELEVANCE = {
    "by frequency": "sincviz.spectral_relevance(model, epochs)",
    "of each trial": "sincviz.spectral_relevance(model, epochs, per_trial=True)",
    "of one class": "sincviz.spectral_relevance(model, epochs).sel(target='left')",
    "at the sinc layer": "sincviz.relevance(model, epochs)",
    "at the sinc layer of each trial": "sincviz.relevance(model, epochs, per_trial=True)",
    "by band": "inspection.band_relevance",
    "by band of one class": "inspection.band_relevance.isel(target=0)",
    "by band summed": "inspection.band_relevance.sum('channel')",
    "by region": "sincviz.attribution.sum_over_regions(sincviz.spectral_relevance(model, epochs))",
    "by band and region": "sincviz.attribution.sum_over_regions(inspection.band_relevance)",
    "by time": "sincviz.temporal_relevance(model, epochs)",
    "by time of each trial": "sincviz.temporal_relevance(model, epochs, per_trial=True)",
    "by time of one class": "sincviz.temporal_relevance(model, epochs).sel(target='left')",
    "by time and region": "sincviz.attribution.sum_over_regions(sincviz.temporal_relevance(model, epochs))",
    "by time summed": "sincviz.temporal_relevance(model, epochs).sum('channel')",
    "by frequency and time": "sincviz.time_frequency_relevance(model, epochs)",
    "by frequency and time of each trial": "sincviz.time_frequency_relevance(model, epochs, per_trial=True)",
    "by frequency, time and region": "sincviz.attribution.sum_over_regions("
    "sincviz.time_frequency_relevance(model, epochs))",
    "by frequency and time summed": "sincviz.time_frequency_relevance(model, epochs).sum('channel')",
    "by band and time": "sincviz.attribution.sum_over_bands(sincviz.time_frequency_relevance(model, epochs))",
    "by part": "sincviz.time_frequency_relevance(model, epochs).expand_dims(part=['evoked', 'induced'], axis=1)",
    "by part and time": "sincviz.temporal_relevance(model, epochs).expand_dims(part=['evoked', 'induced'], axis=1)",
}
KINDS = [
    *(("plot_relevance", kind) for kind in ("topomaps", "channels", "matrix")),
    *(("plot_spectral_relevance", kind) for kind in ("profile", "image")),
    *(("plot_temporal_relevance", kind) for kind in ("profile", "image")),
    ("plot_time_frequency_relevance", None),
]


@pytest.mark.parametrize(("plot", "kind"), KINDS)
@pytest.mark.parametrize("result", RELEVANCE)
def test_relevance_over_other_dimensions_is_drawn_as_the_message_says(result, plot, kind, given, drawn):
    try:
        assert isinstance(call(plot, given(RELEVANCE[result]), *filter(None, [kind])), Figure)
        return
    except ValueError as found:
        error = found
    finally:
        plt.close("all")
    assert drawn(line_in(error), RELEVANCE[result])


def test_what_a_message_says_keeps_the_evidence(names):
    given = sincviz.relevance(names["model"], names["epochs"], per_trial=True)
    with pytest.raises(ValueError, match="keep_attrs=True") as error:
        plotting.plot_relevance(given, "matrix")
    figure = eval(line_in(error.value), names | {"result": given})
    said = " ".join(text.get_text() for text in figure.texts)
    assert f"{given.attrs['n_trials']} trials" in said


IN_ONE_CALL = {
    "plot_relevance": ("relevance(model, epochs)", "spectral_relevance(model, epochs)"),
    "plot_spectral_relevance": ("spectral_relevance(model, epochs, trials='contrast')",),
    "plot_temporal_relevance": ("temporal_relevance(model, epochs, trials='contrast')",),
    "plot_time_frequency_relevance": ("time_frequency_relevance(model, epochs, trials='contrast')",),
    "plot_bands": ("learned_bands(model)",),
    "plot_responses": ("filter_response(model)",),
    "plot_topomaps": ("spatial_filters(model)", "spatial_patterns(model, epochs)"),
    "plot_ablation": ("ablate(model, epochs, progress=False)",),
    "plot_deletion": ("deletion_curve(model, epochs, progress=False)",),
    "plot_randomization": ("randomization_test(model, epochs, n_draws=2, progress=False)",),
    "plot_findings": ("diagnose(model, epochs)",),
}


@pytest.mark.parametrize("plot", IN_ONE_CALL)
def test_what_the_front_door_measures_its_plot_draws(plot, names):
    for call_ in IN_ONE_CALL[plot]:
        assert draws(f"sincviz.plotting.{plot}(sincviz.{call_})", names)


def numbers(figure):
    return [text.get_text() for text in figure.axes[0].texts]


@pytest.mark.parametrize("kind", ["matrix", "channels"])
def test_relevance_of_filters_is_drawn_as_if_summed_over_bands_before(kind, names):
    of_filters = sincviz.relevance(names["model"], names["epochs"])
    membership = sincviz.filters.band_membership(names["model"])
    summed = sincviz.attribution.sum_over_bands(of_filters, membership)
    one, other = (plotting.plot_relevance(cells, kind) for cells in (of_filters, summed))
    assert numbers(one) == numbers(other)
    for image, expected in zip(
        one.axes[0].images + one.axes[0].collections,
        other.axes[0].images + other.axes[0].collections,
        strict=True,
    ):
        np.testing.assert_array_equal(image.get_array(), expected.get_array())
    assert [text.get_text() for text in one.texts] == [text.get_text() for text in other.texts]


@pytest.mark.parametrize(
    "given",
    [
        "sincviz.spectral_relevance(model, epochs).isel(target=[0] * 7)",
        "sincviz.spatial_filters(model)",
        "inspection.band_relevance.isel(target=[0] * 70)",
        "inspection.band_relevance.isel(target=[0] * 300, band=[0] * 300)",
        "sincviz.spatial_filters(model).isel(filter=0, depth=[0] * 400)",
        "sincviz.temporal_relevance(model, epochs)",
        "sincviz.time_frequency_relevance(model, epochs).isel(target=0).transpose('frequency', 'time', 'channel')",
    ],
)
def test_four_hundred_maps_are_refused(given, names, network, simulation):
    settings = {"num_time_filters": 200, "freq_stride": 0.2, "depth_multiplier": 2}
    own = names | {"model": network(chs_info=simulation[0].info["chs"], **settings)}
    maps = eval(given, names if "relevance" in given else own)
    with pytest.raises(ValueError, match=r"One figure shows at most 200 scalp maps; got \d+ \(") as error:
        plotting.plot_topomaps(maps)
    fewer = eval(line_in(error.value), own | {"result": maps})
    n_maps = fewer.size // fewer.sizes["channel"]
    assert 1 <= n_maps <= 200
    if n_maps <= 40:  # more take long
        assert isinstance(plotting.plot_topomaps(fewer), Figure)


def test_the_limit_holds_for_tables_of_maps_and_not_for_axes_of_the_user(names):
    cells = names["inspection"].band_relevance.isel(target=[0] * 40)
    with pytest.raises(ValueError, match="One figure shows at most 200 scalp maps"):
        plotting.plot_relevance(cells, "topomaps")
    with pytest.raises(ValueError, match="got 1 for 240 maps"):
        plotting.plot_topomaps(cells, plt.figure().add_subplot())


def test_maps_of_many_dimensions_are_chosen_as_the_message_says(names):
    for given in (
        "sincviz.relevance(model, epochs, per_trial=True)",
        "inspection.spatial_filters.expand_dims('target')",
    ):
        maps = eval(given, names)
        with pytest.raises(ValueError, match="At most two dimensions") as error:
            plotting.plot_topomaps(maps)
        assert draws(f"sincviz.plotting.plot_topomaps({line_in(error.value)})", names, result=maps)


def test_a_test_over_subjects_of_the_other_kind_is_sent_to_its_function(
    band_test, spectral_test, time_test, names
):
    of_time = time_test(n_chans=8)
    for plot, given in (
        ("plot_cluster_spectrum", band_test(bands=2)),
        ("plot_cluster_topomaps", spectral_test(n_chans=8)),
        ("plot_cluster_times", band_test(bands=2)),
        ("plot_cluster_times", spectral_test(n_chans=8)),
        ("plot_cluster_spectrum", of_time),
        ("plot_cluster_topomaps", of_time),
        ("plot_cluster_topomaps", of_time.expand_dims(band=["alpha", "beta"])),
    ):
        with pytest.raises(ValueError, match="must have the variable `mean`") as error:
            call(plot, given)
        assert draws(line_in(error.value), names, result=given)


def test_an_object_with_such_a_field_by_chance_is_no_inspection():
    with pytest.raises(TypeError, match=re.escape("plot_bands(sincviz.learned_bands(model))")):
        plotting.plot_bands(SimpleNamespace(bands=3))


def test_nothing_is_measured_by_drawing():
    modules = list(pkgutil.walk_packages(plotting.__path__, "sincviz.plotting."))
    assert len(modules) > 30
    for module in modules:
        source = python_inspect.getsource(importlib.import_module(module.name))
        assert not re.search(r"^\s*(import|from) (torch|sincviz\.analysis)", source, re.MULTILINE)
