"""The command ``sincviz benchmark``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from sincviz._utils.text import shown
from sincviz.cli.options import hushed, importing
from sincviz.cli.terminal import console

if TYPE_CHECKING:
    import pandas as pd

_AREAS = {"frequency": "bands × channels", "time": "channels × windows"}


def benchmark(
    method: Annotated[
        str,
        typer.Option(
            help="A function (model, x, target) that returns an attribution, as my_module:my_method; this module is "
            "imported, also from the current folder."
        ),
    ] = "",
    size: Annotated[str, typer.Option(help="small (8 networks) or full (60 networks).")] = "small",
    networks: Annotated[
        Path | None,
        typer.Option(help="A file of trained networks, unpacked into the cache: none is trained."),
    ] = None,
    cache: Annotated[
        Path | None,
        typer.Option(help="Folder of the trained networks; default: sincviz/benchmark in the user's cache."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", "-o", help="CSV file of all scores; an interrupted run goes on where it stopped."
        ),
    ] = None,
    label: Annotated[str, typer.Option(help="What the table calls the method.")] = "",
    note: Annotated[str, typer.Option(help="A remark that is stored with its scores.")] = "",
    seed: Annotated[int, typer.Option(min=0, max=2**31 - 1, help="Seed of everything random.")] = 0,
    lists: Annotated[
        bool, typer.Option("--list", help="Print the networks and sincviz's own methods.")
    ] = False,
    write_networks: Annotated[
        Path | None,
        typer.Option(help="Train what is missing of the networks, and write all to a file for --networks."),
    ] = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")] = False,
) -> None:
    """Score an attribution method on networks of which is known what their trials contain."""
    with hushed(warned=not quiet, bars=not quiet):
        if sum(map(bool, (method, lists, write_networks))) != 1:
            raise ValueError(
                "`sincviz benchmark` needs one of `--method`, `--list` and `--write-networks`. Try --method "
                "my_module:my_method."
            )
        if lists:
            _print_lists(size)
            return
        if write_networks is not None:
            _write_networks(write_networks, size, cache, talks=not quiet)
            return
        if out is not None and not out.parent.is_dir():
            raise ValueError(f"`--out`: there is no folder {str(out.parent)!r}. Create it first.")
        with importing():
            from sincviz.benchmark.bundle import read_bundle
            from sincviz.benchmark.methods import named_method
            from sincviz.benchmark.running import run

        chosen = named_method(method, label=label, note=note, option="`--method`")
        if networks is not None:
            read_bundle(networks, cache=cache)
        rows = run(chosen, size, cache=cache, out=out, seed=seed, progress=not quiet)
        if not quiet:
            _print_results(rows)
            if out is not None:
                console.print(f"Wrote {out}.", markup=False, highlight=False, soft_wrap=True)


def _print_lists(size: str) -> None:
    from sincviz.benchmark.cases import case_names
    from sincviz.benchmark.conditions import setting
    from sincviz.benchmark.own_methods import OWN_METHODS

    for name in case_names(size):
        domain = setting(*name.split("/")).domain
        console.print(f"{name}: {_AREAS[domain]}", markup=False, highlight=False)
    for name in OWN_METHODS:
        console.print(f"sincviz.benchmark.own_methods:{name}", markup=False, highlight=False)


def _write_networks(path: Path, size: str, cache: Path | None, *, talks: bool) -> None:
    from sincviz.benchmark.bundle import write_bundle
    from sincviz.benchmark.cases import case_names, cases

    n_networks = sum(1 for _ in cases(size, cache=cache, progress=talks))
    missing = write_bundle(path, size, cache=cache)
    if talks:
        words = f"; not in it: {', '.join(missing)}" if missing else ""
        console.print(
            f"Wrote {n_networks} of {len(case_names(size))} networks to {path}{words}.",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )


def _print_results(rows: "pd.DataFrame") -> None:
    """Print the method among those of the published table, on the networks that it was run on."""
    from sincviz.benchmark.published import compared, published_rows
    from sincviz.benchmark.table import summary

    own = str(rows["method"].iloc[0])
    table = summary(compared(rows, published_rows()), against=own)
    for domain, words in _AREAS.items():
        found = table[(table["domain"] == domain) & table["cells_area"].notna()]
        if found.empty:
            continue
        best = found[(found["method"] == own) | ~found.duplicated("method")]
        conditions = found.sort_values("n_networks").iloc[-1]["conditions"]
        shown_table = Table(title=f"ROC area of {words}. Networks: {conditions}", title_justify="left")
        for head in ("Method", "Variant", "Networks", "ROC area", "Difference", "s per 100 trials"):
            shown_table.add_column(head, justify="left" if head in ("Method", "Variant") else "right")
        for row in best.to_dict("records"):
            cells = [
                escape(shown(str(row["label"]))),
                row["variant"],
                str(row["n_networks"]),
                _interval(row, "cells_area", ".2f"),
                "–"
                if row["difference_to"] == f"{row['label']}, {row['variant']}"
                else _interval(row, "difference", "+.2f"),
                f"{row['seconds_per_100_trials']:.2f}",
            ]
            shown_table.add_row(*cells, style="bold" if row["method"] == own else "")
        console.print(shown_table)
    failed = rows[rows["error"] != ""]
    if not failed.empty:
        console.print(
            f"Failed on {failed['case'].nunique()} of {rows['case'].nunique()} networks. The first: "
            f"{failed['error'].iloc[0]}",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
    console.print(
        "Intervals: 95 %, over networks. Difference: paired, to the best variant of this method. Of other methods the "
        "variant with the highest area is shown.",
        highlight=False,
    )


def _interval(row: dict[Any, Any], score: str, digits: str) -> str:
    text = f"{row[score]:{digits}}"
    low, high = row[f"{score}_ci_low"], row[f"{score}_ci_high"]
    between = " to " if "+" in digits else "–"
    return text if low != low else f"{text} ({low:{digits}}{between}{high:{digits}})".replace("-", "−")
