"""Clips for a person to look at: a film of real beside generated, a strip of frames, and slices through time.

A panel is a name and its clips; panels stand side by side. Small frames are enlarged by a whole factor, without
smoothing, so that what is seen is what was generated.
"""

import io
import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageDraw, ImageFont

from stylesv.errors import DataError
from stylesv.files import write_bytes
from stylesv.media.video_file import VideoWriter

Panels = Mapping[str, UInt8[np.ndarray, "_ _ c h w"]]
Picture = UInt8[np.ndarray, "_ _ 3"]

GAP_PX = 4  # between clips; four times as much between panels
LABEL_PX = 28
BACKGROUND = 255
INK = (39, 39, 42)


def write_clip_film(path: Path, panels: Panels, *, columns: int, fps: int | float, min_frame_px: int = 128) -> None:
    """MP4 of all clips playing at once, `columns` in a row of each panel. A panel shorter than the longest starts again.

    Raises:
        DataError: a panel has no clips or frames, or frames are not three-coloured and of one size.
    """
    _check(panels, min_frame_px)
    with VideoWriter(path, fps=fps) as video:
        for time in range(max(clips.shape[1] for clips in panels.values())):
            shown = {name: clips[:, time % clips.shape[1]] for name, clips in panels.items()}
            video.add(draw_film_frame(shown, columns=columns, min_frame_px=min_frame_px))


def draw_film_frame(
    panels: Mapping[str, UInt8[np.ndarray, "_ c h w"]], *, columns: int, min_frame_px: int = 128
) -> UInt8[np.ndarray, "3 h2 w2"]:
    """The frames of all clips at one time, `columns` in a row of each panel.

    Raises:
        DataError: as `write_clip_film`.
    """
    factor = _check({name: frames[:, None] for name, frames in panels.items()}, min_frame_px)
    grids = [_grid(_enlarge(frames, factor), columns) for frames in panels.values()]
    return _under_labels(grids, list(panels), list(panels)).transpose(2, 0, 1)


def draw_clip_strips(path: Path, panels: Panels, *, num_frames: int, num_clips: int, min_frame_px: int = 64) -> None:
    """PNG with a clip in each row and `num_frames` of its frames, first and last among them, from left to right.

    Raises:
        DataError: as `write_clip_film`.
    """
    factor = _check(panels, min_frame_px)
    blocks, labels = [], []
    for name, clips in panels.items():
        times = np.linspace(0, clips.shape[1] - 1, min(num_frames, clips.shape[1])).round().astype(int)
        rows = [_beside(list(_enlarge(clip[times], factor)), GAP_PX) for clip in clips[:num_clips]]
        blocks.append(_stack(rows, GAP_PX))
        labels.append(f"{name}: frames {', '.join(map(str, times))}")
    _save_png(path, _under_labels(blocks, labels, list(panels)))


def draw_time_slices(path: Path, panels: Panels, *, num_clips: int, min_frame_px: int = 128) -> None:
    """PNG of the middle pixel column of each clip over time (to the right): texture that sticks draws straight lines.

    Raises:
        DataError: as `write_clip_film`.
    """
    factor = _check(panels, min_frame_px)
    rows = []
    for name, clips in panels.items():
        columns = clips[:num_clips, :, :, :, clips.shape[4] // 2]  # n t c h
        row = _beside(list(_enlarge(columns.transpose(0, 2, 3, 1), factor)), GAP_PX)
        rows.append(_under_labels([row], [name], [name]))
    _save_png(path, _stack(rows, GAP_PX))


def draw_samples(path: Path, clips: UInt8[np.ndarray, "n t c h w"], *, min_frame_px: int = 64) -> None:
    """PNG with a clip in each column and its frames from top to bottom, without labels.

    Raises:
        DataError: as `write_clip_film`.
    """
    factor = _check({"samples": clips}, min_frame_px)
    _save_png(path, _beside([_stack(list(_enlarge(clip, factor)), GAP_PX) for clip in clips], GAP_PX))


def draw_samples_over_training(path: Path, samples: Mapping[int, Path]) -> None:
    """PNG of the samples of several snapshots (by kimg), one under the other."""
    rows: list[Picture] = []
    for kimg, file in samples.items():
        picture = np.asarray(Image.open(file).convert("RGB"))
        rows.append(_under_labels([picture], [f"kimg {kimg}"], [f"kimg {kimg}"]))
    _save_png(path, _stack(rows, GAP_PX))


def _check(panels: Panels, min_frame_px: int) -> int:
    """The factor by which frames are enlarged to at least `min_frame_px`."""
    sizes = {clips.shape[2:] for clips in panels.values()}
    if len(sizes) != 1 or next(iter(sizes))[0] != 3:
        raise DataError(f"clips to show have channels and sizes {sorted(sizes)}; all need 3 channels and one size")
    empty = [name for name, clips in panels.items() if 0 in clips.shape]
    if empty:
        raise DataError(f"no clips to show for {', '.join(empty)}; give at least one clip of one frame")
    return max(1, -(-min_frame_px // min(next(iter(sizes))[1:])))


def _enlarge(frames: UInt8[np.ndarray, "n c h w"], factor: int) -> UInt8[np.ndarray, "n h2 w2 c"]:
    return frames.transpose(0, 2, 3, 1).repeat(factor, axis=1).repeat(factor, axis=2)


def _grid(frames: UInt8[np.ndarray, "n h w 3"], columns: int) -> Picture:
    rows = [_beside(list(frames[i : i + columns]), GAP_PX) for i in range(0, len(frames), columns)]
    return _stack(rows, GAP_PX)


def _beside(pictures: list[Picture], gap: int) -> Picture:
    return _stack([picture.transpose(1, 0, 2) for picture in pictures], gap).transpose(1, 0, 2)


def _stack(pictures: list[Picture], gap: int) -> Picture:
    """Pictures from top to bottom, left edges in line, on the background."""
    width = max(picture.shape[1] for picture in pictures)
    height = sum(picture.shape[0] for picture in pictures) + gap * (len(pictures) - 1)
    canvas = np.full((height, width, 3), BACKGROUND, np.uint8)
    top = 0
    for picture in pictures:
        canvas[top : top + picture.shape[0], : picture.shape[1]] = picture
        top += picture.shape[0] + gap
    return canvas


def _under_labels(blocks: list[Picture], labels: list[str], short_labels: list[str]) -> Picture:
    """Blocks side by side under their labels, shortened if one does not fit; a block narrower than that gets more room."""
    widths = [block.shape[1] for block in blocks]
    fits = all(_width_of(label) <= width for label, width in zip(labels, widths, strict=True))
    shown = labels if fits else short_labels
    columns = [
        _stack([_label(label, max(width, _width_of(label))), block], GAP_PX)
        for label, width, block in zip(shown, widths, blocks, strict=True)
    ]
    return _beside(columns, 4 * GAP_PX)


def _width_of(label: str) -> int:
    return math.ceil(ImageFont.load_default(LABEL_PX * 0.6).getlength(label))


def _label(label: str, width: int) -> Picture:
    strip = Image.new("RGB", (width, LABEL_PX), (BACKGROUND,) * 3)
    font = ImageFont.load_default(LABEL_PX * 0.6)
    ImageDraw.Draw(strip).text((0, LABEL_PX / 2), label, fill=INK, font=font, anchor="lm")
    return np.asarray(strip)


def _save_png(path: Path, picture: Picture) -> None:
    content = io.BytesIO()
    Image.fromarray(picture).save(content, format="PNG")
    write_bytes(path, content.getvalue())
