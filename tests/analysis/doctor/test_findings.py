"""The table of findings is a table, and is printed as sentences."""

import copy
import pickle

import pandas as pd
import pytest

from sincviz import SincShallowNet, diagnose
from sincviz.analysis.doctor.findings import Findings


@pytest.fixture(scope="module")
def table():
    return diagnose(SincShallowNet(n_chans=22, n_outputs=4, n_times=1000, sfreq=250))


def test_it_is_printed_as_sentences(table):
    text = str(table)
    assert text.startswith("2 warnings, 1 note\n\nwarning: 32 of 32 filters did not move in training")
    words = " ".join(text.split())
    for row in table.to_dict("records"):
        assert f"{row['severity']}: {row['finding']} {row['evidence']}" in words
        assert f"What to do: {row['remedy']}" in words
    assert max(map(len, text.splitlines())) <= 80
    assert "(Filters 0, 1, 2, 3, 4, 5, 6, 7 and 24 more.)" in words


def test_a_notebook_shows_whole_sentences(table):
    html = table._repr_html_()
    for sentence in table["evidence"]:
        assert sentence.replace(">", "&gt;").replace("<", "&lt;") in html


def test_names_are_shown_and_never_run():
    steering = "\x1b]52;c;aGk=\x07<script>"
    hostile = Findings([{"severity": "note", "finding": steering, "evidence": "a\nb", "remedy": "\udc80"}])
    assert repr(hostile).replace("\n", "").isprintable()
    assert r"\x1b]52;c;aGk=\x07" in repr(hostile)
    assert "<script>" not in hostile._repr_html_()


def test_it_stays_a_table(table):
    assert isinstance(table, pd.DataFrame)
    assert table[table["severity"] == "warning"].shape == (2, 6)
    assert str(table[table["severity"] == "error"]) == "No findings."
    assert str(table[["check"]]).split()[:3] == ["check", "0", "unmoved"]
    assert "error" not in str(pd.concat([table.astype({"severity": str}), table], ignore_index=True))
    for same in (pickle.loads(pickle.dumps(table)), copy.deepcopy(table)):
        pd.testing.assert_frame_equal(same, table)
        assert same.attrs == table.attrs
        assert repr(same) == repr(table)
    pd.testing.assert_frame_equal(pd.DataFrame(table), table, check_frame_type=False)
