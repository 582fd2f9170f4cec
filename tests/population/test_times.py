"""Groups say when: of a potential with a known latency, of a rhythm that is there throughout, of permuted labels."""

import numpy as np
import pandas as pd
import pytest
import scipy
import torch
from joblib import Parallel, delayed

import sincviz
from sincviz.datasets import simulate_erp, simulate_motor_imagery
from sincviz.population.contents import summary_words

CHANNELS = ["F3", "Fz", "F4", "C3", "Cz", "C4", "P3", "Pz", "P4", "O1", "O2", "CPz"]
# The P300 is slower than the default bands, and pooling over 55 samples longer than it lasts.
FOR_POTENTIALS = {
    "num_time_filters": 4,
    "time_filter_len": 33,
    "first_freq": 0.1,
    "min_freq": 0.1,
    "pool_size": 8,
    "pool_stride": 4,
}
FOR_RHYTHMS = {"num_time_filters": 8, "time_filter_len": 33, "pool_size": 32, "pool_stride": 16}
N_EXPERIMENTS = 12


def potentials(seed, n_trials=60):
    return simulate_erp(n_trials, ch_names=CHANNELS, sfreq=128, seed=seed)


def trained(epochs, settings, passes=15, seed=0):
    torch.manual_seed(seed)
    model = sincviz.SincShallowNet(
        n_outputs=2,
        n_times=len(epochs.times),
        sfreq=epochs.info["sfreq"],
        chs_info=epochs.info["chs"],
        **settings,
    )
    return sincviz.training.fit(
        model, epochs, max_epochs=passes, lr=5e-3, validation=0.0, seed=seed, progress=False
    )


def grouped(networks, trials, folder, **settings):
    """Group people who were examined on these trials; one network may be that of all."""
    rows = []
    for number, epochs in enumerate(trials):
        files = folder / f"{number % len(networks)}.safetensors", folder / f"{number}-epo.fif"
        if number < len(networks):
            sincviz.save_checkpoint(networks[number], files[0])
        epochs.save(files[1], fmt="double", verbose="error")
        rows.append({"checkpoint": str(files[0]), "epochs": str(files[1]), "subject": number})
    return sincviz.group(
        pd.DataFrame(rows),
        folder,
        only=["relevance"],
        reference="recorded",
        n_jobs=1,
        n_permutations=1000,
        progress=False,
        **settings,
    )


def permuted(epochs, rng):
    epochs = epochs.copy()
    epochs.events[:, 2] = rng.permutation(epochs.events[:, 2])
    return epochs


@pytest.fixture(scope="module")
def network():
    """A network that tells targets by their P300, trained on nobody of the group."""
    return trained(potentials(100, 300)[0], FOR_POTENTIALS)


@pytest.fixture(scope="module")
def population(network, tmp_path_factory):
    trials = [potentials(person)[0] for person in range(7)]
    return grouped([network], trials, tmp_path_factory.mktemp("people"))


def over_time(group):
    return group.clusters[group.clusters["maps"] == "channel × time"]


def test_a_potential_is_found_at_its_latency_and_electrode_and_nothing_before_the_event(population):
    _, truth = potentials(100, 2)
    source = truth.isel(source=truth["role"].to_numpy() == "informative").squeeze("source")
    latency_s, width_s = float(source["latency_s"]), float(source["width_s"])
    electrodes = source["scalp_map"].to_series().nlargest(2).index.tolist()
    assert population.facts["accuracy"] > 0.8
    significant = over_time(population)[over_time(population)["significant"]]
    assert significant["mass"].max() > 0
    assert (significant["time_low_s"] >= latency_s - 1.5 * width_s).all()
    assert (significant["time_high_s"] <= latency_s + 1.5 * width_s).all()
    test = population.time_test.squeeze(("comparison", "target"))
    window = test.isel(time=(test["time_low_s"] < latency_s) & (latency_s < test["time_high_s"])).squeeze(
        "time"
    )
    assert (window["cluster_p"].sel(channel=electrodes) <= 0.05).all()
    largest = test["mean"].argmax(("channel", "time"))
    assert str(test["channel"][largest["channel"]].item()) in electrodes
    assert test["time"][largest["time"]].item() == pytest.approx(latency_s, abs=0.025)
    (words,) = [line for line in summary_words(population) if line.startswith("Channel × time")]
    assert "Pz" in words
    assert "(cluster permutation, 7 subjects): 0." in words


def test_windows_add_up_to_the_distance_of_the_classes(population):
    of_bands, of_times = population.band_contrasts, population.temporal_contrasts
    np.testing.assert_allclose(
        of_times.sum(("channel", "time")), of_bands.sum(("band", "channel")), rtol=1e-3, atol=1e-4
    )


def test_with_permuted_labels_there_is_no_cluster(network, tmp_path):
    rng = np.random.default_rng(0)
    group = grouped([network], [permuted(potentials(person)[0], rng) for person in range(7)], tmp_path)
    assert not over_time(group)["significant"].any()


def test_other_trials_of_the_same_people_are_compared_where_both_are(network, population, tmp_path):
    shorter = potentials(200, 300)[0].crop(0, 0.6, include_tmax=False)
    another = trained(shorter, FOR_POTENTIALS)
    trials = [potentials(person)[0] for person in range(6)]
    trials = [
        epochs if person % 2 else epochs.crop(0, 0.6, include_tmax=False)
        for person, epochs in enumerate(trials)
    ]
    group = grouped([another, network], trials, tmp_path)
    assert (group.networks["status"] == "read").all(), group.networks["reason"].tolist()
    np.testing.assert_allclose(group.temporal_contrasts["time_low_s"], 0.05 * np.arange(12), atol=1e-12)
    assert "8 of 20 are left out" in " ".join(group.findings["evidence"])
    alone, both = (one.temporal_contrasts.sel(subject="1") for one in (population, group))
    np.testing.assert_allclose(alone.sel(time=both["time"]), both, atol=1e-9)


@pytest.mark.parametrize(
    ("settings", "first_s", "last_s"),
    [
        ({"duration": 2.0}, 0.5, 2.5),
        ({"tmin": -1.0, "duration": 3.0, "onset_s": 0.5, "offset_s": 1.5}, 0.5, 1.5),
    ],
)
def test_what_is_always_there_is_found_always_and_what_begins_and_ends_is_not(
    settings, first_s, last_s, tmp_path
):
    def imagery(seed, n_trials):
        return simulate_motor_imagery(n_trials, n_chans=12, sfreq=128, snr_db=12.0, seed=seed, **settings)[0]

    network = trained(imagery(100, 200), FOR_RHYTHMS, passes=20)
    group = grouped([network], [imagery(person, 60) for person in range(8)], tmp_path)
    largest = over_time(group).iloc[0]
    assert largest["significant"]
    assert largest["mass"] > 0
    assert {"C3", "C4"} & set(largest["channels"].split(", "))
    covered = (group.time_test["cluster_p"] <= 0.05).any(("comparison", "target", "channel"))
    times = group.time_test["time"][covered]
    # Filters spread it by up to a window.
    assert times[0] == pytest.approx(first_s, abs=0.3)
    assert times[-1] == pytest.approx(last_s, abs=0.15)
    n_windows = round((last_s - first_s) / 0.1)
    assert n_windows - 4 <= covered.sum() <= n_windows + 1
    (words,) = [line for line in summary_words(group) if line.startswith("Channel × time")]
    assert f"In all, {int(covered.sum())} of {len(covered)} windows of 100 ms have one." in words


def smallest_p(number, folder):
    """Return the smallest p of a cluster over time in people whose labels are permuted, for training as well."""
    torch.set_num_threads(1)
    rng = np.random.default_rng(number)
    people = [permuted(potentials(1000 * number + person)[0], rng) for person in range(7)]
    networks = [trained(epochs[::2], FOR_POTENTIALS, seed=number) for epochs in people]
    place = folder / str(number)
    place.mkdir()
    return over_time(grouped(networks, [epochs[1::2] for epochs in people], place))["p"].min()


@pytest.mark.slow
def test_networks_of_permuted_labels_have_no_time_in_common(tmp_path):
    found = np.array(Parallel(2)(delayed(smallest_p)(number, tmp_path) for number in range(N_EXPERIMENTS)))
    # Of so many tests no more are significant than chance allows 99 times in 100.
    assert (found <= 0.05).sum() <= scipy.stats.binom.ppf(0.99, N_EXPERIMENTS, 0.05)
