"""A payload of a small made-up network, so that the views can be tried without torch: a mu rhythm over C3 and C4."""

import base64
import gzip
import json

import numpy as np

NAMES = [
    *("Fp1", "Fp2", "F7", "F3", "Fz", "F4", "F8", "T7", "C3", "Cz"),
    *("C4", "T8", "P7", "P3", "Pz", "P4", "P8", "O1", "O2"),
]
POSITIONS = [
    *((-0.27, 0.82), (0.27, 0.82), (-0.7, 0.5), (-0.35, 0.42), (0, 0.4), (0.35, 0.42), (0.7, 0.5)),
    *((-0.86, 0), (-0.43, 0), (0, 0), (0.43, 0), (0.86, 0)),
    *((-0.7, -0.5), (-0.35, -0.42), (0, -0.4), (0.35, -0.42), (0.7, -0.5), (-0.27, -0.82), (0.27, -0.82)),
]
BANDS = [
    ("delta", 1, 4),
    ("theta", 4, 8),
    ("mu", 8, 13),
    ("beta", 13, 30),
    ("gamma", 30, 80),
    ("other", 0, 1),
]
CUTOFFS = np.array([[8, 13], [2, 6], [10, 12.5], [14, 22], [18, 30], [30, 45], [5, 9], [50, 70]], float)
SFREQ_HZ, N_TIMES, TAPS, DEPTH, WINDOWS, POOL = 160.0, 320, 65, 2, 4, 80


def payload(
    n_trials=40,
    *,
    readable=True,
    can_recompute=True,
    over=("time", "both"),
    class_names=("left hand", "right hand"),
    **header,
):
    """Return the text of a payload; what else is given replaces what its header says."""
    rng = np.random.default_rng(0)
    code = np.arange(n_trials) % 2
    signals = _signals(rng, code)
    spatial = rng.standard_normal((len(CUTOFFS), DEPTH, len(NAMES))) * 0.05
    spatial[:, 0, 8], spatial[:, 1, 10] = 0.7, 0.7
    half = (TAPS - 1) // 2
    n_pi = 2 * np.pi * np.arange(-half, 0) / SFREQ_HZ
    window = np.hamming(TAPS)[:half]
    raw = np.array([_kernel(low, high, n_pi, window) for low, high in CUTOFFS])
    bank_std = raw.std(ddof=1)
    scale, bias = np.full((len(CUTOFFS), DEPTH), 0.3), np.full((len(CUTOFFS), DEPTH), 0.1)
    pooled = _pooled(signals, spatial, raw / bank_std, scale, bias)
    head, head_bias = _head(pooled, code)
    scores = np.einsum("nfdw,cfdw->nc", pooled, head) + head_bias
    predicted = scores.argmax(1)
    largest = np.abs(signals).max(2) / 32767
    arrays = {
        **_relevance(rng, scores, code, over),
        **_filters(spatial, raw / bank_std),
        "trial_number": (3 * np.arange(n_trials), "i4"),
        "code": (code, "i4"),
        "predicted": (predicted, "i4"),
        "scores": (scores, "f4"),
        "seen": (np.zeros(n_trials), "u1"),
        "signals": (np.round(signals / largest[..., None]), "i2"),
        "signal_scale": (largest, "f4"),
    }
    if can_recompute:
        arrays |= {
            "kernels": (raw / bank_std, "f4"),
            "window": (window, "f4"),
            "n_pi": (n_pi, "f4"),
            "cutoffs_hz": (CUTOFFS, "f4"),
            "spatial_weights": (spatial, "f4"),
            "scale": (scale, "f4"),
            "bias": (bias, "f4"),
            "head": (head, "f4"),
            "head_bias": (head_bias, "f4"),
        }
    right = float((predicted == code).mean())
    of_payload = {
        "version": 1,
        "kind": "SincShallowNet",
        "title": f"{class_names[0]} against {class_names[1]}",
        "readable": readable,
        "verdict": "What the network uses can be read from these trials."
        if readable
        else "What the network uses cannot be read from these trials: the network was trained on these trials.",
        "class_names": list(class_names),
        "ch_names": NAMES,
        "sfreq_hz": SFREQ_HZ,
        "unit": "µV",
        "trials_words": f"{n_trials} of {5 * n_trials} trials, drawn evenly from the classes",
        "held_out_words": "not used in training",
        "accuracy": {
            **{"value": right, "ci_low": right - 0.08, "ci_high": min(right + 0.06, 1.0), "chance": 0.5},
            **{"n_trials": 5 * n_trials, "words": f"{right:.0%} of {5 * n_trials} trials"},
        },
        "bands": [
            {"name": n, "words": f"{n} ({a}–{b} Hz)", "ranges_hz": [[a, b]], "bins": [[2 * a, 2 * b]]}
            for n, a, b in BANDS
        ],
        "targets": [f"{class_names[0]} against {class_names[1]}"],
        "target_classes": [[0, 1]],
        "filters": _columns(),
        **_axes(over),
        "findings": [
            {
                "severity": "warning",
                "message": "Filters 1 and 3 are alike: their responses overlap by 84%.",
                "remedy": "Train with fewer filters.",
                "filters": [1, 3],
            }
        ],
        "can_recompute": can_recompute,
        "why_not": None if can_recompute else "Its activation differs from trial to trial.",
        "can_edit_cutoffs": can_recompute,
        "activation": {"name": "elu", "alpha": 1.0},
        "padding": "same",
        "pad": [TAPS // 2, TAPS // 2],
        "pool": {"starts": [POOL * i for i in range(WINDOWS)], "size": POOL},
        "bank_std": float(bank_std),
        "n_units_per_filter": DEPTH,
        "topomap_size": 32,
        "python": {"model": "network.safetensors", "epochs": "trials-epo.fif", "ch_names": NAMES},
        "history": _history(),
    } | header
    return packed(of_payload, arrays)


def packed(header, arrays):
    """Return header and arrays as the text that a page carries."""
    listed, blob = {}, b""
    for name, (values, dtype) in arrays.items():
        values = np.ascontiguousarray(values, "<" + dtype if dtype != "u1" else dtype)
        blob += b"\0" * (-len(blob) % 4)
        listed[name] = {"dtype": dtype, "shape": list(values.shape), "offset": len(blob)}
        blob += values.tobytes()
    packed_blob = base64.b64encode(gzip.compress(blob, 6, mtime=0)).decode()
    return json.dumps({"header": header | {"arrays": listed}, "blob": packed_blob})


def _signals(rng, code):
    time = np.arange(N_TIMES) / SFREQ_HZ
    spectrum = np.fft.rfft(rng.standard_normal((len(code), len(NAMES), N_TIMES)))
    signals = np.fft.irfft(spectrum / np.sqrt(np.arange(1, N_TIMES // 2 + 2)), N_TIMES) * 30
    for trial, one in enumerate(code):
        phase = rng.uniform(0, 6, 2)
        for column, which in ((8, 1), (10, 0)):  # the mu rhythm is weaker over the opposite hand
            size = 10 * rng.lognormal(0, 0.35) * (1.0 if one == which else 0.55)
            signals[trial, column] += size * np.sin(2 * np.pi * 11 * time + phase[which])
    return signals


def _kernel(low, high, n_pi, window):
    side = window * np.cos(n_pi * (low + high) / 2) * np.sinc(n_pi * (high - low) / (2 * np.pi))
    return np.concatenate([side, [1.0], side[::-1]])


def _pooled(signals, spatial, kernels, scale, bias):
    mixed = np.einsum("fdc,nct->nfdt", spatial, signals)
    size = N_TIMES + TAPS - 1
    product = np.fft.rfft(mixed, size) * np.fft.rfft(kernels, size)[None, :, None]
    filtered = np.fft.irfft(product, size)[..., TAPS // 2 : TAPS // 2 + N_TIMES]
    at = scale[None, :, :, None] * filtered + bias[None, :, :, None]
    active = np.where(at > 0, at, np.expm1(np.minimum(at, 0)))
    return active.reshape(*active.shape[:3], WINDOWS, POOL).mean(-1)


def _head(pooled, code):
    x = pooled.reshape(len(pooled), -1)
    centred = x - x.mean(0)
    weights = centred.T @ np.linalg.solve(centred @ centred.T + 6e3 * np.eye(len(x)), code - code.mean())
    head = np.stack([-weights, weights]).reshape(2, *pooled.shape[1:]) * 3
    return head, np.array([1, -1]) * 3 * (x.mean(0) @ weights)


FREQUENCY = np.arange(0, 80.5, 0.5)
WINDOW = np.arange(-0.475, 1.5, 0.05)
BIN, SLICE = np.arange(0, 42.0, 2), np.arange(-0.5, 1.51, 0.25)


def _axes(over):
    """Return what the header says of frequencies, windows of time, and cells of both."""

    def axis(dim, at):
        half = (at[1] - at[0]) / 2
        return {
            "dim": dim,
            "at": at.tolist(),
            "cuts": np.round([at[0] - half, *(at + half)], 3).tolist(),
        }

    axes = {"relevance": [axis("frequency", FREQUENCY)]}
    if "time" in over:
        axes["temporal_relevance"] = [axis("time", WINDOW)]
    if "both" not in over:
        return {"axes": axes, "time_frequency": None}
    axes["time_frequency_relevance"] = [axis("frequency", BIN), axis("time", SLICE)]
    resolution = {"frequency_resolution_hz": 2.7, "time_resolution_s": 0.27, "most_hz": 41, "share": 0.991}
    return {"axes": axes, "time_frequency": resolution}


def _relevance(rng, scores, code, over):
    frequency = FREQUENCY
    peak = np.exp(-0.5 * ((frequency - 11) / 1.6) ** 2) + 0.25 * np.exp(-0.5 * ((frequency - 21) / 4) ** 2)
    side = np.array([-(x) * np.exp(-((abs(x) - 0.43) ** 2 + y**2) / 0.12) for x, y in POSITIONS])
    side[[1, 0]] += 0.02
    relevance = side[:, None] * peak + rng.standard_normal((len(NAMES), len(frequency))) * 0.004
    inside = np.stack([(frequency >= low) & (frequency < high) for _, low, high in BANDS])
    bands = inside @ relevance.T
    margin = scores[:, 0] - scores[:, 1]
    per_trial = rng.standard_normal((len(code), len(BANDS), len(NAMES))) * 0.02
    per_trial += margin[:, None, None] * np.abs(bands) / np.abs(bands).sum()
    spectrum = np.zeros((len(code), len(frequency)))
    for band, mask in enumerate(inside):
        spectrum[:, mask] = per_trial[:, band].sum(1)[:, None] / mask.sum()
    width = 0.2 * np.abs(bands) + 0.05
    filters = np.stack([bands[2] * share for share in _columns()["relevance_share"]])
    course = _course(WINDOW)
    in_time = {"temporal_relevance": ((relevance.sum(1)[:, None] * course / course.sum())[None], "f4")}
    spread = _course(SLICE)[None] * np.exp(-0.5 * ((BIN - 11) / 3) ** 2)[:, None]
    cells = relevance.sum(1)[:, None, None] * spread / spread.sum()
    role = np.zeros((1, *bands.shape))
    role[0, 2, NAMES.index("Fz")], role[0, 2, NAMES.index("Pz")], role[0, 3, NAMES.index("F3")] = 1, 2, 1
    return {
        "band_role": (role, "i1"),
        **(in_time if "time" in over else {}),
        **({"time_frequency_relevance": (cells[None], "f4")} if "both" in over else {}),
        "relevance": (relevance[None], "f4"),
        "band_relevance": (bands[None], "f4"),
        "band_ci_low": ((bands - width)[None], "f4"),
        "band_ci_high": ((bands + width)[None], "f4"),
        "band_p": (np.where(np.abs(bands) > width, 0.001, 0.4)[None], "f4"),
        "filter_relevance": (filters[None], "f4"),
        "trial_relevance": (per_trial[:, None], "f4"),
        "trial_spectrum": (spectrum[:, None], "f4"),
    }


def _course(time):
    """Return relevance that begins after an event, and some against before it."""
    return np.exp(-0.5 * ((time - 0.7) / 0.25) ** 2) - 0.2 * np.exp(-0.5 * ((time + 0.2) / 0.1) ** 2)


def _filters(spatial, kernels):
    response = np.abs(np.fft.rfft(kernels, 512))[:, : 257 * 1]
    hz = np.fft.rfftfreq(512, 1 / SFREQ_HZ)
    grid = np.linspace(-1.2, 1.2, 32)
    x, y = np.meshgrid(grid, grid[::-1])
    at = np.stack([x.ravel(), y.ravel()], 1)
    near = np.exp(-((at[:, None] - np.array(POSITIONS)) ** 2).sum(-1) / 0.09)
    topomap = near / near.sum(1, keepdims=True)
    topomap[(at**2).sum(1) > 1.02] = np.nan
    steps = np.linspace(0, 1, 21)[:, None, None]
    start = CUTOFFS.mean(1)[:, None] + np.array([[-2.5, 2.5]])
    return {
        "response_hz": (hz, "f4"),
        "response_db": (20 * np.log10(response / response.max(1, keepdims=True) + 1e-4), "f4"),
        "spatial": (spatial, "f4"),
        "patterns": (spatial + np.roll(spatial, 1, 2) * 0.5, "f4"),
        "initial_cutoffs_hz": (start, "f4"),
        "history_cutoffs_hz": (start + (CUTOFFS - start) * (1 - np.exp(-4 * steps)), "f4"),
        "positions": (np.array(POSITIONS), "f4"),
        "topomap": (topomap, "f4"),
    }


def _columns():
    low, high = CUTOFFS.T
    rhythm = ["alpha", "theta", "alpha", "beta", "beta", "gamma", "theta", "gamma"]
    return {
        "number": list(range(1, len(CUTOFFS) + 1)),
        "nominal_low_hz": low.tolist(),
        "nominal_high_hz": high.tolist(),
        "measured_low_hz": (low - 0.7).tolist(),
        "measured_high_hz": [*(high + 0.8)[:-1].tolist(), None],
        "peak_hz": ((low + high) / 2).tolist(),
        "rhythm": rhythm,
        "importance": [0.9, 0.1, 0.6, 0.3, 0.2, 0.05, 0.15, 0.02],
        "drift_hz": [1.2, 0.4, 2.2, 0.1, 0.0, 0.7, 1.0, 0.3],
        "relevance_share": [0.52, 0.02, 0.27, 0.1, 0.05, -0.01, 0.04, 0.01],
    }


def _history():
    epochs = list(range(21))
    return {
        "epochs": epochs,
        "loss": {
            "train": [0.7 * 0.9**e + 0.1 for e in epochs],
            "valid": [0.7 * 0.93**e + 0.2 for e in epochs],
        },
        "accuracy": {
            "train": [0.95 - 0.45 * 0.85**e for e in epochs],
            "valid": [0.85 - 0.35 * 0.85**e for e in epochs],
        },
    }
