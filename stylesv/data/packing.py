"""Raw videos to packed clips: decode each once, cut, fit, compress, index.

The bytes made depend on the videos and the settings alone, not on paths, time or the number of workers. Nothing is left
out silently: what is dropped stands in the index with its reason.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from importlib.metadata import version
from pathlib import Path, PurePosixPath

import av

from stylesv.config.dataset import PackSettings
from stylesv.data.labels import VideoClasses, find_classes
from stylesv.data.ledger import TOO_SHORT, ledger_of, require_enough
from stylesv.data.packed_writer import PackedWriter, partial_folder
from stylesv.data.selection import Selection, Shots, select_sources
from stylesv.data.shard import Shard
from stylesv.data.spooling import SpooledVideo, spool_in_order
from stylesv.data.video_sources import VideoSource, close_archive
from stylesv.errors import DataError
from stylesv.progress import watched
from stylesv.records.packed_index import DroppedVideo, PackedClip, PackedIndex, PackedSource, Packing


def pack_videos(
    videos: Path | Sequence[Path],
    out: Path,
    *,
    settings: PackSettings,
    selection: Selection = Selection(),  # noqa: B008
    shard: Shard | None = None,
    num_workers: int = 1,
    progress: bool = False,
) -> PackedIndex:
    """Pack a folder or zip of films or frame folders into `out` (clips.zip, offsets.npy, index.json); return the index.

    Several zips are clips cut out of films, each with its ledger beside it (`stylesv.data.cutting`). With `shard` only that
    share of the videos, which may hold no clip; `stylesv.data.sharding` puts the shares together.

    Raises:
        DataError: nothing at `videos` can be used, a video is damaged and `damaged` is "fail", `fps` is asked of a
            frame folder, or labels or `fps` of shots. `out` then holds no new file.
        MachineError: the machine is short of something, or a video cannot be read; likewise.
    """
    out = Path(out)
    _refuse_with_shots(selection, settings)
    try:
        selected = select_sources(videos, selection)
        _refuse_fps_without_times(selected.sources, settings)
        classes = find_classes(videos, selected.sources, settings.labels)
        sources = shard.share(selected.sources) if shard else selected.sources
        with partial_folder(out) as partial, PackedWriter(partial, settings) as writer:
            described, dropped = _pack_sources(
                sources, writer, settings, classes, selected.cuts, num_workers=num_workers, progress=progress
            )
            if shard is None or shard.is_last:  # what was never a source comes last
                dropped += selected.dropped
            if shard is None:
                require_clips(str(videos), described, writer.clips, dropped, selection.max_missing)
            made_with = {package: version(package) for package in ("av", "pillow", "simplejpeg")}
            made_with["ffmpeg"] = av.ffmpeg_version_info
            packing = Packing(
                resolution=settings.resolution,
                settings=settings,
                resize_filter="lanczos",
                sources=tuple(described),
                dropped=tuple(dropped),
                ignored_files=tuple(selected.ignored) if shard is None or shard.is_last else (),
                made_with=made_with,
                class_names=classes.names if classes else None,
            )
            return writer.publish(out, packing)
    finally:
        close_archive()


def require_clips(
    videos: str,
    sources: Sequence[PackedSource],
    clips: Sequence[PackedClip],
    dropped: Sequence[DroppedVideo],
    max_missing: float,
) -> None:
    """Stop if no clip, or a smaller share of what was asked for than may be, has come of `videos`.

    Raises:
        DataError: with the first reasons.
    """
    if not clips:
        reasons = "; ".join(f"{entry.name} {entry.reason}" for entry in dropped[:3])
        raise DataError(
            f"{videos}: none of its {len(sources)} videos can be used: {reasons}"
            f"{'; ...' if len(dropped) > 3 else ''}: give other videos or lower min_frames"
        )
    require_enough(ledger_of(sources, clips, dropped), max_missing)


def _refuse_with_shots(selection: Selection, settings: PackSettings) -> None:
    """As `DatasetSettings`, for those who give a table of shots themselves."""
    if selection.shots is not None and settings.labels is not None:
        raise DataError("shots with labels: the shots of a film may be of other classes; leave one of them out")
    if selection.shots is not None and settings.fps is not None:
        raise DataError("shots are counted in a film's own frames, so they do not go with fps; leave one of them out")


def _refuse_fps_without_times(sources: list[VideoSource], settings: PackSettings) -> None:
    folders = [source.name for source in sources if source.kind == "frames"]
    if folders and settings.fps is not None:
        raise DataError(
            f"{folders[0]}: a folder of frames has no times, so it cannot be resampled to {settings.fps:g} frames per "
            "second; leave fps out, or give films"
        )


def _pack_sources(
    sources: list[VideoSource],
    writer: PackedWriter,
    settings: PackSettings,
    classes: VideoClasses | None,
    cuts: Shots,
    *,
    num_workers: int,
    progress: bool,
) -> tuple[list[PackedSource], list[DroppedVideo]]:
    """Every source through the writer, in order: what they are, and what of them is in no clip."""
    described, dropped, names = [], [], set()
    videos = spool_in_order(sources, writer.partial, settings, num_workers)
    with closing(videos):
        pairs = zip(sources, videos, strict=True)
        for source, video in watched(pairs, "packing", unit="videos", total=len(sources)) if progress else pairs:
            described.append(_describe(source, video, settings))
            damage = video.facts.damage
            if damage is not None and settings.damaged == "fail":
                raise DataError(
                    f"{source.name}: {damage}; {video.facts.num_frames} frames could be read: mend or remove it, or "
                    "set damaged to drop or use"
                )
            if damage is not None and (settings.damaged == "drop" or not video.num_frames):
                reason = f"{damage}; {video.facts.num_frames} frames could be read"
                dropped.append(DroppedVideo(name=source.name, num_frames=video.facts.num_frames, reason=reason))
            else:
                label = classes.numbers[source.name] if classes else None
                dropped += _add_clips(source, video, writer, settings, names, label, cuts.get(source.name))
            video.remove()
    return described, dropped


def _describe(source: VideoSource, video: SpooledVideo, settings: PackSettings) -> PackedSource:
    """A source's entry in the index."""
    facts, notes = video.facts, list(video.facts.notes)
    if settings.fps is not None and facts.fps is not None and settings.fps > 1.01 * facts.fps:
        notes.append(f"frames are repeated: it has {facts.fps:g} frames per second, {settings.fps:g} are asked")
    if video.enlarged:
        notes.append(f"enlarged: it has only {facts.width}x{facts.height} pixels")
    if video.num_kept_jpegs:
        notes.append(f"{video.num_kept_jpegs} JPEG frames fit already and were kept as they are")
    if facts.damage is not None and settings.damaged == "use" and video.num_frames:
        notes.append(f"{facts.damage}; used are the {facts.num_frames} frames that could be read")
    return PackedSource(
        name=source.name,
        kind=source.kind,
        sha256=video.sha256,
        num_frames=facts.num_frames,
        width=facts.width,
        height=facts.height,
        fps=facts.fps,
        damage=facts.damage,
        notes=tuple(notes),
    )


def _add_clips(
    source: VideoSource,
    video: SpooledVideo,
    writer: PackedWriter,
    settings: PackSettings,
    taken: set[str],
    label: int | None,
    shots: Sequence[tuple[int, int]] | None,
) -> list[DroppedVideo]:
    """Cut a video into shots and those into clips, and write them; return what was too short for a clip."""
    total = video.num_frames
    if shots is not None and not shots:
        return [DroppedVideo(name=source.name, num_frames=total, reason="no shot of it is in the table of shots")]
    spans = [(start, min(end, total)) for start, end in shots if start < total] if shots else [(0, total)]
    length = settings.max_frames or max(total, 1)
    pieces = [(at, min(at + length, end)) for start, end in spans for at in range(start, end, length)] or [(0, 0)]
    names = name_clips(source, len(pieces), taken)
    fps = settings.fps if settings.fps is not None else video.facts.fps
    dropped = []
    for name, (start, end) in zip(names, pieces, strict=True):
        if end - start >= settings.min_frames:
            frames = video.read(start, end)
            writer.add_clip(frames, name=name, source=source.name, first_source_frame=start, fps=fps, label=label)
        else:
            which = f"its frames {start} to {end - 1}" if len(pieces) > 1 else f"its {end - start} frames"
            reason = f"{TOO_SHORT}: {which} are fewer than min_frames {settings.min_frames}"
            dropped.append(DroppedVideo(name=source.name, num_frames=end - start, reason=reason))
    return dropped


def name_clips(source: VideoSource | PackedSource, num_pieces: int, taken: set[str]) -> list[str]:
    """Names of a source's clips, `name` or, if it is cut, `name_0000`, `name_0001`, ...; not yet in `taken`.

    Letters, digits, - and _ stay; everything else becomes _, as the published tools do with #. A dot in the name would
    make the published loader sort all frames as text (docs/differences.md 2.26).
    """
    path = PurePosixPath(source.name)
    stem = str(path.with_suffix("")) if source.kind == "film" else source.name
    base = re.sub(r"[^\w-]", "_", unicodedata.normalize("NFC", stem)).strip("_")[:100] or "clip"
    name, attempt = base, 1
    while True:
        names = [name] if num_pieces == 1 else [f"{name}_{piece:04d}" for piece in range(num_pieces)]
        if taken.isdisjoint(names):
            taken.update(names)
            return names
        attempt += 1
        name = f"{base}__{attempt}"


def describe_packing(index: PackedIndex) -> list[str]:
    """The packing in a few lines: clips, frames, frame rates, and everything that was dropped or noted."""
    clips = index.clips
    lengths = [clip.num_frames for clip in clips] or [0]
    rates = sorted({round(clip.fps, 2) for clip in clips if clip.fps is not None})
    size = f", {index.clips_zip.num_bytes / 1e6:.1f} MB" if index.clips_zip else ""
    lines = [
        f"{len(clips)} clips of {min(lengths)} to {max(lengths)} frames, {index.num_frames} frames in all, "
        f"{index.resolution}x{index.resolution} pixels{size}"
    ]
    if index.class_names is not None:
        counts = Counter(index.class_names[clip.label] for clip in clips)
        lines.append("classes: " + ", ".join(f"{name} ({counts[name]} clips)" for name in index.class_names))
    if len(rates) > 1:
        shown = ", ".join(f"{rate:g}" for rate in rates)
        lines.append(
            f"frame rates differ ({shown} per second): things move faster in some clips; --fps makes them equal"
        )
    lines += [f"note: {source.name}: {note}" for source in index.sources for note in source.notes]
    lines += [f"dropped: {entry.name}: {entry.reason}" for entry in index.dropped]
    if index.ignored_files:
        lines.append(f"ignored {len(index.ignored_files)} other files, such as {index.ignored_files[0]}")
    return lines
