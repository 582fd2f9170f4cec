"""Cases of the benchmark: a network, trials that it has not seen, and what is true of them."""

import dataclasses
import os
import time
import warnings
from collections.abc import Collection, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import xarray as xr
from numpy.typing import NDArray
from torch import Tensor, nn

from sincviz._utils.progress import followed, silenced
from sincviz._utils.text import counted
from sincviz.benchmark import architectures, network_training
from sincviz.benchmark.conditions import (
    ARCHITECTURES,
    CONDITIONS,
    N_TEST,
    N_TIMES,
    N_TRAIN,
    SFREQ_HZ,
    Setting,
    seed_of,
    setting,
)
from sincviz.benchmark.network_files import (
    SUFFIX,
    cache_folder,
    content_key,
    read_network,
    write_network,
)
from sincviz.benchmark.real_background import ATTRIBUTION, background, people_of
from sincviz.benchmark.simulation import Trials, simulate
from sincviz.datasets.head_model import head_info
from sincviz.errors import DownloadNeededError, did_you_mean

SIMULATION = 1
"""Raised whenever code changes what is simulated or trained, so that no earlier file is taken for a new one."""

SMALL = (
    "hands_strong/SincShallowNet",
    "hands_weak/ShallowConvNet",
    "suppressor/EEGNet",
    "label_artefact/DeepConvNet",
    "p300/DeepConvNet",
    "n170/EEGNet",
    "erp_weak/SincShallowNet",
    "erd_latency/ShallowConvNet",
)
FULL = tuple(f"{condition}/{architecture}" for condition in CONDITIONS for architecture in ARCHITECTURES)
SIZES = {"small": SMALL, "full": FULL}

_TEST_SEED = 2**30  # above every seed of a name


@dataclass(frozen=True, eq=False)
class Case:
    """A trained network, test trials, and the truth.

    Attributes
    ----------
    name : str
        Condition and architecture, such as ``"hands_weak/EEGNet"``.
    condition, architecture : str
        The two.
    domain : str
        ``"frequency"`` or ``"time"``: the plane in which the truth is known.
    model : torch.nn.Module
        In evaluation mode; takes float32 trials in microvolts and returns two scores. Its attributes ``sfreq``,
        ``ch_names``, ``chs_info``, ``class_names`` and ``tmin_s`` describe its input.
    x : torch.Tensor, shape (trials, channels, times)
        Test trials in microvolts, never seen in training.
    y : torch.Tensor, shape (trials,)
        Class of each, 0 or 1.
    ch_names : tuple of str
        Electrodes.
    sfreq : float
        Sampling rate in Hz.
    tmin_s : float
        Time of the first sample.
    truth : xarray.Dataset
        The sources of the test trials, as :func:`sincviz.datasets.simulate_motor_imagery` returns them; ``role`` may
        also be ``"suppressor"``.
    accuracy : float
        On the test trials.
    seed : int
        Seed of training trials, weights and training.
    """

    name: str
    condition: str
    architecture: str
    domain: str
    model: nn.Module
    x: Tensor
    y: Tensor
    ch_names: tuple[str, ...]
    sfreq: float
    tmin_s: float
    truth: xr.Dataset
    accuracy: float
    seed: int


def case_names(size: str = "small") -> tuple[str, ...]:
    """Return the names of the cases.

    Parameters
    ----------
    size : {"small", "full"}
        Eight cases, or every condition with every architecture.

    Returns
    -------
    tuple of str
        Condition and architecture of each, such as ``"hands_weak/EEGNet"``.

    Raises
    ------
    ValueError
        If there is no such size.

    Examples
    --------
    >>> len(case_names("small")), len(case_names("full"))
    (8, 60)
    """
    if size not in SIZES:
        raise ValueError(f"`size` must be one of {', '.join(SIZES)}; got {size!r}. Try 'small'.")
    return SIZES[size]


def cases(
    size: str = "small",
    *,
    cache: str | os.PathLike[str] | None = None,
    skip: Collection[str] = (),
    progress: bool = True,
) -> Iterator[Case]:
    """Yield cases, one after the other; networks that are not in the cache are trained.

    Parameters
    ----------
    size : {"small", "full"}
        Eight cases, or every condition with every architecture.
    cache : path-like, optional
        Folder of the networks; see :func:`sincviz.benchmark.network_files.cache_folder`.
    skip : collection of str
        Names of cases that are not wanted.
    progress : bool
        Show a progress bar.

    Yields
    ------
    Case
        In the order of :func:`case_names`. Those that need recordings which are neither on this disk nor in the cache
        are left out with a warning.

    Raises
    ------
    ValueError
        If there is no such size.
    CheckpointError
        If a file in the cache is damaged.

    Examples
    --------
    >>> for case in cases("small"):  # doctest: +SKIP
    ...     print(case.name, case.accuracy)
    """
    # An unknown size raises here, and not when the first case is taken.
    return _cases([name for name in case_names(size) if name not in skip], cache, progress)


def _cases(names: Sequence[str], cache: str | os.PathLike[str] | None, progress: bool) -> Iterator[Case]:
    with nullcontext() if progress else silenced():
        bar = followed(names, "Networks", "network")
    left_out, reason = [], ""
    for name in bar:
        try:
            found = case(name, cache=cache)
        except DownloadNeededError as error:
            left_out.append(name)
            reason = str(error)
        else:
            yield found
    if left_out:
        warnings.warn(
            f"{counted(len(left_out), 'case')} of {len(names)} left out, because the background is recorded EEG that "
            f"is neither on this disk nor in the cache: {', '.join(left_out)}. Read a bundle of the networks, or get "
            f"the recordings: {reason}",
            stacklevel=2,
        )


def case(name: str, *, cache: str | os.PathLike[str] | None = None) -> Case:
    """Return a case; its network is trained if it is not in the cache.

    Parameters
    ----------
    name : str
        Condition and architecture, such as ``"hands_weak/EEGNet"``.
    cache : path-like, optional
        Folder of the networks; see :func:`sincviz.benchmark.network_files.cache_folder`.

    Returns
    -------
    Case
        The network, trials that it has not seen, and the truth.

    Raises
    ------
    ValueError
        If there is no such case.
    DownloadNeededError
        If its background is recorded EEG that is neither on this disk nor in the cache.
    CheckpointError
        If its file in the cache is damaged.

    Examples
    --------
    >>> case("x")
    Traceback (most recent call last):
        ...
    ValueError: `name` must be condition/architecture; got 'x'. Try 'hands_weak/EEGNet'.
    """
    condition, architecture, settings = _parts(name)
    seed = seed_of(name)
    path = cache_folder(cache) / file_name(name)
    if not path.exists():
        _train(path, name, architecture, settings, seed)
    tensors, facts = read_network(path)
    if settings.recorded:
        uv = tensors.pop("x").to(torch.float32) * tensors.pop("x_step_uv")
        test = simulate(settings, N_TEST, seed + _TEST_SEED, uv.double().numpy())
        test = test._replace(uv=uv.numpy(), truth=_with_maps(test.truth, tensors.pop("maps_uv").numpy()))
    else:
        test = simulate(settings, N_TEST, seed + _TEST_SEED)
    model = _untrained(architecture, settings, test.class_names, seed)
    model.load_state_dict(tensors)
    model.eval()
    x, y = torch.from_numpy(test.uv), torch.from_numpy(test.y)
    return Case(
        name=name,
        condition=condition,
        architecture=architecture,
        domain=settings.domain,
        model=model,
        x=x,
        y=y,
        ch_names=settings.ch_names,
        sfreq=SFREQ_HZ,
        tmin_s=settings.tmin_s,
        truth=test.truth.assign_attrs(simulation=SIMULATION, training_seconds=facts["training_seconds"]),
        accuracy=network_training.accuracy(model, x, y),
        seed=seed,
    )


def file_name(name: str) -> str:
    """Return the name of the file of a case's network; it changes with everything that the network depends on.

    Examples
    --------
    >>> file_name("hands_weak/EEGNet") != file_name("hands_weak/DeepConvNet")
    True
    """
    return name.replace("/", "-") + "-" + content_key(description(name)) + SUFFIX


def description(name: str) -> dict[str, Any]:
    """Return all that a case's network depends on, as JSON can hold it."""
    _, architecture, settings = _parts(name)
    return {
        "simulation": SIMULATION,
        "name": name,
        "setting": dataclasses.asdict(settings),
        "architecture": architectures.SETTINGS[architecture],
        "training": {
            "passes": network_training.PASSES[architecture],
            "batch_size": network_training.BATCH_SIZE,
            "weight_decay": network_training.WEIGHT_DECAY,
            "rate": network_training.RATES[architecture],
            "sinc_rate": network_training.SINC_RATE,
        },
        "trials": [N_TRAIN, N_TEST, N_TIMES, SFREQ_HZ],
        "seed": seed_of(name),
    }


def _parts(name: str) -> tuple[str, str, Setting]:
    if name not in FULL:
        hint = did_you_mean(name, FULL) or " Try 'hands_weak/EEGNet'."
        raise ValueError(f"`name` must be condition/architecture; got {name!r}.{hint}")
    condition, architecture = name.split("/")
    return condition, architecture, setting(condition, architecture)


def _untrained(architecture: str, settings: Setting, class_names: tuple[str, ...], seed: int) -> nn.Module:
    info = head_info(settings.ch_names, SFREQ_HZ)
    model = architectures.build(architecture, info["chs"], N_TIMES, SFREQ_HZ, len(class_names), seed)
    known = {
        "sfreq": SFREQ_HZ,
        "ch_names": list(settings.ch_names),
        "chs_info": info["chs"],
        "class_names": list(class_names),
        "scale": 1e6,
        "tmin_s": settings.tmin_s,
    }
    for attribute, value in known.items():
        if not isinstance(getattr(type(model), attribute, None), property):  # which follows from others
            setattr(model, attribute, value)
    return model


def _train(path: Path, name: str, architecture: str, settings: Setting, seed: int) -> None:
    """Simulate, train, and write the file."""
    recorded: list[Any] = [None, None]
    if settings.recorded:
        groups, counts = people_of(seed), (N_TRAIN, N_TEST)
        recorded = [
            background(group, count, settings.ch_names, seed)
            for group, count in zip(groups, counts, strict=True)
        ]
    training = simulate(settings, N_TRAIN, seed, recorded[0])
    labels = _flipped(training.y, settings.flipped, seed)
    network = _untrained(architecture, settings, training.class_names, seed)
    started = time.perf_counter()
    model = network_training.trained(
        network, training.uv, labels, seed, passes=network_training.PASSES[architecture]
    )
    facts = {
        "training_seconds": round(time.perf_counter() - started, 2),
        "training_accuracy": network_training.accuracy(
            model, torch.from_numpy(training.uv), torch.from_numpy(training.y)
        ),
        **description(name),
    }
    tensors = dict(model.state_dict())
    if settings.recorded:
        test = simulate(settings, N_TEST, seed + _TEST_SEED, recorded[1])
        tensors |= _stored(test)
        facts["attribution"] = ATTRIBUTION
    write_network(path, tensors, facts)


def _flipped(y: NDArray[np.int64], share: float, seed: int) -> NDArray[np.int64]:
    """Return labels of which a share, drawn at random, is wrong."""
    wrong = np.random.default_rng(seed).permutation(len(y))[: round(share * len(y))]
    labels = y.copy()
    labels[wrong] = 1 - labels[wrong]
    return labels


def _stored(test: Trials) -> dict[str, Tensor]:
    """Return trials in 16 bits, and the maps, whose height depends on the recorded background."""
    step_uv = np.float32(np.abs(test.uv).max() / 32767)
    return {
        "x": torch.from_numpy(np.round(test.uv / step_uv).astype(np.int16)),
        "x_step_uv": torch.tensor(step_uv),
        "maps_uv": torch.from_numpy(test.truth["scalp_map"].to_numpy()),
    }


def _with_maps(truth: xr.Dataset, maps_uv: NDArray[np.float64]) -> xr.Dataset:
    return truth.assign(scalp_map=truth["scalp_map"].copy(data=maps_uv))
