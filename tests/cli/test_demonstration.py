"""The demonstration must be able to fail."""

import pytest

from sincviz.analysis.evidence.recovery import Recovery
from sincviz.cli import demonstration as demo


def test_an_untrained_network_does_not_pass(tmp_path, monkeypatch):
    monkeypatch.setattr(demo, "SECTIONS_SHOWN", ("bands",))
    monkeypatch.setattr(demo, "N_CONTROLS", 1)
    demonstration = demo.compare(
        demo.train(tmp_path / "demo", n_trials=60, max_epochs=1, progress=False), progress=False
    )
    assert demonstration.accuracy < 0.75
    assert not demonstration.passed


@pytest.mark.parametrize(
    ("cells", "control", "passes"),
    [(0.9, 0.6, True), (0.8, 0.6, False), (0.9, 0.9, False), (0.85, 0.75, True)],
)
def test_it_passes_only_with_high_agreement_and_a_low_control(cells, control, passes):
    demonstration = demo.Demonstration(
        bands=None,
        findings=None,
        loss=None,
        true_cells=None,
        accuracy=1.0,
        agreement=Recovery(cells=cells, best_rank=1, mass=1.0, bands=1.0, channels=1.0),
        control_accuracy=0.5,
        control_cells=control,
    )
    assert demonstration.passed is passes


@pytest.mark.parametrize("name", ["network.safetensors", "report.html"])
def test_an_earlier_demonstration_is_not_overwritten(tmp_path, name):
    (tmp_path / name).write_text("mine")
    with pytest.raises(FileExistsError, match="--overwrite"):
        demo.train(tmp_path, progress=False)
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (tmp_path / name).read_text() == "mine"
