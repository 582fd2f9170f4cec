"""Which way power speaks for a class: told where it is the same in the trials of every class."""

import numpy as np
import pytest
import xarray as xr

from sincviz.analysis.attribution.power_direction import LESS, MORE, direction_words, power_direction
from sincviz.eeg.band_limits import with_band_limits


def trials_of(codes, seed=0):
    """White noise at two channels; power at the first varies from trial to trial."""
    rng = np.random.default_rng(seed)
    loudness = np.exp(0.5 * rng.standard_normal(len(codes)))
    return rng.standard_normal((len(codes), 2, 256)) * np.stack([loudness, np.ones(len(codes))], axis=1)[
        :, :, None
    ], np.log(loudness)


def relevance_of(values, codes):
    """One band at two channels, nothing at the second; of two classes with mirrored scores."""
    cells = np.zeros((len(codes), 2, 1, 2))
    cells[:, 0, 0, 0], cells[:, 1, 0, 0] = values, -values
    cells[:, :, 0, 1] = 1e-6 * np.random.default_rng(1).standard_normal((len(codes), 2))
    array = xr.DataArray(
        cells,
        {
            "target": ["left", "right"],
            "class_name": ("trial", np.array(["left", "right"])[codes]),
            "band": ["beta"],
            "channel": ["C3", "C4"],
        },
        ("trial", "target", "band", "channel"),
    )
    return with_band_limits(array, {"beta": (13.0, 30.0)})


@pytest.fixture
def model(network):
    return network(n_chans=2, n_times=256)


@pytest.mark.parametrize("counts", [(40, 40), (64, 16)])
def test_power_that_does_the_same_in_every_class_has_a_direction(model, counts):
    codes = np.repeat([0, 1], counts)
    x, loudness = trials_of(codes)
    found = power_direction(model, x, relevance_of(-loudness, codes))
    words = [direction_words(float(value), len(codes)) for value in found.sel(channel="C3", band="beta")]
    assert words == [f"{LESS} favours it", f"{MORE} favours it"]


@pytest.mark.parametrize("counts", [(40, 40), (64, 16)])
def test_a_waveform_that_speaks_for_one_class_and_against_the_other_has_none(model, counts):
    codes = np.repeat([0, 1], counts)
    x, loudness = trials_of(codes)
    # The louder, the further from zero: up in one class and down in the other.
    values = np.exp(loudness) * np.where(codes == 0, 1.0, -1.0)
    found = power_direction(model, x, relevance_of(values, codes))
    assert [direction_words(float(value), len(codes)) for value in found.sel(channel="C3", band="beta")] == [
        "",
        "",
    ]
