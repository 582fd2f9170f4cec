"""Training on epochs with skorch: seeded, split by group, best weights kept, cut-offs recorded."""

import copy
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.metrics import accuracy_score
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold
from skorch import NeuralNetClassifier
from skorch.callbacks import Callback, EarlyStopping, EpochScoring
from torch.utils.data import Dataset, Subset
from tqdm.auto import tqdm

from sincviz.epochs import (
    EpochsOrArray,
    class_order,
    data_hash,
    eeg_channels,
    is_epochs,
    network_input,
    recording_facts,
    trial_labels,
)
from sincviz.models.signal_spec import chs_info_from_json, chs_info_to_json

if TYPE_CHECKING:
    from sincviz.models.sinc_shallow import SincShallowNet


def fit(
    model: "SincShallowNet",
    epochs: EpochsOrArray,
    y: ArrayLike | None = None,
    *,
    groups: ArrayLike | None = None,
    scale: float = 1e6,
    max_epochs: int = 200,
    batch_size: int = 64,
    lr: float = 1e-3,
    sinc_lr: float = 0.05,
    weight_decay: float = 1e-2,
    validation: float = 0.2,
    patience: int = 40,
    seed: int = 0,
    device: str = "cpu",
    progress: bool = True,
) -> "EpochsClassifier":
    """Train a copy of a network on epochs.

    Parameters
    ----------
    model : SincShallowNet
        The network to start from; it is not changed.
    epochs : mne.BaseEpochs | array, shape (trials, channels, times)
        Training trials: epochs in volts, or an array in the network's units.
    y : array, shape (trials,) | None
        Class of each trial; ``None`` takes the names of ``epochs.event_id``.
    groups : array, shape (trials,) | None
        Group of each trial, such as the subject; no group is in training and validation at once.
    scale : float
        Factor from volts to the network's units, applied to epochs and remembered, never applied to arrays.
        Ignored if the network knows its own.
    max_epochs : int
        Most passes over the training trials.
    batch_size : int
        Trials per step.
    lr : float
        Learning rate (AdamW).
    sinc_lr : float
        Learning rate of the cut-offs, which are in Hz: at ``lr`` they would hardly move.
    weight_decay : float
        Weight decay of everything but the cut-offs.
    validation : float
        Share of the trials (of the groups, if given) that decides when to stop; 0 trains ``max_epochs``.
    patience : int
        Passes without a better validation loss before training ends.
    seed : int
        Seed of the split, the order of the trials and the dropout.
    device : str
        Where to train.
    progress : bool
        Show a progress bar.

    Returns
    -------
    EpochsClassifier
        A fitted scikit-learn classifier: ``.module_`` is the trained network, in evaluation mode;
        ``.predict``, ``.predict_proba`` and ``.score`` take epochs; ``.cutoff_history_`` is a table.

    Raises
    ------
    ValueError
        If labels and network disagree, or the trials cannot be split.
    EpochsError
        If the epochs do not fit the network.

    Examples
    --------
    >>> from sincviz import SincShallowNet
    >>> rng = np.random.default_rng(0)
    >>> model = SincShallowNet(n_chans=3, n_outputs=2, n_times=128, sfreq=128, num_time_filters=4)
    >>> classifier = fit(model, rng.standard_normal((20, 3, 128)), ["left", "right"] * 10, max_epochs=2,
    ...                  progress=False)
    >>> classifier.classes_.tolist()
    ['left', 'right']
    >>> len(classifier.cutoff_history_)  # 4 filters, before training and after each of 2 epochs
    12
    """
    stopping = EarlyStopping(patience=patience, load_best=True, sink=_say_nothing)
    classifier = EpochsClassifier(
        copy.deepcopy(model),
        criterion=torch.nn.CrossEntropyLoss,
        optimizer=torch.optim.AdamW,
        optimizer__param_groups=[("sinc_filter_layer.*", {"lr": sinc_lr, "weight_decay": 0.0})],
        optimizer__weight_decay=weight_decay,
        lr=lr,
        max_epochs=max_epochs,
        batch_size=batch_size,
        device=device,
        callbacks=[("early_stopping", stopping if validation else None), ("progress", _Progress(progress))],
        callbacks__print_log=None,
        callbacks__valid_acc=EpochScoring(
            _accuracy, lower_is_better=False, name="valid_acc", use_caching=True
        ),
        validation=validation,
        scale=scale,
        seed=seed,
    )
    return classifier.fit(epochs, y, groups=groups)


class EpochsClassifier(NeuralNetClassifier):  # type: ignore[misc]
    """skorch's classifier for networks that know their channels, units and classes.

    Every fit starts from the network it was given, also in a clone: nothing trained leaks into
    cross-validation. Use :func:`fit` to make one.

    Parameters
    ----------
    module : SincShallowNet
        The untrained network.
    validation : float
        Share of the trials that is held out for early stopping.
    scale : float
        Factor from volts to the network's units, for a network that does not know its own.
    seed : int
        Seed of everything random.
    **settings
        Those of ``skorch.NeuralNetClassifier``.

    Attributes
    ----------
    module_ : SincShallowNet
        The trained network.
    cutoff_history_ : pandas.DataFrame
        Columns ``epoch`` (0 is before training), ``filter``, ``low_hz``, ``high_hz``.
    """

    def __init__(
        self,
        module: "SincShallowNet",
        *,
        validation: float = 0.2,
        scale: float = 1e6,
        seed: int = 0,
        **settings: Any,
    ) -> None:
        super().__init__(module, **settings)
        self.validation = validation
        self.scale = scale
        self.seed = seed

    @property
    def classes_(self) -> NDArray[Any]:
        """The labels, in the order of the network's outputs."""
        return np.asarray(self.labels_)

    @property
    def cutoff_history_(self) -> pd.DataFrame:
        """Cut-offs in Hz, one row per epoch and filter; epoch 0 is before training."""
        cutoffs = np.array(self.recorded_cutoffs_)
        epoch, filter_ = np.indices(cutoffs.shape[:2])
        return pd.DataFrame(
            {
                "epoch": epoch.ravel(),
                "filter": filter_.ravel(),
                "low_hz": cutoffs[..., 0].ravel(),
                "high_hz": cutoffs[..., 1].ravel(),
            }
        )

    def initialize_module(self) -> "EpochsClassifier":
        """Train a copy: what skorch is given must stay untrained for the next fit or clone."""
        super().initialize_module()
        self.module_: SincShallowNet = copy.deepcopy(self.module_)
        return self

    def fit(
        self, X: EpochsOrArray, y: ArrayLike | None = None, *, groups: ArrayLike | None = None
    ) -> "EpochsClassifier":
        """Fit on epochs or an array; see :func:`fit`."""
        labels, self.labels_ = _labels(X, y, self.module)
        if len(self.labels_) != self.module.n_outputs:
            raise ValueError(
                f"The network has {self.module.n_outputs} outputs, the trials {len(self.labels_)} classes: "
                f"{', '.join(map(str, self.labels_))}. Try `n_outputs={len(self.labels_)}`."
            )
        codes = np.array([self.labels_.index(label) for label in labels], np.int64)
        template = copy.deepcopy(self.module)
        if is_epochs(X):
            template.scale = self.scale if template.scale is None else template.scale
            if template.chs_info is None:
                template.chs_info = chs_info_from_json(chs_info_to_json(eeg_channels(X)))
        trials = network_input(template, X)
        if len(trials) != len(codes):
            raise ValueError(f"There are {len(trials)} trials and {len(codes)} labels.")
        self.groups_ = None if groups is None else np.asarray(groups)
        self.recorded_cutoffs_: list[NDArray[np.floating[Any]]] = []
        devices = list(range(torch.cuda.device_count())) if str(self.device).startswith("cuda") else []
        with torch.random.fork_rng(devices):
            torch.manual_seed(self.seed)
            super().fit(trials, codes)
        self._describe(template, X, trials)
        return self

    def predict_proba(self, X: Any) -> NDArray[np.floating[Any]]:
        """Return the probability of each class, shape (trials, classes)."""
        data = X if isinstance(X, Dataset) else network_input(self.module_, X)
        return np.asarray(super().predict_proba(data))

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the label of each trial."""
        labels: NDArray[Any] = self.classes_[self.predict_proba(X).argmax(1)]
        return labels

    def score(self, X: EpochsOrArray, y: ArrayLike | None = None) -> float:
        """Return the accuracy; labels come from ``event_id`` where ``y`` is not given."""
        if y is None and not is_epochs(X):
            raise ValueError("`y` is missing: an array does not know its labels.")
        labels = trial_labels(X) if y is None else np.asarray(y)
        return float(accuracy_score(labels, self.predict(X)))

    def get_split_datasets(self, X: Any, y: Any = None, **_: Any) -> tuple[Dataset[Any], Dataset[Any] | None]:
        """Hold out ``validation`` of the trials, by class, and whole groups where groups are known."""
        dataset = self.get_dataset(X, y)
        if not self.validation:
            return dataset, None
        train, held_out = _validation_split(y, self.groups_, self.validation, self.seed)
        return Subset(dataset, train.tolist()), Subset(dataset, held_out.tolist())

    def on_train_begin(self, net: Any, X: Any = None, y: Any = None, **kwargs: Any) -> None:
        """Record the cut-offs before training."""
        super().on_train_begin(net, X, y, **kwargs)
        self._record_cutoffs()

    def on_epoch_end(
        self, net: Any, dataset_train: Any = None, dataset_valid: Any = None, **kwargs: Any
    ) -> None:
        """Record the cut-offs after each epoch."""
        super().on_epoch_end(net, dataset_train, dataset_valid, **kwargs)
        self._record_cutoffs()

    def _record_cutoffs(self) -> None:
        self.recorded_cutoffs_.append(self.module_.cutoffs().detach().cpu().numpy())

    def _describe(
        self, template: "SincShallowNet", epochs: EpochsOrArray, trials: NDArray[np.float32]
    ) -> None:
        """Let the trained network remember what it was trained on."""
        network = self.module_.eval()
        network.class_names = [str(label) for label in self.labels_]
        network.scale, network.chs_info = template.scale, template.chs_info
        network.provenance = (
            {"initial_cutoffs_hz": self.recorded_cutoffs_[0].tolist()}
            | template.provenance
            | (recording_facts(epochs) if is_epochs(epochs) else {})
            | {
                "training_data_sha256": data_hash(trials),
                "n_training_trials": len(trials),
                "seed": int(self.seed),
            }
        )


class _Progress(Callback):  # type: ignore[misc]
    """One bar over the epochs."""

    def __init__(self, shown: bool) -> None:
        self.shown = shown

    def on_train_begin(self, net: EpochsClassifier, **_: Any) -> None:
        self.bar_ = tqdm(total=net.max_epochs, desc="Training", unit="epoch", disable=not self.shown)

    def on_epoch_end(self, net: EpochsClassifier, **_: Any) -> None:
        row = net.history[-1]
        shown = {key: row[key] for key in ("train_loss", "valid_loss", "valid_acc") if key in row}
        self.bar_.set_postfix({key: f"{value:.3f}" for key, value in shown.items()}, refresh=False)
        self.bar_.update()

    def on_train_end(self, net: EpochsClassifier, **_: Any) -> None:
        self.bar_.close()
        del self.bar_  # it holds a stream, and the classifier must survive pickling


def _labels(X: EpochsOrArray, y: ArrayLike | None, model: "SincShallowNet") -> tuple[NDArray[Any], list[Any]]:
    """Return the label of every trial, and the labels in the order of the outputs."""
    if y is None and not is_epochs(X):
        raise ValueError("`y` is missing: an array does not know its labels. Pass one label per trial.")
    labels = trial_labels(X) if y is None else np.asarray(y)
    if labels.ndim != 1:
        raise ValueError(f"`y` must have one label per trial; got the shape {labels.shape}.")
    order = class_order(X) if y is None else np.unique(labels).tolist()
    if model.class_names is None:
        return labels, order
    if {str(label) for label in order} != set(model.class_names):
        raise ValueError(
            f"The network's classes are {', '.join(model.class_names)}, the trials' are "
            f"{', '.join(map(str, order))}. Rename them, or start with `model.reset_head`."
        )
    return labels, sorted(order, key=lambda label: model.class_names.index(str(label)))


def _validation_split(
    y: NDArray[np.int64], groups: NDArray[Any] | None, share: float, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    if not 0 < share <= 0.5:
        raise ValueError(f"`validation` must lie between 0 and 0.5; got {share:g}. Try 0.2.")
    folds = round(1 / share)
    n_classes, rarest = int(y.max()) + 1, int(np.bincount(y).min())
    if rarest < 2:
        raise ValueError("A class has fewer than two trials: nothing can be held out. Pass `validation=0`.")
    if groups is None:
        splitter: Any = StratifiedKFold(min(folds, rarest), shuffle=True, random_state=seed)
        train, held_out = next(splitter.split(y, y))
        return train, held_out
    if len(groups) != len(y):
        raise ValueError(f"`groups` must have one entry per trial; got {len(groups)} for {len(y)} trials.")
    n_groups = len(np.unique(groups))
    if n_groups < 2:
        raise ValueError("All trials are of one group: nothing can be held out. Pass `groups=None`.")
    splitter = StratifiedGroupKFold(min(folds, n_groups, rarest), shuffle=True, random_state=seed)
    # Training must see every class; validation should, where some fold allows it.
    splits = [
        (train, held_out)
        for train, held_out in splitter.split(y, y, groups)
        if len(held_out) and len(np.unique(y[train])) == n_classes
    ]
    if not splits:
        raise ValueError(
            "Whichever groups are held out, training loses a class: each must occur in two groups. "
            "Pass other groups or none, or `validation=0`."
        )
    complete = [split for split in splits if len(np.unique(y[split[1]])) == n_classes]
    return (complete or splits)[0]


def _accuracy(net: EpochsClassifier, X: Dataset[Any], y: Any) -> float:
    # skorch hands over codes, `predict` returns labels.
    return float(accuracy_score(np.asarray(y), net.predict_proba(X).argmax(1)))


def _say_nothing(*_: object) -> None:
    pass
