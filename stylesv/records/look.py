"""The record of a look: how the clips of a run, or of a data set, are shown."""

from pathlib import Path

from stylesv.config.base import Settings
from stylesv.config.figures import ClipSettings
from stylesv.config.recipe import recipe_key
from stylesv.errors import ConfigError
from stylesv.records.record_file import read_record, record_yaml


class Look(Settings):
    """What decides the films of clips and what figures of them are drawn from, beside the snapshot or the data set."""

    clips: ClipSettings
    """How many clips, how long, of which latents."""
    fps: float
    """Frames per second of the film."""
    among: str | None
    """The snapshot shown: the choice that names it, or its kimg; null for the clips of a data set."""

    @property
    def key(self) -> str:
        """8 hex digits that stand for all of it."""
        return recipe_key(self.model_dump(mode="json"))


def read_look(path: Path) -> Look:
    """Read a look.

    Raises:
        ConfigError: it is missing or is not a look.
    """
    advice = "delete it to make it again; what is shown is set in config/"
    return read_record(path, Look, what="look", advice=advice, error=ConfigError)


def look_yaml(look: Look) -> str:
    """A look as `read_look` reads it."""
    return record_yaml(look, "How clips are shown.")
