"""Learning curves are those of the training, and say which weights were kept."""

import numpy as np
import pytest

from sincviz import load_checkpoint, save_checkpoint
from sincviz.evidence import learning_curves
from sincviz.training import fit


@pytest.mark.parametrize("validation", [0.0, 0.25])
def test_they_are_those_of_the_training_also_from_a_file(network, tmp_path, validation):
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((24, 6, 128)).astype(np.float32), ["left", "right"] * 12
    classifier = fit(network(), x, y, max_epochs=3, validation=validation, progress=False)
    save_checkpoint(classifier, tmp_path / "network.safetensors")
    curves = learning_curves(load_checkpoint(tmp_path / "network.safetensors"))
    assert curves["epoch"].tolist() == [1, 2, 3]
    np.testing.assert_allclose(curves["train_loss"], classifier.history[:, "train_loss"], atol=1e-5)
    if not validation:
        assert curves.columns.tolist() == ["epoch", "train_loss"]
        assert curves.attrs["kept_epoch"] == 3
        return
    losses = classifier.history[:, "valid_loss"]
    np.testing.assert_allclose(curves["valid_loss"], losses, atol=1e-5)
    np.testing.assert_allclose(curves["valid_accuracy"], classifier.history[:, "valid_acc"], atol=1e-5)
    assert curves.attrs["kept_epoch"] == 1 + int(np.argmin(losses))


def test_without_a_record_there_are_none(network):
    model = network()
    assert learning_curves(model) is None
    model.provenance = {"learning_curves": {"train_loss": []}}
    assert learning_curves(model) is None
