"""Generated clips beside the real clips that are nearest to them: what a score says of copies, for people to look at."""

from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from stylesv.errors import DataError
from stylesv.metrics.shards import Clips
from stylesv.records.score import read_score
from stylesv.report.clip_grids import draw_clip_strips
from stylesv.scoring.clip_sources import open_videos
from stylesv.scoring.sides import real_side, snapshot_side

NUM_FRAMES = 4  # of each clip


def draw_nearest(networks: Path, data: Path, score_file: Path, out: Path) -> None:
    """PNG of the pairs in a score's memorisation: generated clips, and the real one that is nearest to each.

    Raises:
        DataError: the score is missing or damaged, or its protocol looks at no neighbours.
        CheckpointError: the snapshot is missing or damaged.
    """
    score = read_score(score_file)
    if score.memorisation is None:
        raise DataError(f"{score_file}: its protocol looks for no neighbours; set protocol.neighbours")
    pairs = score.memorisation.pairs
    generated = snapshot_side(networks, score.protocol, name=str(networks)).clips
    real = real_side(open_videos(data, None), score.protocol, name=str(data)).clips
    panels = {
        "generated": _clips(generated, [pair.generated for pair in pairs]),
        "nearest real clip": _clips(real, [pair.real for pair in pairs]),
    }
    draw_clip_strips(out, panels, num_frames=NUM_FRAMES, num_clips=len(pairs))


def _clips(clips: Clips, numbers: list[int]) -> UInt8[np.ndarray, "n t c h w"]:
    return np.concatenate([batch.numpy() for n in numbers for batch in clips.batches(n, n + 1)])
