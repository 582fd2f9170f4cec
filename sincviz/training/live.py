"""Live view of training: moving bands, loss and accuracy, in a notebook and for TensorBoard."""

import io
import os
import time
from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from skorch.callbacks import Callback

from sincviz._utils.checks import finite_float
from sincviz.errors import MissingDependencyError
from sincviz.networks.cutoff_table import cutoff_table
from sincviz.networks.front_ends import front_end

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_CURVES = {"train_loss": "train_loss", "valid_loss": "valid_loss", "valid_acc": "valid_accuracy"}
"""skorch's names of losses and accuracy, and ours."""


class LiveTraining(Callback):  # type: ignore[misc]
    """Callback of skorch that draws moving bands, loss and accuracy while a network trains.

    In a notebook the figure is drawn again in place; with ``log_dir`` numbers and figures are also written for
    TensorBoard.

    Parameters
    ----------
    seconds : float
        Least time between two figures; the last epoch is always drawn.
    log_dir : path-like | None
        Folder of TensorBoard; ``None`` writes nothing.

    Attributes
    ----------
    cutoffs_ : list of array, shape (filters, 2)
        Cut-offs in Hz before training and after each epoch.
    curves_ : list of dict
        Loss and accuracy of each epoch.

    Raises
    ------
    MissingDependencyError
        If there is a ``log_dir`` and TensorBoard is not installed.

    Examples
    --------
    >>> from sincviz import SincShallowNet, training
    >>> live = LiveTraining()
    >>> model = SincShallowNet(n_chans=3, n_outputs=2, n_times=128, sfreq=128, num_time_filters=4)
    >>> trials = np.random.default_rng(0).standard_normal((20, 3, 128))
    >>> classifier = training.fit(model, trials, ["left", "right"] * 10, max_epochs=2, callbacks=[live],
    ...                           progress=False)
    >>> len(live.cutoffs_), sorted(live.curves_[-1])
    (3, ['train_loss', 'valid_accuracy', 'valid_loss'])
    """

    # Displays and writers hold streams, and the classifier must be picklable, also where training fails.
    _drawn_at: float = -np.inf
    _display: Any = None
    _writer: Any = None

    def __init__(self, *, seconds: float = 2.0, log_dir: str | os.PathLike[str] | None = None) -> None:
        self.seconds, self.log_dir = seconds, log_dir
        if log_dir is not None:
            _summary_writer()

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in super().__getstate__().items() if not name.startswith("_")}

    def on_train_begin(self, net: Any, **_: Any) -> None:
        """Note where the bands start."""
        self.start(net.module_)

    def on_epoch_end(self, net: Any, **_: Any) -> None:
        """Note where the bands are, and draw."""
        row = net.history[-1]
        self.update(net.module_, {ours: row[name] for name, ours in _CURVES.items() if name in row})

    def on_train_end(self, net: Any, **_: Any) -> None:
        """Draw the end."""
        self.finish()

    def start(self, module: object) -> None:
        """Begin: what any training loop calls before its first epoch.

        Parameters
        ----------
        module : SincShallowNet | torch.nn.Module
            The network, or a module that holds it.

        Raises
        ------
        TypeError
            If the network is unknown, its filters are free, or ``seconds`` is not a number.
        ValueError
            If ``seconds`` is negative or not finite.
        """
        finite_float("seconds", self.seconds, minimum=0)
        self.cutoffs_: list[NDArray[np.float64]] = [_cutoffs_hz(module)]
        self.curves_: list[dict[str, float]] = []
        self._drawn_at, self._display = -np.inf, _new_display()
        self._writer = None if self.log_dir is None else _summary_writer()(os.fspath(self.log_dir))

    def update(self, module: object, losses: Mapping[str, float]) -> None:
        """Go on: what any training loop calls after each epoch.

        Parameters
        ----------
        module : SincShallowNet | torch.nn.Module
            The network, or a module that holds it.
        losses : mapping of str to float
            ``train_loss``, and if known ``valid_loss`` and ``valid_accuracy``.

        Raises
        ------
        ValueError
            If training has not begun.
        """
        if not hasattr(self, "cutoffs_"):
            raise ValueError("Training has not begun. Call `.start(module)` first.")
        self.cutoffs_.append(_cutoffs_hz(module))
        self.curves_.append({name: float(value) for name, value in losses.items()})
        if self._writer is not None:
            epoch = len(self.curves_)
            for name, value in self.curves_[-1].items():
                self._writer.add_scalar(name, value, epoch)
            moved_hz = np.abs(self.cutoffs_[-1] - self.cutoffs_[0]).max(1)
            self._writer.add_scalar("cutoffs/median_drift_hz", float(np.median(moved_hz)), epoch)
            self._writer.add_histogram("cutoffs/center_hz", self.cutoffs_[-1].mean(1), epoch)
        if time.monotonic() - self._drawn_at >= self.seconds:
            self._draw()

    def finish(self) -> None:
        """End: what any training loop calls after its last epoch."""
        if getattr(self, "curves_", None):
            self._draw()
        if self._writer is not None:
            self._writer.close()
        self._drawn_at, self._display, self._writer = -np.inf, None, None

    def figure(self) -> "Figure":
        """Return a figure of the training so far.

        Returns
        -------
        matplotlib.figure.Figure
            Centres and widths of the bands above loss and accuracy.

        Raises
        ------
        ValueError
            If no epoch has ended.
        """
        from sincviz.plotting.training import training_figure

        if not getattr(self, "curves_", None):
            raise ValueError("No epoch has ended, so there is nothing to draw.")
        curves = pd.DataFrame(self.curves_)
        if "train_loss" not in curves:
            curves["train_loss"] = np.nan
        curves.insert(0, "epoch", range(1, len(curves) + 1))
        return training_figure(cutoff_table(np.array(self.cutoffs_)), curves)

    def _draw(self) -> None:
        self._drawn_at = time.monotonic()
        if self._display is None and self._writer is None:
            return
        from matplotlib import pyplot as plt

        figure = self.figure()
        if self._display is not None:
            png = io.BytesIO()
            figure.savefig(png, format="png", dpi=100)
            self._display.update(import_module("IPython.display").Image(png.getvalue()))
        if self._writer is not None:
            self._writer.add_figure("training", figure, len(self.curves_), close=False)
        plt.close(figure)


def lightning_callback(live: LiveTraining | None = None) -> Any:
    """Return a callback of Lightning that draws moving bands, loss and accuracy while a network trains.

    Parameters
    ----------
    live : LiveTraining | None
        What draws and logs; ``None`` is ``LiveTraining()``.

    Returns
    -------
    lightning.pytorch.callbacks.Callback
        For ``Trainer(callbacks=[...])``. Of what the module logs it shows ``train_loss``, ``val_loss`` (or
        ``valid_loss``) and ``val_acc`` (or ``valid_acc``).

    Raises
    ------
    MissingDependencyError
        If Lightning is not installed.

    Examples
    --------
    >>> trainer = lightning.Trainer(callbacks=[lightning_callback()])  # doctest: +SKIP
    """
    try:
        callbacks = import_module("lightning.pytorch.callbacks")
    except ImportError:
        raise MissingDependencyError("Lightning is not installed. Try `pip install lightning`.") from None

    view = LiveTraining() if live is None else live
    names = {"train_loss": "train_loss", "val_loss": "valid_loss", "val_acc": "valid_accuracy"}
    names |= _CURVES

    class LiveCallback(callbacks.Callback):  # type: ignore[misc, name-defined]
        """Draws while Lightning trains."""

        def on_fit_start(self, trainer: Any, pl_module: Any) -> None:
            view.start(pl_module)

        # Validation ends before this is called, so its metrics are those of the same epoch.
        def on_train_epoch_end(self, trainer: Any, pl_module: Any) -> None:
            metrics = trainer.callback_metrics
            view.update(
                pl_module, {ours: float(metrics[name]) for name, ours in names.items() if name in metrics}
            )

        def on_fit_end(self, trainer: Any, pl_module: Any) -> None:
            view.finish()

    return LiveCallback()


def _cutoffs_hz(module: object) -> NDArray[np.float64]:
    cutoffs = front_end(module).cutoffs
    if cutoffs is None:
        raise TypeError("This network has no cut-offs that could move: its filters are free.")
    return cutoffs.cpu().double().numpy()


def _new_display() -> Any:
    """Return a place in a notebook that can be drawn again, ``None`` elsewhere."""
    try:
        ipython = import_module("IPython")
    except ImportError:
        return None
    if not hasattr(ipython.get_ipython(), "kernel"):  # a terminal shows no pictures
        return None
    return ipython.display.display(
        ipython.display.HTML("<i>The first epoch is under way.</i>"), display_id=True
    )


def _summary_writer() -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        raise MissingDependencyError("TensorBoard is not installed. Try `pip install tensorboard`.") from None
    return SummaryWriter
