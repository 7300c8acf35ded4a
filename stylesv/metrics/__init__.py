"""Scores in three steps that know nothing of each other: features, moments, distance; and the record that keeps a
score together with the protocol that made it."""
