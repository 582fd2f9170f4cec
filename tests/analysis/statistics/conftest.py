"""Clusters by their definition: all flips of signs, and connected cells above a threshold."""

import itertools

import numpy as np
import pytest
import scipy

from sincviz.analysis.statistics.neighbours import neighbours


@pytest.fixture
def p_by_sign_flips():
    """Return p of every cluster by its mass, of maps with subjects first."""

    def of(values, cluster_forming_p):
        n_subjects = len(values)
        adjacency, threshold = neighbours(values), scipy.stats.t.isf(cluster_forming_p / 2, n_subjects - 1)

        def masses(samples):
            t = scipy.stats.ttest_1samp(samples.reshape(n_subjects, -1), 0).statistic
            sums = []
            for sign in (1, -1):
                cells = np.flatnonzero(sign * t > threshold)
                count, labels = scipy.sparse.csgraph.connected_components(adjacency[cells][:, cells])
                sums += [t[cells][labels == label].sum() for label in range(count)]
            return sums

        samples = values.to_numpy()
        flips = np.array(list(itertools.product([1, -1], repeat=n_subjects)))
        largest = [np.abs(masses(samples * flip[:, None, None])).max(initial=0) for flip in flips]
        return {round(mass, 6): np.mean(np.array(largest) >= abs(mass) - 1e-9) for mass in masses(samples)}

    return of
