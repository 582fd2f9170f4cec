"""Evidence for or against a result: accuracy, deletion, ablation, random networks, the data alone."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
