"""Groups of networks: the manifest, what is kept of a row, how rows are read, what networks share."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
