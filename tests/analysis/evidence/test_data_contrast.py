"""What the data say without a network: known differences of power are found, and decoded."""

import numpy as np
import pandas as pd
import pytest

from sincviz.analysis.evidence.data_contrast import yardstick_accuracies
from sincviz.datasets import simulate_motor_imagery
from sincviz.evidence import band_power_contrast, csp_accuracy


@pytest.fixture(scope="module")
def imagined():
    return simulate_motor_imagery(120, n_chans=16, erd_depth=0.8, snr_db=12, distractor=False, seed=0)[0]


@pytest.fixture
def model(network, imagined):
    model = network(chs_info=imagined.info["chs"], sfreq=imagined.info["sfreq"], n_times=len(imagined.times))
    model.scale, model.class_names = 1e6, ["left", "right"]
    return model


def test_the_contrast_is_cohens_d_of_log_power(network):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((30, 6, 128))
    y = np.resize([0, 1, 1], 30)
    found = band_power_contrast(network(), x, y, bands={"all": (0, np.inf), "ten": (9.5, 10.5)})
    assert found.dims == ("target", "band", "channel")
    log_power = np.log((x**2).sum(2))  # Parseval
    one, other = log_power[y == 0], log_power[y == 1]
    pooled = np.sqrt((9 * one.var(0, ddof=1) + 19 * other.var(0, ddof=1)) / 28)
    np.testing.assert_allclose(found[0, 0], (one.mean(0) - other.mean(0)) / pooled, rtol=1e-4, atol=1e-5)
    assert found.target.to_numpy().tolist() == ["class 0 against class 1"]


def test_known_sources_are_found(model, imagined):
    found = band_power_contrast(model, imagined).sel(target="left against right", band="alpha")
    # Imagery of the left hand takes power from the right hemisphere.
    assert found.idxmin().item() in ("C4", "CP4", "FC4")
    assert float(found.min()) < -0.8
    assert found.sel(channel="C3") > 0


def test_csp_decodes_them_and_not_shuffled_labels(model, imagined):
    found = csp_accuracy(model, imagined)
    assert found["accuracy"] > 0.85
    assert found["accuracy_ci_low"] < found["accuracy"] <= found["accuracy_ci_high"]
    assert found["p"] == pytest.approx(2 / 2000)  # no permutation does as well in either half
    assert (found["kept_apart"], found["n_folds"]) == ("trial", 5)
    assert found["n_trials"] == 120
    shuffled = np.random.default_rng(0).permutation(imagined.events[:, 2] - 1)
    assert csp_accuracy(model, imagined, shuffled)["p"] > 0.01


def test_bands_without_frequencies_and_single_classes_are_missing(network):
    x = np.random.default_rng(0).standard_normal((10, 6, 128))
    found = band_power_contrast(network(), x, [0] * 10, bands={"between": (10.2, 10.8)})
    assert found.isnull().all()  # noqa: PD003 (of xarray)


@pytest.mark.parametrize("function", [band_power_contrast, csp_accuracy])
def test_labels_are_needed(network, function):
    with pytest.raises(ValueError, match="`y` is missing"):
        function(network(), np.zeros((10, 6, 128)))


@pytest.mark.parametrize(("n_last", "way_out"), [(1, "Pass more trials"), (2, "smaller `n_folds`")])
def test_too_few_trials_for_the_folds(network, n_last, way_out):
    model, codes = network(), [0] * 5 + [1] * n_last
    model.class_names = ["left", "right"]
    with pytest.raises(ValueError, match=rf"left: 5, right: {n_last}\. .*{way_out}"):
        csp_accuracy(model, np.zeros((len(codes), 6, 128)), codes)


def test_no_subject_is_in_training_and_test_at_once(model, imagined):
    told = imagined.copy()
    told.metadata = pd.DataFrame({"subject": np.repeat(["a", "b", "c"], 40)})
    found = csp_accuracy(model, told)
    assert (found["kept_apart"], found["n_folds"], found["permuted_within"]) == ("subject", 3, "subject")
    assert found["above_chance"] == "yes"


def test_classes_of_two_people_cannot_be_told_from_the_people(model, imagined):
    told = imagined.copy()
    told.metadata = pd.DataFrame({"subject": imagined.events[:, 2]})
    with pytest.raises(ValueError, match="each class in two or more subjects"):
        csp_accuracy(model, told)


@pytest.mark.parametrize(("n_blocks", "said"), [(16, "no"), (8, "unknown")])
def test_amplitude_that_drifts_over_blocks_of_labels_is_not_decoded(network, n_blocks, said):
    rng = np.random.default_rng(0)
    codes = np.repeat(np.tile([0, 1, 0, 1, 1, 0, 0, 1], n_blocks // 8), 12)
    level = np.exp(0.4 * np.repeat(rng.standard_normal(n_blocks), 12))  # of each block, whatever its label
    x = rng.standard_normal((12 * n_blocks, 6, 128)) * level[:, None, None]
    found = csp_accuracy(network(), x, codes)
    assert found["kept_apart"] == "block"
    assert found["above_chance"] == said  # four blocks in each half have too few orders for a test
    assert found["unknown_because"] == {"no": "", "unknown": "few_trials"}[said]


@pytest.mark.slow
def test_what_random_labels_reach_is_no_knowledge(network):
    """The folds of a cross-validation share trials: a test that takes them for independent is too sure."""
    above = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        x = rng.standard_normal((60, 6, 128)) * np.exp(0.2 * rng.standard_normal((60, 1, 1)))
        found = yardstick_accuracies(network(), x, rng.permutation(np.repeat([0, 1], 30)))
        above.append((found["above_chance"] == "yes").any())
    assert sum(above) <= 4
