"""One clip of videos that are given, for those who work on it alone."""

from pathlib import Path

from stylesv.errors import DataError
from stylesv.generation.inversion_files import Target
from stylesv.scoring.clip_sources import PackedVideos, open_videos


def read_target(
    path: Path, *, resolution: int, clip: int, start: int, num_frames: int, class_number: int | None
) -> Target:
    """Frames of a clip of packed clips, or of a film, a folder of frames, or a folder or zip of videos.

    Videos that are not packed are fitted to the resolution (short side, centred square). The class is that of the packed
    clip unless it is given.

    Raises:
        DataError: there is no such clip, it has too few frames, is damaged or of another resolution.
    """
    videos = open_videos(path, resolution)
    if clip >= len(videos.lengths):
        raise DataError(f"{path}: has {len(videos.lengths)} clips, so there is no number {clip}; they count from 0")
    length = videos.lengths[clip]
    if start + num_frames > length:
        raise DataError(
            f"{path}: clip {clip} has {length} frames, so there are no {num_frames} from frame {start} on; "
            "lower --frames or --start-frame"
        )
    if class_number is None and isinstance(videos, PackedVideos):
        class_number = videos.label(clip)
    frames = videos.read(clip, range(start, start + num_frames))
    return Target(frames, f"{path.name}: clip {clip}, frames {start} to {start + num_frames - 1}", class_number)
