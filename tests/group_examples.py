"""Groups without networks: rows as they are stored, of people with and without something in common."""

import json

import numpy as np
import pandas as pd
import xarray as xr

from sincviz.eeg.band_limits import with_band_limits
from sincviz.eeg.bands import RHYTHMS
from sincviz.inspection.explaining import WIDTH_S
from sincviz.population import group as groups
from sincviz.population.rows.store import store_row

PLACES = {
    **{"F7": (-0.07, 0.04, 0.0), "Fz": (0.0, 0.06, 0.08), "F8": (0.07, 0.04, 0.0)},
    **{"C3": (-0.06, 0.0, 0.07), "Cz": (0.0, 0.0, 0.1), "C4": (0.06, 0.0, 0.07)},
    **{"P3": (-0.05, -0.06, 0.06), "Pz": (0.0, -0.06, 0.08), "P4": (0.05, -0.06, 0.06)},
}
BANDS = ("delta", "theta", "alpha", "beta", "gamma", "other")


def row(
    rng,
    effect=1.0,
    *,
    classes=("left", "right"),
    placed=True,
    trained_on=(),
    sections=True,
    channels=tuple(PLACES),
    windows=range(-4, 16),
    when=(0.3, 0.45),
    **attrs,
):
    """What is stored of a network: noise, and in alpha at C3 and C4, ``when`` in seconds, what all people share."""
    contrast = 0.1 * rng.standard_normal((len(classes), len(BANDS), len(channels)))
    spectrum = 0.1 * rng.standard_normal((len(classes), len(channels), 21))
    low_s = WIDTH_S * np.array(windows)
    inside = (low_s > when[0] - 0.01) & (low_s < when[1] - 0.01)
    # Of its own generator, so that all else stays as it was.
    other = rng.spawn(1)[0]
    course = 0.1 * other.standard_normal((len(classes), len(channels), len(low_s)))
    for name in {"C3", "C4"} & set(channels):
        contrast[:, 2, channels.index(name)] += effect
        spectrum[:, channels.index(name), 10] += effect
        course[:, channels.index(name), inside] += effect
    peaks = np.array([6.0, 10.0, 20.0, 35.0]) + 0.3 * rng.standard_normal(4)
    frequency_hz = np.arange(0, 64.5, 0.5)
    amplitude = np.exp(-((frequency_hz - peaks[:, None]) ** 2) / 8)
    arrays = {
        "band_contrast": (("target", "band", "channel"), contrast, {"units": "SD"}),
        "frequency_contrast": (("target", "channel", "frequency"), spectrum, {"units": "SD"}),
        "time_contrast": (
            ("target", "channel", "time"),
            course,
            {"units": "SD", "window_width_s": WIDTH_S},
        ),
        "occupancy": (
            ("training", "band"),
            [[0, 0.2, 0.3, 0.3, 0.2, 0], [0, 0.15, 0.35 + 0.01 * rng.standard_normal(), 0.3, 0.2, 0]],
        ),
        "amplitude": (("filter", "response_frequency"), amplitude),
        "pattern": (("filter", "depth", "channel"), rng.standard_normal((4, 2, len(channels)))),
    }
    # As training moved them; in another order the movements would change nothing.
    exchanged = np.tile(arrays["occupancy"][1][0], (4, 4, 1)) + 0.02 * other.standard_normal(
        (4, 4, len(BANDS))
    )
    arrays["exchanged_occupancy"] = (("filter", "movement", "band"), exchanged)
    if sections:
        arrays["importance"] = (("filter", "depth"), 0.5 + other.random((4, 2)))
        arrays |= {"measured_low_hz": ("filter", peaks - 2), "measured_high_hz": ("filter", peaks + 2)}
        arrays |= {"peak_hz": ("filter", peaks), "center_hz": ("filter", peaks)}
        arrays |= {"initial_center_hz": ("filter", [6.0, 10.0, 20.0, 35.0])}
    places = np.array([PLACES[name] for name in channels]) if placed else np.full((len(channels), 3), np.nan)
    found = xr.Dataset(
        arrays,
        {
            "target": list(classes),
            "band": list(BANDS),
            "channel": list(channels),
            **{axis: ("channel", places[:, k]) for k, axis in enumerate("xyz")},
            "frequency": np.arange(21.0),
            "time": low_s + WIDTH_S / 2,
            "time_low_s": ("time", low_s),
            "time_high_s": ("time", low_s + WIDTH_S),
            "training": ["before", "after"],
            "filter": np.arange(4),
            "movement": np.arange(4),
            "depth": [0, 1],
            "response_frequency": frequency_hz,
        },
        {
            "accuracy": 0.8,
            "majority": 0.5,
            "balanced_accuracy": 0.8,
            "chance_level": 0.5,
            "p": 0.0005,
            "above_chance": "yes",
            "unknown_because": "",
            "not_readable_because": "[]",
            "n_trials": 45,
            "held_out": "yes",
            "n_seen": 0,
            "weights_sha256": "w",
            "sfreq_hz": 128.0,
            "errors": "[]",
            "training_trials": json.dumps(list(trained_on)),
        }
        | attrs,
    )
    return with_band_limits(found, RHYTHMS)


def manifest(n_subjects=8, n_seeds=2, conditions=("",)):
    """A table of networks that exist nowhere."""
    return pd.DataFrame(
        [
            {"checkpoint": f"/{s}_{k}_{c}.pt", "dataset": "eegbci", "subject": s, "seed": k, "condition": c}
            for c in conditions
            for s in range(1, n_subjects + 1)
            for k in range(n_seeds)
        ]
    )


def group_of(table, rows, folder, monkeypatch, **settings):
    """Group what is stored; a text in place of a row is the reason why it could not be read."""

    def stored(manifest, _settings, place, **_):
        keys, errors = (
            pd.Series("", manifest.index, dtype=object),
            pd.Series("", manifest.index, dtype=object),
        )
        for number, found in zip(manifest.index, rows, strict=True):
            if isinstance(found, str):
                errors[number] = found
            else:
                keys[number] = f"k{number}"
                store_row(place, keys[number], found)
        return keys, errors

    monkeypatch.setattr(groups, "read_rows", stored)
    return groups.group(table, folder, progress=False, n_permutations=200, **settings)
