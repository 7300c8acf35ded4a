"""Films, strips and slices: every clip at its place, pixels unsmoothed."""

import numpy as np
import pytest
from imageio.v3 import imread
from PIL import Image
from report_values import clips

from stylesv.errors import DataError
from stylesv.report.clip_grids import GAP_PX, LABEL_PX, draw_clip_strips, draw_time_slices, write_clip_film

TOP = LABEL_PX + GAP_PX


def pixels(path):
    return np.asarray(Image.open(path))


def block(picture, row, column, size, left=0):
    """The picture of a cell, without its neighbours."""
    top, left = TOP + row * (size + GAP_PX), left + column * (size + GAP_PX)
    return picture[top : top + size, left : left + size]


def test_a_film_shows_every_clip_at_its_place(tmp_path):
    real, generated = clips(5, frames=4, seed=1), clips(4, frames=6, seed=2)
    write_clip_film(tmp_path / "a.mp4", {"real": real, "made": generated}, columns=2, fps=25, min_frame_px=32)
    film = imread(tmp_path / "a.mp4", plugin="pyav")
    assert film.shape == (6, TOP + 3 * 32 + 2 * GAP_PX, 4 * 32 + 2 * GAP_PX + 4 * GAP_PX, 3)
    for time in range(6):
        for number, clip in enumerate(real):
            centre = block(film[time], number // 2, number % 2, 32)[8:24, 8:24].astype(int)
            assert np.abs(centre - clip[time % 4, :, 0, 0]).max() < 12  # the shorter panel starts again
        left = 2 * 32 + GAP_PX + 4 * GAP_PX
        for number, clip in enumerate(generated):
            centre = block(film[time], number // 2, number % 2, 32, left)[8:24, 8:24].astype(int)
            assert np.abs(centre - clip[time, :, 0, 0]).max() < 12


def test_strips_have_a_clip_in_a_row_from_first_to_last_frame(tmp_path):
    real, generated = clips(3, frames=9, seed=1), clips(2, frames=5, seed=2)
    draw_clip_strips(
        tmp_path / "a.png", {"real": real, "generated": generated}, num_frames=3, num_clips=2, min_frame_px=16
    )
    picture = pixels(tmp_path / "a.png")
    for row in range(2):
        for column, time in enumerate((0, 4, 8)):
            assert (block(picture, row, column, 16) == real[row, time, :, 0, 0]).all()
        for column, time in enumerate((0, 2, 4)):
            left = 3 * 16 + 2 * GAP_PX + 4 * GAP_PX
            assert (block(picture, row, column, 16, left) == generated[row, time, :, 0, 0]).all()
    assert (picture[:LABEL_PX] < 128).any()  # labels are written


def test_small_frames_are_enlarged_by_a_whole_factor_without_smoothing(tmp_path):
    frames = np.random.default_rng(0).integers(0, 256, (1, 1, 3, 6, 10), np.uint8)
    draw_clip_strips(tmp_path / "a.png", {"clips": frames}, num_frames=1, num_clips=1, min_frame_px=20)
    found = pixels(tmp_path / "a.png")[TOP:]
    expected = np.kron(frames[0, 0], np.ones((1, 4, 4), np.uint8)).transpose(1, 2, 0)  # 4 x 6 is the first over 20
    np.testing.assert_array_equal(found, expected)


def test_slices_show_the_middle_column_over_time(tmp_path):
    real = np.random.default_rng(0).integers(0, 256, (2, 7, 3, 16, 16), np.uint8)
    draw_time_slices(tmp_path / "a.png", {"real": real, "generated": real[:, ::-1]}, num_clips=2, min_frame_px=16)
    picture = pixels(tmp_path / "a.png")
    for clip in range(2):
        left = clip * (7 + GAP_PX)
        found = picture[TOP : TOP + 16, left : left + 7]
        np.testing.assert_array_equal(found, real[clip, :, :, :, 8].transpose(2, 0, 1))
        below = picture[TOP + 16 + GAP_PX + TOP :][:16, left : left + 7]
        np.testing.assert_array_equal(below, found[:, ::-1])


def test_a_label_wider_than_its_clips_is_whole(tmp_path):
    narrow = clips(1, frames=5, size=16)
    name = "generated, kimg 12"
    draw_time_slices(tmp_path / "narrow.png", {"real": narrow, name: narrow}, num_clips=1, min_frame_px=16)
    wide = clips(1, frames=400, size=16)
    draw_time_slices(tmp_path / "wide.png", {"real": wide, name: wide}, num_clips=1, min_frame_px=16)
    found, whole = pixels(tmp_path / "narrow.png"), pixels(tmp_path / "wide.png")
    below = TOP + 16 + GAP_PX
    columns = np.flatnonzero((whole[below : below + LABEL_PX] < 128).any(axis=(0, 2)))
    assert columns.max() > 100  # the label in the wide picture
    np.testing.assert_array_equal(found[below : below + LABEL_PX], whole[below : below + LABEL_PX, : found.shape[1]])
    assert found.shape[1] > columns.max()


def test_pictures_are_the_same_bytes_each_time(tmp_path):
    panels = {"real": clips(seed=1), "generated": clips(seed=2)}
    for name in "ab":
        draw_clip_strips(tmp_path / f"{name}1", panels, num_frames=4, num_clips=2)
        draw_time_slices(tmp_path / f"{name}2", panels, num_clips=2)
    for number in "12":
        assert (tmp_path / f"a{number}").read_bytes() == (tmp_path / f"b{number}").read_bytes()


@pytest.mark.parametrize(
    ("panels", "words"),
    [
        ({"real": clips(size=16), "generated": clips(size=32)}, r"\(3, 16, 16\), \(3, 32, 32\)"),
        ({"real": clips()[:, :, :1]}, "all need 3 channels"),
        ({"real": clips(), "generated": clips(0)}, "no clips to show for generated"),
        ({"real": clips()[:, :0]}, "no clips to show for real"),
    ],
)
def test_what_cannot_be_shown_is_refused(tmp_path, panels, words):
    with pytest.raises(DataError, match=words):
        write_clip_film(tmp_path / "a.mp4", panels, columns=2, fps=25)
    with pytest.raises(DataError, match=words):
        draw_clip_strips(tmp_path / "a.png", panels, num_frames=2, num_clips=2)
    with pytest.raises(DataError, match=words):
        draw_time_slices(tmp_path / "a.png", panels, num_clips=2)
    assert list(tmp_path.iterdir()) == []
