"""A benchmark of attribution methods on networks of which is known what their trials contain; any method can enter."""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
