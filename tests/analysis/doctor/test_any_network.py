"""Findings about networks that declare no front end."""

import numpy as np
import pytest
import torch
from torch import nn

from sincviz import diagnose, inspect
from sincviz import network as opened


class Net(nn.Module):
    """A temporal and a spatial convolution of free filters, or of kernels for all channels at once."""

    def __init__(self, taps=33, *, whole=False):
        super().__init__()
        if whole:
            self.filters = nn.Sequential(nn.Conv2d(1, 8, (6, taps)), nn.BatchNorm2d(8))
        else:
            self.filters = nn.Sequential(
                nn.Conv2d(1, 4, (1, taps), bias=False), nn.BatchNorm2d(4),
                nn.Conv2d(4, 8, (6, 1), groups=4, bias=False), nn.BatchNorm2d(8),
            )  # fmt: skip
        self.rest = nn.Sequential(nn.ELU(), nn.AdaptiveAvgPool2d((1, 4)), nn.Flatten(), nn.Linear(32, 2))

    def forward(self, x):
        return self.rest(self.filters(x.unsqueeze(1)))


@pytest.fixture
def seasoned(epochs):
    """Return what makes a network whose normalisations have seen the epochs, in microvolts."""

    def make(**settings):
        torch.manual_seed(0)
        net = Net(**settings).train()
        for layer in net.modules():
            if isinstance(layer, nn.BatchNorm2d):
                layer.momentum = None
        with torch.no_grad():
            net(torch.tensor(1e6 * epochs.get_data(), dtype=torch.float32))
        return net.eval()

    return make


def dressed(net, epochs, scale=1e6):
    return opened(net, ch_names=epochs.info["chs"], class_names=["left", "right"], scale=scale, sfreq=128)


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize(("scale", "off"), [(1e6, False), (1e3, True), (1.0, True)])
def test_units_that_are_not_the_networks_are_found_by_its_normalisation(seasoned, epochs, scale, off, whole):
    found = diagnose(dressed(seasoned(whole=whole), epochs, scale), epochs).set_index("check")
    assert ("scale" in found.index) is off
    if off:
        assert f"{scale / 1e6:.0e}"[:1] in found.loc["scale", "evidence"]
        assert "recalibrate_batch_norm" not in found.loc["scale", "remedy"]
        # What the remedy says works.
        assert "model.scale = 1e+06" in found.loc["scale", "remedy"]
    assert "batch_norm" not in found.index


def test_kernels_too_short_for_a_rhythm_are_told(seasoned, epochs):
    found = diagnose(dressed(seasoned(taps=9), epochs), epochs).set_index("check")
    assert "9 samples at 128 Hz" in found.loc["unresolvable", "finding"]
    assert f"{0.886 * 128 / 9:.1f} Hz" in found.loc["unresolvable", "finding"]
    long_enough = int(np.ceil(0.886 * 128 / 5))
    assert f"{long_enough} samples or more" in found.loc["unresolvable", "remedy"]
    assert (
        "unresolvable" not in diagnose(dressed(seasoned(taps=long_enough), epochs), epochs)["check"].tolist()
    )


class Recurrent(nn.Module):
    def __init__(self):
        super().__init__()
        self.cell, self.head = nn.GRU(6, 8, batch_first=True), nn.Linear(8, 2)

    def forward(self, x):
        return self.head(self.cell(x.transpose(1, 2))[1][0])


def test_what_has_no_filters_has_findings_about_its_data(epochs):
    torch.manual_seed(0)
    net = dressed(Recurrent().eval(), epochs)
    data = epochs.copy()
    data._data[0] *= 1e3
    found = diagnose(net, data).set_index("check")
    assert {"outlying_trials", "chance"} <= set(found.index)
    assert not {"scale", "batch_norm", "unresolvable", "dead", "duplicates"} & set(found.index)


def test_weights_that_are_not_finite_are_named(epochs):
    torch.manual_seed(0)
    module = Recurrent().eval()
    with torch.no_grad():
        module.head.bias[0] = np.nan
    found = diagnose(dressed(module, epochs), epochs)
    assert found["check"].tolist() == ["not_finite"]
    assert "head.bias" in found["evidence"][0]
    result = inspect(dressed(module, epochs), epochs, only=["relevance"], progress=False)
    assert not result.verdict["readable"]
    assert "not finite" in result.missing["spectral_relevance"]
