"""What makes a function a method of the benchmark: a label, a domain, a note, and no warnings of its library."""

import functools
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

BATCH = 50
"""Trials at once. Larger batches take longer per trial: what is between layers no longer fits into the cache."""

Method = Callable[[nn.Module, Tensor, int], Any]
"""From a module, trials and the index of a score to attributions."""


def method(label: str, *, domain: str, note: str = "") -> Callable[[Method], Method]:
    """Return a decorator that gives a function its name in tables and the domain, "time" or "frequency"."""

    def mark(attribute: Method) -> Method:
        @functools.wraps(attribute)
        def marked(model: nn.Module, x: Tensor, target: int) -> np.ndarray:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # captum sets hooks and required gradients, and says so
                found = attribute(model, x, target)
            return found.detach().cpu().numpy() if isinstance(found, Tensor) else np.asarray(found)

        for name, value in {"label": label, "domain": domain, "note": note}.items():
            setattr(marked, name, value)
        return marked

    return mark


def in_batches(attribute: Callable[..., Tensor], x: Tensor) -> Tensor:
    """Return what a function finds for trials, `BATCH` of them at a time."""
    return torch.cat([attribute(batch).detach() for batch in x.split(BATCH)])


@contextmanager
def seeded(seed: int = 0) -> Iterator[None]:
    """Draw the same numbers at every call, and leave the generators of torch and NumPy as they were."""
    state = np.random.get_state()  # noqa: NPY002  # captum draws from it
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        np.random.seed(seed)  # noqa: NPY002
        try:
            yield
        finally:
            np.random.set_state(state)  # noqa: NPY002


def sampling_rate_hz(model: nn.Module) -> float:
    """Return the sampling rate that a module declares."""
    sfreq = getattr(model, "sfreq", None)
    if sfreq is None:
        raise ValueError(
            "`model` must have the attribute `sfreq`, its sampling rate in Hz, for methods on bands or windows; got "
            f"a {type(model).__name__} without it. Try `model.sfreq = 100.0`."
        )
    return float(sfreq)
