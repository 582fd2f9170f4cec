"""Shared parts of figures: style, scalps, tables of maps, lettering, refusals."""
