"""Doctor: what is suspicious in a network or its trials, with the evidence and the remedy."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
