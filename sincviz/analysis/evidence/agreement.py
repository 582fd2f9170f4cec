"""Agreement of predictions with numeric targets, trial by trial, in place of margins between classes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sincviz.trials.numeric_targets import standardised_targets

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Agreement:
    """What predictions are compared with: targets, and the size of the predictions for unchanged trials.

    Attributes
    ----------
    targets : array, shape (trials, outputs)
        Standardised over trials; NaN where all are equal.
    centre, spread : array, shape (outputs,)
        Mean and standard deviation of the predictions for unchanged trials.
    """

    targets: Floats
    centre: Floats
    spread: Floats

    def scores(self, outputs: Floats) -> Floats:
        """Return for each trial how far the predictions go where its target is, shape (trials,).

        The product of the standardised target and the prediction in standard deviations of the predictions for
        unchanged trials, whose mean over unchanged trials is the correlation; of several outputs the mean. In units of
        the unchanged predictions it shows a loss also where predictions shrink towards their mean.
        """
        predicted = np.divide(
            outputs - self.centre, self.spread, out=np.zeros_like(outputs), where=self.spread > 0
        )
        return np.asarray(np.nanmean(self.targets * predicted, axis=1), np.float64)

    def correlations(self, outputs: Floats) -> Floats:
        r"""Return what each trial adds to the correlation, which is the mean, shape (trials,).

        Its influence function, :math:`z u - r (z^2 + u^2) / 2`, plus the correlation :math:`r`, so that intervals of
        the mean are those of the correlation; :math:`u` is the standardised prediction. Of several outputs the mean.
        """
        predicted = np.nan_to_num(standardised_targets(outputs))
        products = self.targets * predicted
        r = products.mean(0)
        of_trials = products - r * (self.targets**2 + predicted**2) / 2 + r
        return np.asarray(np.nanmean(of_trials, axis=1), np.float64)


def agreement_of(targets: Floats, outputs: Floats) -> Agreement:
    """Return the agreement of the predictions for unchanged trials with their targets.

    Raises
    ------
    ValueError
        If the targets of no output differ.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> age = rng.uniform(20, 60, (100, 1))
    >>> outputs = age + rng.normal(0, 10, (100, 1))
    >>> agreement = agreement_of(age, outputs)
    >>> r = np.corrcoef(age[:, 0], outputs[:, 0])[0, 1]
    >>> [bool(np.isclose(of_trials(outputs).mean(), r)) for of_trials in (agreement.scores, agreement.correlations)]
    [True, True]
    """
    standardised = standardised_targets(targets)
    differ = np.isfinite(standardised).all(0)
    if not differ.any():
        raise ValueError(
            "All targets are equal, so nothing follows them. Pass trials with different targets."
        )
    spread = outputs.std(0)
    return Agreement(
        standardised, outputs.mean(0), np.where(spread > 1e-9 * np.abs(outputs).max(0), spread, 0.0)
    )
