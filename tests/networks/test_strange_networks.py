"""Networks that compute something else for some inputs, at some sizes or in some runs, or keep trials elsewhere."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812

import sincviz
from sincviz import FrontEndError
from sincviz.networks import front_end

N_CHANS, N_TIMES = 4, 200


class Base(nn.Module):
    """A convolution, its power and the logarithm of that."""

    def __init__(self):
        super().__init__()
        self.n_chans, self.n_times, self.sfreq, self.n_outputs = N_CHANS, N_TIMES, 100.0, 2
        torch.manual_seed(0)
        self.conv, self.head = nn.Conv1d(N_CHANS, 6, 15), nn.Linear(48, 2)
        self.eval()

    def rest(self, h):
        return self.head(torch.log(F.avg_pool1d(h.square(), 40, 20) + 1e-3).flatten(1))

    def forward(self, x):
        return self.rest(self.conv(x))


class Clipped(Base):
    def forward(self, x):
        return super().forward(x.clamp(-100, 100))


class Counts(Base):
    def __init__(self):
        super().__init__()
        self.head = nn.Linear(6, 2)

    def forward(self, x):
        return self.head(torch.tanh(self.conv(x) * 3e-6).square().mean(-1) * 5)


class BigBias(Base):
    def __init__(self):
        super().__init__()
        self.conv.bias.data.fill_(500.0)

    def forward(self, x):
        return self.rest(F.relu(self.conv(x)))


class InPlace(Base):
    """An average reference, written in place."""

    def forward(self, x):
        x -= x.mean(1, keepdim=True)
        return super().forward(x)


class Branching(Base):
    def forward(self, x):
        return super().forward(x / 10 if x.abs().max() > 150 else x)


class Covariance(Base):
    def __init__(self):
        super().__init__()
        self.head = nn.Linear(6, 2)

    def forward(self, x):
        h = self.conv(x)
        return self.head(torch.log(torch.diagonal(h @ h.transpose(1, 2) / 100, dim1=1, dim2=2) + 1e-3))


class Standardised(Base):
    def forward(self, x):
        return super().forward((x - x.mean(-1, keepdim=True)) / (x.std(-1, keepdim=True) + 1e-6))


class TimeFirst(Base):
    """Times, then trials, then features, as recurrent layers take them."""

    def __init__(self):
        super().__init__()
        self.head = nn.Linear(6, 2)

    def forward(self, x):
        return self.head(F.relu(self.conv(x).permute(2, 0, 1)).mean(0))


class Random(Base):
    def forward(self, x):
        return super().forward(x + torch.randn_like(x))


class Morlet(Base):
    """Complex wavelets, held as a complex buffer."""

    def __init__(self):
        super().__init__()
        times = (torch.arange(31) - 15) / 100
        wavelet = torch.exp(2j * torch.pi * 12 * times) * torch.hann_window(31, periodic=False)
        self.register_buffer("wavelet", wavelet.to(torch.complex64))
        self.head = nn.Linear(N_CHANS, 2)

    def forward(self, x):
        real, imag = (
            F.conv1d(x.flatten(0, 1)[:, None], part[None, None])
            for part in (self.wavelet.real, self.wavelet.imag)
        )
        return self.head((real.square() + imag.square()).mean(2).reshape(len(x), -1).log())


class Shared(nn.Module):
    """The same convolution for every channel, with channels in the batch."""

    def __init__(self):
        super().__init__()
        self.n_chans, self.n_times, self.sfreq = N_CHANS, N_TIMES, 100.0
        torch.manual_seed(0)
        self.conv, self.norm, self.head = nn.Conv1d(1, 3, 9), nn.BatchNorm1d(3), nn.Linear(12, 2)

    def forward(self, x):
        h = self.norm(self.conv(x.reshape(-1, 1, N_TIMES)))
        return self.head(h.square().mean(-1).reshape(len(x), -1))


def trials(size=10.0, n=24, seed=0):
    return (size * np.random.default_rng(seed).standard_normal((n, N_CHANS, N_TIMES))).astype(np.float32)


@pytest.mark.parametrize(("make", "size"), [(Clipped, 200), (Counts, 1e5), (BigBias, 1e3), (TimeFirst, 10)])
def test_scores_are_the_networks_at_any_size(make, size):
    module = make()
    x = torch.from_numpy(trials(size))
    try:
        opened = front_end(module)
    except FrontEndError:
        return
    with torch.no_grad():
        torch.testing.assert_close(opened.scores(x), module(x), rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("make", [Counts, BigBias, TimeFirst])
def test_non_linearities_of_large_signals_are_found(make):
    assert front_end(make()).kernels_of_units().shape == (6, 1, N_CHANS, 15)


def test_clipping_is_the_first_non_linearity():
    with pytest.raises(FrontEndError, match="clamp"):
        front_end(Clipped())


def test_trials_are_not_changed_by_a_network_that_works_in_place():
    x, y = trials(), np.arange(24) % 2
    before = x.copy()
    module = InPlace()
    assert front_end(module).kernels_of_units().shape == (6, 1, N_CHANS, 15)
    sincviz.ablate(module, x, y, progress=False)
    sincviz.spectral_relevance(module, x, y, progress=False)
    sincviz.inspect(module, x, y, only=["bands", "maps", "relevance"], progress=False)
    np.testing.assert_array_equal(x, before)


def test_another_way_for_large_trials_is_told():
    with pytest.raises(FrontEndError, match="depend on the values"):
        front_end(Branching())
    result = sincviz.inspect(
        Branching(), trials(300), np.arange(24) % 2, only=["bands", "relevance"], progress=False
    )
    assert result.bands is None
    assert result.spectral_relevance is not None


def test_what_only_some_trials_show_is_checked_on_them(monkeypatch):
    class Late(Base):
        """Another way, at a size of which noise knows nothing."""

        def forward(self, x):
            x = torch.where(x.abs().amax((1, 2), keepdim=True) > 3e7, x.sign() * 7, x)
            return super().forward(x)

    module = Late()
    with torch.no_grad():
        assert not torch.isnan(module(torch.from_numpy(trials()))).any()
    y = np.arange(24) % 2
    result = sincviz.inspect(module, trials(1e8), y, only=["bands"], progress=False)
    predicted = result.predictions[["score_0", "score_1"]].to_numpy()
    with torch.no_grad():
        np.testing.assert_allclose(predicted, module(torch.from_numpy(trials(1e8))), rtol=1e-3, atol=1e-3)


def test_units_that_enter_twice_are_counted_once():
    module = Covariance()
    opened = front_end(module)
    assert opened.kernels_of_units().shape == (6, 1, N_CHANS, 15)
    x = torch.from_numpy(trials())
    with torch.no_grad():
        torch.testing.assert_close(opened.scores(x), module(x), rtol=1e-3, atol=1e-4)
    assert sincviz.maps.importance(module, trials(), progress=False)["importance"].notnull().all()


def test_standardised_trials_have_no_filters():
    with pytest.raises(FrontEndError, match="all of the trial"):
        front_end(Standardised())


def test_complex_weights_are_kept():
    module = Morlet()
    opened = front_end(module)
    assert opened.kernels.shape == (2, 29)  # a Hann window ends in zeros
    assert opened.spatial.shape == (2, N_CHANS, N_CHANS)
    np.testing.assert_allclose(sincviz.learned_bands(opened)["peak_hz"], 12, atol=0.1)


def test_a_network_that_changes_from_run_to_run_is_told_and_takes_no_random_numbers_of_the_caller():
    module, x, y = Random(), trials(), np.arange(24) % 2
    torch.manual_seed(5)
    before = torch.get_rng_state()
    with pytest.raises(FrontEndError, match="change from run to run"):
        front_end(module)
    assert torch.equal(torch.get_rng_state(), before)
    assert "changing_scores" in sincviz.diagnose(module, x, y)["check"].tolist()


def test_a_setting_that_is_no_weight_is_not_remembered():
    class Switched(Base):
        mode = "norm"

        def forward(self, x):
            return super().forward(F.layer_norm(x, (N_TIMES,)) if self.mode == "norm" else x)

    module = Switched()
    with pytest.raises(FrontEndError):
        front_end(module)
    module.mode = "plain"
    assert len(front_end(module).kernels) == 6


def test_numbers_stay_numbers():
    opened = sincviz.network(Base(), sfreq=100)
    front_end(opened)
    assert front_end(sincviz.network(opened, output_names=["a", "b"])).numeric


def test_statistics_belong_to_their_units():
    module = Shared().train()
    with torch.no_grad():
        for seed in range(40):
            module(torch.from_numpy(trials(seed=seed)))
    module.norm.weight.data = torch.tensor([1.0, 10.0, 100.0])
    module.eval()
    recorded = front_end(module).recorded
    np.testing.assert_allclose(recorded.unit_std, np.repeat([[1.0], [10], [100]], N_CHANS, 1), rtol=1e-3)
    assert "batch_norm" not in sincviz.diagnose(module, trials(seed=99), np.arange(24) % 2)["check"].tolist()


def test_filters_are_found_in_inference_mode():
    with torch.inference_mode():
        assert len(front_end(Base()).kernels) == 6
        module = Base()  # its weights were made here
        assert len(front_end(module).kernels) == 6


def test_weights_that_are_not_finite_are_the_reason():
    module = Base()
    with torch.no_grad():
        module.conv.weight[0, 0, 0] = np.nan
    with pytest.raises(FrontEndError, match="not finite"):
        front_end(module)
