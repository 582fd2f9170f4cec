"""A manifest is read as it stands, or an error says what is wrong with it."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sincviz.population.manifest import COLUMNS, read_manifest

HEADER = "checkpoint,epochs,dataset,subject,seed,fold,condition"


def written(folder, text, encoding="utf-8"):
    path = folder / "manifest.csv"
    path.write_text(text, encoding=encoding)
    return path


def test_paths_start_at_the_folder_of_the_file(tmp_path):
    rows = read_manifest(written(tmp_path, f"{HEADER}\na.pt,trials-epo.fif,,7,0,,\n"))
    assert rows.loc[1, "checkpoint"] == str(tmp_path / "a.pt")
    assert rows.loc[1, "epochs"] == str(tmp_path / "trials-epo.fif")


def test_an_absolute_path_stays(tmp_path):
    rows = read_manifest(written(tmp_path, "checkpoint,dataset,subject\n/elsewhere/a.pt,eegbci,7\n"))
    assert rows.loc[1, "checkpoint"] == "/elsewhere/a.pt"


def test_a_table_and_its_file_say_the_same(tmp_path):
    table = pd.DataFrame(
        {"checkpoint": ["/a.pt", "/b.pt"], "dataset": "eegbci", "subject": [7, 29], "seed": [0, 1]}
    )
    table.to_csv(tmp_path / "manifest.csv", index=False)
    pd.testing.assert_frame_equal(read_manifest(table), read_manifest(tmp_path / "manifest.csv"))
    gap = table.assign(seed=[0, None])
    assert read_manifest(gap)["seed"].tolist() == ["0", ""]


def test_a_subject_keeps_its_zeros_and_its_words(tmp_path):
    rows = read_manifest(written(tmp_path, "checkpoint,dataset,subject\na.pt,eegbci,007\nb.pt,eegbci,NA\n"))
    assert rows["subject"].tolist() == ["007", "NA"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_files_of_a_spreadsheet_are_read(tmp_path, encoding):
    rows = read_manifest(written(tmp_path, "checkpoint, dataset, subject\nä.pt, eegbci, 7 \n", encoding))
    assert (rows.loc[1, "dataset"], rows.loc[1, "subject"]) == ("eegbci", "7")


@pytest.mark.parametrize(
    ("conditions", "message"),
    [
        (["do", "", "do"], "condition in rows 2, but does in others"),
        (["do", "think", "do − think"], "'do − think', which is also the name of the difference between two"),
        (["do − think", "think", "do"], "'do − think', which is also the name of the difference between two"),
    ],
)
def test_conditions_that_would_be_mistaken_are_refused(conditions, message):
    table = pd.DataFrame(
        {"checkpoint": list("abc"), "dataset": "eegbci", "subject": 1, "condition": conditions}
    )
    with pytest.raises(ValueError, match=message):
        read_manifest(table)


@given(st.permutations(COLUMNS))
def test_the_order_of_columns_does_not_matter(order):
    table = pd.DataFrame([dict(zip(COLUMNS, ["/a.pt", "", "eegbci", "7", "0", "1", "x"], strict=True))])
    pd.testing.assert_frame_equal(read_manifest(table[list(order)]), read_manifest(table))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("checkpoint,epochs\na,b\n", "must have the columns"),
        ("checkpoint,subject\na,1\n", "epochs or dataset"),
        ("checkpoint;epochs;subject\na;b;1\n", "comma-separated"),
        (f"{HEADER}\n", "no rows"),
        ("", "is not a CSV file"),
        (f"{HEADER}\na,b,,,0,,\nc,d,,1,0,,\n", "subject in rows 1"),
        (f"{HEADER}\na,b,,1,0,,\nc,d,,1,0,,\na,b,,1,0,,\n", "Rows 3 "),
        (f"{HEADER}\na,b,,1,0,,,,,x,y\n", "is not a CSV file"),
    ],
)
def test_what_is_wrong_is_said(tmp_path, text, message):
    with pytest.raises(ValueError, match=message):
        read_manifest(written(tmp_path, text))


def test_a_missing_manifest_is_said(tmp_path):
    with pytest.raises(FileNotFoundError, match="no manifest"):
        read_manifest(tmp_path / "nowhere.csv")


def test_a_file_that_is_no_text_is_said(tmp_path):
    (tmp_path / "manifest.csv").write_bytes(bytes(range(128, 256)))
    with pytest.raises(ValueError, match="UTF-8"):
        read_manifest(tmp_path / "manifest.csv")


def test_unknown_columns_are_named_once():
    table = pd.DataFrame({"checkpoint": ["a"], "dataset": ["eegbci"], "subject": [1], "conditon": ["x"]})
    with pytest.warns(RuntimeWarning, match="conditon"):
        assert "conditon" not in read_manifest(table)
