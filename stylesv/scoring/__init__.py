"""Scores of anyone's videos: clips from where they are, measured side by side, compared."""
