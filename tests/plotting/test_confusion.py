"""The picture of a confusion matrix shows shares of the true class, and the counts where they fit."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import QuadMesh
from matplotlib.colors import same_color

from sincviz.evidence import confusion_matrix
from sincviz.plotting import plot_confusion_matrix
from sincviz.plotting.canvas.style import NO_OUTPUT


def confusion(n_classes=3, seed=0, missing=()):
    rng = np.random.default_rng(seed)
    names = [f"class {number}" for number in range(n_classes)]
    true = rng.choice([name for name in names if name not in missing], 40)
    table = pd.DataFrame({"true": true, "predicted": rng.choice(names, 40)})
    return confusion_matrix(table.assign(**{f"score_{name}": 0.0 for name in names}))


def mesh(figure):
    (cells,) = [part for part in figure.axes[0].collections if isinstance(part, QuadMesh)]
    return cells


def test_colours_are_shares_and_numbers_are_counts():
    matrix = confusion()
    figure = plot_confusion_matrix(matrix)
    np.testing.assert_array_equal(mesh(figure).get_array(), matrix["share"])
    assert mesh(figure).get_clim() == (0, 1)
    written = [text.get_text() for text in figure.axes[0].texts]
    assert written == [str(count) for count in matrix["n_trials"].to_numpy().ravel()]


def test_true_classes_go_down_and_predicted_ones_across():
    ax = plot_confusion_matrix(confusion()).axes[0]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("Predicted class", "True class")
    assert ax.yaxis_inverted()
    for labels in (ax.get_xticklabels(), ax.get_yticklabels()):
        assert [label.get_text() for label in labels] == ["class 0", "class 1", "class 2"]


def test_a_class_without_trials_is_grey():
    figure = plot_confusion_matrix(confusion(missing=("class 1",)))
    assert same_color(mesh(figure).get_cmap().get_bad(), NO_OUTPUT)
    assert np.ma.getmaskarray(mesh(figure).get_array())[1].all()


def test_many_classes_have_no_numbers_in_them(misplaced_text):
    figure = plot_confusion_matrix(confusion(20))
    assert not figure.axes[0].texts
    assert misplaced_text(figure) == []


def test_another_result_is_sent_to_its_own_plot():
    with pytest.raises(ValueError, match="must have the dimensions"):
        plot_confusion_matrix(confusion().transpose())
