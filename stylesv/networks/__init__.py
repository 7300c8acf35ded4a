"""The generator and the discriminator of StyleSV, option by option as published (docs/model.md 2 and 3)."""

from stylesv.networks.discriminator import Discriminator
from stylesv.networks.generator import Generator

__all__ = ["Discriminator", "Generator"]
