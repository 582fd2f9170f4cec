"""sincviz reads what a sinc-convolution EEG network has learned.

Open or train a network, measure its bands, draw them::

    import sincviz

    model = sincviz.load_checkpoint("network.safetensors")
    bands = sincviz.learned_bands(model)
    sincviz.plotting.plot_bands(bands)

or everything at once::

    sincviz.inspect(model, epochs).save("folder")

The first measures are here; the rest is in ``sincviz.filters``, ``.maps``, ``.attribution``, ``.evidence`` and
``.statistics``.
"""

import sys

import lazy_loader

from sincviz.analysis import attribution, evidence, filters, maps, statistics

# The topics of the analysis bear short names, as `os.path` does; none of them loads anything yet.
for _topic in (attribution, evidence, filters, maps, statistics):
    sys.modules[f"{__name__}.{_topic.__name__.rpartition('.')[2]}"] = _topic

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
