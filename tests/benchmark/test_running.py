"""A run scores a method on every case, goes on after failures and interruptions, and the example of the page works."""

import re
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from sincviz.benchmark import run, summary, to_markdown
from sincviz.benchmark.scores.averages import VARIANTS
from sincviz.benchmark.scores.truth_scores import TRUTH_SCORES
from sincviz.benchmark.stored_rows import read_results, read_rows
from sincviz.errors import MethodError
from tests.benchmark.fake_cases import frequency_case, time_case

PAGE = Path(__file__).parents[2] / "docs" / "benchmark.md"


def gradient(model, x, target):
    x = x.clone().requires_grad_()
    return x * torch.autograd.grad(model(x)[:, target].sum(), x)[0]


def averaged(model, x, target):
    return gradient(model, x, target).mean(0)


@pytest.fixture(scope="module")
def case():
    return time_case(n_trials=20)


def test_every_variant_has_a_row_with_all_scores(case):
    rows = run(gradient, cases=[case], label="Mine", note="new", progress=False)
    assert rows["variant"].tolist() == list(VARIANTS)
    assert set(rows[["label", "note", "case", "domain", "error"]].iloc[0]) == {
        "Mine",
        "new",
        case.name,
        "time",
        "",
    }
    known = [
        *TRUTH_SCORES,
        "calibration",
        "max_sensitivity",
        "randomisation_spearman",
        "deletion_margin/noise",
    ]
    assert {*known, "completeness_error", "seconds_per_100_trials", "peak_memory_mib"} <= set(rows.columns)
    assert (rows["cells_area"] > 0.8).all()  # the network uses a part of the true window, at one electrode
    assert (rows["seconds_per_100_trials"] > 0).all()
    assert rows["completeness_error"].isna().all()


def test_completeness_is_measured_where_it_is_claimed(case):
    def complete(model, x, target):
        return gradient(model, x, target)

    complete.complete = True
    rows = run(complete, cases=[case], progress=False)
    assert rows["completeness_error"].max() < 1e-4  # the network is linear


def test_a_method_that_averages_itself_has_one_row(case):
    rows = run(averaged, cases=[case], progress=False)
    assert rows["variant"].tolist() == ["as returned"]
    assert np.isfinite(rows["deletion_margin/noise"].iloc[0])
    assert rows["not_scored"].tolist() == [""]


def test_completeness_of_an_average_is_not_scored_and_why(case):
    def complete(model, x, target):
        return averaged(model, x, target)

    complete.complete = True
    rows = run(complete, cases=[case], progress=False)
    assert rows["completeness_error"].isna().all()
    assert rows["not_scored"].tolist() == ["completeness: the method averages over trials"]


def test_loaded_cases_and_a_cache_are_one_too_many(case, tmp_path):
    with pytest.raises(ValueError, match="`cases` are loaded already, so `cache` has no effect"):
        run(gradient, cases=[case], cache=tmp_path, progress=False)


def test_a_method_gets_as_many_calls_as_the_page_says():
    case, seen = time_case(n_trials=100), []

    def counted(model, x, target):
        seen.append((len(x), x.requires_grad, torch.is_grad_enabled()))
        return x

    run(counted, cases=[case], progress=False)
    assert Counter(seen) == {(50, False, True): 4, (8, False, True): 6, (20, False, True): 4}
    text = " ".join(PAGE.read_text("utf-8").split()) if PAGE.exists() else "A method gets 14 calls"
    assert "A method gets 14 calls" in text


def test_a_constant_attribution_is_chance(case):
    with pytest.warns(
        RuntimeWarning, match=r"returned equal values on p300/Window\. Check that the method uses"
    ):
        rows = run(lambda model, x, target: torch.ones_like(x), cases=[case], progress=False)
    assert set(rows["cells_area"]) == {0.5}


@pytest.mark.parametrize(("factor", "words"), [(0, r"Window\."), (1, r"Window for class 0\.")])
def test_zeros_are_said(factor, words, case):
    with pytest.warns(RuntimeWarning, match=f"returned only zeros on p300/{words}"):
        run(lambda model, x, target: x * target * factor, cases=[case], progress=False)


def test_a_failure_has_its_reason_and_the_run_goes_on(case, tmp_path):
    def sometimes(model, x, target):
        if x.shape[2] != 200:
            raise RuntimeError("only 2 s")
        return torch.fft.rfft(gradient(model, x, target)).abs()

    others = [frequency_case(n_trials=20), case]
    out = tmp_path / "rows.csv"
    rows = run(sometimes, cases=others, out=out, progress=False)
    assert rows["error"].tolist()[:3] == [""] * 3
    assert "RuntimeError: only 2 s" in rows["error"].iloc[3]
    assert rows["variant"].iloc[3] == "none"
    assert np.isnan(rows["cells_area"].iloc[3])
    pd.testing.assert_frame_equal(rows, read_rows(out)[rows.columns], rtol=1e-4, check_dtype=False)
    with pytest.raises(MethodError, match=r"failed on every network\. The first: .* only 2 s"):
        run(sometimes, cases=[case], progress=False)


def test_a_method_that_fails_on_other_networks_only_keeps_its_other_scores(case):
    weights = case.model.weight.detach().clone()

    def trained_only(model, x, target):
        if not torch.equal(model.weight, weights):
            raise RuntimeError("no rule")
        return gradient(model, x, target)

    rows = run(trained_only, cases=[case], progress=False)
    assert rows["cells_area"].notna().all()
    assert rows["randomisation_spearman"].isna().all()
    assert rows["not_scored"].str.contains("randomisation: .* RuntimeError: no rule").all()
    assert rows["max_sensitivity"].notna().all()


def test_a_new_label_is_that_of_all_rows(case, tmp_path):
    out = tmp_path / "rows.csv"
    run(gradient, cases=[case], out=out, label="Old", progress=False)
    second = replace(case, name="p300/Other")
    rows = run(gradient, cases=[case, second], out=out, label="New", progress=False)
    assert set(rows["label"]) == {"New"}
    run(
        gradient, cases=[case, second], out=out, label="Newest", note="all", progress=False
    )  # nothing is left to do
    assert read_rows(out)[["label", "note"]].drop_duplicates().to_numpy().tolist() == [["Newest", "all"]]


def test_an_interrupted_run_goes_on_where_it_stopped(case, tmp_path):
    out, calls = tmp_path / "rows.csv", []
    second = replace(case, name="p300/Other")

    def counted(model, x, target):
        calls.append(1)
        if len(calls) > limit:
            raise KeyboardInterrupt
        return x

    limit = 10**9
    run(counted, cases=[case], out=out, progress=False)
    of_one = len(calls)
    limit = of_one + 2
    with pytest.raises(KeyboardInterrupt):
        run(counted, cases=[case, second], out=out, progress=False)
    assert set(read_rows(out)["case"]) == {case.name}
    limit, before = 10**9, len(calls)
    rows = run(counted, cases=[case, second], out=out, progress=False)
    assert len(calls) - before == of_one
    assert rows["case"].tolist() == [case.name] * 3 + [second.name] * 3
    with pytest.raises(ValueError, match=r"holds rows of .* with seed 0; this run has 1. Pass another file"):
        run(counted, cases=[case], out=out, seed=1, progress=False)


def test_several_methods_share_a_file_and_failures_are_tried_again(case, tmp_path):
    out, broken = tmp_path / "rows.csv", [True]

    def mended(model, x, target):
        if broken:
            raise RuntimeError
        return x

    with pytest.raises(MethodError):
        run(mended, cases=[case], out=out, progress=False)
    run(gradient, cases=[case], out=out, progress=False)
    with pytest.raises(MethodError):
        run(mended, cases=[replace(case, name="another/case")], out=out, progress=False)
    failed = read_results(out).query("error != ''")
    assert failed["case"].tolist() == [case.name, "another/case"]  # a failure elsewhere is not forgotten
    broken.clear()
    found = run(mended, cases=[case], out=out, progress=False)
    assert found.groupby("case")["error"].agg(list).to_dict() == {
        case.name: [""] * 3,
        "another/case": failed["error"].tolist()[1:],
    }
    assert read_results([tmp_path]).groupby("method").size().tolist() == [3, 4]
    for one in (out, str(out), tmp_path):
        pd.testing.assert_frame_equal(read_results(one), read_results([tmp_path]))


def test_the_same_seed_gives_the_same_scores(case):
    timed = ["seconds_per_100_trials", "peak_memory_mib"]
    one, same = (run(gradient, cases=[case], seed=3, progress=False).drop(columns=timed) for _ in range(2))
    pd.testing.assert_frame_equal(one, same)


def test_cases_of_the_other_domain_are_skipped(case):
    def in_frequency(model, x, target):
        return x

    in_frequency.domain = "frequency"
    with pytest.raises(ValueError, match="none of 1 is of the domain 'frequency'"):
        run(in_frequency, cases=[case], progress=False)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("a,b\n1,2\n", "must be a table that `run` wrote; it lacks the columns architecture"),
        ("", "is not a table"),
    ],
)
def test_another_file_is_not_overwritten(content, words, case, tmp_path):
    out = tmp_path / "other.csv"
    out.write_text(content)
    with pytest.raises(ValueError, match=words):
        run(gradient, cases=[case], out=out, progress=False)
    assert out.read_text() == content


def test_a_folder_is_not_a_file_of_results(case, tmp_path):
    with pytest.raises(ValueError, match=r"is a folder. Pass a CSV file, such as .*scores.csv"):
        run(gradient, cases=[case], out=tmp_path, progress=False)


def test_results_that_are_not_there_are_named(tmp_path):
    with pytest.raises(FileNotFoundError, match="There are no results in"):
        read_results([tmp_path])


@pytest.mark.skipif(not PAGE.exists(), reason="the pages are not part of every package")
def test_the_example_of_the_page_runs(case, tmp_path, monkeypatch):
    code = re.search(r"```python\n(import torch\n.*?)```", PAGE.read_text("utf-8"), re.DOTALL)[1]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    Path("my_methods.py").write_text(code)
    try:
        rows = run("my_methods:gradient_times_input", cases=[case], progress=False)
    finally:
        sys.modules.pop("my_methods", None)
    assert (rows["cells_area"] > 0.8).all()
    assert set(rows["label"]) == {"Gradient times input, mine"}
    assert "| Gradient times input, mine | mean | 1 |" in to_markdown(summary(rows))


@pytest.mark.skipif(not PAGE.exists(), reason="the pages are not part of every package")
def test_the_frequencies_of_the_page_add_up_to_the_times(case):
    blocks = re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    known = {}
    for block in (one for one in blocks if "def gradient_times_input" in one):
        exec(block, known)
    generator = torch.Generator().manual_seed(0)
    x, linear = torch.randn(4, 3, 20, generator=generator), torch.nn.Linear(60, 2)
    linear.weight.data = torch.randn(2, 60, generator=generator)
    model = torch.nn.Sequential(torch.nn.Flatten(), linear)
    over_time = known["gradient_times_input"](model, x, 1)
    by_frequency = known["gradient_times_input_by_frequency"](model, x, 1)
    assert by_frequency.shape == (4, 3, 11)
    torch.testing.assert_close(by_frequency.sum(-1), over_time.sum(-1))
    rows = run(
        known["gradient_times_input_by_frequency"], cases=[frequency_case(n_trials=20)], progress=False
    )
    assert rows["cells_area"].notna().all()
