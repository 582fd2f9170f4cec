"""Progress bars: off where nobody watches, and where tqdm is switched off."""

import contextlib
import functools
import inspect
import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import xarray as xr

import sincviz
from sincviz._utils import progress
from sincviz.analysis.attribution.methods import applicable_methods
from sincviz.analysis.attribution.sinc_layer import relevance
from sincviz.analysis.attribution.spectral import spectral_relevance
from sincviz.analysis.doctor.doctor import diagnose
from sincviz.analysis.evidence.ablation import ablate
from sincviz.analysis.evidence.data_contrast import csp_accuracy
from sincviz.analysis.evidence.deletion import deletion_curve
from sincviz.analysis.evidence.prediction import predictions
from sincviz.analysis.evidence.randomization import randomization_test
from sincviz.analysis.filters.overlap import resolvability
from sincviz.analysis.maps.spatial import spatial_patterns
from sincviz.analysis.maps.unit_importance import importance
from sincviz.analysis.statistics.established import corrected_p
from sincviz.analysis.statistics.intervals import bootstrap_intervals
from sincviz.datasets.physionet import eegbci
from sincviz.inspection.inspection import Inspection
from sincviz.population.group import Group, group
from sincviz.training.fitting import fit
from sincviz.training.recalibration import recalibrate_batch_norm


@pytest.mark.parametrize(("switch", "off"), [("1", True), ("", None)])
def test_no_bar_is_shown_where_tqdm_is_switched_off(monkeypatch, switch, off):
    seen = {}

    def bar(items, *_, **settings):
        seen.update(settings)
        return items

    monkeypatch.setenv("TQDM_DISABLE", switch)
    monkeypatch.setattr(progress, "tqdm", bar)
    assert list(progress.followed([1, 2], "Reading", "batch")) == [1, 2]
    assert seen["disable"] is off
    assert seen["delay"] == 2


def test_nothing_is_written_where_nobody_watches(capsys, monkeypatch):
    monkeypatch.delenv("TQDM_DISABLE", raising=False)
    assert list(progress.followed(iter("abc"), "Reading", "letter", 3)) == ["a", "b", "c"]
    assert capsys.readouterr() == ("", "")


def test_what_is_silenced_is_loud_again_afterwards(monkeypatch):
    monkeypatch.delenv("TQDM_DISABLE", raising=False)
    with progress.silenced(), contextlib.suppress(ValueError), progress.silenced():
        raise ValueError
    assert progress.switched_off() is None


def test_what_is_silenced_in_one_thread_is_loud_in_another(monkeypatch):
    monkeypatch.delenv("TQDM_DISABLE", raising=False)
    with progress.silenced(), ThreadPoolExecutor(1) as pool:
        assert pool.submit(progress.switched_off).result() is None
        assert progress.switched_off() is True


def test_a_process_that_is_silenced_is_loud_again_afterwards(monkeypatch):
    monkeypatch.setenv("TQDM_DISABLE", "yes")
    with progress.silenced_process():
        assert progress.switched_off() is True
    assert os.environ["TQDM_DISABLE"] == "yes"
    monkeypatch.delenv("TQDM_DISABLE")
    with progress.silenced_process(), contextlib.suppress(ValueError), progress.silenced_process():
        raise ValueError
    assert "TQDM_DISABLE" not in os.environ
    assert progress.switched_off() is None


def test_a_call_without_progress_is_quiet_within_and_raises_what_it_raises():
    @progress.shows_progress
    def inner(*, progress=True):
        return switched_off()

    @progress.shows_progress
    def outer(fails=False, *, progress=True):
        if fails:
            raise ZeroDivisionError
        return inner(progress=True)

    switched_off = progress.switched_off
    assert (outer(), outer(progress=False), outer(progress=True)) == (None, True, None)
    with pytest.raises(ZeroDivisionError):
        outer(True, progress=False)
    assert switched_off() is None
    assert inspect.signature(outer).parameters["progress"].kind is inspect.Parameter.KEYWORD_ONLY


@pytest.fixture
def bars(monkeypatch):
    """What became of each bar: true if it was switched off."""
    seen = []

    def bar(items, *_, disable, **__):
        seen.append(disable)
        return items

    monkeypatch.delenv("TQDM_DISABLE", raising=False)
    monkeypatch.setattr(progress, "tqdm", bar)
    return seen


OF_TRIALS = [
    applicable_methods,
    csp_accuracy,
    deletion_curve,
    diagnose,
    importance,
    predictions,
    randomization_test,
    recalibrate_batch_norm,
    relevance,
    resolvability,
    spatial_patterns,
    spectral_relevance,
]
OF_VALUES = [bootstrap_intervals, corrected_p]
OTHERS = [
    ablate,
    eegbci,
    fit,
    group,
    sincviz.inspect,
    Group.report,
    Group.save,
    Inspection.report,
    Inspection.save,
]


@pytest.mark.parametrize("function", OF_TRIALS)
def test_no_bar_is_shown_of_what_reads_trials_without_progress(function, network, epochs, bars):
    model = network(chs_info=epochs.info["chs"])
    model.class_names, model.scale = ["left", "right"], 1e6
    settings = {"n_draws": 2} if function is randomization_test else {}
    measure = functools.partial(function, model, epochs, **settings)
    measure(progress=False)
    assert bars
    assert set(bars) == {True}
    bars.clear()
    if function is not randomization_test:  # which has one bar over those that others would show
        measure()
        assert set(bars) == {None}


@pytest.mark.parametrize("function", OF_VALUES)
def test_no_bar_is_shown_of_what_counts_trials_without_progress(function, bars):
    values = xr.DataArray(
        np.random.default_rng(0).standard_normal((20, 2, 3)), dims=("trial", "target", "cell")
    )
    values = values.assign_coords(target=["a", "b"])
    for wanted, disabled in ((False, True), (True, None)):
        function(values, progress=wanted)
        assert bars.pop() is disabled


def test_an_inspection_shows_its_own_bar_alone(network, epochs, bars):
    model = network(chs_info=epochs.info["chs"])
    model.class_names, model.scale = ["left", "right"], 1e6
    sincviz.inspect(model, epochs, only=["relevance"])
    assert set(bars) == {True}
    assert progress.switched_off() is None


@pytest.mark.parametrize("function", [*OF_TRIALS, *OF_VALUES, *OTHERS])
def test_every_function_that_shows_progress_takes_the_same_switch(function):
    switch = inspect.signature(function).parameters["progress"]
    assert (switch.kind, switch.default) == (inspect.Parameter.KEYWORD_ONLY, True)
