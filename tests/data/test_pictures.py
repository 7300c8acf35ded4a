"""Pictures that one reader takes and another refuses, that are several, or whose numbers nobody can tell."""

import io
from pathlib import Path

import numpy as np
import pytest
from film_making import picture, settings, write_frames
from PIL import Image

from stylesv.data.decoding import VideoFacts
from stylesv.data.packed import PackedClips
from stylesv.data.packing import pack_videos
from stylesv.data.pictures import decode_frame_folder
from stylesv.data.video_sources import find_sources


def decode_folder(folder: Path):
    facts = VideoFacts()
    (source,), _ = find_sources(folder)
    return list(decode_frame_folder(source, facts)), facts


def jpeg(number: int, mode: str = "RGB", size: int = 64) -> bytes:
    content = io.BytesIO()
    Image.fromarray(picture(number, size, size)).convert(mode).save(content, "JPEG", quality=95)
    return content.getvalue()


@pytest.fixture
def folder(tmp_path) -> Path:
    (tmp_path / "videos" / "clip").mkdir(parents=True)
    return tmp_path / "videos" / "clip"


def scan_of(content: bytes) -> int:
    return content.index(b"\xff\xda")


def test_a_jpeg_with_stray_bytes_is_compressed_anew_so_that_packed_clips_read(folder, tmp_path):
    """All pixels are sound; the reader of packed clips is strict, and the packer proves that it can read what was written."""
    for number in range(3):
        content = jpeg(number)
        content = content[: scan_of(content)] + bytes(3) + content[scan_of(content) :]
        (folder / f"{number}.jpg").write_bytes(content)
    pack_videos(folder.parent, tmp_path / "packed", settings=settings(resolution=64))
    packed = PackedClips(tmp_path / "packed")
    read = packed.read(0, range(3)).transpose(0, 2, 3, 1)
    assert all(np.abs(read[number].astype(int) - picture(number, 64, 64)).max() <= 6 for number in range(3))
    assert packed.index.sources[0].notes == ()


@pytest.mark.parametrize("resolution", [32, 64])
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_a_jpeg_of_which_half_is_missing_is_damage_though_its_end_marker_is_there(folder, tmp_path, mode, resolution):
    for number in range(4):
        content = jpeg(number, mode)
        if number == 2:
            middle = (scan_of(content) + len(content)) // 2
            content = content[:middle] + b"\xff\xd9"
        (folder / f"{number}.jpg").write_bytes(content)
    packing = settings(resolution=resolution, damaged="use")
    index = pack_videos(folder.parent, tmp_path / "packed", settings=packing)
    assert index.num_frames == 2
    assert "frame 2.jpg cannot be read (Corrupt JPEG data" in index.sources[0].damage


@pytest.mark.parametrize(("mode", "kept"), [("RGB", True), ("L", False), ("CMYK", False)])
def test_sound_jpegs_of_every_colour_are_read_and_those_of_rgb_kept(folder, mode, kept):
    (folder / "0.jpg").write_bytes(jpeg(5, mode))
    (frame,), facts = decode_folder(folder)
    assert facts.damage is None and (frame.jpeg is not None) == kept


@pytest.mark.parametrize(
    ("name", "options"), [("0.webp", {}), ("0.png", {}), ("0.tif", {"compression": "tiff_deflate"})]
)
def test_an_animation_is_no_single_frame(folder, name, options):
    first, *others = (Image.fromarray(picture(number, 16, 16)) for number in range(0, 24, 3))
    first.save(folder / name, save_all=True, append_images=others, **options)
    decoded, facts = decode_folder(folder)
    assert decoded == []
    assert f"frame {name} cannot be read (it holds 8 pictures and is no single frame; make a film" in facts.damage


def test_a_photograph_with_its_preview_is_one_frame(folder):
    photo, preview = (Image.fromarray(picture(7, size, size)) for size in (64, 16))
    photo.save(folder / "0.tif", save_all=True, append_images=[preview])
    photo.save(folder / "1.jpg", "MPO", save_all=True, append_images=[preview])
    decoded, facts = decode_folder(folder)
    assert facts.damage is None and [frame.image.size for frame in decoded] == [(64, 64)] * 2


def test_12_bits_in_16_are_said(folder):
    for number in range(2):
        Image.fromarray(np.full((8, 8), 4000, np.uint16)).save(folder / f"{number}.png")
    _, facts = decode_folder(folder)
    assert facts.notes == ["pictures of 16 bits a channel that hold less than 12: they come out nearly black"]


@pytest.mark.parametrize("kind", [np.float32, np.int32])
def test_pictures_of_which_nobody_knows_black_and_white_are_refused(folder, kind):
    Image.fromarray(np.full((8, 8), 0.5 * 100, kind)).save(folder / "0.tif")
    _, facts = decode_folder(folder)
    assert "convert it to 8 or 16 bits" in facts.damage


def test_a_program_named_like_a_picture_is_not_run(folder):
    (folder / "0.png").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\nshowpage\n")
    _, facts = decode_folder(folder)
    assert "cannot be read (cannot identify image file" in facts.damage


@pytest.mark.parametrize(
    "names",
    [
        ["-2", "-1.5", "0", "0.25", "0.5", "3", "10"],  # times
        ["frame_9", "frame_10", "frame_11"],
        ["a1_2", "a1_10", "a2_1"],
        ["v1.9", "v1.10"],  # parts of a name, and no fractions
        ["1.8", "1.9", "1.10", "2.1"],  # scenes and frames
    ],
)
def test_frames_come_in_the_order_that_their_names_mean(tmp_path, names):
    order = [3, 0, 5, 1, 6, 4, 2]
    shuffled = [number for number in order if number < len(names)]
    write_frames(tmp_path / "clip", [picture(n, 8, 8) for n in shuffled], names=[f"{names[n]}.png" for n in shuffled])
    (source,), _ = find_sources(tmp_path)
    assert source.members == tuple(f"clip/{name}.png" for name in names)
