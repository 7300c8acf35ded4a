"""Scores of anyone's videos: clips from wherever they are, both sides measured, compared.

A floor above `generation`, because a snapshot's clips are generated where they are measured.
"""
