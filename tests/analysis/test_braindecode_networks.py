"""Networks of braindecode, where it is installed, as they come."""

import numpy as np
import pytest

from sincviz import spectral_relevance
from sincviz.attribution import applicable_methods

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(params=["EEGNet", "ShallowFBCSPNet", "SincShallowNet"])
def model(request):
    models = pytest.importorskip("braindecode.models", reason="braindecode is an optional peer")
    return getattr(models, request.param)(n_chans=6, n_outputs=2, n_times=256, sfreq=128)


def test_shares_add_up_to_the_change_of_the_scores(model):
    trials = np.random.default_rng(0).standard_normal((6, 6, 256)).astype(np.float32)
    found = spectral_relevance(model, trials, tolerance=0.02)
    assert found.dims == ("target", "channel", "frequency")
    assert found.attrs["completeness_error"] < 0.02
    assert float(found.frequency[-1]) == 64


def test_every_method_that_applies_runs(model):
    trials = np.random.default_rng(0).standard_normal((4, 6, 256)).astype(np.float32)
    table = applicable_methods(model, trials)
    assert table.applies["integrated_gradients"]
    assert not table.applies["lrp"]
    for method in ("gradient_x_input", "amplitude_gradient", "deep_lift", "gradient_shap"):
        if table.applies[method]:
            assert np.isfinite(spectral_relevance(model, trials, method=method, n_steps=4)).all()
        else:
            assert method == "deep_lift"
