"""Learning curves: loss and accuracy over the epochs of training, as far as the network stores them."""

import numpy as np
import pandas as pd

from sincviz.networks.decoder import decoder


def learning_curves(model: object) -> pd.DataFrame | None:
    """Return loss and accuracy during training, if the network stores them.

    Parameters
    ----------
    model : SincShallowNet | classifier | torch.nn.Module
        Any network; those trained by :func:`sincviz.training.fit`
        store them.

    Returns
    -------
    pandas.DataFrame | None
        One row per epoch, from 1: ``epoch``, ``train_loss``, and with validation trials ``valid_loss`` and
        ``valid_accuracy``; ``None`` if not recorded. ``attrs["kept_epoch"]`` is the epoch with the smallest validation
        loss, whose weights were kept (the last without validation).

    Examples
    --------
    >>> from sincviz import SincShallowNet
    >>> model = SincShallowNet(n_chans=3, n_outputs=2, n_times=256, sfreq=128)
    >>> learning_curves(model) is None
    True
    >>> model.provenance = {"learning_curves": {"train_loss": [0.7, 0.6], "valid_loss": [0.5, 0.8]}}
    >>> learning_curves(model).attrs["kept_epoch"]
    1
    """
    recorded = decoder(model).provenance.get("learning_curves")
    if not recorded or not recorded.get("train_loss"):
        return None
    curves = pd.DataFrame({name: pd.Series(values, dtype=float) for name, values in recorded.items()})
    curves.insert(0, "epoch", range(1, len(curves) + 1))
    losses = curves.get("valid_loss", pd.Series(dtype=float)).to_numpy()
    known = np.isfinite(losses).any()
    curves.attrs["kept_epoch"] = 1 + int(np.nanargmin(losses)) if known else len(curves)
    return curves
