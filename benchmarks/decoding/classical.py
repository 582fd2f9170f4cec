"""The two classical decoders."""

import mne
from numpy.typing import NDArray
from pyriemann.estimation import Covariances
from pyriemann.tangentspace import TangentSpace
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline

CSP, RIEMANN = "CSP + LDA", "Riemann"
N_COMPONENTS = 6
CLASSICAL = (CSP, RIEMANN)


def classical(name: str) -> Pipeline:
    """Return an untrained decoder of trials, shape (trials, channels, times)."""
    if name == RIEMANN:
        return make_pipeline(
            Covariances("oas"), TangentSpace(metric="riemann"), LogisticRegression(max_iter=1000)
        )
    return make_pipeline(
        mne.decoding.CSP(N_COMPONENTS, reg="ledoit_wolf", log=True), LinearDiscriminantAnalysis()
    )


def scores(name: str, train: NDArray, y: NDArray, *tests: NDArray) -> list[NDArray]:
    """Return scores of the trials of each test, above 0 for class 1."""
    with mne.use_log_level("error"):
        decoder = classical(name).fit(train.astype(float), y)
        return [decoder.decision_function(test.astype(float)) for test in tests]
