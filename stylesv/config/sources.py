"""Settings of where a data set's raw videos come from. The key of a fetched one is made of these alone, so that everything
is planned before anything is fetched (docs/data.md 2.5)."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from stylesv.config.base import Count, Fraction, Positive, Seed, Settings
from stylesv.config.yaml_files import Layer, merge

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class RenderSettings(Settings):
    """Seeded driving scenes, rendered on this machine: the demo's raw videos."""

    num_videos: Annotated[int, Field(ge=1, le=100_000)]
    """Number of video files to render."""
    seed: Seed
    """Seed of the scenes; another seed gives other roads, weather and speeds."""


class FileSettings(Settings):
    """A file that is fetched."""

    address: str
    """Where it is fetched from (http, https; Google Drive: https://drive.google.com/uc?id=ID&export=download), or a file that
    is there; a * or ? in a file's path stands for files that are joined in the order of their names."""
    sha256: Sha256 | None
    """SHA-256 it must have; null: the one found is recorded, and the address stands for it in keys, so that the hash, written
    in later, makes it another data set, which is fetched and packed anew."""

    @property
    def identity(self) -> str:
        """What stands for its content in a key."""
        return self.sha256 or self.address


class ArchiveSettings(Settings):
    """A zip of videos or of folders of frames, in one file or in parts that are joined in their order."""

    parts: Annotated[tuple[FileSettings, ...], Field(min_length=1)]
    """Its parts; one for a whole archive."""
    inside: str | None
    """Folder in the archive whose videos are taken, without a slash at its ends; null: all."""


class ClipListSettings(Settings):
    """A table of clips: spans of frames and boxes of films that each are fetched, or lie in a folder."""

    table: str
    """CSV with the columns video_id, start, end, bbox, fps, width, height, partition (docs/data.md 2.6): a file, or its
    address."""
    sha256: Sha256 | None
    """SHA-256 of the table; null: a file is read when the plan is made, an address stands for itself."""
    films: str
    """Address of a film, with {id} where its id stands; yt-dlp reads it."""
    film_format: str
    """Which of a film's files yt-dlp takes, in its own words."""
    partition: str | None
    """Rows of this partition alone; null: all."""
    attempt: Count
    """Part of the key. Films that were missing may come with a repair: raise it to make a data set that has them, under
    another name."""
    num_groups: Annotated[int, Field(ge=1, le=999)]
    """Jobs that films are fetched and cut in; decides no result."""

    @model_validator(mode="after")
    def _has_id(self) -> "ClipListSettings":
        if "{id}" not in self.films:
            raise ValueError(f"films {self.films}: has no {{id}}, so every film would have one address; write it in")
        return self

    @property
    def is_address(self) -> bool:
        """Whether the table has to be fetched."""
        return "://" in self.table


class SourceSettings(Settings):
    """One of these; none: `--config videos=PATH` gives a folder."""

    folder: str | None
    """Folder or zip of video files or of frame folders; relative to the working directory."""
    rendered: RenderSettings | None
    """Driving scenes, rendered."""
    archive: ArchiveSettings | None
    """A zip that is fetched."""
    clip_list: ClipListSettings | None
    """A table of clips of films that are fetched."""

    @property
    def kinds(self) -> list[str]:
        """Those that are given."""
        return [name for name in type(self).model_fields if getattr(self, name) is not None]

    @model_validator(mode="after")
    def _one_source(self) -> "SourceSettings":
        if len(self.kinds) > 1:
            raise ValueError(
                f"{' and '.join(self.kinds)} are both given; allowed is one of them: set the other to null"
            )
        return self


class ShotSettings(Settings):
    """How sources without film boundaries are cut into shots."""

    detector: Literal["transnetv2", "scenedetect"]
    """transnetv2: a network trained for cuts and fades (Soucek and Lokoc 2020); scenedetect: PySceneDetect's differences of
    colours, which has to be installed besides. Measured in docs/data.md 3.4."""
    threshold: Positive
    """A frame whose score is above it ends a shot; transnetv2 0.1 of 1 (published 0.5), scenedetect 27 levels."""


class MissingSettings(Settings):
    """What may be missing of a data set, and what is left out of it."""

    max_missing: Fraction
    """Largest share of the clips asked for that may be missing (gone, private, damaged, ...); more stops the workflow.
    Decides no key."""
    leave_out: tuple[str, ...]
    """Ids or names of videos, or of folders of them, to leave out; part of the key."""


def merge_datasets(*layers: Layer) -> Layer:
    """Layers of a data set's settings, later ones winning; a source takes the place of those of other kinds below it."""
    kept: list[Layer] = []
    for layer in layers:
        source = layer.values.get("source")
        given = {kind for kind, value in source.items() if value is not None} if isinstance(source, dict) else set()
        if given:
            kept = [_with_sources(below, given) for below in kept]
        kept.append(layer)
    return merge(*kept)


def _with_sources(layer: Layer, kinds: set[str]) -> Layer:
    source = layer.values.get("source")
    if not isinstance(source, dict):
        return layer
    left = {kind: value if kind in kinds else None for kind, value in source.items()}
    return Layer(layer.values | {"source": left}, layer.places)
