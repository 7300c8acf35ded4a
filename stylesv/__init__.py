"""StyleSV: smooth video composition, re-implemented from its specification."""

__version__ = "0.1.0"
