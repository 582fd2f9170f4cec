"""Plans for building a known architecture: parameters to try, with the samples of its trials."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

from sincviz._utils.checks import positive_int
from sincviz._utils.text import joined
from sincviz.weights.known_architectures import Architecture
from sincviz.weights.trial_lengths import fitting_times, likely, short_times

LIBRARY = "braindecode"
_FIRST_BAND_S = 1.65  # seconds of MNE's filter for the first band of braindecode's bank, which begins at 4 Hz


def plans(
    architecture: Architecture,
    settings: Mapping[str, Any],
    sizes: Mapping[str, Any],
    defaults: Mapping[str, Any],
    known: Mapping[str, Any],
    trial: tuple[int, float] | None,
) -> tuple[list[dict[str, Any]], range | None]:
    """Return parameters to try in this order, and the lengths of trials that fit if one had to be chosen."""
    if architecture.name == "ATCNet":
        settings = _with_heads(settings, sizes, defaults)
    lengths = [key for key in architecture.lengths if key not in known]
    unshortened = {key: value for key, value in settings.items() if key not in lengths}
    samples = _stated_samples(known)
    if architecture.windows is None or any(
        known.get(key, defaults.get(key)) != defaults.get(key)
        for key in ("final_conv_length", "stride_before_pool")
    ):
        samples = samples or (trial[0] if trial else None)
        if samples is None:
            raise ValueError(
                f"the weights of {article(architecture.name)} do not tell the samples of its trials. Pass them: "
                "`n_times=1000` (`-p n_times=1000`), or trials like those of the training, `epochs=epochs` "
                "(`--epochs`)"
            )
        # Lengths that are all as braindecode shortens its defaults were hardly chosen one by one.
        plans = [unshortened, settings] if architecture.lengths else [settings]
        return [
            {**plan, **rate} for plan in plans for rate in _rates(plan, sizes, known, trial, samples)
        ], None
    regular = fitting_times(architecture, {**defaults, **settings}, sizes)
    short = short_times(architecture, {**defaults, **unshortened}, sizes)
    wanted = samples or (trial[0] if trial else None)
    for times, plan in ((short, unshortened), (regular, settings)):
        if times and (wanted is None or wanted in times):
            chosen = wanted or likely(times)
            return [{**plan, "n_times": chosen}], (None if wanted else times)
    fitting = joined([f"{span(times)}" for times in (regular, short) if times], "or")
    of_pooling = [key for key in architecture.traceless if key.startswith("pool") and key != "pool_mode"]
    pools = joined([f"`{key}`" for key in of_pooling], "or")
    if not fitting:
        raise ValueError(
            f"no number of samples gives its head the size in the file, {sizes['windows']}. Pass {pools} if they are "
            "not the defaults"
        )
    raise ValueError(
        f"its head fits trials of {fitting} samples; got {wanted}. Pass trials of such a length, or {pools} if they "
        "are not the defaults"
    )


def _stated_samples(known: Mapping[str, Any]) -> int | None:
    if known.get("n_times") is not None:
        return positive_int("n_times", known["n_times"])
    if known.get("input_window_seconds") and known.get("sfreq"):
        return int(known["input_window_seconds"] * known["sfreq"])
    return None


def _with_heads(
    settings: Mapping[str, Any], sizes: Mapping[str, Any], defaults: Mapping[str, Any]
) -> dict[str, Any]:
    """Return parameters with the attention's heads, of which the weights tell only the sum of their sizes."""
    if "head_dim" in settings and "num_heads" not in settings:
        heads, rest = divmod(sizes["embedding"], settings["head_dim"])
    else:
        heads = settings.get("num_heads", defaults["num_heads"])
        rest = sizes["embedding"] % heads
    if rest or not heads:
        raise ValueError(
            f"its attention has {sizes['embedding']} values, which {heads} heads cannot share. Pass `num_heads`"
        )
    if sizes["is_constrained"] and settings.get("conv_max_norm_const") is None:
        raise ValueError("its convolutions are constrained. Pass `conv_max_norm_const`, their largest norm")
    return {**settings, "num_heads": heads, "head_dim": sizes["embedding"] // heads}


def _rates(
    settings: Mapping[str, Any],
    sizes: Mapping[str, Any],
    known: Mapping[str, Any],
    trial: tuple[int, float] | None,
    samples: int,
) -> Iterator[dict[str, Any]]:
    """Yield the number of samples, with each sampling rate whose filters may be as long as those in the file."""
    if "taps" not in sizes or known.get("sfreq") is not None:
        yield {"n_times": samples}
        return
    rates = [] if trial is None else [trial[1]]
    if not known.keys() & {"n_bands", "filter_parameters"}:
        low, high = (sizes["taps"] - 2) / _FIRST_BAND_S, sizes["taps"] / _FIRST_BAND_S
        rates = [rate for rate in rates if low < rate <= high]
        rates += [float(rate) for rate in range(math.floor(low) + 1, math.floor(high) + 1)]
    if not rates:
        raise ValueError(
            "the lengths of its filters fit no sampling rate. Pass `sfreq`, and `n_bands` with its bands"
        )
    yield from ({"n_times": samples, "sfreq": rate} for rate in dict.fromkeys(rates))


def span(times: range) -> str:
    """Return the first and the last length as text."""
    return f"{times[0]} to {times[-1]}" if len(times) > 1 else str(times[0])


def article(name: str) -> str:
    """Return the name of an architecture with its article.

    Examples
    --------
    >>> article("EEGNet"), article("Deep4Net")
    ('an EEGNet', 'a Deep4Net')
    """
    return f"a{'n' if name[0] in 'AEF' else ''} {name}"
