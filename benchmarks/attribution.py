"""Run the benchmark of attribution methods, and make its published table, page and figure.

Every method of sincviz, and of `benchmarks.peers` those whose packages are installed, is run on every network. Scores
go to `benchmarks/results/benchmark/`, one file per method; a run that was interrupted goes on where it stopped. From
all files there `--table` makes the rows that come with the package, the table of the page and the figure.

    python -m benchmarks.attribution --size full            # networks in the user's cache, or trained now
    python -m benchmarks.attribution --shard 1/2 &          # the same in two processes
    python -m benchmarks.attribution --shard 2/2
    python -m benchmarks.attribution --table
"""

import argparse
from pathlib import Path

import pandas as pd

from benchmarks.peers import installed
from sincviz.benchmark.cases import case_names, cases
from sincviz.benchmark.methods import Method, named_method
from sincviz.benchmark.own_methods import OWN_METHODS
from sincviz.benchmark.published import run_everywhere, write_published
from sincviz.benchmark.running import run
from sincviz.benchmark.scores.replacement import OPERATORS
from sincviz.benchmark.scores.stability import rank_stability
from sincviz.benchmark.stored_rows import read_results
from sincviz.benchmark.table import summary, to_markdown
from sincviz.errors import MethodError
from sincviz.plotting import plot_benchmark, save_figure

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "benchmark"
DOCS = ROOT / "docs"
N_BEST = 5  # methods of the figure in the README
SLOW = (
    *("captum_in_time:occlusion", "captum_in_frequency:ablation", "captum_in_frequency:kernel_shap"),
    *("cross_domain:stft_ig_over_time", "cross_domain:stft_ig_over_frequency"),
    *("cross_domain:fourier_ig", "cross_domain:time_ig"),
    *("own_methods:gradient_shap_by_frequency", "own_methods:ablation_over_time", "pattern_local:windows"),
    *("own_methods:ablation_by_frequency", "pattern_local:bands", "smooth_grad"),
    *("captum_in_time:integrated_gradients", "captum_in_frequency:integrated_gradients"),
    *("captum_in_time:gradient_shap", "captum_in_frequency:gradient_shap"),
    *(
        "captum_in_frequency:input_x_gradient",
        "captum_in_frequency:deep_lift",
        "captum_in_time:input_x_gradient",
    ),
)
"""Methods that are run on the small benchmark only: those that take long, or give the values of ours."""
OF_CONDITIONS = (
    ("cells_area", "ROC area", 2, True),
    ("average_precision", "average precision", 2, False),
    ("suppressor_share", "suppressor", 3, False),
)


def methods(words: str = "") -> list[Method]:
    """Return all methods that can be run here, or those with a word in their names."""
    own = [named_method(f"sincviz.benchmark.own_methods:{name}") for name in OWN_METHODS]
    peers = [named_method(name, label=label) for label, name in installed().items()]
    return [method for method in own + peers if words in method.name]


def measure(size: str, shard: str, words: str, cache: str | None) -> None:
    """Run all methods on every network of a shard, such as 1/2."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    number, count = (int(part) for part in shard.split("/"))
    ending = "" if count == 1 else f"-{number}of{count}"
    for place, case in enumerate(cases(size, cache=cache)):
        if place % count != number - 1:
            continue
        for method in methods(words):
            if method.domain not in ("", case.domain):
                continue
            if method.name.endswith(SLOW) and case.name not in case_names("small"):
                continue
            out = RESULTS / f"{method.name.replace(':', '.')}{ending}.csv"
            try:
                rows = run(method, cases=[case], out=out, progress=False)
            except MethodError as error:
                print(f"{case.name}: {method.name}: {error}", flush=True)
                continue
            areas = (
                rows.loc[rows["case"] == case.name, ["variant", "cells_area"]].round(2).to_numpy().tolist()
            )
            print(f"{case.name}: {method.label}: {areas}", flush=True)


def publish() -> None:
    """Make everything that follows from the results."""
    results = read_results([RESULTS])
    write_published(results)
    everywhere = run_everywhere(results)
    table = summary(everywhere)
    save_figure(plot_benchmark(table), DOCS / "images" / "benchmark.png", dpi=200)
    save_figure(plot_benchmark(table, n_methods=N_BEST), DOCS / "images" / "benchmark_best.png", dpi=200)
    small = summary(results[results["case"].isin(case_names("small"))])
    parts = [
        "![ROC areas of attribution methods, and differences to the best](images/benchmark.png)",
        to_markdown(table),
        stability_words(table),
        "### The small benchmark, all methods",
        "Methods that take long, or give the values of another one, were run on these eight networks only.",
        to_markdown(small),
        "### Single conditions",
        *(
            to_markdown(part, OF_CONDITIONS)
            for _, part in summary(everywhere, by="condition").groupby("condition")
        ),
    ]
    (DOCS / "benchmark_table.inc").write_text("\n\n".join(parts) + "\n", encoding="utf-8")


def stability_words(table: pd.DataFrame) -> str:
    """Return how far the three replacements rank methods alike, best variant of each."""
    best = table.drop_duplicates(["domain", "method"])
    sentences = []
    for domain, rows in best.groupby("domain"):
        areas = rows.set_index("label")[[f"deletion_margin/{operator}" for operator in OPERATORS]]
        found = rank_stability(areas)
        sentences.append(
            f"cells of {domain}: Kendall's W {found['kendall_w']:.2f}, smallest rank correlation of two replacements "
            f"{found['min_spearman']:.2f}, {found['n_methods']:.0f} methods"
        )
    return (
        "Order of the methods by deletion with another trial, the mean or noise: "
        + "; ".join(sentences)
        + "."
    )


def main() -> None:
    """Measure, or make the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", default="full", choices=["small", "full"])
    parser.add_argument("--shard", default="1/1", help="which part of the networks, such as 1/2")
    parser.add_argument("--methods", default="", help="only those with this word in their names")
    parser.add_argument("--cache", help="folder of the networks")
    parser.add_argument("--table", action="store_true", help="measure nothing; make table, page and figure")
    given = parser.parse_args()
    if not given.table:
        measure(given.size, given.shard, given.methods, given.cache)
    if given.table or given.shard == "1/1":
        publish()


if __name__ == "__main__":
    main()
