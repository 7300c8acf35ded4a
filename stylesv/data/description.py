"""What packed clips are, in lines for a person."""

from collections import Counter
from collections.abc import Iterable

import numpy as np

from stylesv.data.ledger import ledger_of
from stylesv.data.packed import PackedClips
from stylesv.records.ledger import count_clips
from stylesv.records.recipe import DataRecipe, FetchedArchive, FetchedClips

_MOST_SHARDS, _MOST_DROPPED = 20, 50


def describe_clips(packed: PackedClips, recipe: DataRecipe | None = None) -> list[str]:
    """Clips, lengths, codec, size, classes, what is missing and why, hashes and shards; with its recipe also the split."""
    index = packed.index
    lengths = np.array([clip.num_frames for clip in index.clips] or [0])
    settings, rows = index.settings, ledger_of(index.sources, index.clips, index.dropped)
    counts = count_clips(rows)
    codec = "raw, uint8" if settings.codec == "raw" else f"jpeg, quality {settings.jpeg_quality}"
    lines = [
        f"clips: {len(index.clips):,} of {lengths.min()} to {lengths.max()} frames, median {np.median(lengths):g}; "
        f"{index.num_frames:,} frames",
        f"frames: {index.resolution}x{index.resolution} pixels, {codec}, crop {settings.crop}",
        f"size: {packed.num_bytes:,} bytes, {packed.num_bytes / max(index.num_frames, 1):,.0f} a frame",
        f"frame rates: {_counted('unknown' if clip.fps is None else f'{clip.fps:.4g}' for clip in index.clips)}",
        f"videos: {counts.asked:,} asked for, {counts.got:,} packed, {counts.missing:,} missing, {counts.left_out:,} left out",
    ]
    if index.class_names is not None:
        lines.append(f"classes: {_counted(index.class_names[clip.label] for clip in index.clips)}")
    if recipe is not None:
        lines.append(f"split: {_split(recipe)}")
    lines += [f"dropped: {entry.name}: {entry.reason}" for entry in index.dropped[:_MOST_DROPPED]]
    if len(index.dropped) > _MOST_DROPPED:
        lines.append(f"dropped: {len(index.dropped) - _MOST_DROPPED:,} more; all are in index.json")
    lines.append(f"digest of all frames: {packed.digest}")
    lines.append("made with: " + ", ".join(f"{name} {version}" for name, version in sorted(index.made_with.items())))
    if index.format_version == 1:
        return [*lines, f"clips.zip: SHA-256 {packed.shards[0].clips_zip.sha256}"]
    lines.append(f"shards: {len(packed.shards)}")
    for shard in packed.shards[:_MOST_SHARDS]:
        size = f"{shard.num_frames:,} frames, {shard.clips_zip.num_bytes:,} bytes"
        lines.append(f"{shard.folder}: {size}, SHA-256 {shard.clips_zip.sha256}")
    if len(packed.shards) > _MOST_SHARDS:
        lines.append(f"{len(packed.shards) - _MOST_SHARDS:,} more shards; all are in shards.json")
    return lines


def _counted(values: Iterable[str]) -> str:
    """Each value with its number of clips, the commonest first."""
    return ", ".join(f"{value} ({count:,} clips)" for value, count in Counter(values).most_common())


def _split(recipe: DataRecipe) -> str:
    """Which part of the raw videos was taken."""
    source = recipe.source
    if isinstance(source, FetchedClips):
        return f"partition {source.partition} of the table" if source.partition else "all rows of the table"
    if isinstance(source, FetchedArchive) and source.inside:
        return f"folder {source.inside} of the archive"
    return "all videos"
