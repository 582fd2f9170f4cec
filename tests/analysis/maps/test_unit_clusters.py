"""Units with one pattern and one band are found over people; units that are alike by chance are not."""

import numpy as np
import pytest
import xarray as xr

from sincviz.analysis.maps.unit_clusters import cluster_units
from sincviz.errors import PositionsError

FREQUENCY_HZ = np.arange(0, 60, 0.5)
CENTERS_HZ = (10.0, 21.0, 10.0)
PLACES = np.array([[-0.7, 0, 0.7], [0.7, 0, 0.7], [0, -0.8, 0.6]])


def electrodes(n=48):
    """Evenly spread over the upper half of a sphere."""
    number = np.arange(n)
    z, angle = 1 - (number + 0.5) / n, number * np.pi * (3 - np.sqrt(5))
    return np.stack([np.sqrt(1 - z**2) * np.cos(angle), np.sqrt(1 - z**2) * np.sin(angle), z], 1)


def blobs(places):
    return np.exp((places @ electrodes().T - 1) / 0.15)


def population(seed, n_people=12, n_runs=1, n_units=10, planted=True, holders=None):
    """Random units; with planted ones, three groups of pattern and band that the holders have."""
    rng = np.random.default_rng(seed)
    patterns, centers, importance, runs, people = [], [], [], [], []
    for person in range(n_people):
        for run in range(n_runs):
            places = rng.standard_normal((n_units, 3))
            places[:, 2] = np.abs(places[:, 2])
            own = blobs(places / np.linalg.norm(places, axis=1, keepdims=True))
            center = np.linspace(6, 32, n_units) + rng.standard_normal(n_units)
            weight = rng.gamma(1, 1, n_units)
            for group in range(3 if planted else 0):
                if holders is None or person in holders[group]:
                    own[group] = blobs(PLACES[group] / np.linalg.norm(PLACES[group]))
                    center[group], weight[group] = CENTERS_HZ[group] + rng.standard_normal(), 4
            own = own / np.linalg.norm(own, axis=1, keepdims=True) + 0.04 * rng.standard_normal(own.shape)
            patterns.append(own * rng.choice([-1, 1], (n_units, 1)))
            centers.append(center)
            importance.append(weight)
            runs += [f"{person}.{run}"] * n_units
            people += [f"p{person:02d}"] * n_units
    center = np.concatenate(centers)
    columns = {
        "pattern": (("unit", "channel"), np.concatenate(patterns)),
        "amplitude": (("unit", "frequency"), np.exp(-0.5 * ((FREQUENCY_HZ - center[:, None]) / 3) ** 2)),
        "importance": ("unit", np.concatenate(importance)),
        "low_hz": ("unit", center - 3),
        "high_hz": ("unit", center + 3),
    }
    axes = {axis: ("channel", 0.09 * electrodes()[:, number]) for number, axis in enumerate("xyz")}
    names = {"channel": [f"E{number}" for number in range(48)], "frequency": FREQUENCY_HZ}
    return xr.Dataset(columns, {"run": ("unit", runs), "subject": ("unit", people)} | axes | names)


def stable(found):
    return found.isel(cluster=np.flatnonzero(found["stable"].to_numpy()))


HOLDERS = (set(range(12)), set(range(10)), set(range(3, 12)))


@pytest.fixture(scope="module")
def planted():
    return stable(cluster_units(population(0, holders=HOLDERS), n_bootstrap=40, n_permutations=99))


def test_planted_groups_are_found_with_their_people(planted):
    assert planted.sizes["cluster"] == 3
    assert (planted["stability"] >= 0.8).all()
    truth = blobs(PLACES / np.linalg.norm(PLACES, axis=1, keepdims=True))
    truth /= np.linalg.norm(truth, axis=1, keepdims=True)
    for number in range(3):
        cluster = planted.isel(cluster=number)
        likeness = truth @ cluster["pattern"].to_numpy()
        group = int(np.argmax(np.abs(likeness)))
        assert likeness[group] > 0.95  # aligned: the patterns' own signs are random
        assert {int(name[1:]) for name in cluster["subject"].to_numpy()[cluster["held"]]} >= HOLDERS[group]
        center = float(((cluster["low_hz"] + cluster["high_hz"]) / 2).mean())
        assert center == pytest.approx(CENTERS_HZ[group], abs=1)


def test_shares_are_of_the_importance(planted):
    assert ((planted["share"].sum("cluster") > 0) & (planted["share"].sum("cluster") <= 1)).all()
    assert (planted["share"].to_numpy()[planted["held"].to_numpy()] > 0).all()
    assert np.isnan(planted["low_hz"].to_numpy()[planted["share"].to_numpy() == 0]).all()


def test_random_units_make_no_stable_cluster():
    for seed in range(6):
        found = cluster_units(
            population(seed, 10, planted=False), n_bootstrap=20, n_permutations=49, seed=seed
        )
        assert not found["stable"].any()


def test_many_networks_of_one_person_are_no_population():
    alone = population(1, 8, n_runs=4, holders=({0}, {0}, {0}))
    found = cluster_units(alone, n_bootstrap=20, n_permutations=49)
    truth = blobs(PLACES / np.linalg.norm(PLACES, axis=1, keepdims=True))
    likeness = np.abs(stable(found)["pattern"].to_numpy() @ truth.T) / np.linalg.norm(truth, axis=1)
    assert not (likeness > 0.95).any()


def test_a_cluster_is_held_if_half_of_the_networks_have_it():
    one_of_three = population(2, 8, n_runs=3)
    rare = one_of_three["run"].isin([f"7.{run}" for run in range(2)]).to_numpy()
    places = np.arange(one_of_three.sizes["unit"]) % 10
    one_of_three = one_of_three.isel(unit=np.flatnonzero(~(rare & (places < 3))))
    found = stable(cluster_units(one_of_three, n_bootstrap=20, n_permutations=49))
    assert found.sizes["cluster"] == 3
    assert not found["held"].sel(subject="p07").any()
    assert (found["share"].sel(subject="p07") > 0).all()
    assert (found["n_subjects"] == 7).all()


def test_the_same_seed_gives_the_same_and_signs_and_order_change_nothing():
    units = population(3, 8)
    first = cluster_units(units, n_bootstrap=10, n_permutations=19, seed=4)
    xr.testing.assert_identical(first, cluster_units(units, n_bootstrap=10, n_permutations=19, seed=4))
    turned = units.assign(pattern=-units["pattern"])
    xr.testing.assert_allclose(first, cluster_units(turned, n_bootstrap=10, n_permutations=19, seed=4))
    louder = units.assign(importance=3 * units["importance"], pattern=5 * units["pattern"])
    xr.testing.assert_allclose(first, cluster_units(louder, n_bootstrap=10, n_permutations=19, seed=4))


def test_units_without_importance_or_values_do_not_count():
    units = population(5, 8)
    empty = population(6, 8).assign(importance=("unit", np.zeros(80)))
    unknown = population(7, 8)
    unknown["pattern"][:] = np.nan
    settings = {"n_bootstrap": 10, "n_permutations": 19}
    xr.testing.assert_allclose(
        cluster_units(units, **settings),
        cluster_units(xr.concat([units, empty, unknown], "unit"), **settings),
    )


def test_what_cannot_be_clustered_is_said():
    with pytest.raises(ValueError, match=r"need 6 subjects .*; got 5"):
        cluster_units(population(0, 5))
    with pytest.raises(ValueError, match="it lacks amplitude"):
        cluster_units(population(0).drop_vars("amplitude"))
    with pytest.raises(PositionsError, match="montage"):
        cluster_units(population(0).drop_vars(["x", "y", "z"]))
    with pytest.raises(ValueError, match="n_bootstrap"):
        cluster_units(population(0), n_bootstrap=0)
