"""Patterns of networks on simulated EEG whose sources are known."""

import functools

import numpy as np
import pytest
import scipy.signal
import torch

from sincviz import SincShallowNet, learned_bands, spatial_filters, spatial_patterns
from sincviz.datasets import simulate_motor_imagery
from sincviz.maps import importance, most_important
from sincviz.networks import front_end
from sincviz.training import fit

BANDS_HZ = {"mu": (8, 13), "beta": (18, 26)}


def untrained(epochs, seed):
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = SincShallowNet(
            num_time_filters=8,
            time_filter_len=65,
            first_freq=7.0,
            freq_stride=2.0,
            n_outputs=2,
            n_times=len(epochs.times),
            sfreq=epochs.info["sfreq"],
            chs_info=epochs.info["chs"],
        )
    model.scale = 1e6
    return model


def test_a_pattern_is_the_sum_of_what_the_unit_sees_of_each_source():
    epochs, truth = simulate_motor_imagery(30, seed=4)
    # The same seed with sources too weak to be seen: the background alone.
    background_uv = simulate_motor_imagery(30, seed=4, snr_db=-500)[0].get_data() * 1e6
    maps_uv = truth["scalp_map"].to_numpy()
    sources_uv = epochs.get_data() * 1e6 - background_uv
    courses = np.linalg.pinv(maps_uv.T) @ sources_uv
    np.testing.assert_allclose(maps_uv.T @ courses, sources_uv, atol=1e-9)

    model = untrained(epochs, 0).double()
    patterns = spatial_patterns(model, epochs)
    for unit in [(0, 0), (3, 1), (7, 0)]:
        kernel = front_end(model).kernels[unit[0]].numpy()
        weights = front_end(model).spatial[unit].numpy()

        def passed(signals, kernel=kernel):
            padded = np.pad(signals, [(0, 0), (0, 0), (32, 32)])
            filtered = scipy.signal.oaconvolve(padded, kernel[None, None, ::-1], "valid", axes=2)
            return filtered - filtered.mean((0, 2), keepdims=True)

        of_sources, of_background = passed(courses), passed(background_uv)
        output = weights @ (maps_uv.T @ of_sources + of_background)
        output /= output.std()
        seen = np.einsum("nst,nt->s", of_sources, output) / output.size
        rest = np.einsum("nct,nt->c", of_background, output) / output.size
        found = patterns.isel(filter=unit[0], depth=unit[1]).to_numpy()
        np.testing.assert_allclose(found, seen @ maps_uv + rest, atol=1e-9 * np.abs(found).max())


def distance(maps, sources):
    """Return the distance of each map to the span of the sources' maps, over the map's own norm."""
    basis = np.linalg.qr(sources.T)[0]
    rest = maps - maps @ basis @ basis.T
    return np.linalg.norm(rest, axis=-1) / np.linalg.norm(maps, axis=-1)


def test_the_distance_is_zero_inside_the_span_and_one_across_it():
    sources = np.array([[1.0, 1, 0], [1, -1, 0]])
    maps = np.array([[5.0, -7, 0], [0, 0, 3], [3, 0, 4]])
    np.testing.assert_allclose(distance(maps, sources), [0, 1, 0.8], atol=1e-12)


class Leading:
    """The units that hold the first half of a trained network's squared importance, and the sources they see.

    No reference was subtracted from the simulated trials, and none from the maps of the sources.
    """

    def __init__(self, seed, **settings):
        self.epochs, self.truth = simulate_motor_imagery(400, seed=2 * seed, **settings)
        self.model = fit(untrained(self.epochs, seed), self.epochs, max_epochs=40, seed=seed, progress=False)
        self.found = importance(self.model, self.epochs)
        energy = most_important(self.found["importance"], self.found).to_numpy() ** 2
        before = np.cumsum(energy) - energy
        self.n_units = int((before < energy.sum() / 2).sum())

    def of(self, maps):
        return most_important(maps, self.found, self.n_units)

    @property
    def patterns(self):
        return self.of(spatial_patterns(self.model, self.epochs))

    @property
    def weights(self):
        return self.of(spatial_filters(self.model))

    @property
    def difference(self):
        """What of a unit's covariance with the channels differs between the classes."""
        weights = spatial_filters(self.model)

        def covariance(epochs):
            patterns = spatial_patterns(self.model, epochs)
            return patterns * (weights * patterns).sum("channel")

        return self.of(covariance(self.epochs["left"]) - covariance(self.epochs["right"]))

    def bands(self):
        """Return the band of each unit's filter, by its measured peak."""
        peak_hz = learned_bands(self.model)["peak_hz"].to_numpy()[self.patterns["filter"]]
        inside = {name: (peak_hz >= low) & (peak_hz <= high) for name, (low, high) in BANDS_HZ.items()}
        return np.select(list(inside.values()), list(inside), "neither")

    def distances(self, maps, roles=("informative",)):
        """Return the distance of each unit's map to the maps of the sources in the unit's band."""
        in_band = {"mu": ("mu", "alpha"), "beta": ("beta",)}
        chosen = self.truth.sel(source=self.truth["role"].isin(roles))
        return np.array(
            [
                distance(one.to_numpy(), chosen["scalp_map"][chosen["band"].isin(in_band[band])].to_numpy())
                for one, band in zip(maps, self.bands(), strict=True)
            ]
        )


SIMULATIONS = {
    # Sources 18 dB above the background, no distractor.
    "quiet": {"snr_db": 18.0, "distractor": False},
    # A distractor in the mu band that is 6 dB stronger.
    "distracted": {"snr_db": 18.0},
    # As the simulation comes: sources 6 dB above the background, and the distractor.
    "noisy": {},
}


@functools.cache
def leading(name, seed):
    return Leading(seed, **SIMULATIONS[name])


seeds = pytest.mark.parametrize("seed", range(3))
pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.mark.slow
@seeds
def test_patterns_lie_within_the_maps_of_the_informative_sources(seed):
    quiet = leading("quiet", seed)
    assert set(quiet.bands()) == {"mu", "beta"}
    assert quiet.distances(quiet.patterns).max() <= 0.1


@pytest.mark.slow
@seeds
@pytest.mark.parametrize("name", SIMULATIONS)
def test_weights_do_not(name, seed):
    found = leading(name, seed)
    assert found.distances(found.weights).min() >= 0.7


@pytest.mark.slow
@seeds
def test_a_distractor_in_the_same_band_is_all_that_patterns_hold_besides(seed):
    distracted = leading("distracted", seed)
    assert set(distracted.bands()) == {"mu", "beta"}
    assert distracted.distances(distracted.patterns, ("informative", "distractor")).max() <= 0.1


@pytest.mark.slow
@seeds
def test_a_distractor_in_another_band_does_not_show(seed):
    distracted = leading("distracted", seed)
    beta = distracted.bands() == "beta"
    assert distracted.distances(distracted.patterns)[beta].max() <= 0.1


@pytest.mark.slow
@seeds
def test_a_distractor_in_the_same_band_shows(seed):
    # It makes up a few percent of a unit's power; its map is large, and not that of the informative sources.
    distracted = leading("distracted", seed)
    mu = distracted.bands() == "mu"
    assert distracted.distances(distracted.patterns)[mu].max() > 0.1


@pytest.mark.slow
@seeds
def test_background_shows_where_sources_are_weak(seed):
    noisy = leading("noisy", seed)
    assert set(noisy.bands()) == {"mu", "beta"}
    found = noisy.distances(noisy.patterns, ("informative", "distractor"))
    assert 0.05 <= found.max() <= 0.2


@pytest.mark.slow
@seeds
def test_what_differs_between_the_classes_is_free_of_background(seed):
    noisy = leading("noisy", seed)
    beta = noisy.bands() == "beta"
    difference = noisy.distances(noisy.difference)[beta]
    assert difference.max() <= 0.1
    assert (difference < noisy.distances(noisy.patterns)[beta]).all()
