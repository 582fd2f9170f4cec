"""Learning curves are drawn as they were recorded; what was not is said."""

import pandas as pd
import pytest

from sincviz.plotting import plot_learning_curves


def curves(**columns):
    table = pd.DataFrame({"epoch": [1, 2, 3], "train_loss": [0.7, 0.5, 0.4]} | columns)
    table.attrs["kept_epoch"] = 2
    return table


def test_the_lines_are_the_columns():
    given = curves(valid_loss=[0.7, 0.6, 0.65], valid_accuracy=[0.5, 0.7, 0.6])
    loss, accuracy = plot_learning_curves(given).axes
    drawn = {line.get_label(): line.get_ydata().tolist() for line in loss.lines if len(line.get_ydata()) == 3}
    assert drawn == {"training": [0.7, 0.5, 0.4], "validation": [0.7, 0.6, 0.65]}
    assert accuracy.lines[0].get_ydata().tolist() == [0.5, 0.7, 0.6]
    kept = [line for line in loss.lines if line.get_label() == "weights kept"]
    assert [line.get_xdata()[0] for line in kept] == [2]


def test_an_accuracy_that_was_not_recorded_is_said():
    assert [text.get_text() for text in plot_learning_curves(curves()).axes[1].texts] == ["not recorded"]


def test_a_table_that_lacks_a_column_is_refused():
    with pytest.raises(ValueError, match="lacks train_loss"):
        plot_learning_curves(curves().drop(columns="train_loss"))
