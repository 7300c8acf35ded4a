import io
from fractions import Fraction

import av
import numpy as np
import pytest
from film_making import number_of, picture, set_display_matrix, write_exact, write_frames, write_lossy
from PIL import Image

from stylesv.data.decoding import SourceFrame, VideoFacts, decode_film, resample
from stylesv.data.frame_codec import JpegCodec
from stylesv.data.frame_fitting import encode_frame, fit_frame
from stylesv.data.pictures import decode_frame_folder
from stylesv.data.video_sources import find_sources


def decode(path):
    facts = VideoFacts()
    return list(decode_film(path, facts)), facts


def decode_folder(folder):
    facts = VideoFacts()
    (source,), _ = find_sources(folder)
    return list(decode_frame_folder(source, facts)), facts


def test_odd_size_is_decoded_to_the_last_pixel(tmp_path):
    rng = np.random.default_rng(0)
    frames = [rng.integers(0, 256, (37, 53, 3), dtype=np.uint8) for _ in range(4)]
    decoded, facts = decode(write_exact(tmp_path / "odd.mkv", frames))
    assert [np.asarray(frame.image).tolist() for frame in decoded] == [frame.tolist() for frame in frames]
    assert (facts.num_frames, facts.width, facts.height, facts.fps, facts.damage) == (4, 53, 37, 25.0, None)


CORNERS = {"red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255), "black": (0, 0, 0)}
ONE = 1 << 16
DISPLAY_MATRICES = {  # (a, b, c, d) -> corners as displayed: top left, top right, bottom left, bottom right
    "as stored": ((1, 0, 0, 1), "red green blue black"),
    "clockwise": ((0, 1, -1, 0), "blue red black green"),
    "upside down": ((-1, 0, 0, -1), "black blue green red"),
    "anticlockwise": ((0, -1, 1, 0), "green black red blue"),
    "mirrored": ((-1, 0, 0, 1), "green red black blue"),
    "flipped": ((1, 0, 0, -1), "blue black red green"),
    "transposed": ((0, 1, 1, 0), "red blue green black"),
    "transversed": ((0, -1, -1, 0), "black green blue red"),
}


@pytest.mark.parametrize("name", DISPLAY_MATRICES)
def test_phone_film_is_turned_as_its_display_matrix_says(tmp_path, name):
    (a, b, c, d), corners = DISPLAY_MATRICES[name]
    stored = np.zeros((48, 64, 3), np.uint8)
    stored[:24, :32], stored[:24, 32:], stored[24:, :32] = CORNERS["red"], CORNERS["green"], CORNERS["blue"]
    path = tmp_path / "phone.mp4"
    with av.open(str(path), "w") as film:
        stream = film.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        film.mux(stream.encode(av.VideoFrame.from_ndarray(stored, format="rgb24")))
        film.mux(stream.encode(None))
    set_display_matrix(path, (a * ONE, b * ONE, 0, c * ONE, d * ONE, 0, 0, 0, 1 << 30))
    (frame,), facts = decode(path)
    seen = np.asarray(frame.image)
    assert (facts.width, facts.height) == ((48, 64) if a == 0 else (64, 48)) == frame.image.size
    quarters = [seen[y, x] for y in (10, -10) for x in (10, -10)]
    for quarter, colour in zip(quarters, corners.split(), strict=True):
        np.testing.assert_allclose(quarter.astype(int), CORNERS[colour], atol=25)


@pytest.mark.parametrize("turned", [False, True])
def test_pixels_that_are_not_square_turn_with_the_film(tmp_path, turned):
    """64x48 pixels 3/2 as wide as high show 96x48; turned by a quarter they show 48x96."""
    path = tmp_path / "anamorphic.mp4"
    with av.open(str(path), "w") as film:
        stream = film.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        stream.codec_context.sample_aspect_ratio = Fraction(3, 2)
        film.mux(stream.encode(av.VideoFrame.from_ndarray(picture(0, 48, 64), format="rgb24")))
        film.mux(stream.encode(None))
    if turned:
        set_display_matrix(path, (0, ONE, 0, -ONE, 0, 0, 0, 0, 1 << 30))
    (frame,), _ = decode(path)
    assert frame.image.size == ((48, 64) if turned else (64, 48))
    assert frame.pixel_aspect == (Fraction(2, 3) if turned else Fraction(3, 2))


def test_frames_carry_their_times_and_a_varying_rate_is_noted(tmp_path):
    times = [0, 40, 80, 200, 240, 400]
    frames = [picture(number, 32, 32) for number in range(6)]
    decoded, facts = decode(write_exact(tmp_path / "vfr.mkv", frames, times_ms=times))
    assert [float(frame.seconds) * 1000 for frame in decoded] == times
    assert facts.notes == ["variable frame rate: 40 to 160 ms between frames"]
    assert facts.fps == pytest.approx(5 / 0.4, rel=0.05)


def test_a_long_gap_in_the_times_is_left_out_and_said(tmp_path):
    """A camera that slept for ten minutes, or a clock that was set: no frame is shown for so long."""
    times = [40 * number + (600_000 if number > 10 else 0) for number in range(30)]
    film = write_exact(tmp_path / "gap.mkv", [picture(number, 32, 32) for number in range(30)], times_ms=times)
    decoded, facts = decode(film)
    assert [float(frame.seconds) * 1000 for frame in decoded] == [40 * number for number in range(30)]
    assert facts.notes == ["its times jump by 600 s at 0.4 s; the gap is left out"]
    assert facts.fps == pytest.approx(25)
    assert len(list(resample(decoded, 25.0))) == 30


def test_a_picture_that_stands_for_seconds_is_no_gap(tmp_path):
    """A recorded screen, a time-lapse: what the times say is shown."""
    for times in ([0, 40, 80, 8_000, 8_040], [0, 20_000, 40_000, 60_000, 80_000]):
        film = write_exact(tmp_path / "film.mkv", [picture(number, 32, 32) for number in range(5)], times_ms=times)
        decoded, facts = decode(film)
        assert [frame.seconds * 1000 for frame in decoded] == times
        assert not any("jump" in note for note in facts.notes)


def test_joined_transport_streams_are_read_to_their_end(tmp_path):
    """As `cat` joins them: packets' numbers and times begin anew, which the demuxer calls damage of the frame before."""
    parts = [write_lossy(tmp_path / f"{number}.ts", 24, fps=25) for number in range(3)]
    (tmp_path / "joined.ts").write_bytes(b"".join(part.read_bytes() for part in parts))
    decoded, facts = decode(tmp_path / "joined.ts")
    assert facts.damage is None and facts.num_frames == 72
    assert [number_of(np.asarray(frame.image)) for frame in decoded] == 3 * list(range(24))


def test_a_list_of_other_films_is_no_film(tmp_path):
    write_lossy(tmp_path / "neighbour.mp4", 5)
    (tmp_path / "list.mp4").write_text("ffconcat version 1.0\nfile neighbour.mp4\n")
    decoded, facts = decode(tmp_path / "list.mp4")
    assert decoded == [] and facts.damage.startswith("is not a film that can be read")


@pytest.mark.parametrize(("transfer", "name"), [(16, "PQ"), (18, "HLG"), (1, None)])
def test_high_dynamic_range_is_said(tmp_path, transfer, name):
    path = tmp_path / "film.mp4"
    with av.open(str(path), "w") as film:
        stream = film.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p10le"
        stream.codec_context.color_trc = transfer
        for number in range(3):
            film.mux(stream.encode(av.VideoFrame.from_ndarray(picture(number, 48, 64), format="rgb24")))
        film.mux(stream.encode(None))
    _, facts = decode(path)
    said = f"high dynamic range ({name}), which is not tone-mapped: its colours are pale; convert it first"
    assert facts.notes == ([] if name is None else [said])


@pytest.mark.parametrize("suffix", [".mkv", ".mp4", ".webm", ".avi"])
def test_constant_rates_are_not_taken_for_varying_ones(tmp_path, suffix):
    decoded, facts = decode(write_lossy(tmp_path / f"film{suffix}", 12, fps=30))  # 33, 33, 34 ms in Matroska
    assert facts.notes == [] and facts.fps == pytest.approx(30)
    assert [number_of(np.asarray(frame.image)) for frame in decoded] == list(range(12))


@pytest.mark.parametrize("fps", [1.0, 7.3, 12.5, 24.0, 25.0, 29.97, 30.0, 100.0])
def test_resampling_shows_the_frame_on_screen_at_each_multiple(fps):
    """Against a loop over output times that searches all frames."""
    rng = np.random.default_rng(0)
    gaps = rng.integers(10, 120, 30)
    times_ms = np.concatenate([[0], np.cumsum(gaps)])
    image = Image.new("RGB", (1, 1))
    frames = [
        SourceFrame(image, seconds=Fraction(int(t), 1000), pixel_aspect=Fraction(i + 1)) for i, t in enumerate(times_ms)
    ]
    shown = [int(frame.pixel_aspect) - 1 for frame in resample(frames, fps)]
    expected, k, end = [], 0, times_ms[-1] + gaps[-1]
    while k * 1000 / fps < end - 1:
        expected.append(max(i for i, t in enumerate(times_ms) if t - 1 <= k * 1000 / fps + 1e-9))
        k += 1
    assert shown == expected


def test_resampling_to_the_films_own_rate_changes_nothing(tmp_path):
    for suffix, fps in ((".mkv", 30), (".webm", 24), (".mp4", 25)):
        decoded, _ = decode(write_lossy(tmp_path / f"film{suffix}", 20, fps=fps))
        assert list(resample(decoded, float(fps))) == decoded


@pytest.mark.parametrize("suffix", [".mp4", ".mov", ".mkv", ".webm", ".avi", ".mpg"])
def test_film_cut_in_the_middle_gives_its_sound_frames_and_says_so(tmp_path, suffix):
    path = write_lossy(tmp_path / f"film{suffix}", 40, noise=60)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 6 // 10])
    decoded, facts = decode(path)
    assert 3 < len(decoded) < 40 and facts.num_frames == len(decoded)
    numbers = [round((np.asarray(frame.image).mean() - 10 - 30) / 4) for frame in decoded]
    assert numbers == list(range(len(decoded))), "no grey or broken frames"
    assert facts.damage.startswith(("is cut off", "is damaged"))


def test_every_whole_packet_of_a_cut_film_gives_its_frame(tmp_path):
    """Also those that wait inside the decoder, for B-frames, when the damage comes."""
    path = write_lossy(tmp_path / "film.mp4", 40, noise=60)
    content = path.read_bytes()
    end = len(content) // 2
    with av.open(str(path)) as film:
        whole = sum(packet.size > 0 and packet.pos + packet.size <= end for packet in film.demux(video=0))
    path.write_bytes(content[:end])
    decoded, facts = decode(path)
    assert facts.num_frames == len(decoded) == whole > 10


def test_packet_cut_short_is_not_shown_where_the_decoder_would_guess_the_rest(tmp_path):
    path = tmp_path / "vp8.avi"
    with av.open(str(path), "w") as film:
        stream = film.add_stream("libvpx", rate=25)
        stream.width, stream.height, stream.pix_fmt, stream.bit_rate = 64, 48, "yuv420p", 4_000_000
        rng = np.random.default_rng(0)
        for _ in range(10):
            noise = rng.integers(0, 256, (48, 64, 3), dtype=np.uint8)
            film.mux(stream.encode(av.VideoFrame.from_ndarray(noise, format="rgb24")))
        film.mux(stream.encode(None))
    whole, _ = decode(path)
    with av.open(str(path)) as film:
        last = [packet for packet in film.demux(video=0) if packet.size][6]
    path.write_bytes(path.read_bytes()[: last.pos + 8 + last.size // 2])
    decoded, facts = decode(path)
    assert len(decoded) == 6 and facts.damage is not None
    for found, expected in zip(decoded, whole, strict=False):
        assert found.image.tobytes() == expected.image.tobytes()


def test_bytes_changed_inside_a_film_end_it_where_the_decoder_notices(tmp_path):
    path = write_lossy(tmp_path / "film.mp4", 40, noise=60)
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 3000] = bytes(3000)
    path.write_bytes(content)
    decoded, facts = decode(path)
    assert facts.damage is not None and len(decoded) < 40


def test_what_is_no_film_has_no_frames_and_a_reason(tmp_path):
    text = tmp_path / "text.mp4"
    text.write_text("this is not a film\n" * 100)
    assert decode(text) == (
        [],
        VideoFacts(damage="is not a film that can be read (Invalid data found when processing input)"),
    )
    sound = tmp_path / "sound.mp4"
    with av.open(str(sound), "w") as film:
        stream = film.add_stream("aac", rate=44100)
        samples = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        samples.sample_rate = 44100
        film.mux(stream.encode(samples))
        film.mux(stream.encode(None))
    assert decode(sound)[1].damage == "holds no picture stream"


def test_grey_rgba_palette_and_16_bit_frames_become_rgb(tmp_path):
    folder = tmp_path / "clip"
    folder.mkdir()
    grey = np.arange(64, dtype=np.uint8).reshape(8, 8) * 4
    Image.fromarray(grey).save(folder / "1.png")
    Image.fromarray(np.dstack([grey] * 3 + [np.full_like(grey, 128)])).save(folder / "2.png")
    Image.fromarray(grey).convert("P").save(folder / "3.png")
    Image.fromarray(grey.astype(np.uint16) * 257).save(folder / "4.png")
    decoded, facts = decode_folder(folder)
    assert facts.num_frames == 4 and facts.damage is None
    for frame in decoded:
        assert (np.asarray(frame.image) == grey[..., None]).all()


def test_frame_turned_by_exif_is_shown_upright(tmp_path):
    pixels = np.zeros((8, 16, 3), np.uint8)
    pixels[:, :8] = 200
    exif = Image.Exif()
    exif[0x0112] = 6  # turn clockwise to display
    (tmp_path / "clip").mkdir()
    Image.fromarray(pixels).save(tmp_path / "clip" / "0.png", exif=exif)
    (frame,), _ = decode_folder(tmp_path / "clip")
    seen = np.asarray(frame.image)
    assert seen.shape == (16, 8, 3) and (seen[:8] == 200).all() and (seen[8:] == 0).all()


def test_damaged_frame_ends_a_frame_folder(tmp_path):
    folder = write_frames(tmp_path / "clip", [picture(number, 16, 16) for number in range(5)])
    whole = (folder / "000003.png").read_bytes()
    for content in (whole[: len(whole) // 2], b"no picture"):
        (folder / "000003.png").write_bytes(content)
        decoded, facts = decode_folder(folder)
        assert len(decoded) == facts.num_frames == 3
        assert facts.damage.startswith("is damaged: frame 000003.png cannot be read (")


def lanczos_matrix(source: int, target: int, start: float, length: float) -> np.ndarray:
    """Rows of weights that bring `length` samples from `start` to `target`: Lanczos of radius 3, antialiased."""
    scale = max(length / target, 1.0)
    centres = start + (np.arange(target) + 0.5) * length / target
    x = (np.arange(source) + 0.5 - centres[:, None]) / scale
    weights = np.where(np.abs(x) < 3, np.sinc(x) * np.sinc(x / 3), 0)
    return weights / weights.sum(1, keepdims=True)


@pytest.mark.parametrize("height, width", [(37, 53), (90, 160), (64, 64), (40, 20), (10, 12)])
@pytest.mark.parametrize("crop", ["center", "squeeze"])
def test_fitting_is_antialiased_lanczos_of_the_centre_or_of_the_whole(height, width, crop):
    rng = np.random.default_rng(0)
    coarse = rng.integers(40, 216, (5, 7, 3), dtype=np.uint8)
    pixels = np.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC))
    side = min(height, width)
    box = [(0, height), (0, width)] if crop == "squeeze" else [((n - side) / 2, side) for n in (height, width)]
    rows, columns = (lanczos_matrix(n, 16, *part) for n, part in zip((height, width), box, strict=True))
    expected = np.einsum("yi,xj,ijc->yxc", rows, columns, pixels.astype(float))
    found = fit_frame(SourceFrame(Image.fromarray(pixels)), 16, crop)
    np.testing.assert_allclose(found.astype(float), np.clip(expected, 0, 255), atol=2)


def test_pixels_that_are_not_square_are_taken_for_what_they_are():
    """A circle stored 36 wide and 48 high with pixels 4/3 as wide as high comes out round and whole."""
    y, x = np.mgrid[:48, :36]
    circle = np.hypot((x + 0.5 - 18) * 4 / 3, y + 0.5 - 24) < 16
    frame = SourceFrame(Image.fromarray((circle[..., None] * np.full(3, 255)).astype(np.uint8)), Fraction(4, 3))
    round_again = fit_frame(frame, 48, "center")[..., 0] > 127
    assert [int(round_again.any(axis).sum()) for axis in (0, 1)] == pytest.approx([32, 32], abs=1)


def test_jpeg_that_fits_is_kept_byte_by_byte_and_others_are_not():
    def jpeg(pixels: np.ndarray, size: int = 32) -> SourceFrame:
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "JPEG", quality=60)
        return SourceFrame(Image.open(io.BytesIO(file.getvalue())).convert("RGB"), jpeg=file.getvalue())

    fits, too_large = jpeg(picture(5, 32, 32)), jpeg(picture(5, 40, 40))
    assert encode_frame(fits, 32, "center", JpegCodec(95)) == fits.jpeg
    assert encode_frame(too_large, 32, "center", JpegCodec(95)) != too_large.jpeg
