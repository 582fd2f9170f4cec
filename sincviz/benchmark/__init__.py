"""A benchmark of attribution methods on networks whose trials have known content; any method can enter."""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
