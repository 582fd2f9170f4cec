"""Whole figures look as they did when someone last looked at them.

After a change that is meant, draw the pictures anew, look at each, and commit them:
``pytest tests/plotting/test_images.py --mpl-generate-path=tests/plotting/baseline``.
"""

from importlib.metadata import version
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from sincviz import filter_response, learned_bands, plotting
from sincviz.filters import filter_overlap

CONSTRAINTS = Path(__file__).parents[2] / "constraints.txt"
DRAW = ("matplotlib", "mne")


def why_not():
    """Return why pictures cannot be compared here; other versions draw other pixels."""
    if not CONSTRAINTS.exists():
        return "there is no constraints.txt to say which versions drew the pictures"
    pinned = dict(line.partition("==")[::2] for line in CONSTRAINTS.read_text().splitlines())
    others = [f"{name} {version(name)}, not {pinned[name]}" for name in DRAW if version(name) != pinned[name]]
    return f"the pictures were drawn by other versions: {'; '.join(others)}" if others else ""


pytestmark = pytest.mark.skipif(bool(why_not()), reason=why_not())

# Differences of rounding pass, and so does a small word; the other tests read words.
looks_as_before = pytest.mark.mpl_image_compare(
    style="default", tolerance=2, savefig_kwargs={"metadata": {"Software": None}, "dpi": 80}
)


@pytest.fixture(scope="module")
def model(network):
    """Eight filters, moved by a formula."""
    built = network(num_time_filters=8, sfreq=250, n_times=500, time_filter_len=65, freq_stride=3.0)
    number = torch.arange(8.0)
    with torch.no_grad():
        built.sinc_filter_layer.low_freqs += torch.sin(2 * number)
        built.sinc_filter_layer.bandwidths += torch.cos(3 * number)
    return built


@looks_as_before
def test_bands(model):
    return plotting.plot_bands(learned_bands(model))


@looks_as_before
def test_responses_in_one_axis(model):
    return plotting.plot_responses(filter_response(model), overlay=True)


@looks_as_before
def test_overlap(model):
    return plotting.plot_overlap(filter_overlap(model))


@looks_as_before
def test_table_of_scalp_maps(scalp_maps):
    maps = scalp_maps(32, target=2, band=3)
    maps[1, 2] = np.nan
    return plotting.plot_topomaps(abs(maps).assign_coords(target=["both hands imagined slowly", "feet"]))


@looks_as_before
def test_filters_and_patterns(scalp_maps):
    patterns = scalp_maps(32, unit=3)
    weights = (patterns.roll(channel=3) / 8).assign_coords(patterns.coords).rename("spatial_filter")
    return plotting.plot_spatial_filters_and_patterns(weights.assign_attrs(units="1"), patterns)


@looks_as_before
def test_findings():
    rows = [
        (
            "error",
            "The network has numbers that are none.",
            "3 of 8 filters.",
            "Train again with a smaller rate.",
        ),
        (
            "warning",
            "A long finding, which goes on and on. " * 5,
            "µV, 50 %, $x_1$.",
            "Read the measured bands.",
        ),
        ("note", "Good to know.", "левая рука", "`epochs.set_montage('standard_1005')`."),
    ]
    return plotting.plot_findings(pd.DataFrame(rows, columns=["severity", "finding", "evidence", "remedy"]))
