"""The EEGNet of the attribution benchmark, with the kernels that the measurements here were made with."""

import functools

from sincviz.benchmark import architectures

EEGNet = functools.partial(architectures.EEGNet, kernel=41, separable_kernel=17)
"""Called with ``n_chans, n_times``; temporal kernels of 41 samples, separable ones of 17."""
