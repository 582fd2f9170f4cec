"""Networks: the sinc layer, SincShallowNet, and the interface that analyses use for any network."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
