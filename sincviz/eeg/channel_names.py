"""Channel names in the spellings of amplifiers, files and caps: which ones mean the same electrode."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

from sincviz._utils.text import listed

_PREFIX = re.compile(r"eeg[\s:_-]+(?=[a-z])")
_REFERENCE = re.compile(r"[\s:_-]+\(?(?:ref|le|avg?|ave|ar|car|[am][12](?:[\s+/-]?[am][12])?)\)?$")
_OLD_NAMES = {"t3": "t7", "t4": "t8", "t5": "p7", "t6": "p8"}
_NUMBERED = re.compile(r"(.+)-\d+")
"""MNE appends -0, -1 ... if a file gives several channels the same name."""


def spelling_key(name: str) -> str:
    """Return a key that all spellings of a channel name share.

    Upper and lower case, blanks, trailing dots, a leading ``EEG`` and a reference at the end (``-REF``, ``-LE``,
    ``-AVG``, ``-A1``, ``-M2``) are ignored. A name that would be empty without these is kept.

    Examples
    --------
    >>> [spelling_key(name) for name in ("Fp1", "EEG FP1-REF", "Fp1.", "EEG Fp1 - A1A2", "Fp1-F7", "EEG 001")]
    ['fp1', 'fp1', 'fp1', 'fp1', 'fp1-f7', 'eeg001']
    """
    lower = " ".join(name.casefold().split()).rstrip(". ")
    bare = _REFERENCE.sub("", _PREFIX.sub("", lower)).rstrip(". ")
    return "".join((bare or lower).split())


def electrode_key(name: str) -> str:
    """Return the key of :func:`spelling_key`, with T3, T4, T5 and T6 under their current names.

    Examples
    --------
    >>> [electrode_key(name) for name in ("T3", "T7", "EEG T5-LE", "P7")]
    ['t7', 't7', 'p7', 'p7']
    """
    key = spelling_key(name)
    return _OLD_NAMES.get(key, key)


def matched_names(
    wanted: Sequence[str], available: Sequence[str]
) -> tuple[dict[str, str], dict[str, list[str]]]:
    """Match wanted channel names with available ones, and return those that are ambiguous.

    Identical names are matched first, then other spellings, then old names. A name is matched once, and only if nothing
    else could be meant: two channels never become one.

    Parameters
    ----------
    wanted, available : sequence of str
        Names of channels, each once.

    Returns
    -------
    matched : dict of str to str
        Wanted to available, in the order of ``wanted``.
    ambiguous : dict of str to list of str
        Wanted names that were not matched because several available ones could be meant (also duplicates that MNE
        numbered, ``C3-0`` and ``C3-1``), or because several wanted ones could mean the same.

    Examples
    --------
    >>> matched_names(["Fp1", "T7", "C3"], ["EEG FP1-REF", "T3", "C3-0", "C3-1"])
    ({'Fp1': 'EEG FP1-REF', 'T7': 'T3'}, {'C3': ['C3-0', 'C3-1']})
    """
    matched = {name: name for name in set(wanted) & set(available)}
    ambiguous: dict[str, list[str]] = {}
    for key in (spelling_key, electrode_key):
        taken = set(matched.values())
        left = [name for name in wanted if name not in matched and name not in ambiguous]
        candidates = _by_key(key, (name for name in available if name not in taken))
        for meaning, names in _by_key(key, left).items():
            several = candidates.get(meaning, [])
            if len(names) == len(several) == 1:
                matched[names[0]] = several[0]
            elif several:
                ambiguous |= dict.fromkeys(names, several)
    taken = set(matched.values())
    doubles = _doubles(name for name in available if name not in taken)
    for name in wanted:
        if name not in matched and name not in ambiguous and electrode_key(name) in doubles:
            ambiguous[name] = doubles[electrode_key(name)]
    return {name: matched[name] for name in wanted if name in matched}, ambiguous


def other_spellings(matched: Mapping[str, str]) -> dict[str, str]:
    """Return available to wanted names, for the matches of :func:`matched_names` that are spelled differently.

    Examples
    --------
    >>> other_spellings({"Fp1": "FP1", "C3": "C3"})
    {'FP1': 'Fp1'}
    """
    return {available: name for name, available in matched.items() if available != name}


def spelled(renamed: Mapping[str, str], most: int = 8) -> str:
    """Return which name is taken for which, as text.

    Examples
    --------
    >>> spelled({"FP1": "Fp1", "CZ": "Cz"})
    'FP1 as Fp1, CZ as Cz'
    """
    return listed([f"{available} as {name}" for available, name in renamed.items()], most)


def rename_line(renamed: Mapping[str, str]) -> str:
    """Return the line of code that renames channels.

    Examples
    --------
    >>> rename_line({"FP1": "Fp1"})
    "`epochs.rename_channels({'FP1': 'Fp1'})`"
    """
    return f"`epochs.rename_channels({dict(renamed)})`"


def named_twice(names: Iterable[str]) -> list[str]:
    """Return the names that occur more than once, sorted.

    Examples
    --------
    >>> named_twice(["C3", "C4", "C3"])
    ['C3']
    """
    return sorted(name for name, count in Counter(names).items() if count > 1)


def _by_key(key: Callable[[str], str], names: Iterable[str]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = defaultdict(list)
    for name in names:
        groups[key(name)].append(name)
    return dict(groups)


def _doubles(names: Iterable[str]) -> dict[str, list[str]]:
    """Return electrodes whose duplicates MNE numbered, and the numbered names."""
    numbered = [(match[1], name) for name in names if (match := _NUMBERED.fullmatch(name.strip()))]
    groups: dict[str, list[str]] = defaultdict(list)
    for stem, name in numbered:
        groups[electrode_key(stem)].append(name)
    return dict(groups)
