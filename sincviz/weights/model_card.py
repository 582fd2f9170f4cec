"""Model card of a network for the Hugging Face Hub."""

import json
from typing import TYPE_CHECKING

from sincviz._version import __version__

if TYPE_CHECKING:
    from sincviz.weights.stored_network import StoredNetwork


def card_text(model: "StoredNetwork", source: str) -> str:
    """Return the card's Markdown; ``source`` is what its reader passes to ``from_pretrained``."""
    cutoffs = model.cutoffs().tolist()
    names = "" if model.ch_names is None else f" ({', '.join(model.ch_names)})"
    classes = "" if model.class_names is None else f" ({', '.join(model.class_names)})"
    units = "" if model.scale is None else f"; volts are multiplied by {model.scale:g} first"
    rows = "\n".join(f"| {index} | {low:.2f} | {high:.2f} |" for index, (low, high) in enumerate(cutoffs))
    return f"""\
# {type(model).__name__} for EEG

A Sinc-ShallowNet, whose temporal filters are band-passes with learned cut-offs. Written by sincviz \
{__version__}.

```python
from sincviz import {type(model).__name__}
model = {type(model).__name__}.from_pretrained({json.dumps(source, ensure_ascii=False)})
```

- **Channels**: {model.n_chans}{names}
- **Trials**: {model.n_times} samples at {model.sfreq:g} Hz{units}
- **Outputs**: {model.n_outputs}{classes}
- **Bands**: {len(cutoffs)} filters between {min(low for low, _ in cutoffs):.2f} and \
{max(high for _, high in cutoffs):.2f} Hz

| Filter | Nominal low cut-off (Hz) | Nominal high cut-off (Hz) |
|---:|---:|---:|
{rows}
"""
