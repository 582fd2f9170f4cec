"""The sinc layer, the network, and what an analysis sees of any network."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
