"""The record of a snapshot: the header of a file of networks, which says how to build them again and where they are from."""

from pathlib import Path
from typing import Any

from pydantic import JsonValue

import stylesv
from stylesv.config.base import Settings
from stylesv.config.model import DiscriminatorSettings, GeneratorSettings
from stylesv.errors import CheckpointError
from stylesv.files import read_header
from stylesv.records.record_file import record_of

NETWORKS_FORMAT = "stylesv networks 1"


class Transfer(Settings):
    """What came over from a parent's snapshot."""

    run: str
    """The parent run."""
    kimg: int
    """Its snapshot, in thousands of frames shown to the discriminator."""
    taken: int
    """How many tensors were taken as they are."""
    repeated: tuple[str, ...]
    """Tensors whose rows were repeated."""
    new: tuple[str, ...]
    """Tensors that are new."""
    left: tuple[str, ...]
    """Tensors of the parent that were left."""


class Origin(Settings):
    """The published checkpoint that a snapshot was imported from."""

    file: str
    """Name of its file."""
    sha256: str
    """SHA-256 of that."""
    frames_shown: int
    """Frames shown to the discriminator."""


class Snapshot(Settings):
    """What a file of networks says of them. What has a default is left out of the file where nothing is given."""

    generator: GeneratorSettings
    """Of the generator and its average."""
    discriminator: DiscriminatorSettings | None
    """Of the discriminator; null: an imported checkpoint may lack one."""
    resolution: int
    """Height and width of the images, pixels."""
    class_dim: int
    """How many classes the networks know; 0: none."""
    class_counts: tuple[int, ...] | None = None
    """How many of the clips it was trained on each class has; null: not known, and all count alike."""
    num_frames: int | None
    """Frames of a clip; null: an imported checkpoint may not say."""
    max_num_frames: int | None
    """Frames of the window of a video that clips are drawn from; null as above."""
    uniform_times: bool
    """Whether the frames of a clip are at equal distances."""
    kimg: int
    """Thousands of frames shown to the discriminator."""
    step: int | None = None
    """The step of training after which it was written."""
    recipe: dict[str, JsonValue] | None = None
    """The run's recipe, for people; as the program that trained had it, so that another one's settings still load."""
    recipe_key: str | None = None
    """Key of that."""
    transfer: Transfer | None = None
    """Of snapshot 0 that has a parent: what came over."""
    computed_with: dict[str, str] | None = None
    """What decides the last bits of the weights besides the recipe: operations, torch, processor, threads, processes."""
    origin: Origin | None = None
    """Of an imported snapshot: the checkpoint."""

    def header(self, *, torch: str) -> dict[str, Any]:
        """The header of its file; `torch` is the version that wrote it."""
        made_with = {"format": NETWORKS_FORMAT, "stylesv": stylesv.__version__, "torch": torch}
        return made_with | self.model_dump(mode="json", exclude_unset=True)


def snapshot_of(header: dict[str, Any], path: Path) -> Snapshot:
    """The record in a file's header.

    Raises:
        CheckpointError: it is the header of something else, or of another version of this project.
    """
    if header.get("format") != NETWORKS_FORMAT:
        raise CheckpointError(
            f"{path}: format {header.get('format')!r}, expected {NETWORKS_FORMAT!r}; give a "
            "networks.safetensors written by training or by import_checkpoint.py"
        )
    made_with = ("format", "stylesv", "torch", "sha256")
    values = {name: value for name, value in header.items() if name not in made_with}
    advice = f"use the version of stylesv that wrote it ({header.get('stylesv')}), or make it again"
    return record_of(values, Snapshot, path, what="snapshot that can be read", advice=advice, error=CheckpointError)


def read_snapshot_header(path: Path) -> Snapshot:
    """The record of a snapshot, without reading tensors or checking their hash.

    Raises:
        CheckpointError: the file is missing, damaged or not a snapshot.
    """
    return snapshot_of(read_header(path), path)
