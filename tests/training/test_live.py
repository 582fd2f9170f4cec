"""Bands, loss and accuracy while a network trains."""

import pickle

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from skorch.callbacks import Callback

from sincviz import MissingDependencyError, training
from sincviz.networks import front_end
from sincviz.training import LiveTraining, lightning_callback, live

TRIALS = np.random.default_rng(0).standard_normal((24, 3, 128)).astype(np.float32)
LABELS = ["left", "right"] * 12


@pytest.fixture
def model(network):
    return network(n_chans=3)


class Display:
    """A place in a notebook, of which the pictures are kept."""

    def __init__(self):
        self.pictures = []

    def update(self, picture):
        self.pictures.append(picture)


def test_what_it_notes_is_what_the_classifier_records(model):
    watched = LiveTraining()
    classifier = training.fit(
        model, TRIALS, LABELS, max_epochs=3, sinc_lr=0.5, callbacks=[watched], progress=False
    )
    np.testing.assert_allclose(watched.cutoffs_, classifier.recorded_cutoffs_, atol=1e-5)
    assert [row["train_loss"] for row in watched.curves_] == classifier.history[:, "train_loss"]
    assert [row["valid_accuracy"] for row in watched.curves_] == classifier.history[:, "valid_acc"]
    figure = watched.figure()
    assert [ax.get_ylabel() for ax in figure.axes] == ["Centre (Hz)", "Width (Hz)", "Loss", "Accuracy"]
    np.testing.assert_allclose(figure.axes[2].lines[0].get_ydata(), classifier.history[:, "train_loss"])
    plt.close(figure)


def test_training_is_the_same_with_and_without_it(model):
    plain, watched = (
        training.fit(model, TRIALS, LABELS, max_epochs=2, callbacks=callbacks, progress=False).module_
        for callbacks in ([], [LiveTraining()])
    )
    for one, other in zip(plain.parameters(), watched.parameters(), strict=True):
        assert torch.equal(one, other)


def test_the_classifier_can_be_pickled_and_cloned_and_fitted_again(model):
    classifier = training.fit(model, TRIALS, LABELS, max_epochs=2, callbacks=[LiveTraining()], progress=False)
    again = pickle.loads(pickle.dumps(classifier))
    assert again.predict(TRIALS).tolist() == classifier.predict(TRIALS).tolist()
    classifier.fit(TRIALS, LABELS)
    watched = dict(classifier.callbacks_)["LiveTraining"]
    assert len(watched.curves_) == 2  # of the second fit alone


@pytest.mark.parametrize(("seconds", "n_drawn"), [(0.0, 4), (1e6, 2)])
def test_a_notebook_is_drawn_in_place_and_the_end_always(model, monkeypatch, seconds, n_drawn):
    pytest.importorskip("IPython")
    shown = Display()
    monkeypatch.setattr(live, "_new_display", lambda: shown)
    before = plt.get_fignums()
    training.fit(
        model, TRIALS, LABELS, max_epochs=3, callbacks=[LiveTraining(seconds=seconds)], progress=False
    )
    # Each epoch or the first one, and the end.
    assert len(shown.pictures) == n_drawn
    assert all(picture.data.startswith(b"\x89PNG") for picture in shown.pictures)
    assert plt.get_fignums() == before


def test_tensorboard_gets_numbers_and_figures(model, tmp_path):
    accumulators = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    watched = LiveTraining(log_dir=tmp_path, seconds=0)
    training.fit(model, TRIALS, LABELS, max_epochs=3, callbacks=[watched], progress=False)
    log = accumulators.EventAccumulator(str(tmp_path)).Reload()
    assert {"train_loss", "valid_loss", "valid_accuracy", "cutoffs/median_drift_hz"} <= set(
        log.Tags()["scalars"]
    )
    np.testing.assert_allclose(
        [event.value for event in log.Scalars("train_loss")],
        [row["train_loss"] for row in watched.curves_],
        rtol=1e-6,
    )
    assert log.Tags()["images"] == ["training"]


def test_without_tensorboard_it_says_so_before_training(monkeypatch, tmp_path):
    monkeypatch.setitem(__import__("sys").modules, "torch.utils.tensorboard", None)
    with pytest.raises(MissingDependencyError, match="pip install tensorboard"):
        LiveTraining(log_dir=tmp_path)


def test_lightning_is_watched_too(model, tmp_path):
    lightning = pytest.importorskip("lightning")

    class Module(lightning.LightningModule):
        def __init__(self):
            super().__init__()
            self.network = model.train()

        def forward(self, x):
            return self.network(x)

        def training_step(self, batch, _):
            loss = torch.nn.functional.cross_entropy(self.network(batch[0]), batch[1])
            self.log("train_loss", loss, on_step=False, on_epoch=True)
            return loss

        def validation_step(self, batch, _):
            self.log("val_loss", torch.nn.functional.cross_entropy(self.network(batch[0]), batch[1]))

        def configure_optimizers(self):
            return torch.optim.Adam(self.parameters(), 0.1)

    data = torch.utils.data.TensorDataset(torch.from_numpy(TRIALS), torch.arange(24) % 2)
    loader = torch.utils.data.DataLoader(data, 12)
    watched, module = LiveTraining(), Module()
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Lightning's own, on workers and loggers
        trainer = lightning.Trainer(
            max_epochs=2, callbacks=[lightning_callback(watched)], logger=False, accelerator="cpu",
            num_sanity_val_steps=0, enable_checkpointing=False, enable_progress_bar=False,
            enable_model_summary=False, default_root_dir=tmp_path,
        )  # fmt: skip
        trainer.fit(module, loader, loader)
    assert len(watched.cutoffs_) == 3
    assert [sorted(row) for row in watched.curves_] == [["train_loss", "valid_loss"]] * 2
    np.testing.assert_allclose(watched.cutoffs_[-1], front_end(module.network).cutoffs, rtol=1e-6)
    assert np.abs(watched.cutoffs_[-1] - watched.cutoffs_[0]).max() > 0.01


def test_without_lightning_it_says_so(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "lightning.pytorch.callbacks", None)
    with pytest.raises(MissingDependencyError, match="pip install lightning"):
        lightning_callback()


def test_nothing_is_drawn_before_an_epoch_has_ended(model):
    watched = LiveTraining()
    watched.start(model)
    with pytest.raises(ValueError, match="No epoch has ended"):
        watched.figure()


def test_free_kernels_have_nothing_to_watch(model):
    from dataclasses import replace

    with pytest.raises(TypeError, match="filters are free"):
        LiveTraining().start(replace(front_end(model), cutoffs=None))


class Failure(Callback):
    """Fails after the first epoch."""

    def on_epoch_end(self, net, **_):
        raise OSError("the disk is full")


def test_what_training_failed_on_can_be_pickled_and_ended(model, tmp_path):
    pytest.importorskip("tensorboard")
    watched = LiveTraining(log_dir=tmp_path)
    with pytest.raises(OSError, match="disk is full"):
        training.fit(model, TRIALS, LABELS, max_epochs=3, callbacks=[watched, Failure()], progress=False)
    assert len(pickle.loads(pickle.dumps(watched)).cutoffs_) == 2
    watched.finish()
    watched.finish()


def test_training_begins_before_it_goes_on(model):
    watched = LiveTraining()
    watched.finish()
    with pytest.raises(ValueError, match=r"Call `.start\(module\)` first"):
        watched.update(model, {"train_loss": 1.0})


@pytest.mark.parametrize(("seconds", "error"), [("2", TypeError), (-1, ValueError), (np.nan, ValueError)])
def test_seconds_are_checked_before_training(model, seconds, error):
    with pytest.raises(error, match="`seconds` must be"):
        LiveTraining(seconds=seconds).start(model)
