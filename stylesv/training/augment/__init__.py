"""Adaptive discriminator augmentation of clips (ADA paper, appendix B; docs/model.md 7)."""

from stylesv.training.augment.draws import Draws
from stylesv.training.augment.parameters import AugmentParameters, apply_augment, draw_augment

__all__ = ["AugmentParameters", "Draws", "apply_augment", "draw_augment"]
