"""Tables of clips: spans at another rate, boxes at another size, and lines that are no clips."""

from fractions import Fraction

import pytest
from published_sources import TABLE

from stylesv.data.clip_table import films_of_group, read_clip_table
from stylesv.data.films import status_of
from stylesv.errors import DataError


@pytest.fixture
def rows(tmp_path):
    def read(text, **options):
        (tmp_path / "clips.csv").write_text(text)
        return read_clip_table(tmp_path / "clips.csv", **options)

    return read


def published(start, end, row_fps, film_fps, num_frames):
    """Frames by the published loop: frame i if start * fps <= i * row's fps < end * fps."""
    inside = [i for i in range(num_frames) if start * film_fps <= i * row_fps < end * film_fps]
    return inside[0], inside[-1] + 1


@pytest.mark.parametrize(
    "film_fps", [Fraction(25), Fraction(15), Fraction(50), Fraction(30000, 1001), Fraction("29.67")]
)
@pytest.mark.parametrize("row_fps", ["25.0", "30.0", "24.0", "15.79"])
def test_a_span_at_another_rate_has_the_frames_of_the_published_loop(rows, film_fps, row_fps):
    (row,) = rows(f"{TABLE.splitlines()[0]}\na,137,301,0-0-64-64,{row_fps},96,64,train\n")
    assert row.frames_at(float(film_fps)) == published(137, 301, Fraction(row_fps), film_fps, 2000)


@pytest.mark.parametrize(
    ("row_fps", "film"), [("29.97", (30000, 1001)), ("59.94", (60000, 1001)), ("23.97", (24000, 1001))]
)
def test_rounded_broadcast_rates_are_the_exact_ones_however_long_the_film(rows, row_fps, film):
    (row,) = rows(f"{TABLE.splitlines()[0]}\na,160001,160129,0-0-64-64,{row_fps},96,64,train\n")
    assert row.frames_at(float(Fraction(*film))) == (160001, 160129)


def test_a_box_is_scaled_to_the_films_size_and_clamped_and_said(rows):
    (row,) = rows(f"{TABLE.splitlines()[0]}\na,0,9,118-82-508-472,25,640,480,train\n")
    assert row.box_at(640, 480) == ((118, 82, 508, 472), False)
    assert row.box_at(320, 240) == ((59, 41, 254, 236), False)
    (wide,) = rows(f"{TABLE.splitlines()[0]}\na,0,9,100-0-700-480,25,640,480,train\n")
    assert wide.box_at(320, 240) == ((50, 0, 320, 240), True)


def test_partitions_and_groups(rows):
    assert [row.video_id for row in rows(TABLE, partition="test")] == ["otherFilm_7"]
    train = rows(TABLE, partition="train")
    groups = [films_of_group(train, f"00{number}of003") for number in range(3)]
    assert sorted(name for group in groups for name in group) == sorted({row.video_id for row in train})
    assert train[0].name == "-dashFirst1#000010#000040"
    with pytest.raises(DataError, match="has no rows of the partition eval; it has"):
        rows(TABLE, partition="eval")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("a/b,0,9,0-0-9-9,25,96,64,train", "line 2: video_id 'a/b': allowed are"),
        ("a,9,9,0-0-9-9,25,96,64,train", "start 9 is not before end 9"),
        ("a,-1,9,0-0-9-9,25,96,64,train", "start '-1': must be a whole number"),
        ("a,0.5,9,0-0-9-9,25,96,64,train", r"start '0\.5': must be a whole number"),
        ("a,0,9,9-0-9-9,25,96,64,train", "bbox 9-0-9-9 is empty"),
        ("a,0,9,100-0-120-9,25,96,64,train", "outside 96x64 pixels"),
        ("a,0,9,0-0-9,25,96,64,train", "bbox '0-0-9': must be left-top-right-bottom"),
        ("a,0,9,0-0-9-9,nan,96,64,train", "fps 'nan': must be a number above 0"),
        ("a,0,9,0-0-9-9,0,96,64,train", "fps '0': must be a number above 0"),
        ("a,0,9,0-0-9-9,25", "line 2"),
        ("a,0,9,0-0-9-9,25,96,64,train\na,0,9,0-0-9-9,25,96,64,train", "line 3: its clip is there already"),
    ],
)
def test_a_line_that_is_no_clip_is_named(rows, line, words):
    with pytest.raises(DataError, match=words) as caught:
        rows(f"{TABLE.splitlines()[0]}\n{line}\n")
    assert "\n" not in str(caught.value)


def test_another_file_is_no_table(rows):
    with pytest.raises(DataError, match="it has no column bbox"):
        rows("video_id,start,end\n")


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("[youtube] x: Private video. Sign in if you've been granted access to this video", "private"),
        ("[youtube] x: Video unavailable. This video is private", "private"),
        ("[youtube] x: Join this channel to get access to members-only content like this video", "private"),
        ("[youtube] x: Sign in to confirm you’re not a bot. Use --cookies", "blocked"),
        ("[youtube] x: The following content is not available on this app.. Watch on the latest version", "blocked"),
        ("unable to download video data: HTTP Error 403: Forbidden", "blocked"),
        ("HTTP Error 429: Too Many Requests", "blocked"),
        ("[youtube] x: Video unavailable. This video has been removed by the uploader", "gone"),
        ("[youtube] x: This video is no longer available because the account has been terminated", "gone"),
        ("HTTP Error 404: Not Found", "gone"),
        ("Unable to download webpage: Connection refused", "failed"),
    ],
)
def test_what_yt_dlp_says_is_a_status(said, status):
    assert status_of(said) == status
