"""Role words: what a cell is for the network's decision, as every result and figure says it."""

YES, NO, NOT_SHOWN = "yes", "no", "not shown"
"""Answers to whether a cell is used, and whether it is informative by itself."""

USED_AND_INFORMATIVE = "used and informative"
SUPPRESSOR = "suppressor"
REDUNDANT = "redundant"
NEITHER = "neither"

ROLES = (USED_AND_INFORMATIVE, SUPPRESSOR, REDUNDANT, NEITHER, NOT_SHOWN)
"""A suppressor is used without being informative by itself; what is redundant is informative without being used."""


def role_of(used: str, informative: str) -> str:
    """Return the role of a cell.

    Parameters
    ----------
    used, informative : {"yes", "no", "not shown"}
        Whether the network uses it, and whether it tells the classes by itself.

    Examples
    --------
    >>> role_of("yes", "no"), role_of("no", "yes"), role_of("yes", "not shown")
    ('suppressor', 'redundant', 'not shown')
    """
    if NOT_SHOWN in (used, informative):
        return NOT_SHOWN
    if used == YES:
        return USED_AND_INFORMATIVE if informative == YES else SUPPRESSOR
    return REDUNDANT if informative == YES else NEITHER
