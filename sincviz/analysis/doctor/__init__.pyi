from .doctor import diagnose
from .shortcuts import shortcut_audit

__all__ = ["diagnose", "shortcut_audit"]
