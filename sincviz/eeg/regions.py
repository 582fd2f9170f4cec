"""Scalp regions of electrodes, by their names in the international 10-5 system."""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

OTHER = "other"

_LOBES = {
    "frontal": ("Fp", "AFp", "AF", "AFF", "F"),
    "fronto-central": ("FFC", "FC", "FCC"),
    "temporal": ("FFT", "FT", "FTT", "T", "TTP", "TP", "TPP"),
    "central": ("C",),
    "centro-parietal": ("CCP", "CP", "CPP"),
    "parietal": ("P", "PPO"),
    "occipital": ("PO", "POO", "O", "OI", "I"),
}
_SIDES = ("left", "midline", "right")
_LOBE_OF = {letters.lower(): lobe for lobe, names in _LOBES.items() for letters in names}
_HIGHEST = 10  # of the numbers of 10-5
_NUMBERED = re.compile(r"\s*([A-H]|I|O|P|T)(\d+)\.*\s*", re.IGNORECASE)
_HIGHEST_OF = {"a": 2, "c": 6, "e": 2, "f": 10, "i": 2, "o": 10, "p": 10, "t": 10}
_LEAST_FOREIGN = 2
_NAME = re.compile(r"([A-Za-z]+?)(z|\d+)(h?)$", re.IGNORECASE)

REGIONS = (*(f"{side} {lobe}" for lobe in _LOBES for side in _SIDES), OTHER)
"""All regions from the front to the back, and from left to right."""


def scalp_regions(ch_names: Sequence[str]) -> NDArray[np.str_]:
    """Return the region of each electrode, such as ``"left central"``; ``"other"`` for names outside 10-5.

    This includes all electrodes of caps that number them (A1, A2 ... B1 ...), whose C3 is not the C3 of 10-5.

    Examples
    --------
    >>> scalp_regions(["C3", "CPz", "FC4", "EXG1"]).tolist()
    ['left central', 'midline centro-parietal', 'right fronto-central', 'other']
    """
    regions = [_region(name) for name in ch_names]
    return np.array([OTHER] * len(regions) if _are_numbered(ch_names, regions) else regions, dtype=str)


def region_order(regions: Sequence[str]) -> NDArray[np.intp]:
    """Return the order that puts electrodes of one region together, from the front to the back."""
    return np.argsort([REGIONS.index(region) for region in regions], kind="stable")


def _region(name: str) -> str:
    match = _NAME.match(name.strip().rstrip("."))
    lobe = _LOBE_OF.get(match.group(1).lower()) if match else None
    if match is None or lobe is None:
        return OTHER
    if match.group(2).lower() == "z":
        return f"midline {lobe}"
    if int(match.group(2)) > _HIGHEST:
        return OTHER
    return f"{'left' if int(match.group(2)) % 2 else 'right'} {lobe}"


def _are_numbered(ch_names: Sequence[str], regions: Sequence[str]) -> bool:
    """Return whether names are letters with running numbers, some of which 10-5 does not have."""
    numbered = [_NUMBERED.fullmatch(name) for name in ch_names]
    if any(match is None and region != OTHER for match, region in zip(numbered, regions, strict=True)):
        return False  # Cz, Fp1 and CP4 are of 10-5
    foreign = [match for match in numbered if match and int(match[2]) > _HIGHEST_OF.get(match[1].lower(), 0)]
    return len(foreign) >= _LEAST_FOREIGN
