"""The record of shards: `shards.json` beside an index of packed clips, which says in which folders the clips lie.

It is the one file that depends on how many jobs packed a data set.
"""

import json
import re
from pathlib import Path
from typing import Literal

from stylesv.config.base import Settings
from stylesv.errors import DataError, cannot_be_read
from stylesv.records.packed_index import SizedFile, WholeFile
from stylesv.records.record_file import one_error
from stylesv.records.sealed_text import seal_object, unseal_object

SHARDS_FILE = "shards.json"


class PackedShard(Settings):
    """Clips of some videos that follow each other, packed by one job: a packed folder by itself."""

    folder: str
    """Its folder below that of the index."""
    num_frames: int
    """Frames of its clips, which come after those of the shards before."""
    clips_zip: SizedFile
    """Its zip of frames."""
    offsets: WholeFile
    """Its table of where each frame lies in it."""


class PackedShards(Settings):
    """The shards of a data set, in their order."""

    format: Literal["stylesv-packed-shards"] = "stylesv-packed-shards"
    """What the file is."""
    shards: tuple[PackedShard, ...]
    """All of them."""

    def text(self) -> str:
        """Its file, one value a line, and its hash."""
        return seal_object(json.dumps(self.model_dump(mode="json"), sort_keys=True, indent=1, allow_nan=False) + "\n")


def read_packed_shards(path: Path) -> PackedShards:
    """Read which shards there are.

    Raises:
        DataError: the file is missing, damaged, or something else.
        MachineError: it cannot be read.
    """
    try:
        text = path.read_bytes()
    except FileNotFoundError as error:
        raise DataError(
            f"{path}: is missing: the clips of {path.parent} lie in shards, and it says where; copy it again or make it "
            "with workflow_scripts/index_shards.py"
        ) from error
    except OSError as error:
        raise cannot_be_read(path, error) from error
    advice = "copy it again, or make it with workflow_scripts/index_shards.py"
    with one_error(path, what="whole list of shards", advice=advice, error=DataError):
        return PackedShards.model_validate_json(unseal_object(text))


def shard_names(count: int) -> list[str]:
    """Names of so many shards: which one, of how many."""
    return [f"{number:04d}of{count:04d}" for number in range(count)]


def numbers_of_shard(name: str) -> tuple[int, int]:
    """Which shard a name is of, and of how many.

    Raises:
        DataError: it is no such name.
    """
    found = re.fullmatch(r"([0-9]{4})of([0-9]{4})", name)
    if found is None or int(found[1]) >= int(found[2]):
        raise DataError(f"shard {name}: is none; allowed: 0000of0002 for the first of two, and so on")
    return int(found[1]), int(found[2])
