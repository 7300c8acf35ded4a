"""MP4 files: what goes in comes out, the same bytes each time, playable by browsers."""

import av
import numpy as np
import pytest
from imageio.v3 import imread
from report_values import clips

from stylesv.errors import DataError
from stylesv.media.video_file import Encoding, write_video


def test_frames_come_back(tmp_path):
    frames = clips(1, frames=7, size=32)[0]
    write_video(tmp_path / "a.mp4", frames, fps=25)
    found = imread(tmp_path / "a.mp4", plugin="pyav").transpose(0, 3, 1, 2)
    assert found.shape == frames.shape
    assert np.abs(found.astype(int) - frames).max() <= 6  # 4:2:0 in limited range


def test_browsers_can_play_it(tmp_path):
    write_video(tmp_path / "a.mp4", clips(1, frames=6, size=33)[0], fps=12.5)
    with av.open(str(tmp_path / "a.mp4")) as container:
        stream = container.streams.video[0]
        assert stream.codec_context.name == "h264"
        assert (stream.width, stream.height, stream.pix_fmt) == (34, 34, "yuv420p")
        assert (stream.frames, float(stream.average_rate)) == (6, 12.5)
        assert stream.codec_context.colorspace == 1  # BT.709
    content = (tmp_path / "a.mp4").read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")  # plays before it is whole


def test_odd_sizes_double_the_last_row_and_column(tmp_path):
    frames = np.zeros((3, 3, 17, 17), np.uint8)
    frames[..., 16, :] = frames[..., :, 16] = 200
    write_video(tmp_path / "a.mp4", frames, fps=25)
    found = imread(tmp_path / "a.mp4", plugin="pyav").transpose(0, 3, 1, 2)
    assert found.shape == (3, 3, 18, 18)
    assert np.abs(found[..., 17, :].astype(int) - 200).max() <= 6


def test_the_same_frames_give_the_same_bytes(tmp_path):
    # At this width x264's look-ahead reads beyond its frames; memory is stirred to bring that out.
    random = np.random.default_rng(0)
    blocks = random.integers(0, 256, (1, 3, 8, 12)).repeat(16, axis=2).repeat(16, axis=3)
    frames = np.clip(blocks + random.normal(0, 9, (16, 3, 128, 192)), 0, 255).astype(np.uint8)
    contents = set()
    for attempt in range(5):
        stirred = [random.integers(0, 256, 1 << size, dtype=np.uint8) for size in 4 * (16, 18, 19, 20)]
        del stirred
        write_video(tmp_path / f"{attempt}.mp4", frames, fps=25)
        contents.add((tmp_path / f"{attempt}.mp4").read_bytes())
    assert len(contents) == 1


def test_a_failed_write_leaves_nothing(tmp_path):
    with pytest.raises(av.FFmpegError):
        write_video(tmp_path / "a.mp4", clips(1)[0], fps=25, encoding=Encoding({"preset": "no such preset"}))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("frames", "fps"),
    [(np.zeros((0, 3, 8, 8), np.uint8), 25), (np.zeros((2, 1, 8, 8), np.uint8), 25), (clips(1)[0], 0)],
)
def test_what_is_no_film_is_refused(tmp_path, frames, fps):
    with pytest.raises(DataError, match="needs frames, 3 channels, fps > 0"):
        write_video(tmp_path / "a.mp4", frames, fps=fps)


def test_films_and_frames_are_written_in_one_place(root):
    sources = {str(path.relative_to(root)): path.read_text() for path in (root / "stylesv").rglob("*.py")}
    assert [name for name, text in sources.items() if "add_stream(" in text] == ["stylesv/media/video_file.py"]
    assert [name for name, text in sources.items() if "simplejpeg.encode" in text] == ["stylesv/media/frame_files.py"]


def test_an_untagged_film_says_nothing_of_its_colours(tmp_path):
    frames = clips(1, frames=2, size=32)[0]
    write_video(tmp_path / "tagged.mp4", frames, fps=25)
    write_video(tmp_path / "untagged.mp4", frames, fps=25, encoding=Encoding({"threads": "1"}, tagged=False))
    found = {}
    for name in ("tagged", "untagged"):
        with av.open(str(tmp_path / f"{name}.mp4")) as film:
            found[name] = film.streams.video[0].codec_context.colorspace
    assert found == {"tagged": 1, "untagged": 2}  # FFmpeg's numbers: BT.709, unspecified
