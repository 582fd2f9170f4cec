"""The default relevance finds known sources; `sincviz.benchmark` is the long form."""

import numpy as np
import pytest
import torch
from captum.attr import LayerGradientXActivation

from sincviz import ablate, deletion_curve, relevance, spatial_filters, spectral_relevance
from sincviz.analysis.evidence.recovery import recovery
from sincviz.attribution import sum_over_bands
from sincviz.datasets import simulate_motor_imagery
from sincviz.eeg.bands import RHYTHMS
from sincviz.filters import band_membership
from sincviz.statistics import rank_agreement


@pytest.fixture(scope="module")
def truth(fresh):
    """What is known of the sources behind the fresh trials."""
    known = simulate_motor_imagery(2, ch_names=fresh.ch_names, duration=2.0, erd_depth=0.7, seed=7)[1]
    return known


@pytest.fixture(scope="module")
def cells(healthy, fresh):
    """The default relevance, contrasted between the classes."""
    return sum_over_bands(spectral_relevance(healthy, fresh, trials="contrast")).mean("target")


def area(cells, truth):
    return recovery(cells.sel(band=list(RHYTHMS)).transpose("band", "channel"), truth).cells


def absolute_gradient(model, trials):
    """captum's gradient at the sinc layer, mean size over trials and time: what one gets without thinking."""
    engine = LayerGradientXActivation(model, model.sinc_filter_layer, multiply_by_inputs=False)
    sizes = [
        engine.attribute(torch.from_numpy(trials), target=target).detach().abs().mean((0, 3))
        for target in (0, 1)
    ]
    template = spatial_filters(model).isel(depth=0, drop=True)
    return sum_over_bands(template.copy(data=torch.stack(sizes).mean(0).numpy()), band_membership(model))


@pytest.mark.usefixtures("one_thread")
def test_the_default_finds_the_sources_and_the_plain_gradient_does_not(healthy, fresh, truth, cells):
    found = area(cells, truth)
    assert found > 0.95
    trials = (fresh.get_data() * 1e6).astype(np.float32)
    assert area(absolute_gradient(healthy, trials), truth) < 0.9
    at_sinc = sum_over_bands(
        relevance(healthy, fresh, trials="contrast"), band_membership(healthy, by="measured_energy")
    )
    assert area(at_sinc.mean("target"), truth) > 0.9


@pytest.mark.usefixtures("one_thread")
def test_what_is_relevant_is_what_is_missed(healthy, fresh, cells):
    loss = ablate(healthy, fresh, progress=False)["score_loss"]
    assert rank_agreement(cells, loss) > 0.6
    curve = deletion_curve(healthy, fresh, ranking=cells, progress=False)
    assert curve.attrs["accuracy_area_ci_low"] > 0


@pytest.mark.usefixtures("one_thread")
def test_an_untrained_network_has_nothing_to_find(train, practice, fresh, truth, healthy):
    untrained = train(practice, max_epochs=1, lr=1e-9, sinc_lr=1e-9).module_
    found = spectral_relevance(untrained, fresh, trials="contrast")
    curve = deletion_curve(untrained, fresh, ranking=sum_over_bands(found), progress=False)
    assert curve.attrs["above_chance"] == "no"
