"""StyleSV: smooth video composition, re-implemented from its behaviour (docs/model.md)."""

__version__ = "0.1.0"
