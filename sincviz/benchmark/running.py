"""A run of the benchmark: one method on all cases."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import torch

from sincviz._utils.checks import checked_seed
from sincviz._utils.progress import followed, shows_progress
from sincviz._version import __version__
from sincviz.benchmark.methods import Method, named_method
from sincviz.benchmark.scoring import scored
from sincviz.benchmark.stored_rows import FAILED, KEYS, read_rows, resumable, write_rows
from sincviz.errors import DownloadNeededError, MethodError, warn

if TYPE_CHECKING:
    from sincviz.benchmark.cases import Case


@shows_progress
def run(
    method: str | Callable[..., Any] | Method,
    size: str = "small",
    *,
    cache: str | Path | None = None,
    cases: "Iterable[Case] | None" = None,
    out: str | Path | None = None,
    label: str = "",
    note: str = "",
    seed: int = 0,
    progress: bool = True,
) -> pd.DataFrame:
    """Return the scores of an attribution method on every network of the benchmark.

    Parameters
    ----------
    method : str | callable | Method
        ``"module:attribute"``, also of the current folder, or the callable: ``(model, x, target) -> attribution``.
        ``x`` are trials, shape (batch, channels, times), in microvolts; ``target`` is the number of a class score. It
        returns a tensor or array over (batch, channels, times) or (batch, channels, times // 2 + 1), the bins of
        ``torch.fft.rfft``; or without the first dimension, if it averages over trials itself. If it has a parameter
        ``y``, it is passed the class of each trial. Its attribute ``domain``, ``"frequency"`` or ``"time"``, skips the
        networks whose truth is known in the other.
    size : {"small", "full"}
        How many networks.
    cache : str | Path | None
        Folder of the networks, see :func:`sincviz.benchmark.network_files.cache_folder`. Those that are not in it are
        trained.
    cases : iterable of Case | None
        These instead, such as some of :func:`sincviz.benchmark.cases.cases`; ``cache`` is then not used, and an error.
    out : str | Path | None
        CSV file that rows are added to, network by network. An interrupted run goes on from there: networks on which
        this method did not fail are not computed again. After a change of the method, delete the file.
    label, note : str
        What tables and figures call the method, and a remark; empty texts take its attributes of this name.
    seed : int
        Seed of everything random.
    progress : bool
        Show a bar.

    Returns
    -------
    pandas.DataFrame
        One row per network and variant (``"contrast"``, ``"mean"``, ``"magnitude"``, or ``"as returned"``), with the
        columns ``method``, ``label``, ``note``, ``case``, ``condition``, ``architecture``, ``domain``, ``variant``, the
        scores, ``seconds_per_100_trials``, ``peak_memory_mib``, ``not_scored`` (scores that are missing because the
        method failed on other networks or trials, and why), ``accuracy`` of the network, ``error``, ``seed`` and
        versions. A method that fails on a network has one row with the reason in ``error`` and no scores.

    Warns
    -----
    RuntimeWarning
        If networks are left out because the recordings of their background are not here, or a method returns equal
        values only.

    Raises
    ------
    MethodError
        If the method fails on every network; the rows are in ``out`` all the same.
    ValueError
        If the method cannot be imported, ``size`` is unknown, no network is of the method's domain, ``out`` holds
        something else, or both ``cases`` and ``cache`` are given.

    Examples
    --------
    >>> from sincviz.benchmark import run
    >>> def gradient(model, x, target):
    ...     x = x.clone().requires_grad_()
    ...     return x * torch.autograd.grad(model(x)[:, target].sum(), x)[0]
    >>> rows = run(gradient, cases=[])
    Traceback (most recent call last):
        ...
    ValueError: There is no network to run ...
    """
    seed = checked_seed(seed)
    if cases is not None and cache is not None:
        raise ValueError("`cases` are loaded already, so `cache` has no effect. Pass one of the two.")
    chosen = named_method(method, label=label, note=note)
    path = None if out is None else Path(out)
    rows = pd.DataFrame(columns=list(KEYS)) if path is None else read_rows(path)
    if path is not None:
        rows = resumable(rows, chosen.name, seed, path)
        earlier = rows["method"] == chosen.name
        if (rows.loc[earlier, ["label", "note"]] != [chosen.label, chosen.note]).to_numpy().any():
            rows.loc[earlier, ["label", "note"]] = [chosen.label, chosen.note]
            write_rows(rows, path)
    earlier_rows = rows[rows["method"] == chosen.name]
    finished = set() if earlier_rows.empty else set(earlier_rows.loc[earlier_rows["error"] == "", "case"])
    n_seen = 0
    for case in _followed(size, cache, cases, finished, chosen.domain):
        n_seen += 1
        if chosen.domain not in ("", case.domain) or case.name in finished:
            continue
        found = pd.DataFrame(_rows(chosen, case, seed))
        rows = rows[(rows["method"] != chosen.name) | (rows["case"] != case.name)]  # it failed before
        rows = found if rows.empty else pd.concat([rows, found], ignore_index=True)
        if path is not None:
            write_rows(rows, path)
    own = rows[rows["method"] == chosen.name].reset_index(drop=True)
    if own.empty:
        words = "`cases` is empty" if not n_seen else f"none of {n_seen} is of the domain {chosen.domain!r}"
        raise ValueError(f"There is no network to run {chosen.name} on: {words}. Pass others.")
    if (own["error"] != "").all():
        raise MethodError(f"The method failed on every network. The first: {own['error'].iloc[0]}")
    return own


def _followed(
    size: str, cache: str | Path | None, cases: "Iterable[Case] | None", finished: set[str], domain: str
) -> "Iterator[Case]":
    """Yield the cases, with a bar; those of the benchmark that are not needed are not loaded."""
    if cases is not None:
        yield from followed(cases, "Scoring", "network")
        return
    from sincviz.benchmark.cases import case, case_names
    from sincviz.benchmark.conditions import setting

    names = [name for name in case_names(size) if name not in finished]
    if domain:
        names = [name for name in names if setting(*name.split("/")).domain == domain]
    left_out, reason = [], ""
    for name in followed(names, "Scoring", "network"):
        try:
            yield case(name, cache=cache)
        except DownloadNeededError as error:
            left_out.append(name)
            reason = str(error)
    if left_out:
        warn(
            f"{len(left_out)} of {len(case_names(size))} networks are left out: {', '.join(left_out)}. {reason}"
        )


def _rows(method: Method, case: "Case", seed: int) -> list[dict[str, Any]]:
    """Return the rows of one case; one with the reason if the method fails on it."""
    of_case = {
        "method": method.name,
        "label": method.label,
        "note": method.note,
        "case": case.name,
        "condition": case.condition,
        "architecture": case.architecture,
        "domain": case.domain,
    }
    about = {"accuracy": case.accuracy, "seed": seed, "sincviz": __version__, "torch": torch.__version__}
    try:
        return [{**of_case, **scores, **about, "error": ""} for scores in scored(method, case, seed=seed)]
    except MethodError as error:
        return [
            {**of_case, "variant": FAILED, "not_scored": "", **about, "error": " ".join(str(error).split())}
        ]
