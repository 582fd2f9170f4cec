"""The network itself, as a section: what it is, and how the methods paragraph begins."""

from collections.abc import Iterator

from sincviz._utils.text import counted
from sincviz._version import __version__
from sincviz.inspection.measuring import InspectionRun
from sincviz.inspection.results import InspectionResults
from sincviz.report.contents import Section, Sentence


def _methods(inspection: InspectionResults) -> Iterator[Sentence]:
    net = inspection.network
    known = net["kind"] == "SincShallowNet"
    network = "A Sinc-ShallowNet (Borra et al., 2020)" if known else f"A network ({net['kind']})"
    filters = "band-pass filters parametrised by their cut-offs (Ravanelli and Bengio, 2018)"
    rate = f"{net['sfreq_hz']:g} Hz"
    if not net.get("separable", True):
        filters = f" with {net['n_filters']} spatio-temporal filters of {net['n_taps']} samples at {rate}"
    elif "n_filters" in net:
        filters = (
            f" with {net['n_filters']} {filters if known else 'temporal filters'} of {net['n_taps']} samples "
            f"at {rate} and {net['depth']} spatial filter{'s' * (net['depth'] != 1)} per temporal filter"
        )
    else:
        filters = f" at {rate}"
    yield Sentence(
        f"{network}{filters}, on {counted(net['n_chans'], 'channel')}, was read "
        f"with sincviz {__version__} (weights {net['weights_sha256'][:12]}), which builds on MNE-Python "
        "(Gramfort et al., 2013).",
        ("gramfort", *(("borra", "ravanelli") if known else ())),
    )


NETWORK: Section[InspectionResults, InspectionRun] = Section("network", "", methods=_methods, always=True)
