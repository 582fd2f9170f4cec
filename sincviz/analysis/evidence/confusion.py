"""Confusion matrix: how many trials of each class a network takes for each class."""

import numpy as np
import pandas as pd
import xarray as xr


def confusion_matrix(predicted: pd.DataFrame) -> xr.Dataset:
    """Count the trials of each class by the class that the network predicts.

    Parameters
    ----------
    predicted : pandas.DataFrame
        What :func:`sincviz.evidence.predictions` returned for trials whose classes are known.

    Returns
    -------
    xarray.Dataset, dims (true, predicted)
        ``n_trials``, and ``share`` of the trials of the true class, so that each row adds up to 1; NaN for a class
        without trials. Classes are in the order of the network's outputs.

    Raises
    ------
    ValueError
        If the classes of the trials are not known.

    Examples
    --------
    >>> table = pd.DataFrame({"true": ["a", "a", "b"], "predicted": ["a", "b", "b"]})
    >>> confusion_matrix(table).share.sel(true="a").values.tolist()
    [0.5, 0.5]
    """
    if not {"true", "predicted"} <= set(predicted.columns):
        raise ValueError("The classes of the trials are not known, so nothing can be confused. Pass `y`.")
    scores = [
        str(name).removeprefix("score_") for name in predicted.columns if str(name).startswith("score_")
    ]
    classes = scores or sorted({*predicted["true"], *predicted["predicted"]})
    counts = pd.crosstab(predicted["true"], predicted["predicted"])
    n_trials = counts.reindex(index=classes, columns=classes, fill_value=0).to_numpy()
    of_class = n_trials.sum(1, keepdims=True)
    share = np.divide(n_trials, of_class, out=np.full(n_trials.shape, np.nan), where=of_class > 0)
    return xr.Dataset(
        {
            "n_trials": (("true", "predicted"), n_trials, {"units": "trials"}),
            "share": (("true", "predicted"), share, {"units": "1"}),
        },
        {"true": classes, "predicted": classes},
        dict(predicted.attrs),
    )
