"""sincviz reads what an EEG network has learned.

Open or train a network, measure its bands, draw them::

    import sincviz

    model = sincviz.load_checkpoint("network.safetensors")
    bands = sincviz.learned_bands(model)
    sincviz.plotting.plot_bands(bands)

or everything at once::

    sincviz.inspect(model, epochs).save("folder")

The first measures are here; the rest is in ``sincviz.filters``, ``.maps``, ``.attribution``, ``.evidence`` and
``.statistics``.
"""

import sys
from importlib import import_module
from importlib.machinery import ModuleSpec
from types import ModuleType

import lazy_loader


def _show_topic(name: str) -> None:
    """Make the public names of ``sincviz.analysis.NAME`` importable from ``sincviz.NAME``, loading nothing yet."""
    topic = import_module(f"{__name__}.analysis.{name}")
    short = ModuleType(f"{__name__}.{name}", topic.__doc__)
    # Not a package, as `os.path` is none: its files cannot be imported a second time under the short name.
    short.__spec__ = ModuleSpec(short.__name__, loader=None)
    short.__dict__.update({own: getattr(topic, own) for own in ("__all__", "__dir__", "__getattr__")})
    sys.modules[short.__name__] = short


for _name in ("attribution", "evidence", "filters", "maps", "statistics"):
    _show_topic(_name)

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
