"""Published statistics of real clips: where they are, and what they were made of (`config/statistics`)."""

from pathlib import Path
from typing import Annotated

from pydantic import Field

from stylesv.config.base import Settings
from stylesv.config.named_files import named_file, section_of
from stylesv.config.validation import validate


class StatisticsSettings(Settings):
    """A file of published statistics."""

    url: Annotated[str, Field(pattern=r"^(https?|file)://")]
    """Where it is fetched from."""
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    """SHA-256 that it must have."""
    protocol: str
    """Name of the protocol whose real clips and detector they are of."""
    resolution: Annotated[int, Field(ge=4)]
    """Height and width of the frames, in pixels."""


def named_statistics(config_dir: Path, name: str) -> StatisticsSettings:
    """The published statistics of that name.

    Raises:
        ConfigError: there are none, or a setting of them cannot be.
    """
    folder = config_dir / "statistics"
    path = named_file(folder, name, "--statistics")
    return validate(StatisticsSettings, section_of(path, "statistics", folder=folder), prefix=("statistics",))
