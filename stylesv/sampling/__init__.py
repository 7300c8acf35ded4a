"""Clips from snapshots."""
