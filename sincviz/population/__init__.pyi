from .group import Group
from .results import GroupResults

__all__ = ["Group", "GroupResults"]
