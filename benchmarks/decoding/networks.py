"""Networks with their settings, given as text: ``SincShallowNet:filters=12,passes=100,augment=mirror+sign``."""

import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from skorch import NeuralNetClassifier
from torch import Tensor, nn

import sincviz
from benchmarks.decoding.augmentation import AUGMENTATIONS
from sincviz.benchmark.architectures import EEGNet, LogPower, ShallowConvNet
from sincviz.errors import MethodError

BANDS_HZ = {
    "below 1 Hz": (0.0, 1.0),
    "delta": (1.0, 4.0),
    "theta": (4.0, 8.0),
    "alpha": (8.0, 13.0),
    "beta": (13.0, 30.0),
    "gamma": (30.0, np.inf),
}
OF_ALL: dict[str, Any] = {
    "passes": 45,
    "batch": 64,
    "lr": 1e-3,
    "wd": 1e-2,
    "drop": 0.5,
    "smooth": 0.0,
    "augment": "",
    "copies": 1,
}
OF_NETWORKS: dict[str, dict[str, Any]] = {
    "SincShallowNet": {
        "filters": 32,
        "len": 65,
        "depth": 2,
        "first": 5.0,
        "stride": 1.0,
        "pool": 55,
        "poolstride": 12,
        "act": "elu",
        "sinclr": 0.05,
    },
    # For 160 Hz: kernels of 0.5 s and, after the pooling by 4, of 0.4 s, as in the paper.
    "EEGNet": {"filters": 8, "depth": 2, "len": 81, "drop": 0.25},
    # For 160 Hz: kernels of 0.1 s and windows of 0.3 s every 0.06 s, as in the paper.
    "ShallowConvNet": {"filters": 40, "len": 17, "pool": 48, "poolstride": 10},
}
"""Settings that differ between networks or from ``OF_ALL``."""


class Square(nn.Module):
    """The square, whose mean is power."""

    def forward(self, x: Tensor) -> Tensor:
        """Return the square."""
        return x.square()


class Absolute(nn.Module):
    """The absolute value, whose mean is amplitude."""

    def forward(self, x: Tensor) -> Tensor:
        """Return the absolute value."""
        return x.abs()


ACTIVATIONS = {
    "elu": nn.ELU,
    "relu": nn.ReLU,
    "square": Square,
    "abs": Absolute,
    # Instead of activation and pooling the logarithm of the mean square of every window.
    "logpower": nn.Identity,
}


@dataclass(frozen=True)
class Signals:
    """What a network is built for."""

    chs_info: list[dict[str, Any]]
    n_times: int
    sfreq: float


def is_network(decoder: str) -> bool:
    """Return whether a decoder is a network."""
    return decoder.partition(":")[0] in OF_NETWORKS


def settings_of(decoder: str) -> dict[str, Any]:
    """Return name and settings of a network given as text.

    Raises
    ------
    ValueError
        If there is no such network or setting.

    Examples
    --------
    >>> settings = settings_of("SincShallowNet:filters=12,augment=mirror+sign")
    >>> settings["filters"], settings["augment"], settings["passes"]
    (12, 'mirror+sign', 45)
    """
    name, _, text = decoder.partition(":")
    if name not in OF_NETWORKS:
        raise ValueError(f"A network must be one of {', '.join(OF_NETWORKS)}; got {name!r}. Try 'EEGNet'.")
    settings = {"name": name} | OF_ALL | OF_NETWORKS[name]
    for assignment in filter(None, text.split(",")):
        key, _, value = assignment.partition("=")
        if key not in settings or key == "name":
            raise ValueError(f"{name} has the settings {', '.join(settings)}; got {key!r}. Try 'passes=100'.")
        settings[key] = type(settings[key])(value)
    unknown = set(filter(None, settings["augment"].split("+"))) - set(AUGMENTATIONS)
    if unknown or settings.get("act", "elu") not in ACTIVATIONS:
        raise ValueError(
            f"`augment` must be of {', '.join(AUGMENTATIONS)}, joined by +, and `act` one of {', '.join(ACTIVATIONS)}; "
            f"got {text!r}. Try 'augment=mirror+sign'."
        )
    return settings


def built(settings: dict[str, Any], signals: Signals, seed: int) -> nn.Module:
    """Return an untrained network whose weights depend on the seed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        if settings["name"] == "SincShallowNet":
            network = sincviz.SincShallowNet(
                num_time_filters=settings["filters"],
                time_filter_len=settings["len"],
                depth_multiplier=settings["depth"],
                activation=ACTIVATIONS[settings["act"]],
                drop_prob=settings["drop"],
                first_freq=settings["first"],
                freq_stride=settings["stride"],
                pool_size=settings["pool"],
                pool_stride=settings["poolstride"],
                n_outputs=2,
                n_times=signals.n_times,
                sfreq=signals.sfreq,
                chs_info=signals.chs_info,
            )
            if settings["act"] == "logpower":
                network.temporal_aggregation[2] = LogPower(settings["pool"], settings["poolstride"])
            return network
        n_channels = len(signals.chs_info)
        if settings["name"] == "EEGNet":
            return EEGNet(
                n_channels,
                signals.n_times,
                n_filters=settings["filters"],
                depth=settings["depth"],
                kernel=settings["len"],
                separable_kernel=17,
                drop_prob=settings["drop"],
            )
        return ShallowConvNet(
            n_channels,
            signals.n_times,
            n_filters=settings["filters"],
            kernel=settings["len"],
            width=settings["pool"],
            stride=settings["poolstride"],
            drop_prob=settings["drop"],
        )


def trained(
    settings: dict[str, Any],
    signals: Signals,
    x: NDArray[np.float32],
    y: NDArray[np.int64],
    seed: int,
    device: str,
) -> nn.Module:
    """Return a network that was trained for a fixed number of passes, in evaluation mode."""
    network = built(settings, signals, seed)
    if isinstance(network, sincviz.SincShallowNet) and not settings["smooth"]:
        classifier = sincviz.training.fit(
            network,
            x,
            y,
            max_epochs=settings["passes"],
            batch_size=settings["batch"],
            lr=settings["lr"],
            sinc_lr=settings["sinclr"],
            weight_decay=settings["wd"],
            validation=0,
            seed=seed,
            device=device,
            progress=False,
        )
        return classifier.module_
    of_cut_offs = [("sinc_filter_layer.*", {"lr": settings.get("sinclr"), "weight_decay": 0.0})]
    classifier = NeuralNetClassifier(
        copy.deepcopy(network),
        criterion=nn.CrossEntropyLoss(label_smoothing=settings["smooth"]),
        optimizer=torch.optim.AdamW,
        optimizer__param_groups=of_cut_offs if isinstance(network, sincviz.SincShallowNet) else [],
        optimizer__weight_decay=settings["wd"],
        lr=settings["lr"],
        max_epochs=settings["passes"],
        batch_size=settings["batch"],
        iterator_train__shuffle=True,
        train_split=None,
        verbose=0,
        device=device,
    )
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        classifier.fit(x, y)
    return classifier.module_.eval()


def scores(network: nn.Module, x: NDArray[np.float32], device: str) -> NDArray[np.float32]:
    """Return how much larger the score of class 1 is than that of class 0."""
    with torch.no_grad():
        found = network(torch.from_numpy(np.ascontiguousarray(x)).to(device))
    return (found[:, 1] - found[:, 0]).cpu().numpy()


def reading(
    network: nn.Module, x: NDArray[np.float32], y: NDArray[np.int64], sfreq: float
) -> NDArray[np.float32] | str:
    """Return the contrast of spectral relevance, shape (bands, channels), or why there is none."""
    try:
        relevance = sincviz.spectral_relevance(network, x, y, trials="contrast", sfreq=sfreq, progress=False)
    except MethodError as error:
        return str(error)
    of_target = relevance.isel(target=0)
    frequency_hz = relevance["frequency"].to_numpy()
    return np.array(
        [
            of_target[:, (frequency_hz >= low) & (frequency_hz < high)].sum("frequency")
            for low, high in BANDS_HZ.values()
        ],
        np.float32,
    )
