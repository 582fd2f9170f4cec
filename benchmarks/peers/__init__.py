"""Attribution methods of other libraries and papers, as methods of the benchmark.

A method is called as ``method(model, x, target)`` with a module, trials (trials, channels, times) and the index of a
class score. It returns values over time, (trials, channels, times), or over the bins of ``rfft``, (trials, channels,
times // 2 + 1), as its ``domain`` says. Its ``label`` is its name in tables, its ``note`` says what a reader must know
of it. Methods on bands and windows need the sampling rate ``model.sfreq`` in Hz.

A value of a cell (a band or a window of a channel) is divided equally among the bins or samples of the cell, so that
their sum is that of the cell.
"""

from importlib.util import find_spec

from benchmarks.peers.spectrum import spectrum
from benchmarks.peers.wrapping import Method

__all__ = ["NEEDS", "PEERS", "Method", "installed", "spectrum"]

PEERS: dict[str, str] = {
    "captum, gradient": "benchmarks.peers.captum_in_time:gradient",
    "captum, input × gradient": "benchmarks.peers.captum_in_time:input_x_gradient",
    "captum, integrated gradients": "benchmarks.peers.captum_in_time:integrated_gradients",
    "captum, DeepLIFT": "benchmarks.peers.captum_in_time:deep_lift",
    "captum, gradient SHAP": "benchmarks.peers.captum_in_time:gradient_shap",
    "captum, guided backprop": "benchmarks.peers.captum_in_time:guided_backprop",
    "captum, SmoothGrad": "benchmarks.peers.captum_in_time:smooth_grad",
    "captum, occlusion": "benchmarks.peers.captum_in_time:occlusion",
    "captum behind the DFT, saliency": "benchmarks.peers.captum_in_frequency:saliency",
    "captum behind the DFT, input × gradient": "benchmarks.peers.captum_in_frequency:input_x_gradient",
    "captum behind the DFT, integrated gradients": "benchmarks.peers.captum_in_frequency:integrated_gradients",
    "captum behind the DFT, DeepLIFT": "benchmarks.peers.captum_in_frequency:deep_lift",
    "captum behind the DFT, gradient SHAP": "benchmarks.peers.captum_in_frequency:gradient_shap",
    "captum behind the DFT, SmoothGrad": "benchmarks.peers.captum_in_frequency:smooth_grad",
    "captum behind the DFT, ablation of bands": "benchmarks.peers.captum_in_frequency:ablation",
    "captum behind the DFT, KernelSHAP of bands": "benchmarks.peers.captum_in_frequency:kernel_shap",
    "FourierIG": "benchmarks.peers.cross_domain:fourier_ig",
    "TimeIG": "benchmarks.peers.cross_domain:time_ig",
    "STFT-IG, over time": "benchmarks.peers.cross_domain:stft_ig_over_time",
    "STFT-IG, over frequency": "benchmarks.peers.cross_domain:stft_ig_over_frequency",
    "braindecode, amplitude gradients": "benchmarks.peers.amplitude_gradients:amplitude_gradients",
    "DFT-LRP, epsilon": "benchmarks.peers.dft_lrp:epsilon",
    "DFT-LRP, epsilon and z+": "benchmarks.peers.dft_lrp:epsilon_and_z_plus",
    "PatternLocal, bands": "benchmarks.peers.pattern_local:bands",
    "PatternLocal, windows": "benchmarks.peers.pattern_local:windows",
}
"""From the label of a method to ``module:callable``."""

NEEDS: dict[str, tuple[str, ...]] = {
    "benchmarks.peers.captum_in_time": ("captum",),
    "benchmarks.peers.captum_in_frequency": ("captum",),
    "benchmarks.peers.cross_domain": ("captum", "cross_domain_saliency_maps"),
    "benchmarks.peers.amplitude_gradients": ("braindecode",),
}
"""The packages that a module of methods needs besides those of sincviz."""


def installed() -> dict[str, str]:
    """Return those of `PEERS` whose packages are installed."""
    return {
        label: name
        for label, name in PEERS.items()
        if all(find_spec(package) for package in NEEDS.get(name.partition(":")[0], ()))
    }
