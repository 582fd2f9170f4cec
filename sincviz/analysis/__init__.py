"""Measurements: a network (and epochs) in, a labelled table or array out. No drawing here."""
