import numpy as np
import pytest
import torch

from sincviz.benchmark import architectures
from sincviz.benchmark.conditions import ARCHITECTURES
from sincviz.datasets.head_model import head_info

CHS_INFO = head_info(["C3", "Cz", "C4", "Pz"], 100.0)["chs"]


def built(name, seed=0):
    return architectures.build(name, CHS_INFO, 200, 100.0, 2, seed).eval()


def test_every_condition_has_every_architecture():
    assert tuple(architectures.SETTINGS) == ARCHITECTURES


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_networks_map_trials_to_finite_scores_that_depend_on_every_channel(name):
    model = built(name)
    x = 10 * torch.randn(3, 4, 200, generator=torch.Generator().manual_seed(0))
    x.requires_grad_()
    scores = model(x)
    assert scores.shape == (3, 2)
    assert torch.isfinite(scores).all()
    (gradient,) = torch.autograd.grad(scores[:, 0].sum(), x)
    assert (gradient.abs().sum((0, 2)) > 0).all()


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_weights_depend_on_the_seed_alone(name):
    state = torch.random.get_rng_state()
    one, same, other = built(name, 1), built(name, 1), built(name, 2)
    assert torch.equal(torch.random.get_rng_state(), state)
    weights = [torch.cat([value.flatten() for value in net.parameters()]) for net in (one, same, other)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_log_power_is_the_logarithm_of_the_mean_square_and_finite_for_silence():
    x = torch.randn(2, 3, 1, 60, generator=torch.Generator().manual_seed(0))
    found = architectures.LogPower(30, 6)(x)
    windows = [x[..., start : start + 30].square().mean(-1).log() for start in range(0, 31, 6)]
    torch.testing.assert_close(found, torch.stack(windows, -1))
    assert torch.isfinite(architectures.LogPower(30, 6)(torch.zeros(1, 1, 1, 60))).all()


def test_shallow_net_computes_what_its_formula_says():
    model = built("ShallowConvNet")
    x = torch.randn(2, 4, 200, generator=torch.Generator().manual_seed(0))
    temporal, spatial, norm = model.layers[1:4]
    kernels = temporal.weight.detach().numpy()[:, 0, 0]
    filtered = np.array(
        [
            [[np.correlate(channel, kernel, "valid") for channel in trial] for kernel in kernels]
            for trial in x.numpy()
        ]
    )
    filtered += temporal.bias.detach().numpy()[:, None, None]
    mixed = np.einsum("ufc,nfct->nut", spatial.weight.detach().numpy()[..., 0], filtered)
    mixed /= np.sqrt(1 + norm.eps)  # running statistics of an untrained network: mean 0, variance 1
    starts = range(0, mixed.shape[-1] - 29, 6)
    power = np.stack([np.square(mixed[..., start : start + 30]).mean(-1) for start in starts], -1)
    scores = np.log(power).reshape(2, -1) @ model.layers[-1].weight.detach().numpy().T
    scores += model.layers[-1].bias.detach().numpy()
    np.testing.assert_allclose(model(x).detach().numpy(), scores, rtol=1e-3, atol=1e-3)


def test_an_unknown_architecture_is_named():
    with pytest.raises(ValueError, match=r"Transformer.*Try 'EEGNet'"):
        built("Transformer")
