"""Training of a benchmark network with skorch, the same for every architecture."""

import copy
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from skorch import NeuralNetClassifier
from torch import nn

from sincviz.networks.sinc_shallow import SincShallowNet

BATCH_SIZE, WEIGHT_DECAY = 32, 1e-2
PASSES = {"SincShallowNet": 20, "EEGNet": 20, "ShallowConvNet": 20, "DeepConvNet": 30}
RATES = {"SincShallowNet": 2e-3, "EEGNet": 2e-3, "ShallowConvNet": 1e-3, "DeepConvNet": 2e-3}
SINC_RATE = 0.05


class _Classifier(NeuralNetClassifier):  # type: ignore[misc]
    """A classifier that notes an interruption, which skorch treats as the end of the training."""

    interrupted_ = False

    def fit_loop(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().fit_loop(*args, **kwargs)
        except KeyboardInterrupt:
            self.interrupted_ = True
            raise


def trained(
    network: nn.Module, uv: NDArray[np.float32], y: NDArray[np.int64], seed: int, *, passes: int
) -> nn.Module:
    """Return a trained copy of a network, in evaluation mode.

    AdamW minimises the cross-entropy for a fixed number of passes over the trials; none are held out. Cut-offs in Hz
    have their own learning rate and no weight decay, as in :func:`sincviz.training.fit`.

    Parameters
    ----------
    network : torch.nn.Module
        Where to start from; it is not changed.
    uv : ndarray, shape (trials, channels, times)
        Training trials in microvolts.
    y : ndarray, shape (trials,)
        Class of each, as the number of an output.
    seed : int
        Seed of the order of the trials and of the dropout; torch's generator stays as it was.
    passes : int
        Passes over the trials.

    Raises
    ------
    KeyboardInterrupt
        If training is interrupted: a partly trained network is not returned.

    Examples
    --------
    >>> from sincviz.benchmark.architectures import EEGNet
    >>> noise = np.random.default_rng(0).standard_normal((8, 2, 200)).astype(np.float32)
    >>> trained(EEGNet(2, 200), noise, np.arange(8) % 2, seed=0, passes=1).training
    False
    """
    of_cut_offs = [("sinc_filter_layer.*", {"lr": SINC_RATE, "weight_decay": 0.0})]
    groups = of_cut_offs if isinstance(network, SincShallowNet) else []
    classifier = _Classifier(
        copy.deepcopy(network),
        criterion=nn.CrossEntropyLoss,
        optimizer=torch.optim.AdamW,
        optimizer__param_groups=groups,
        optimizer__weight_decay=WEIGHT_DECAY,
        lr=RATES.get(type(network).__name__, 1e-3),
        max_epochs=passes,
        batch_size=BATCH_SIZE,
        iterator_train__shuffle=True,
        train_split=None,
        verbose=0,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        classifier.fit(uv, y)
    if classifier.interrupted_:
        raise KeyboardInterrupt
    fitted: nn.Module = classifier.module_
    return fitted.eval()


def accuracy(network: nn.Module, x: torch.Tensor, y: torch.Tensor) -> float:
    """Return the share of trials whose class has the highest score.

    Examples
    --------
    >>> scores = torch.tensor([[1.0, 0.0], [0.0, 1.0]])
    >>> accuracy(nn.Identity(), scores, torch.tensor([0, 0]))
    0.5
    """
    with torch.no_grad():
        return float((network(x).argmax(1) == y).float().mean())
