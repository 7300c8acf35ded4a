"""Shards, packed each by a job, put together: as an index over all of them, or as one folder.

Clips, their names, hashes and order are those that one job would have packed; how many shards there are, and in which
order they were made, changes none of them.
"""

from collections.abc import Sequence
from itertools import chain
from pathlib import Path, PurePosixPath

from stylesv.data.ledger import TOO_SHORT
from stylesv.data.packed import PackedClips
from stylesv.data.packed_writer import PackedWriter, partial_folder
from stylesv.data.packing import name_clips, require_clips
from stylesv.errors import DataError
from stylesv.files import write_text
from stylesv.records.packed_index import INDEX_FILE, PackedClip, PackedIndex, Packing
from stylesv.records.packed_shards import SHARDS_FILE, PackedShard, PackedShards

_EQUAL = ("resolution", "settings", "resize_filter", "class_names")


def index_shards(out: Path, folders: Sequence[str], *, max_missing: float = 1.0) -> PackedIndex:
    """Write shards.json and index.json into `out` for the shards in its `folders`, in this order; return the index.

    Nothing of the clips is read or copied.

    Raises:
        DataError: a shard is missing, not whole or of other settings; all together have no clip, or more is missing than
            `max_missing` allows.
    """
    parts = [PackedClips(out / folder) for folder in folders]
    for part in parts[1:]:
        for name in _EQUAL:
            if getattr(part.index, name) != getattr(parts[0].index, name):
                raise DataError(
                    f"{part.path}: was packed with other {name} than {parts[0].path}; delete the one that is wrong, and "
                    "pack it again"
                )
    indexes = [part.index for part in parts]
    _refuse_copies(out, folders, indexes)
    sources = tuple(chain.from_iterable(index.sources for index in indexes))
    dropped = tuple(chain.from_iterable(index.dropped for index in indexes))
    clips = _renamed(indexes)
    require_clips(str(out), sources, clips, dropped, max_missing)
    index = PackedIndex(
        **{name: getattr(indexes[0], name) for name in _EQUAL},
        sources=sources,
        dropped=dropped,
        ignored_files=tuple(chain.from_iterable(index.ignored_files for index in indexes)),
        made_with=_versions(indexes),
        format="stylesv-packed-clips",
        format_version=2,
        clips=clips,
        num_frames=sum(index.num_frames for index in indexes),
    )
    shards = [
        PackedShard(folder=folder, num_frames=part.num_frames, clips_zip=part.clips_zip, offsets=part.offsets)
        for folder, part in zip(folders, indexes, strict=True)
    ]
    (out / INDEX_FILE).unlink(missing_ok=True)  # an old index must not stand beside another list of shards
    write_text(out / SHARDS_FILE, PackedShards(shards=tuple(shards)).text())
    write_text(out / INDEX_FILE, index.text())
    return index


def join_shards(data: Path, out: Path) -> PackedIndex:
    """Copy packed clips that lie in shards into `out` as one job would have packed them, byte for byte.

    Raises:
        DataError: `data` holds no packed clips, or another program is writing to `out`.
        MachineError: there is no room.
    """
    packed = PackedClips(data)
    values = {name: getattr(packed.index, name) for name in Packing.model_fields}
    with partial_folder(out) as partial, PackedWriter(partial, packed.index.settings) as writer:
        for number, clip in enumerate(packed.index.clips):
            facts = clip.model_dump(include={"name", "source", "first_source_frame", "fps", "label"})
            writer.add_clip(packed.stored(number), **facts)
            if writer.clips[-1].sha256 != clip.sha256:
                raise DataError(
                    f"{data}: clip {clip.name} is not what was packed; copy it again or pack the videos again"
                )
        return writer.publish(out, Packing(**values))


def _refuse_copies(out: Path, folders: Sequence[str], indexes: Sequence[PackedIndex]) -> None:
    """Videos are dealt out to shards, so none is in two, but where a shard was copied over another; one may have none."""
    at: dict[str, str] = {}
    for folder, index in zip(folders, indexes, strict=True):
        for source in index.sources:
            if at.setdefault(source.name, folder) != folder:
                raise DataError(
                    f"{out / folder}: has video {source.name}, and so has {at[source.name]}: one of them was copied over "
                    "the other; delete it, and pack it again"
                )
        if index.shard not in (None, PurePosixPath(folder).name):  # earlier versions did not say
            raise DataError(
                f"{out / folder}: is shard {index.shard}, copied over this one; delete it, and pack it again"
            )


def _renamed(indexes: Sequence[PackedIndex]) -> tuple[PackedClip, ...]:
    """All clips, with the names that they would have if one job had seen all videos (two of them may ask for one name)."""
    taken: set[str] = set()
    clips: list[PackedClip] = []
    num_frames = 0
    for index in indexes:
        by_source: dict[str, list[PackedClip]] = {}
        for clip in index.clips:
            by_source.setdefault(clip.source, []).append(clip)
        short: dict[str, int] = {}
        for entry in index.dropped:
            short[entry.name] = short.get(entry.name, 0) + entry.reason.startswith(f"{TOO_SHORT}: ")
        for source in index.sources:
            own = by_source.pop(source.name, [])
            num_pieces = len(own) + short.pop(source.name, 0)
            names = name_clips(source, num_pieces, taken) if num_pieces else []
            for clip in own:
                name = names[int(clip.name.rsplit("_", 1)[1])] if num_pieces > 1 else names[0]
                clips.append(clip.model_copy(update={"name": name, "first_frame": num_frames}))
                num_frames += clip.num_frames
    return tuple(clips)


def _versions(indexes: Sequence[PackedIndex]) -> dict[str, str]:
    """Versions of the packages that decide the bytes; several of one where shards were packed before and after a change."""
    found: dict[str, dict[str, None]] = {}
    for index in indexes:
        for package, version in index.made_with.items():
            found.setdefault(package, {})[version] = None
    return {package: ", ".join(versions) for package, versions in found.items()}
