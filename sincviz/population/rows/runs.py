"""Reading all rows through joblib: on this machine or a cluster, what is done stored at once, what dies run again."""

import importlib
import threading
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any, cast

import joblib
import pandas as pd
import torch
from threadpoolctl import threadpool_limits

from sincviz._utils.progress import silenced, switched_off, tqdm
from sincviz._utils.text import listed
from sincviz._version import __version__
from sincviz.errors import MissingDependencyError, SincvizError, warn
from sincviz.population.rows.inspection import inspect_row
from sincviz.population.rows.settings import RowSettings, row_key
from sincviz.population.rows.store import is_damaged, is_stored, store_row

BACKENDS = ("processes", "dask")
MOST_DEATHS = 3
"""A row whose worker dies so often while it is read alone has failed."""

_CONNECT_S = 10
_IDLE_S = 20  # workers whose run was killed wait no longer for the next row
_ONE_AT_A_TIME = threading.Lock()


def read_rows(
    rows: pd.DataFrame,
    settings: RowSettings,
    folder: Path,
    *,
    n_jobs: int = -1,
    backend: str | None = "processes",
    scheduler: str | None = None,
    progress: bool = True,
) -> tuple[pd.Series, pd.Series]:
    """Read every row that is not stored yet.

    Parameters
    ----------
    rows : pandas.DataFrame
        What :func:`sincviz.population.manifest.read_manifest` returned.
    settings : RowSettings
        How rows are read.
    folder : pathlib.Path
        Where results are kept.
    n_jobs : int
        Rows at a time; −1 as many as there are cores, or cluster workers.
    backend : {"processes", "dask"} | None
        Processes of this machine, or dask workers; ``None`` takes what ``joblib.parallel_config`` sets.
    scheduler : str | None
        Address of the dask scheduler, ``"tcp://127.0.0.1:8786"``; ``None`` takes the client that is open.
    progress : bool
        Show a bar with the time that remains.

    Returns
    -------
    keys, errors : pandas.Series
        Name of the stored result of each row, ``""`` if it has none; why it has none.

    Raises
    ------
    ValueError
        If the backend is unknown.
    MissingDependencyError
        If dask is not installed, here or where the workers are.
    ConnectionError
        If the scheduler does not answer, or stops answering; what was read is stored.
    """
    keys, errors = pd.Series("", rows.index, dtype=object), pd.Series("", rows.index, dtype=object)
    tasks: dict[str, dict[str, str]] = {}
    for place, row in enumerate(rows.to_dict("records")):
        texts = {str(name): str(value) for name, value in row.items()}
        try:
            keys.iloc[place] = key = row_key(texts, settings)
        except (SincvizError, ValueError, OSError) as error:
            errors.iloc[place] = str(error)
            continue
        except Exception as error:  # as in the workers
            errors.iloc[place] = f"{type(error).__name__}: {error}"
            continue
        if key not in tasks and not is_stored(folder, key):
            tasks[key] = texts
    if damaged := [f"{key}.nc" for key in tasks if is_damaged(folder, key)]:
        warn(f"Stored results that are damaged are computed again, {len(damaged)} in all: {listed(damaged)}.")
    if tasks:
        with _engine(backend, scheduler) as check:
            failed = _run(tasks, settings, folder, n_jobs, progress, check)
        for key, reason in failed.items():
            errors[keys == key] = reason
            keys[keys == key] = ""
    return keys, errors


def read_row(key: str, row: Mapping[str, str], settings: RowSettings, folder: Path) -> tuple[str, str]:
    """Read one row in a worker and store the result; return its key and what went wrong, ``""`` if nothing did."""
    # Rows use one thread: they do not fight for cores, and numbers do not depend on how many there are.
    with _ONE_AT_A_TIME, silenced(), _one_thread(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            # Another run on this folder may have been faster.
            if not is_stored(folder, key):
                store_row(folder, key, inspect_row(row, settings))
        except (SincvizError, ValueError, OSError) as error:
            return key, str(error)
        except Exception as error:  # whatever happens to one row, the others go on
            return key, f"{type(error).__name__}: {error}"
    return key, ""


def _run(
    tasks: Mapping[str, Mapping[str, str]],
    settings: RowSettings,
    folder: Path,
    n_jobs: int,
    progress: bool,
    check: Callable[[], None],
) -> dict[str, str]:
    """Return what failed, and why."""
    waiting, suspects = list(tasks), list[str]()
    deaths: Counter[str] = Counter()
    failed: dict[str, str] = {}
    with tqdm(
        total=len(tasks),
        desc="Reading networks",
        unit="network",
        smoothing=0.1,
        disable=switched_off() if progress else True,
    ) as bar:
        while waiting or suspects:
            # Those that a dead worker may have held are read one by one, so that the one to blame is known.
            batch, at_once = (waiting, n_jobs) if waiting else (suspects[:1], 2)
            begun, done = list[str](), set[str]()
            calls = _calls(batch, tasks, settings, folder, begun)
            alone = not waiting
            try:
                work = joblib.Parallel(
                    at_once, return_as="generator_unordered", pre_dispatch="n_jobs", batch_size=1
                )
                for key, error in work(calls):
                    done.add(key)
                    failed |= {key: error} if error else {}
                    bar.update()
            except Exception as error:  # rows catch their own: this is a worker that died, or its engine
                check()
                lost = [key for key in begun if key not in done]
                if not lost:
                    raise
                for key in lost if alone else ():
                    deaths[key] += 1
                    if deaths[key] == MOST_DEATHS:
                        failed[key] = (
                            f"The worker died {MOST_DEATHS} times while it read this row ({type(error).__name__}). "
                            "Is there enough memory?"
                        )
                        bar.update()
                suspects += [key for key in lost if not alone]
            gone = done | set(failed)
            waiting = [key for key in waiting if key not in gone and key not in suspects]
            suspects = [key for key in suspects if key not in gone]
    return failed


def _calls(
    batch: list[str],
    tasks: Mapping[str, Mapping[str, str]],
    settings: RowSettings,
    folder: Path,
    begun: list[str],
) -> Iterator[Any]:
    for key in batch:
        begun.append(key)
        yield joblib.delayed(read_row)(key, tasks[key], settings, folder)


@contextmanager
def _engine(backend: str | None, scheduler: str | None) -> Iterator[Callable[[], None]]:
    """Set joblib's backend; give a function that raises if the engine is lost."""
    if scheduler is not None and backend != "dask":
        raise ValueError(
            "`scheduler` is the address of a dask scheduler: pass `backend='dask'` (`--backend dask`) with it."
        )
    if backend not in (None, *BACKENDS):
        raise ValueError(f"`backend` must be {' or '.join(map(repr, BACKENDS))}; got {backend!r}.")
    if backend == "dask":
        with _client(scheduler) as client, joblib.parallel_config("dask"):
            yield lambda: _check_answer(client)
    else:
        with (
            nullcontext() if backend is None else joblib.parallel_config("loky", idle_worker_timeout=_IDLE_S)
        ):
            yield lambda: None


def _client(scheduler: str | None) -> AbstractContextManager[Any]:
    try:
        distributed = importlib.import_module("distributed")
    except ImportError as error:
        raise MissingDependencyError("Dask is not installed. Try: pip install 'sincviz[cluster]'") from error
    if scheduler is None:
        try:
            return nullcontext(distributed.get_client())
        except ValueError:
            raise ValueError(
                "`backend='dask'` needs the address of a scheduler (`--scheduler tcp://127.0.0.1:8786`), or an open "
                "`distributed.Client`."
            ) from None
    try:
        client = distributed.Client(scheduler, timeout=_CONNECT_S)
    except (OSError, ValueError) as error:
        raise ConnectionError(f"There is no dask scheduler at {scheduler!r}: {error}") from error
    try:
        versions = set(client.run(_version_here).values())
    except ImportError as error:
        client.close()
        raise MissingDependencyError(f"The dask workers cannot import sincviz: {error}") from error
    if versions - {__version__}:
        client.close()
        raise MissingDependencyError(
            f"The dask workers have sincviz {', '.join(sorted(versions))}, this is {__version__}. Install "
            "the same version."
        )
    return cast(AbstractContextManager[Any], client)


def _version_here() -> str:
    return __version__


def _check_answer(client: Any) -> None:
    try:
        client.sync(client.scheduler.identity)
    except Exception as error:  # each layer of the connection has its own
        raise ConnectionError(
            "The dask scheduler no longer answers. The rows read so far are stored: run the same "
            "command again to continue."
        ) from error


@contextmanager
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with threadpool_limits(1):
            yield
    finally:
        torch.set_num_threads(before)
