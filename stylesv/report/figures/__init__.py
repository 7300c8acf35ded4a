"""Figures of an experiment, a module each, in one style (style.py), from what its jobs left (sources.py)."""
