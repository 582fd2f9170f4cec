"""Whatever a header says of names, kinds, places and the past: an inspection, or one line that says why not."""

import numpy as np
import pytest

from sincviz import SincShallowNet, save_checkpoint
from sincviz.cli import main as cli

LOC = [0.01, 0, 0.1, *[0.0] * 9]


def nested(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value


CHANGES = {
    "kind null": lambda model: model.chs_info[0].update(kind=None),
    "kind text": lambda model: model.chs_info[0].update(kind="2"),
    "kind list": lambda model: model.chs_info[0].update(kind=[2]),
    "kind huge": lambda model: model.chs_info[0].update(kind=10**30),
    "coil null": lambda model: model.chs_info[0].update(kind=3, coil_type=None, unit=None),
    "half of a pair in a channel": lambda model: model.chs_info[0].update(ch_name="C\ud800"),
    "half of a pair in a class": lambda model: model.class_names.__setitem__(0, "l\udfff"),
    "nothing as names": lambda model: (
        model.chs_info[0].update(ch_name=""),
        model.class_names.__setitem__(0, ""),
    ),
    "NUL in a name": lambda model: model.chs_info[0].update(ch_name="C\0"),
    "long names": lambda model: model.chs_info[0].update(ch_name="C" * 10_000),
    "loc of infinity": lambda model: model.chs_info[0].update(
        loc=np.array([1e308, -1e308, 1e308, *[0.0] * 9])
    ),
    "history in history": lambda model: model.provenance.update(history=nested(400)),
    "history of nothing": lambda model: model.provenance.update(cutoff_history=None, history={"epoch": None}),
    "reference is a list": lambda model: model.provenance.update(reference=[1], highpass_hz="x", assumed=[1]),
    "assumed of nothing": lambda model: model.provenance.update(
        assumed={"ch_names": None, "min_freq": [nested(50)]}
    ),
}


@pytest.mark.filterwarnings("ignore:The network takes channels")
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_it_is_inspected_or_refused_in_one_line(change, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    chs_info = [{"ch_name": name, "kind": 2, "loc": LOC} for name in ("C3", "Cz", "C4")]
    model = SincShallowNet(n_outputs=2, n_times=256, sfreq=128, num_time_filters=2, chs_info=chs_info)
    model.class_names, model.scale = ["left", "right"], 1e6
    change(model)
    halves = any(letter >= "\ud800" for name in [*model.ch_names, *model.class_names] for letter in name)
    try:
        save_checkpoint(model.eval(), "a.safetensors")
    except ValueError:
        pytest.skip("is not written in the first place")
    with pytest.raises(SystemExit) as stopped:
        cli.main(["inspect", "a.safetensors", "--only", "bands,maps,training", "--out", "out"])
    said = capsys.readouterr()
    assert stopped.value.code in (0, 2), said.err
    assert "Traceback" not in said.err
    errors = [line for line in said.err.splitlines() if line.startswith("Error:")]
    assert not halves or "a lone surrogate" in errors[0]
    assert len(errors) == (stopped.value.code == 2)
    assert (tmp_path / "out" / "report.html").exists() == (stopped.value.code == 0)
