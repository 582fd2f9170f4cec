"""What holds for every figure: size of type, width, nothing else touched, the same file twice."""

from dataclasses import dataclass, replace
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from matplotlib.figure import Figure
from matplotlib.text import Text

from sincviz import (
    diagnose,
    filter_response,
    learned_bands,
    plotting,
    shortcut_audit,
    spatial_filters,
    spatial_patterns,
)
from sincviz.evidence import accuracies, compare_decisions, confusion_matrix, predictions, seed_agreement
from sincviz.filters import filter_overlap, filter_pairs
from sincviz.maps import importance, most_important, relative_maps
from sincviz.networks import front_end
from sincviz.networks.cutoff_table import cutoff_table
from sincviz.plotting.canvas.style import style
from tests.benchmark.fake_rows import benchmark_summary

SINGLE_MM, DOUBLE_MM = 88, 178


@dataclass
class Drawing:
    """A plot function, what it is given (by name of the result), and how wide its figure is."""

    function: str
    results: tuple[str, ...]
    width_mm: int = DOUBLE_MM
    settings: tuple[tuple[str, Any], ...] = ()
    named: tuple[str, ...] = ()

    def draw(self, results):
        return getattr(plotting, self.function)(
            *(results[name] for name in self.results),
            **dict(self.settings),
            **{name: results[name] for name in self.named},
        )


DRAWINGS = {
    "bands": Drawing("plot_bands", ("bands",)),
    "responses": Drawing("plot_responses", ("response",)),
    "overlay": Drawing("plot_responses", ("response",), settings=(("overlay", True),)),
    "cumulative": Drawing("plot_cumulative_response", ("response",), SINGLE_MM),
    "overlap": Drawing("plot_overlap", ("overlap",), SINGLE_MM),
    "cutoff history": Drawing("plot_cutoff_history", ("history",)),
    "scalp maps": Drawing("plot_topomaps", ("patterns",)),
    "table of scalp maps": Drawing("plot_topomaps", ("table",)),
    "filters and patterns": Drawing("plot_spatial_filters_and_patterns", ("filters", "patterns")),
    "relevance on the scalp": Drawing("plot_relevance", ("cells", "topomaps", "deletion")),
    "relevance over channels": Drawing("plot_relevance", ("cells", "channels")),
    "relevance of bands": Drawing("plot_relevance", ("matrix", "as matrix"), SINGLE_MM),
    "spectral profile": Drawing("plot_spectral_relevance", ("profile",)),
    "spectral image": Drawing("plot_spectral_relevance", ("spectral image", "image")),
    "course by region": Drawing("plot_temporal_relevance", ("course by region",), named=("peaks",)),
    "course over channels": Drawing("plot_temporal_relevance", ("course", "image")),
    "course with scalp maps": Drawing(
        "plot_temporal_relevance", ("course", "joint"), settings=(("times_s", (0.1, 0.35)),)
    ),
    "times and frequencies": Drawing("plot_time_frequency_relevance", ("spectrogram",)),
    "deletion": Drawing("plot_deletion", ("deletion",), SINGLE_MM),
    "randomization": Drawing("plot_randomization", ("randomization",)),
    "ablation over channels": Drawing("plot_ablation", ("loss",)),
    "ablation on the scalp": Drawing("plot_ablation", ("loss", "topomaps")),
    "roles": Drawing("plot_roles", ("roles",)),
    "roles of several classes": Drawing("plot_roles", ("roles of classes", "by relevance")),
    "roles without positions": Drawing("plot_roles", ("roles without positions",), SINGLE_MM),
    "seeds": Drawing("plot_seed_relevance", ("seeds", "agreement of seeds")),
    "seeds of several classes": Drawing("plot_seed_relevance", ("seeds of classes",)),
    "shortcuts": Drawing("plot_shortcuts", ("audit",)),
    "sensitivity": Drawing("plot_sensitivity", ("sensitivity",)),
    "clusters on the scalp": Drawing("plot_cluster_topomaps", ("band test",)),
    "clusters over channels": Drawing("plot_cluster_spectrum", ("spectral test",)),
    "clusters over times": Drawing("plot_cluster_times", ("time test",)),
    "band use": Drawing("plot_band_use", ("shares",), SINGLE_MM),
    "agreement of runs": Drawing("plot_run_agreement", ("agreement",), SINGLE_MM),
    "stability of filters": Drawing("plot_filter_stability", ("stability",)),
    "drift": Drawing("plot_drift", ("drift",)),
    "filter dashboards": Drawing("plot_filter_dashboards", ("unit clusters",)),
    "confusion": Drawing("plot_confusion_matrix", ("confusion",), SINGLE_MM),
    "predictions": Drawing("plot_predictions", ("predicted",), SINGLE_MM),
    "findings": Drawing("plot_findings", ("findings",)),
    "filters of two networks": Drawing("plot_filter_pairs", ("pairs",)),
    "decisions of two networks": Drawing("plot_decisions", ("decisions",), SINGLE_MM),
    "benchmark": Drawing("plot_benchmark", ("benchmark",)),
    "notice": Drawing("plot_notice", ("what", "why")),
    "learning curves": Drawing("plot_learning_curves", ("curves",)),
    "overview": Drawing(
        "plot_overview", ("bands", "patterns"), named=("leading_bands", "band_relevance", "accuracies")
    ),
    "narrow overview": Drawing(
        "plot_overview",
        ("bands", "patterns"),
        SINGLE_MM,
        (("columns", 1),),
        ("leading_bands", "band_relevance", "accuracies", "deletion", "randomization"),
    ),
    "overview of weights": Drawing("plot_overview", ("bands", "weights")),
}


@pytest.fixture(scope="module")
def explanations(
    cells,
    matrix,
    profile,
    deletion,
    randomization,
    loss,
    roles,
    leading,
    course,
    course_by_region,
    peaks,
    spectrogram,
):
    """What can be drawn of explanations, made by hand; and the kinds of figures, which are words."""
    return {
        "cells": cells(),
        "matrix": matrix(),
        "profile": profile(),
        "spectral image": profile(regions=["C3", "Cz"]).rename(region="channel"),
        "course": course(),
        "course by region": course_by_region(),
        "peaks": peaks(course_by_region()),
        "spectrogram": spectrogram(),
        "deletion": deletion,
        "randomization": randomization(),
        "loss": loss(),
        "roles": roles(),
        "roles of classes": roles(2, 6),
        "by relevance": "relevance",
        "roles without positions": roles().drop_vars(["x", "y", "z"]),
        "leading_bands": leading(),
        "band_relevance": cells(),
        "topomaps": "topomaps",
        "channels": "channels",
        "as matrix": "matrix",
        "image": "image",
        "joint": "joint",
    }


@pytest.fixture(scope="module")
def population(
    band_test,
    spectral_test,
    time_test,
    shares,
    agreement,
    stability,
    drift,
    unit_clusters,
    of_seeds,
    sensitivity,
):
    """What can be drawn of many networks, made by hand."""
    return {
        "band test": band_test(bands=2),
        "spectral test": spectral_test(n_chans=8),
        "time test": time_test(n_chans=8),
        "shares": shares(),
        "agreement": agreement(),
        "stability": stability(),
        "drift": drift(),
        "unit clusters": unit_clusters(),
        "seeds": of_seeds(),
        "sensitivity": sensitivity(),
        "agreement of seeds": seed_agreement(of_seeds()),
        "seeds of classes": of_seeds(targets=3),
    }


@pytest.fixture(scope="module")
def results(network, moved, simulation, scalp_maps, explanations, population):
    """What can be drawn, all of one network."""
    model = moved(network(num_time_filters=2, chs_info=simulation[0].info["chs"])).eval()
    model.scale, model.class_names = 1e6, ["left", "right"]
    found = importance(model, simulation[0])
    own = {
        "bands": learned_bands(model),
        "response": filter_response(model),
        "overlap": filter_overlap(model),
        "history": cutoff_table([model.initial_cutoffs().tolist(), model.cutoffs().tolist()]),
        "filters": most_important(spatial_filters(model), found, 2),
        "patterns": most_important(spatial_patterns(model, simulation[0]), found, 2),
        "table": relative_maps(scalp_maps(target=1, band=2)),
        "weights": most_important(spatial_filters(model), found, 2),
        "accuracies": accuracies(predictions(model, simulation[0])),
        "curves": pd.DataFrame(
            {"epoch": [1, 2, 3], "train_loss": [0.7, 0.5, 0.4], "valid_loss": [0.7, 0.6, 0.65]}
        ),
        "confusion": confusion_matrix(predictions(model, simulation[0])),
        "predicted": pd.DataFrame({"prediction": [25.0, 38.0, 51.0], "target": [20.0, 40.0, 60.0]}),
        "findings": diagnose(model, simulation[0]),
        "audit": shortcut_audit(model, simulation[0], progress=False),
        "pairs": filter_pairs(model, model, spatial_filters(model), spatial_filters(model)),
        "decisions": compare_decisions(*[predictions(model, simulation[0])] * 2),
        "benchmark": benchmark_summary(),
        "what": "Scalp maps cannot be drawn.",
        "why": "Channel A1 has no position.",
    }
    return own | explanations | population


@pytest.fixture(params=DRAWINGS)
def drawing(request):
    return DRAWINGS[request.param]


def same(one, other):
    if isinstance(one, pd.DataFrame):
        pd.testing.assert_frame_equal(one, other)
        return one.attrs == other.attrs
    return one.identical(other) if isinstance(one, xr.DataArray | xr.Dataset) else one == other


def copied(result):
    return result.copy(deep=True) if hasattr(result, "copy") else result


def sizes_of_type(figure):
    return {text.get_fontsize() for text in figure.findobj(Text) if text.get_text() and text.get_visible()}


def test_every_plot_function_is_here():
    assert {drawing.function for drawing in DRAWINGS.values()} == {
        name for name in plotting.__all__ if name.startswith("plot_")
    }


def test_the_figure_is_of_print_size_and_nothing_else_is_touched(
    drawing, results, misplaced_text, monkeypatch
):
    monkeypatch.setattr(plt, "show", lambda *_, **__: pytest.fail("the figure was shown"))
    monkeypatch.setattr(Figure, "show", lambda *_, **__: pytest.fail("the figure was shown"))
    before = {name: copied(results[name]) for name in drawing.results}
    with mpl.rc_context({"font.size": 30, "lines.linewidth": 9}):
        settings = dict(mpl.rcParams)
        figure = drawing.draw(results)
        assert dict(mpl.rcParams) == settings, "the user's settings are changed"
    assert isinstance(figure, Figure)
    assert plt.get_fignums() == [figure.number]
    assert figure.get_figwidth() * 25.4 == pytest.approx(drawing.width_mm)
    with style():
        assert misplaced_text(figure) == []  # draws it
    sizes = sizes_of_type(figure)
    assert min(sizes) >= 7
    assert max(sizes) <= 9
    for name, result in before.items():
        assert same(results[name], result), f"{name} is changed"


@pytest.mark.parametrize(
    ("journal", "widths_mm", "sizes_pt"),
    [
        ("neuroimage", {SINGLE_MM: 90, DOUBLE_MM: 190}, (7, 8)),
        ("nature", {SINGLE_MM: 89, DOUBLE_MM: 183}, (5, 7)),
        ("ieee", {SINGLE_MM: 88.9, DOUBLE_MM: 181.9}, (8, 10)),
    ],
)
def test_a_journal_gets_its_widths_and_sizes_of_type(
    drawing, results, misplaced_text, journal, widths_mm, sizes_pt
):
    with plotting.journal(journal):
        figure = drawing.draw(results)
        with style():
            assert misplaced_text(figure) == []
    assert figure.get_figwidth() * 25.4 == pytest.approx(widths_mm[drawing.width_mm])
    sizes = sizes_of_type(figure)
    assert sizes_pt[0] <= min(sizes) <= max(sizes) <= sizes_pt[1]


def test_a_picture_made_twice_is_the_same_file(drawing, results, tmp_path, monkeypatch):
    made_twice(drawing, results, tmp_path, monkeypatch, "png", "svg")


@pytest.mark.parametrize("name", ["relevance on the scalp", "spectral profile", "relevance of bands"])
def test_a_pdf_made_twice_is_the_same_file(name, results, tmp_path, monkeypatch):
    made_twice(DRAWINGS[name], results, tmp_path, monkeypatch, "pdf")


def made_twice(drawing, results, folder, monkeypatch, *endings):
    for number, now in enumerate(["1000000000", "1500000000"]):
        monkeypatch.setenv("SOURCE_DATE_EPOCH", now)
        figure = drawing.draw(results)
        for ending in endings:
            plotting.save_figure(figure, folder / f"{number}.{ending}", dpi=60)
        plt.close(figure)
    for ending in endings:
        first, second = (path.read_bytes() for path in sorted(folder.glob(f"*.{ending}")))
        assert first == second
        assert len(first) > 1000


@pytest.mark.parametrize("name", ["$x_1$", r"$\bad$", "<script>", "мю"])
def test_names_of_rhythms_are_shown_as_they_are(network, misplaced_text, name):
    figure = plotting.plot_bands(learned_bands(network(), bands={name: (8, 13)}))
    assert misplaced_text(figure) == []
    (text,) = [text for text in figure.findobj(Text) if text.get_text() == name]
    assert not text.get_parse_math()


def test_a_bank_of_zeros_can_be_drawn(network, simulation):
    parts = front_end(network(chs_info=simulation[0].info["chs"]))
    parts = replace(
        parts, kernels=0 * parts.kernels, spatial=0 * parts.spatial, cutoffs=None, initial_cutoffs=None
    )
    assert np.isfinite(plotting.plot_bands(learned_bands(parts)).axes[0].get_xlim()).all()
    plotting.plot_overlap(filter_overlap(parts)).canvas.draw()
    plotting.plot_topomaps(relative_maps(spatial_filters(parts))).canvas.draw()
