"""A scikit-learn classifier for networks that store their channels, units and classes."""

import copy
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import ArrayLike, NDArray
from sklearn.metrics import accuracy_score
from sklearn.model_selection import StratifiedGroupKFold, StratifiedShuffleSplit
from skorch import NeuralNetClassifier
from skorch.callbacks import Callback, EarlyStopping, EpochScoring
from torch.utils.data import Dataset, Subset

from sincviz._utils.checks import checked_seed, finite_float, positive_int
from sincviz._utils.progress import switched_off, tqdm
from sincviz.errors import EpochsError
from sincviz.networks.cutoff_table import cutoff_table
from sincviz.networks.signal_spec import chs_info_from_json, chs_info_to_json
from sincviz.preparation.prepared_epochs import alignment_in
from sincviz.trials.classes import class_order, trial_labels
from sincviz.trials.containers import trials_and_labels
from sincviz.trials.epochs import EpochsOrArray, gathered, is_epochs, n_trials_of, network_input
from sincviz.trials.identity import remembered_trials, trial_fingerprints
from sincviz.trials.label_kinds import plain_labels
from sincviz.trials.recording_levels import recordings_of
from sincviz.trials.recordings import data_hash, eeg_channels, recording_facts

if TYPE_CHECKING:
    from sincviz.networks.sinc_shallow import SincShallowNet

_CURVES = {"train_loss": "train_loss", "valid_loss": "valid_loss", "valid_accuracy": "valid_acc"}
"""Learning curves, and what skorch calls them."""


class EpochsClassifier(NeuralNetClassifier):  # type: ignore[misc]
    """skorch's classifier for networks that store their channels, units and classes.

    Every fit starts from the network that was passed, also in a clone, so no trained weights leak into
    cross-validation. Use :func:`sincviz.training.fit` to make one.

    Parameters
    ----------
    module : SincShallowNet
        The untrained network.
    validation : float
        Share of the trials that is held out for early stopping; 0 holds out none.
    patience : int
        Training epochs without a better validation loss before training stops.
    scale : float
        Factor from volts to the network's units, for a network that does not store its own.
    seed : int
        Seed of everything random.
    progress : bool
        Show a progress bar.
    **settings
        Parameters of ``skorch.NeuralNetClassifier``.

    Attributes
    ----------
    module_ : SincShallowNet
        The trained network.
    cutoff_history_ : pandas.DataFrame
        Columns ``epoch`` (0 is before training), ``filter``, ``low_hz``, ``high_hz``, ``center_hz``,
        ``bandwidth_hz``.
    """

    def __init__(
        self,
        module: "SincShallowNet",
        *,
        validation: float = 0.2,
        patience: int = 40,
        scale: float = 1e6,
        seed: int = 0,
        progress: bool = True,
        **settings: Any,
    ) -> None:
        super().__init__(module, **settings)
        self.validation = validation
        self.patience = patience
        self.scale = scale
        self.seed = seed
        self.progress = progress

    @property
    def _default_callbacks(self) -> list[tuple[str, Callback]]:
        """Callbacks that skorch runs after each epoch: early stopping only if trials are held out."""
        inherited = dict(super()._default_callbacks)
        held_out = [
            ("valid_loss", inherited["valid_loss"]),
            ("valid_acc", EpochScoring(_coded_accuracy, lower_is_better=False, name="valid_acc")),
            (
                "early_stopping",
                EarlyStopping(patience=self.patience, threshold=0, load_best=True, sink=_say_nothing),
            ),
        ]
        return [
            ("epoch_timer", inherited["epoch_timer"]),
            ("train_loss", inherited["train_loss"]),
            *(held_out if self.validation else []),
            ("progress", EpochProgress(self.progress)),
        ]

    @property
    def classes_(self) -> NDArray[Any]:
        """The labels, in the order of the network's outputs."""
        return np.asarray(self.labels_)

    @property
    def cutoff_history_(self) -> pd.DataFrame:
        """Cut-offs in Hz, one row per epoch and filter; epoch 0 is before training."""
        return cutoff_table(self.recorded_cutoffs_)

    def initialize_module(self) -> "EpochsClassifier":
        """Copy the module: the given one must stay untrained for the next fit or clone."""
        changed = self.get_params_for("module")
        self.module_: SincShallowNet = copy.deepcopy(self.module)
        if changed:
            self.module_ = type(self.module).from_config(self.module.get_config() | changed)
        self.module_.to(self.device)
        return self

    def fit(
        self, X: EpochsOrArray, y: ArrayLike | None = None, *, groups: ArrayLike | None = None
    ) -> "EpochsClassifier":
        """Fit on epochs or an array; see :func:`sincviz.training.fit`."""
        X, y = trials_and_labels(X, y)
        X = gathered(X)
        positive_int("patience", self.patience)
        checked_seed(self.seed)
        finite_float("scale", self.scale, above=0, advice=1e6)
        labels, self.labels_ = _labels(X, y, self.module)
        codes = np.array([self.labels_.index(label) for label in labels], np.int64)
        template = copy.deepcopy(self.module)
        template.scale = self.scale if template.scale is None else template.scale
        if template.chs_info is None and is_epochs(X):
            template.chs_info = chs_info_from_json(chs_info_to_json(eeg_channels(X)))
        trials = network_input(template, X)
        # Trials are recognised later as they are at the electrodes, before people are aligned.
        recognised = trials
        if alignment_in(template.preparation) is not None and is_epochs(X):
            unaligned = copy.deepcopy(template)
            unaligned.preparation = template.preparation[:-1]
            recognised = network_input(unaligned, X)
        self.groups_ = None if groups is None else np.asarray(groups)
        for name, values in (("y", codes), ("groups", self.groups_)):
            if values is not None and len(values) != len(trials):
                raise ValueError(
                    f"`{name}` must have one entry per trial; got {len(values)} for {len(trials)} trials."
                )
        if self.validation:
            # Before a progress bar is shown.
            _validation_split(codes, self.groups_, self.validation, self.seed)
        self.recorded_cutoffs_: list[NDArray[np.floating[Any]]] = []
        devices = list(range(torch.cuda.device_count())) if str(self.device).startswith("cuda") else []
        with torch.random.fork_rng(devices):
            torch.manual_seed(self.seed)
            super().fit(trials, codes)
        if self.interrupted_:
            raise KeyboardInterrupt
        # An aligned array cannot be recognised in epochs later, which are seen before their alignment.
        aligned = alignment_in(template.preparation) is not None
        shown = [] if aligned and not is_epochs(X) else [recognised, *([trials] if aligned else [])]
        self._describe(template, X, recognised, [one for part in shown for one in trial_fingerprints(part)])
        return self

    def fit_loop(self, *args: Any, **kwargs: Any) -> Any:
        """Note an interruption, which skorch treats as the end: interrupted training must not be taken for complete."""
        self.interrupted_ = False
        try:
            return super().fit_loop(*args, **kwargs)
        except KeyboardInterrupt:
            # Early stopping ends training by the same exception.
            early_stopping = dict(self.callbacks_).get("early_stopping")
            self.interrupted_ = early_stopping is None or early_stopping.misses_ < self.patience
            raise

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
        X, y = trials_and_labels(X, y)
        X = gathered(X)
        if y is None and not is_epochs(X):
            raise ValueError("`y` is missing: an array has no labels.")
        labels = _read_labels(X, y)
        # Epochs have class names, even if training had output numbers.
        given = dict(zip(self.module_.class_names or [], self.labels_, strict=False))
        if not set(labels.tolist()) <= set(self.labels_):
            labels = np.array([given.get(str(label), label) for label in labels.tolist()])
        unknown = set(labels.tolist()) - set(self.labels_)
        if unknown:
            raise EpochsError(
                f"The trials are labelled {', '.join(sorted(map(str, unknown)))}; the network was trained on "
                "the classes "
                f"{', '.join(map(str, self.labels_))}. Rename `epochs.event_id`, or pass `y`."
            )
        return float(accuracy_score(labels, self.predict(X)))

    def get_split_datasets(self, X: Any, y: Any = None, **_: Any) -> tuple[Dataset[Any], Dataset[Any] | None]:
        """Hold out ``validation`` of the trials, stratified by class, and whole groups if groups are given."""
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
        self,
        template: "SincShallowNet",
        epochs: EpochsOrArray,
        trials: NDArray[np.float32],
        fingerprints: list[str],
    ) -> None:
        """Store in the trained network what it was trained on."""
        network = self.module_.eval()
        if network.class_names is None or not _are_outputs(self.labels_, network.class_names):
            network.class_names = [str(label) for label in self.labels_]
        network.scale, network.chs_info = template.scale, template.chs_info
        network.preparation = template.preparation
        # Training overwrites recalibrated statistics.
        earlier = {
            key: value for key, value in template.provenance.items() if key != "n_recalibration_trials"
        }
        recordings = recordings_of(epochs, earlier)
        earlier.pop("training_recordings", None)  # the list is incomplete without those of this training
        network.provenance = (
            {"initial_cutoffs_hz": self.recorded_cutoffs_[0].tolist()}
            | earlier
            | recording_facts(epochs, template.preparation)
            | (
                remembered_trials(earlier, fingerprints)
                if fingerprints
                else {"training_trials_complete": False}
            )
            | {
                "training_data_sha256": data_hash(trials),
                "n_training_trials": len(trials),
                # Tenths of a millihertz: enough for any figure, and a small header.
                "cutoff_history_hz": np.round(np.array(self.recorded_cutoffs_, float), 4).tolist(),
                "learning_curves": self._learning_curves(),
                "seed": int(self.seed),
            }
            | ({"training_recordings": recordings} if recordings else {})
        )

    def _learning_curves(self) -> dict[str, list[float | None]]:
        """Return loss and accuracy of every epoch; what is not finite has no number in a file."""
        return {
            name: [round(float(row[key]), 5) if np.isfinite(row[key]) else None for row in self.history]
            for name, key in _CURVES.items()
            if all(key in row for row in self.history)
        }


class EpochProgress(Callback):  # type: ignore[misc]
    """Progress bar over the training epochs."""

    def __init__(self, shown: bool) -> None:
        self.shown = shown

    def on_train_begin(self, net: EpochsClassifier, **_: Any) -> None:
        """Open the bar."""
        self.bar_ = tqdm(
            total=net.max_epochs,
            desc="Training",
            unit="epoch",
            disable=not self.shown or bool(switched_off()),
        )

    def on_epoch_end(self, net: EpochsClassifier, **_: Any) -> None:
        """Show the losses of the epoch that ended."""
        row = net.history[-1]
        shown = {key: row[key] for key in ("train_loss", "valid_loss", "valid_acc") if key in row}
        self.bar_.set_postfix({key: f"{value:.3f}" for key, value in shown.items()}, refresh=False)
        self.bar_.update()

    def on_train_end(self, net: EpochsClassifier, **_: Any) -> None:
        """Close the bar."""
        self.bar_.close()
        del self.bar_  # it holds a stream, and the classifier must be picklable


def _labels(X: EpochsOrArray, y: ArrayLike | None, model: "SincShallowNet") -> tuple[NDArray[Any], list[Any]]:
    """Return the label of every trial, and the labels in the order of the outputs."""
    if y is None and not is_epochs(X):
        raise ValueError("`y` is missing: an array has no labels. Pass one label per trial.")
    labels = _read_labels(X, y)
    if len(labels) == 0:
        raise EpochsError("There are no trials.")
    order = class_order(X) if y is None else np.unique(labels).tolist()
    if len(order) < 2:
        raise ValueError(f"All trials are of one class, {order[0]!r}; a classifier needs two or more.")
    if len(order) != model.n_outputs:
        raise ValueError(
            f"The network has {model.n_outputs} outputs, but the trials have {len(order)} classes: "
            f"{', '.join(map(str, order))}. Try `n_outputs={len(order)}`."
        )
    if model.class_names is None:
        return labels, order
    if _are_outputs(order, model.class_names):
        return labels, order
    if {str(label) for label in order} != set(model.class_names):
        raise ValueError(
            f"The network's classes are {', '.join(model.class_names)}, those of the trials are "
            f"{', '.join(map(str, order))}. Rename them, or start with `model.reset_head`."
        )
    return labels, sorted(order, key=lambda label: model.class_names.index(str(label)))


def _read_labels(X: EpochsOrArray, y: Any) -> NDArray[Any]:
    """Return one label per trial as in the analyses; booleans stay booleans, as in scikit-learn."""
    if y is None:
        return trial_labels(X)
    labels = plain_labels(y, n_trials_of(X))
    is_truth = not isinstance(y, torch.Tensor) and np.asarray(y).dtype == bool
    return labels.astype(bool) if is_truth and np.ndim(y) == 1 else labels


def _are_outputs(order: list[Any], class_names: list[str]) -> bool:
    """Return whether labels are output numbers and not names; names take precedence."""
    numbers = all(isinstance(label, int) for label in order) and order == list(range(len(class_names)))
    return numbers and {str(label) for label in order} != set(class_names)


def _validation_split(
    y: NDArray[np.int64], groups: NDArray[Any] | None, share: float, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    if not 0 < share <= 0.5:
        raise ValueError(f"`validation` must lie between 0 and 0.5; got {share:g}. Try 0.2.")
    n_classes, rarest = int(y.max()) + 1, int(np.bincount(y).min())
    if rarest < 2:
        raise ValueError("A class has fewer than two trials: nothing can be held out. Pass `validation=0`.")
    if groups is None:
        # Each class must be on both sides.
        n_held_out = min(max(n_classes, round(share * len(y))), len(y) - n_classes)
        trials = StratifiedShuffleSplit(1, test_size=n_held_out, random_state=seed)
        train, held_out = next(trials.split(y, y))
        return train, held_out
    n_groups = len(np.unique(groups))
    if n_groups < 2:
        raise ValueError("All trials are of one group: nothing can be held out. Pass `groups=None`.")
    splitter = StratifiedGroupKFold(min(round(1 / share), n_groups, rarest), shuffle=True, random_state=seed)
    # Training must see every class; validation should, where some fold allows it.
    splits = [
        (train, held_out)
        for train, held_out in splitter.split(y, y, groups)
        if len(held_out) and len(np.unique(y[train])) == n_classes
    ]
    if not splits:
        raise ValueError(
            "Whichever groups are held out, the training set lacks a class: each class must occur in two groups. "
            "Pass other groups or none, or `validation=0`."
        )
    complete = [split for split in splits if len(np.unique(y[split[1]])) == n_classes]
    return (complete or splits)[0]


def _coded_accuracy(net: EpochsClassifier, X: Dataset[Any], y: Any) -> float:
    """Return the accuracy for labels that skorch has as codes while ``predict`` returns names."""
    return float(accuracy_score(np.asarray(y), net.predict_proba(X).argmax(1)))


def _say_nothing(*_: object) -> None:
    pass
