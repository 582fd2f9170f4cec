"""sincviz reads what a sinc-convolution EEG network has learned.

Open or train a network, measure its bands, draw them::

    import sincviz

    model = sincviz.load_checkpoint("network.safetensors")
    bands = sincviz.learned_bands(model)
    sincviz.plotting.plot_bands(bands)

or everything at once::

    sincviz.inspect(model, epochs).save("folder")
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
