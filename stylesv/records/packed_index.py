"""The record of packed clips: `index.json`, which says what lies in the other files and where it is from."""

import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from stylesv.config.base import Settings
from stylesv.config.dataset import PackSettings
from stylesv.errors import DataError, cannot_be_read
from stylesv.files import canonical_json
from stylesv.records.record_file import one_error
from stylesv.records.sealed_text import seal_object, unseal_object

INDEX_FILE = "index.json"


class PackedClip(Settings):
    """A clip."""

    name: str
    """Its name, unique among the clips."""
    source: str
    """The video it was cut from."""
    first_source_frame: int
    """Where it begins there, in packed frames."""
    fps: float | None
    """Its frames per second; null: nobody knows."""
    first_frame: int
    """Where it begins among the frames of all clips."""
    num_frames: int
    """How many frames it has."""
    sha256: str
    """SHA-256 of its frames, one after the other."""
    label: int | None = None
    """Its class, a place in `class_names`; null: videos have no classes."""


class PackedSource(Settings):
    """A raw video."""

    name: str
    """Its name below the folder or zip of videos."""
    kind: Literal["film", "frames"]
    """A film, or a folder of frames."""
    sha256: str | None
    """SHA-256 of its content; null: it could not be read."""
    num_frames: int
    """How many frames could be read."""
    width: int
    """Of its frames, as displayed, pixels; 0: none could be read."""
    height: int
    """Of its frames, pixels; 0 as above."""
    fps: float | None
    """Its frames per second; null: it has no times."""
    damage: str | None
    """What is wrong with it; null: nothing."""
    notes: tuple[str, ...]
    """What a person should know of it."""


class DroppedVideo(Settings):
    """A video, or a part of one, that is in no clip."""

    name: str
    """Its name, as among the sources."""
    num_frames: int
    """How many frames are left out."""
    reason: str
    """Why."""


class Packing(Settings):
    """What was packed, and how."""

    resolution: int
    """Height and width of the frames, pixels."""
    settings: PackSettings
    """What was asked for."""
    resize_filter: str
    """The filter that frames are scaled with."""
    sources: tuple[PackedSource, ...]
    """Every video found."""
    dropped: tuple[DroppedVideo, ...]
    """What became no clip."""
    ignored_files: tuple[str, ...]
    """Files among the videos that are none."""
    made_with: dict[str, str]
    """Versions of the packages that decide the bytes."""
    class_names: tuple[str, ...] | None = None
    """Names of the classes of videos; null: they have none."""
    shard: str | None = Field(default=None, exclude_if=lambda shard: shard is None)
    """Which share of the videos it is, as its folder is called, so that a copy in another's place is known; null: all of them."""


class WholeFile(Settings):
    """A file as it was when it was whole."""

    sha256: str
    """SHA-256 of its bytes."""


class SizedFile(WholeFile):
    """A file whose size tells at once that it was cut off."""

    num_bytes: int
    """Its size."""


class PackedIndex(Packing):
    """Packed clips: what was packed, and where it lies."""

    format: Literal["stylesv-packed-clips"]
    """What the file is."""
    format_version: Literal[1, 2]
    """Of the layout of the files. 1: the two other files lie beside this one. 2: in folders of shards, which `shards.json`
    lists; this file then says nothing of how many there are."""
    clips: tuple[PackedClip, ...]
    """Every clip, in the order of their frames."""
    num_frames: int
    """Frames of all clips."""
    clips_zip: SizedFile | None = Field(default=None, exclude_if=lambda file: file is None)
    """The zip of frames."""
    offsets: WholeFile | None = Field(default=None, exclude_if=lambda file: file is None)
    """The table of where each frame lies in it."""

    @model_validator(mode="after")
    def _of_its_layout(self) -> "PackedIndex":
        beside = self.format_version == 1
        for name in ("clips_zip", "offsets"):
            if (getattr(self, name) is not None) != beside:
                raise ValueError(f"{name}: {'missing in' if beside else 'no part of'} format {self.format_version}")
        return self

    @property
    def digest(self) -> str:
        """SHA-256 over resolution and all frames of all clips: what a network is shown, and nothing else."""
        clips = [(clip.num_frames, clip.sha256) for clip in self.clips]
        return hashlib.sha256(canonical_json({"resolution": self.resolution, "clips": clips}).encode()).hexdigest()

    @property
    def sha256(self) -> str:
        """SHA-256 that stands for the clips: of clips.zip, or where they lie in shards of all frames."""
        return self.clips_zip.sha256 if self.clips_zip else self.digest

    @property
    def class_counts(self) -> tuple[int, ...]:
        """How many clips each class has; empty where videos have no classes."""
        counts = Counter(clip.label for clip in self.clips)
        return tuple(counts[number] for number in range(len(self.class_names or ())))

    def text(self) -> str:
        """Its file: sorted, one value a line, so that two of them can be compared by eye, and its hash."""
        values = self.model_dump(mode="json")
        return seal_object(json.dumps(values, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def read_packed_index(path: Path) -> PackedIndex:
    """Read an index of packed clips.

    Raises:
        DataError: there is none, or it is damaged, something else, or of another version.
    """
    try:
        text = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise DataError(
            f"{path.parent}: holds no packed clips: there is no {path.name} (an unfinished packing has none); "
            "make them with workflow_scripts/pack_videos.py"
        ) from error
    except OSError as error:
        raise cannot_be_read(path, error) from error
    advice = "give the folder that pack_videos.py made, or pack the videos again with this version"
    with one_error(path, what="whole index of packed clips", advice=advice, error=DataError):
        return PackedIndex.model_validate_json(unseal_object(text))
