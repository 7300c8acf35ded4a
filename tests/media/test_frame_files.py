"""Frames as files: named after their time, with their colours."""

import numpy as np
from PIL import Image
from report_values import clips

from stylesv.media.frame_files import encode_jpeg, write_frames


def test_frames_are_numbered_from_their_time(tmp_path):
    frames = clips(1, frames=3, size=16)[0]
    write_frames(tmp_path / "000000", frames, first_number=9)
    found = sorted((tmp_path / "000000").iterdir())
    assert [path.name for path in found] == ["000009.jpg", "000010.jpg", "000011.jpg"]
    for path, frame in zip(found, frames, strict=True):
        assert np.abs(np.asarray(Image.open(path)).transpose(2, 0, 1).astype(int) - frame).max() <= 3


def test_colour_is_kept_for_every_pixel(tmp_path):
    """Red and blue columns one pixel wide: subsampled colours would mix."""
    pixels = np.zeros((16, 16, 3), np.uint8)
    pixels[:, ::2, 0] = pixels[:, 1::2, 2] = 200
    (tmp_path / "a.jpg").write_bytes(encode_jpeg(pixels, quality=95))
    with Image.open(tmp_path / "a.jpg") as picture:
        found = np.asarray(picture)
    assert np.abs(found.astype(int) - pixels).max() <= 25
