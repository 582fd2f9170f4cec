"""A group's words, page and folder say what was found, of how many people, and nothing that was not done."""

import json
import re

import numpy as np
import pytest

from sincviz.population.contents import CONTENTS, SECTIONS, summary_words
from sincviz.report.folder import facts_of
from sincviz.report.methods import methods_paragraph
from sincviz.trials.identity import trial_fingerprints
from tests.group_examples import manifest, row
from tests.report.conftest import HOSTILE
from tests.shown import drawings


def words_of(group):
    return " ".join(summary_words(group))


def test_what_people_share_is_named_with_its_number_of_people(make):
    group = make()
    words = words_of(group)
    assert "16 networks of 8 subjects are compared, on 9 channels" in words
    assert re.search(
        r"Band × channel, between classes: 2 significant clusters \(cluster permutation, 8 subjects\)", words
    )
    assert re.search(r"alpha around C[34] \(p = 0\.0\d+\)", words)
    assert "alpha (8–13 Hz) 9" in words or "alpha (8–13 Hz) 1" in words
    significant = group.clusters[group.clusters["significant"] & (group.clusters["maps"] == "band × channel")]
    assert sorted(significant["channels"]) == ["C3", "C4"]
    assert set(significant["bands"]) == {"alpha"}


def test_nothing_in_common_is_said_without_claiming_that_there_is_nothing(make):
    words = words_of(make(effect=0.0))
    assert "no cluster is significant" in words
    assert "This does not show that the networks have nothing in common" in words


def test_too_few_people_are_not_tested(make):
    group = make(manifest(3))
    words = words_of(group)
    assert "not tested" in words
    assert "6 subjects are needed" in words
    assert group.clusters is None
    assert "cluster-based" not in methods_paragraph(group, SECTIONS)[0]
    names = [drawing.name for drawing in drawings(group, CONTENTS)]
    assert names == ["agreement", "band_use", "filter_stability", "drift_1"]


def test_one_network_alone_is_a_group_too(make):
    group = make(manifest(1, 1))
    words = words_of(group)
    assert "1 network of 1 subject is compared" in words
    assert group.drift is None
    assert "two" in group.missing["drift"]
    assert facts_of(group, CONTENTS)["accuracy_ci_low"] is None


def test_conditions_are_compared_within_people(make):
    group = make(manifest(conditions=("do", "think")))
    words = words_of(group)
    assert "in 2 conditions" in words
    for comparison in ("do", "do − think"):
        assert f"Band × channel, {comparison}: 2 significant clusters" in words
    assert "Band × channel, think: no cluster is significant" in words
    text, _ = methods_paragraph(group, SECTIONS)
    assert "conditions were compared within subjects" in text
    names = [drawing.name for drawing in drawings(group, CONTENTS)]
    assert names[:6] == ["clusters_1", "clusters_2", "clusters_3", "spectrum_1", "spectrum_2", "spectrum_3"]
    assert len(set(names)) == len(names)


def test_more_than_two_classes_have_maps_of_their_own(make):
    group = make(classes=("left", "right", "feet"))
    assert group.band_test["target"].to_numpy().tolist() == ["all classes", "left", "right", "feet"]
    assert "for feet, alpha around" in words_of(group)


def test_what_failed_and_what_was_left_out_is_counted(make):
    rng = np.random.default_rng(2)
    group = make(replaced={0: "There is no checkpoint.", 3: row(rng, held_out="no", n_seen=45)})
    words = words_of(group)
    assert "14 networks of 8 subjects" in words
    assert "1 network could not be read; 1 network left out" in words
    assert group.findings["check"].tolist()[:2] == ["failed", "left_out"]


def test_a_group_that_cannot_be_compared_is_an_error(make):
    with pytest.raises(ValueError, match=r"No network can be compared.*There is no checkpoint"):
        make(manifest(2, 1), replaced={0: "There is no checkpoint.", 1: "There is no checkpoint."})


def test_without_positions_there_are_no_clusters_and_the_reason_is_given(make):
    group = make(placed=False)
    assert group.band_test is None
    assert "positions" in words_of(group)


def test_without_bands_there_is_no_drift_of_filters(make):
    group = make(sections=False)
    assert group.filter_drift is None
    assert "bands" in group.missing["filter_drift"]
    assert group.filter_stability is not None


def test_shared_training_is_said_and_part_of_the_methods(make):
    group = make(trained_on=trial_fingerprints(np.random.default_rng(0).standard_normal((2, 2, 64))))
    assert "shared_training" in group.findings["check"].tolist()
    assert "100% of their training trials" in methods_paragraph(group, SECTIONS)[0]
    assert "training trials in common" not in methods_paragraph(make(), SECTIONS)[0]


def test_the_methods_name_what_was_done_with_references(make):
    text, references = methods_paragraph(make(), SECTIONS)
    for words in (
        "8 subjects (2 per subject)",
        "Hungarian",
        "Hedges",
        "cluster-forming p 0.01",
        "false-discovery",
    ):
        assert words in text
    assert references == sorted(references)
    cited = set(re.findall(r"([A-Z]\w+)(?: and \w+| et al\.)?, (?:19|20)\d\d", text))
    assert {"Maris", "Kuhn", "Sundararajan", "Benjamini"} <= cited
    for name in cited:
        assert any(name in reference for reference in references), name


def test_the_page_is_whole_and_nothing_in_it_runs(make, tmp_path):
    table = manifest(6, 1).assign(subject=[*HOSTILE[:1], *"bcdef"], checkpoint=[f"/{HOSTILE[0]}", *"bcdef"])
    group = make(table)
    group.report(tmp_path / "page.html")
    html = (tmp_path / "page.html").read_text("utf-8")
    assert HOSTILE[0] not in html
    assert "A paragraph for the paper" in html
    assert html.count("data:image/png;base64,") >= 6
    with pytest.raises(FileExistsError, match="overwrite"):
        group.report(tmp_path / "page.html")


def contents(folder):
    files = {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }
    return {name: re.sub(rb"Created on [-0-9: ]+", b"", data) for name, data in files.items()}


def test_a_folder_holds_all_and_the_same_twice(make, tmp_path):
    group = make()
    out = tmp_path / "out"
    written = group.save(out, formats=("png",), progress=False)
    first = contents(out)
    assert set(written) == set(first)
    facts = json.loads(first["group.json"])
    assert facts["n_subjects"] == 8
    assert facts["files"] == written
    assert {"tables/clusters.csv", "arrays/band_test.nc", "figures/clusters_1.png", "report.html"} <= set(
        written
    )
    with pytest.raises(FileExistsError, match="already holds"):
        group.save(out, progress=False)
    group.save(out, progress=False, overwrite=True)
    assert contents(out) == first


@pytest.mark.slow
def test_what_a_later_group_does_not_have_is_removed_and_rows_stay(make, tmp_path):
    make(manifest(conditions=("do", "think"))).save(tmp_path, progress=False)
    assert (tmp_path / "figures" / "clusters_3.png").exists()
    (tmp_path / "figures" / "mine.png").touch()
    rows = len(list((tmp_path / "rows").iterdir()))
    make().save(tmp_path, progress=False, overwrite=True)
    assert not (tmp_path / "figures" / "clusters_3.png").exists()
    assert (tmp_path / "figures" / "mine.png").exists()
    assert len(list((tmp_path / "rows").iterdir())) == rows


def test_formats_are_checked_first(make, tmp_path):
    with pytest.raises(ValueError, match="gif"):
        make().save(tmp_path / "out", formats=("gif",), progress=False)
    assert not (tmp_path / "out").exists()
