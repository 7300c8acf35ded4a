import av
import numpy as np
import pytest
from film_making import write_lossy

from stylesv.data.container_length import missing_bytes


def missing(path):
    with open(path, "rb") as film:
        found = missing_bytes(film)
        assert film.tell() == 0, "the film is decoded from its start"
    return found


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".webm", ".avi"])
def test_missing_bytes_are_counted_and_whole_films_miss_none(tmp_path, suffix):
    path = write_lossy(tmp_path / f"film{suffix}", 20, noise=80)
    assert missing(path) == 0
    content = path.read_bytes()
    for removed in (1, 100, len(content) // 2):
        path.write_bytes(content[:-removed])
        assert missing(path) == removed


def test_index_at_the_end_of_mp4_counts_from_the_data_box(tmp_path):
    path = tmp_path / "slow.mp4"
    with av.open(str(path), "w") as film:
        stream = film.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 32, 32, "yuv420p"
        film.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")))
        film.mux(stream.encode(None))
    content = path.read_bytes()
    path.write_bytes(content[: content.index(b"mdat") + 100])
    assert 0 < missing(path) < len(content)


def test_live_matroska_and_padding_and_foreign_files_miss_nothing(tmp_path):
    live = tmp_path / "live.mkv"
    with av.open(str(live), "w", options={"live": "1"}) as film:
        stream = film.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 32, 32, "yuv420p"
        film.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")))
        film.mux(stream.encode(None))
    piped = write_lossy(tmp_path / "piped.avi", 3)  # nobody could go back and fill its size in
    piped.write_bytes(b"RIFF" + b"\xff" * 4 + piped.read_bytes()[8:])
    padded = write_lossy(tmp_path / "padded.mp4", 3)
    padded.write_bytes(padded.read_bytes() + b"\xff" * 40)
    text = tmp_path / "text.mp4"
    text.write_text("not a film")
    empty = tmp_path / "empty.mp4"
    empty.touch()
    program_stream = write_lossy(tmp_path / "film.mpg", 3)
    assert [missing(path) for path in (live, piped, padded, text, empty, program_stream)] == [0] * 6
