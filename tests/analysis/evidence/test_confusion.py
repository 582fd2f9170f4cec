"""A confusion matrix counts every trial once, by its class and by the class that is predicted."""

import numpy as np
import pandas as pd
import pytest
import sklearn.metrics
from hypothesis import given
from hypothesis import strategies as st

import sincviz
from sincviz.evidence import confusion_matrix, predictions

CLASSES = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), min_size=1, max_size=40)


@given(pairs=CLASSES)
def test_counts_are_those_of_scikit_learn(pairs):
    table = pd.DataFrame(pairs, columns=["true", "predicted"]).assign(score_a=0.0, score_b=0.0, score_c=0.0)
    confusion = confusion_matrix(table)
    assert confusion["true"].to_numpy().tolist() == confusion["predicted"].to_numpy().tolist() == list("abc")
    expected = sklearn.metrics.confusion_matrix(table["true"], table["predicted"], labels=list("abc"))
    np.testing.assert_array_equal(confusion["n_trials"], expected)
    share = confusion["share"].to_numpy()
    present = expected.sum(1) > 0
    np.testing.assert_allclose(share[present].sum(1), 1)
    assert np.isnan(share[~present]).all()


def test_classes_are_in_the_order_of_the_outputs(network, epochs):
    model = network(chs_info=epochs.info["chs"])
    model.class_names, model.scale = ["right", "left"], 1e6
    confusion = confusion_matrix(predictions(model, epochs))
    assert confusion["true"].to_numpy().tolist() == ["right", "left"]
    assert int(confusion["n_trials"].sum()) == len(epochs)
    assert confusion.attrs["weights_sha256"]


def test_without_classes_there_is_nothing_to_confuse(network, epochs):
    x = np.random.default_rng(0).standard_normal((4, 6, 128))
    table = predictions(network(chs_info=epochs.info["chs"]), x)
    with pytest.raises(ValueError, match=r"classes of the trials are not known.*Pass `y`"):
        confusion_matrix(table)


def test_an_inspection_shows_and_keeps_it(network, epochs, tmp_path):
    model = network(chs_info=epochs.info["chs"])
    model.class_names, model.scale = ["left", "right"], 1e6
    inspection = sincviz.inspect(model, epochs, only=["evidence"], progress=False)
    assert inspection.confusion.equals(confusion_matrix(inspection.predictions))
    written = inspection.save(tmp_path, progress=False)
    assert {"figures/confusion.png", "arrays/confusion.nc"} <= set(written)
    assert "Which classes are confused" in (tmp_path / "report.html").read_text("utf-8")
