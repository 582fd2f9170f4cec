"""Accuracy and ROC area on imagery of the left or right fist, within and across people; see ``__main__.py``."""
