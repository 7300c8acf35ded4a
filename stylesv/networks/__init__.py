"""The generator and the discriminator of StyleSV, option by option as published (SPEC 1 and 2)."""

from stylesv.networks.discriminator import Discriminator
from stylesv.networks.generator import Generator

__all__ = ["Discriminator", "Generator"]
