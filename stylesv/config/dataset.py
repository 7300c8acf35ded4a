"""Settings of a data set: where its videos come from and how they are packed into clips."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from stylesv.config.base import Count, Positive, Settings
from stylesv.config.sources import MissingSettings, ShotSettings, SourceSettings

MOST_SHARDS = 9999  # their names have four digits


FrameRate = Annotated[float, Field(gt=0, le=1000, allow_inf_nan=False)]
"""Frames per second: what players play."""


class PackSettings(Settings):
    """What decides the packed bytes, given the videos: the packing part of a data recipe."""

    resolution: Annotated[int, Field(ge=4, le=4096)]
    """Height and width of the packed frames, pixels."""
    crop: Literal["center", "squeeze"]
    """center: short side to `resolution`, then a centred square. squeeze: the whole frame, its aspect ratio lost."""
    fps: FrameRate | None
    """Resample to this frame rate by the frames' times, frames per second; null keeps every frame."""
    min_frames: Count
    """Clips with fewer frames are dropped, and listed."""
    max_frames: Count | None
    """Longer videos are cut into clips of this many frames; null keeps a video whole."""
    # not there where it is what it always was: names from before there was a choice stay
    codec: Literal["jpeg", "raw"] = Field(default="jpeg", exclude_if=lambda codec: codec == "jpeg")
    """How packed frames are stored: compressed, or as they are."""
    jpeg_quality: Annotated[int, Field(ge=1, le=100)] | None
    """JPEG quality of the packed frames, 1 to 100; of no use, and in no key, with codec raw."""
    damaged: Literal["drop", "use", "fail"]
    """Videos that end early: leave out and list, use the readable part and list, or stop."""
    labels: Literal["folders", "dataset_json"] | None
    """Where the class of a video stands: in the name of the folder it lies in, or in a dataset.json as published archives
    have it; null: videos have no classes, and a model that is trained on them knows none."""

    @model_validator(mode="after")
    def _consistent(self) -> "PackSettings":
        if self.codec == "jpeg" and self.jpeg_quality is None:
            raise ValueError("jpeg_quality: null, but codec jpeg needs one; allowed: 1 to 100")
        if self.max_frames is not None and self.max_frames < self.min_frames:
            raise ValueError(
                f"max_frames {self.max_frames} is below min_frames {self.min_frames}, so every clip would be dropped; "
                "raise max_frames or lower min_frames"
            )
        return self

    @property
    def packing(self) -> "PackSettings":
        """What decides packed bytes, and nothing else."""
        values = self.model_dump(include=set(PackSettings.model_fields))
        return PackSettings(**values | ({"jpeg_quality": None} if self.codec == "raw" else {}))


class DatasetSettings(PackSettings, MissingSettings):
    """Where videos come from, how they are packed, and what may be missing."""

    source: SourceSettings
    """Where the raw videos come from."""
    shots: ShotSettings | None
    """Cut videos into shots before anything else; null: a video is one shot."""
    licence: str | None
    """Licence of the videos as far as it is known, for the report; null: nothing is known."""
    resolution: Annotated[int, Field(ge=16, le=1024)]
    """Height and width of the packed frames, pixels; a power of two from 16 to 1024."""
    codec: Literal["jpeg", "raw"]
    """How packed frames are stored. jpeg: compressed. raw: as they are, some 9 times as large at 256 pixels and read several
    times as fast, for what fits into memory or onto a fast disk."""
    shard_gb: Positive
    """Raw videos that one job packs, 10^9 bytes, where their sizes are known beforehand (a folder or zip): more are packed by
    several jobs. Decides no result."""
    num_shards: Annotated[int, Field(ge=1, le=MOST_SHARDS)] | None
    """Jobs that pack them, whatever their size; null: by shard_gb, and one where sizes are not known before videos are
    fetched or rendered. Decides no result."""
    display_fps: FrameRate
    """Frame rate of the films made for looking at, frames per second; decides no result."""

    @model_validator(mode="after")
    def _one_way(self) -> "DatasetSettings":
        if self.source.rendered is not None and self.labels is not None:
            raise ValueError(
                f"labels {self.labels} with source.rendered: rendered scenes have no classes; set labels to null"
            )
        if self.source.clip_list is not None and (self.labels is not None or self.shots is not None):
            raise ValueError(
                "labels or shots with source.clip_list: a table of clips gives neither classes nor films to cut; set them to null"
            )
        if self.source.clip_list is not None and self.fps is not None:
            raise ValueError("fps with source.clip_list: clips are cut at their films' own rates; set fps to null")
        if self.shots is not None and self.labels is not None:
            raise ValueError("shots with labels: the shots of a film may be of other classes; set one to null")
        if self.shots is not None and self.fps is not None:
            raise ValueError("shots are counted in a film's own frames, so they do not go with fps; set one to null")
        if self.resolution & (self.resolution - 1):
            raise ValueError(f"resolution {self.resolution} is not a power of two; allowed: 16, 32, 64, ..., 1024")
        return self
