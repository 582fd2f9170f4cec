"""The figure of the benchmark sorts methods, shows every variant, and says which differences are certain."""

import matplotlib.pyplot as plt
import pandas as pd
import pytest
from matplotlib.text import Text

from sincviz.benchmark.table import summary
from sincviz.plotting import plot_benchmark
from sincviz.plotting.canvas.style import INITIAL, MEASURED, NOMINAL
from tests.benchmark.fake_rows import benchmark_rows, benchmark_summary


@pytest.fixture(scope="module")
def table():
    return benchmark_summary()


def dots(ax):
    return [line for line in ax.lines if line.get_marker() not in ("None", None, "")]


def test_methods_are_sorted_and_every_variant_has_a_marker(table):
    figure = plot_benchmark(table)
    assert len(figure.axes) == 4
    areas = figure.axes[0]
    names = [text.get_text().replace("\n", " ") for text in areas.get_yticklabels()]
    assert [name.split()[0] for name in names] == ["Ours", "Peer,", "$x_1$", "Random"]
    assert len(dots(areas)) == 12
    assert {line.get_marker() for line in dots(areas)} == {"o", "s", "^"}
    values = table[(table["domain"] == "frequency") & (table["label"] == "Ours")]["cells_area"]
    assert {line.get_xdata()[0] for line in dots(areas)[:3]} == set(values)


def test_own_methods_peers_and_references_have_colours_of_their_own(table):
    drawn = dots(plot_benchmark(table).axes[1])
    assert [line.get_color() for line in drawn] == [NOMINAL, MEASURED, MEASURED, INITIAL]


def test_a_difference_whose_interval_includes_zero_is_hollow(table):
    doubtful = table.copy()
    peer = doubtful["label"].str.startswith("Peer")
    doubtful.loc[peer, "difference_ci_high"] = 0.01
    faces = [line.get_markerfacecolor() for line in dots(plot_benchmark(doubtful).axes[1])]
    assert faces == ["white", "white", MEASURED, INITIAL]


def test_one_domain_takes_the_whole_width(misplaced_text):
    figure = plot_benchmark(benchmark_summary(domains=("time",)))
    assert len(figure.axes) == 2
    assert misplaced_text(figure) == []


def test_many_methods_fit_and_few_can_be_chosen(misplaced_text):
    rows = benchmark_rows(domains=("frequency",))
    more = [
        rows.assign(method=f"m{n}", label=f"A method with a long name of words {n}", note="")
        for n in range(24)
    ]
    rows = more[0].iloc[:0]
    for number, one in enumerate(more):
        part = one[benchmark_rows(domains=("frequency",))["label"] == "Ours"].copy()
        part["cells_area"] -= number / 100
        rows = part if rows.empty else pd.concat([rows, part])
    table = summary(rows, n_bootstrap=100)
    figure = plot_benchmark(table)
    assert misplaced_text(figure) == []
    few = plot_benchmark(table, 5)
    assert len(few.axes[0].get_yticklabels()) == 5


def test_the_note_names_networks_and_reference(table):
    said = " ".join(text.get_text() for text in plot_benchmark(table).findobj(Text))
    assert "6 networks, compared with Ours, contrast" in " ".join(said.split())


def test_other_tables_are_refused(table):
    with pytest.raises(ValueError, match="lacks difference_ci_low; pass what"):
        plot_benchmark(table.drop(columns="difference_ci_low"))
    with pytest.raises(ValueError, match="has a row per condition; one figure shows all"):
        plot_benchmark(summary(benchmark_rows(), by="condition", n_bootstrap=100))
    with pytest.raises(ValueError, match="No method of the table has a ROC area"):
        plot_benchmark(table.assign(cells_area=float("nan")))
    with pytest.raises(ValueError, match="`n_methods` must be at least 1"):
        plot_benchmark(table, 0)
    with pytest.raises(
        TypeError, match=r"Try `sincviz.plotting.plot_benchmark\(sincviz.benchmark.summary\(results\)\)`"
    ):
        plot_benchmark({"a": 1})
    assert plt.get_fignums() == []
