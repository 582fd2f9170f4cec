"""Drawing: a labelled table or array in, a Matplotlib figure out. Nothing is computed here."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
