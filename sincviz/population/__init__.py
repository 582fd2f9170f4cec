"""From one network to many: the manifest, what is kept of a row, who reads rows, what they share."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
