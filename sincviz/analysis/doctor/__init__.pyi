from .doctor import diagnose

__all__ = ["diagnose"]
