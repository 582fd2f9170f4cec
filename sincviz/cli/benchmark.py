"""The command ``sincviz benchmark``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.measure import Measurement
from rich.table import Table

from sincviz._utils.text import counted, shown
from sincviz.cli.options import hushed, importing
from sincviz.cli.terminal import SafeConsole, console
from sincviz.errors import did_you_mean

if TYPE_CHECKING:
    import pandas as pd

_AREAS = {"frequency": "bands × channels", "time": "channels × windows"}
_WHERE_WIDE = {
    "seconds_per_100_trials": ("s per 100 trials", 2),
    "average_precision": ("Average precision", 3),
    "channels_area": ("Channels", 3),
    "suppressor_share": ("Suppressors", 3),
}
_INTERRUPTED = 130


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
    """Score an attribution method on networks whose trials have known content."""
    with hushed(warned=not quiet, bars=not quiet):
        if sum(map(bool, (method, lists, write_networks))) != 1:
            raise ValueError(
                "`sincviz benchmark` needs one of `--method`, `--list` and `--write-networks`. Try --method "
                "my_module:my_method."
            )
        _check_paths(networks, cache, out)
        if lists:
            _print_lists(size)
            return
        if write_networks is not None:
            _write_networks(write_networks, size, cache, talks=not quiet)
            return
        with importing():
            from sincviz.benchmark.bundle import read_bundle
            from sincviz.benchmark.methods import named_method
            from sincviz.benchmark.running import run

        chosen = named_method(method, label=label, note=note, option="`--method`")
        if networks is not None:
            read_bundle(networks, cache=cache)
        names = _names(size, chosen.domain)
        taken = set() if out is None else _stored(out, chosen.name, seed) & names
        if taken and not quiet:
            _say(
                f"{len(taken)} of {counted(len(names), 'network')} taken from {out}; after a change of the method, "
                "delete it."
            )
        try:
            rows = run(chosen, size, cache=cache, out=out, seed=seed, progress=not quiet)
        except KeyboardInterrupt:
            words = "."
            if out is not None:
                n_stored = len(_stored(out, chosen.name, seed) & names)
                words = f"; {n_stored} of {counted(len(names), 'network')} are in {out}; run again to go on."
            SafeConsole(stderr=True).print(
                f"Interrupted{words}", markup=False, highlight=False, soft_wrap=True
            )
            raise typer.Exit(_INTERRUPTED) from None
        if not quiet:
            _print_results(rows)
            if out is not None and set(rows["case"]) & names - taken:
                _say(f"Wrote {out}.")


def _say(words: str) -> None:
    console.print(words, markup=False, highlight=False, soft_wrap=True)


def _check_paths(networks: Path | None, cache: Path | None, out: Path | None) -> None:
    if networks is not None and not networks.is_file():
        raise ValueError(
            f"`--networks`: there is no file {str(networks)!r}. Pass one that --write-networks wrote."
        )
    if cache is not None and networks is None and not cache.is_dir():
        siblings = [one.name for one in cache.parent.iterdir()] if cache.parent.is_dir() else []
        raise ValueError(
            f"`--cache`: there is no folder {str(cache)!r}.{did_you_mean(cache.name, siblings)} Create it first, or "
            "leave `--cache` out."
        )
    if out is not None and out.is_dir():
        raise ValueError(
            f"`--out` must be a CSV file; {str(out)!r} is a folder. Try {str(out / 'scores.csv')!r}."
        )
    if out is not None and not out.parent.is_dir():
        raise ValueError(f"`--out`: there is no folder {str(out.parent)!r}. Create it first.")


def _names(size: str, domain: str) -> set[str]:
    """Return the names of the networks that a method of a domain, or of both, is run on."""
    from sincviz.benchmark.cases import case_names
    from sincviz.benchmark.conditions import setting

    return {name for name in case_names(size) if domain in ("", setting(*name.split("/")).domain)}


def _stored(out: Path, method: str, seed: int) -> set[str]:
    """Return the names of the networks that a file has scores of."""
    from sincviz.benchmark.stored_rows import read_rows, resumable

    rows = resumable(read_rows(out), method, seed, out)
    return set(rows.loc[rows["method"] == method, "case"])


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

    own, published = str(rows["method"].iloc[0]), published_rows()
    table = summary(compared(rows, published), against=own)
    n_tables, with_others = 0, False
    for domain in _AREAS:
        found = table[(table["domain"] == domain) & table["cells_area"].notna()]
        if not (found["method"] == own).any():
            _say_channels(table[(table["domain"] == domain) & (table["method"] == own)], domain)
            continue
        best = found[(found["method"] == own) | ~found.duplicated("method")]
        conditions = found.sort_values("n_networks").iloc[-1]["conditions"]
        title = f"ROC area of {_AREAS[domain]}. Networks: {conditions}"
        extra = [name for name in _WHERE_WIDE if best[name].notna().any()]
        while extra and _width(_drawn(best, own, title, extra)) > console.width:
            extra.pop()
        console.print(_drawn(best, own, title, extra))
        n_tables += 1
        with_others |= len(set(best["method"])) > 1
    if published.empty:
        _say("This copy of sincviz has no published table to compare with.")
    _say_missing(rows)
    if n_tables:
        others = " Of other methods the variant with the highest area is shown." if with_others else ""
        _say(
            f"Intervals: 95 %, over networks. Difference: paired, to the best variant of this method.{others}"
        )


def _drawn(best: "pd.DataFrame", own: str, title: str, extra: list[str]) -> Table:
    """Return the table of a domain."""
    drawn = Table(title=title, title_justify="left")
    heads = ("Method", "Variant", "Networks", "ROC area", "Difference")
    for head in (*heads, *(_WHERE_WIDE[name][0] for name in extra)):
        drawn.add_column(
            head,
            justify="left" if head in ("Method", "Variant") else "right",
            no_wrap=head in ("Variant", "Networks"),
            max_width=24 if head == "Method" else None,
            overflow="fold",  # whole names, also without spaces
        )
    for row in best.to_dict("records"):
        is_reference = row["difference_to"] == f"{row['label']}, {row['variant']}"
        cells = [
            escape(shown(str(row["label"]))),
            row["variant"],
            str(row["n_networks"]),
            _interval(row, "cells_area", "z.3f"),
            "–" if is_reference else _interval(row, "difference", "+z.3f"),
            *(f"{row[name]:.{_WHERE_WIDE[name][1]}f}" if row[name] == row[name] else "–" for name in extra),
        ]
        drawn.add_row(*cells, style="bold" if row["method"] == own else "")
    return drawn


def _width(drawn: Table) -> int:
    """Return the width that a table has where nothing has to be wrapped."""
    return Measurement.get(console, console.options.update(max_width=1000), drawn).maximum


def _say_channels(found: "pd.DataFrame", domain: str) -> None:
    """Say what is scored where the truth is known in the other domain."""
    found = found[found["n_networks"] > 0]
    if not found.empty:
        best = found.sort_values("channels_area", ascending=False, na_position="last").iloc[0]
        _say(
            f"{counted(best['n_networks'], 'network')} whose truth is known in {domain}: only channels are scored (ROC "
            f"area {best['channels_area']:.3f}, {best['variant']})."
        )


def _say_missing(rows: "pd.DataFrame") -> None:
    """Say on how many networks the method failed, or was not scored in all ways, and the first reason."""
    n_networks = rows["case"].nunique()
    for column, words in (("error", "Failed on"), ("not_scored", "Not all scores on")):
        found = rows[rows[column] != ""]
        if not found.empty:
            _say(
                f"{words} {found['case'].nunique()} of {counted(n_networks, 'network')}. The first: "
                f"{found[column].iloc[0]}"
            )


def _interval(row: dict[Any, Any], score: str, digits: str) -> str:
    text = f"{row[score]:{digits}}"
    low, high = row[f"{score}_ci_low"], row[f"{score}_ci_high"]
    return (text if low != low else f"{text} ({low:{digits}} to {high:{digits}})").replace("-", "−")
