"""A table opens in a spreadsheet as it is: no name becomes a formula, no number becomes text, all names come back."""

import csv

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sincviz import inspect
from sincviz.report.csv_file import cell_text, text_of_cell, write_csv

FORMULAS = ("=", "+", "-", "@", "\t", "\r")
hostile = st.text(max_size=8) | st.builds(
    str.__add__, st.sampled_from([*FORMULAS, "'=", "''-"]), st.text(max_size=5)
)


@given(hostile)
def test_every_text_comes_back_and_none_is_a_formula(text):
    assert text_of_cell(cell_text(text)) == text
    assert not cell_text(text).startswith(FORMULAS)


@given(st.lists(hostile.filter(lambda text: text.isprintable()), min_size=1, max_size=4, unique=True))
def test_tables_with_such_names_everywhere_are_safe_and_numbers_stay(tmp_path_factory, names):
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    index = pd.MultiIndex.from_product([names, [-1, 2]], names=["=name", "number"])
    numbers = np.linspace(-1, 1, len(index))
    table = pd.DataFrame(
        {"=sum": numbers, "text": [name for name in names for _ in range(2)], "ok": True}, index=index
    )
    before = table.copy()
    write_csv(table, path)
    pd.testing.assert_frame_equal(table, before)
    with path.open(newline="", encoding="utf-8") as lines:
        header, *rows = list(csv.reader(lines))
    assert header == ["'=name", "number", "'=sum", "text", "ok"]
    for row, number, name in zip(rows, numbers, table["text"], strict=True):
        assert [text_of_cell(row[0]), text_of_cell(row[3])] == [name, name]
        assert not row[0].startswith(FORMULAS)
        assert not row[3].startswith(FORMULAS)
        assert row[1] in ("-1", "2")
        assert float(row[2]) == pytest.approx(number, rel=1e-5)
        assert row[4] == "True"


def test_halves_of_pairs_do_not_stop_the_writing(tmp_path):
    write_csv(pd.DataFrame({"a": ["\ud800"]}), tmp_path / "a.csv")
    assert "\\ud800" in (tmp_path / "a.csv").read_text("utf-8")


def test_the_files_of_an_inspection_hold_no_formula(network, moved, simulation, tmp_path):
    names = ["=1+1", "+2", "-3", "@SUM(1)", "\t=4", "C4"]
    epochs = simulation[0].copy()
    epochs.rename_channels(dict(zip(epochs.ch_names, names, strict=True)))
    model = moved(network(chs_info=epochs.info["chs"])).eval()
    model.scale, model.class_names = 1e6, ["=HYPERLINK(0)", "-right"]
    inspect(model, epochs, [0, 1] * 20, only=["bands", "maps", "relevance"], progress=False).save(
        tmp_path / "out", progress=False
    )
    seen = set()
    for path in (tmp_path / "out" / "tables").glob("*.csv"):
        with path.open(newline="", encoding="utf-8") as lines:
            for row in csv.reader(lines):
                for cell in row:
                    seen.add(cell)
                    try:
                        float(cell)
                    except ValueError:
                        assert not cell.startswith(FORMULAS), (path.name, cell)
    assert {"'=1+1", "'@SUM(1)", "'-right"} <= seen
