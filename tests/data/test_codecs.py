"""Frames as JPEG and raw: what is stored, and that both are read alike."""

import io
import shutil
import zipfile
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from film_making import settings, write_exact, write_lossy
from index_editing import edit_index
from PIL import Image
from recipe_values import data_recipe

from stylesv.config.dataset import PackSettings
from stylesv.data.clip_table import TableRow
from stylesv.data.cutting import cut_clips
from stylesv.data.packed import PackedClips
from stylesv.data.packing import pack_videos
from stylesv.data.shard import Shard
from stylesv.data.sharding import index_shards, join_shards
from stylesv.errors import DataError
from stylesv.files import file_sha256
from stylesv.records.ledger import FilmRow, write_ledger
from stylesv.records.packed_shards import shard_names

RAW = settings(codec="raw").packing


@pytest.fixture(scope="module")
def videos(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("videos")
    rng = np.random.default_rng(0)
    write_exact(root / "exact.mkv", [rng.integers(0, 256, (32, 32, 3), np.uint8) for _ in range(9)])
    write_lossy(root / "lossy.mp4", 12)
    return root


@pytest.fixture(scope="module")
def raw(videos, tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("raw") / "packed"
    pack_videos(videos, out, settings=RAW)
    return out


def test_raw_frames_are_the_pixels_themselves(raw):
    expected = np.random.default_rng(0).integers(0, 256, (9, 32, 32, 3), np.uint8).transpose(0, 3, 1, 2)
    clips = PackedClips(raw)
    np.testing.assert_array_equal(clips.read(0, range(9)), expected)
    wanted = [8, 0, 3, 3]
    np.testing.assert_array_equal(clips.read(0, wanted), expected[wanted])
    batch = np.zeros((2, len(wanted), *expected.shape[1:]), np.uint8)
    clips.read(0, wanted, out=batch[1])
    np.testing.assert_array_equal(batch[1], expected[wanted])
    assert not batch[0].any()
    clips.verify()


def test_any_unzip_and_numpy_open_raw_frames(raw):
    clips = PackedClips(raw)
    with zipfile.ZipFile(raw / "clips.zip") as archive:
        assert archive.testzip() is None
        for number in range(12):
            frame = np.load(io.BytesIO(archive.read(f"lossy/{number:06d}.npy")))
            np.testing.assert_array_equal(frame, clips.read(1, [number])[0])
    sizes = np.load(raw / "offsets.npy")[:, 1]
    assert set(sizes.tolist()) == {3 * 32 * 32}


def test_jpeg_is_raw_compressed(videos, raw, tmp_path):
    """The same frames of the same clips, 42 dB or more apart on smooth pictures."""
    pack_videos(videos, tmp_path / "jpeg", settings=settings())
    stored, exact = PackedClips(tmp_path / "jpeg"), PackedClips(raw)
    assert stored.names == exact.names and stored.digest != exact.digest
    error = stored.read(1, range(12)).astype(float) - exact.read(1, range(12))
    assert 0 < np.square(error).mean() < 4
    with zipfile.ZipFile(tmp_path / "jpeg" / "clips.zip") as archive:
        jpeg = np.asarray(Image.open(archive.open("lossy/000003.jpg")))
    np.testing.assert_array_equal(jpeg.transpose(2, 0, 1), stored.read(1, [3])[0])


def test_raw_clips_have_the_same_bytes_from_any_number_of_workers_and_shards(videos, raw, tmp_path):
    pack_videos(videos, tmp_path / "workers", settings=RAW, num_workers=2)
    folders = [f"shards/{name}" for name in shard_names(2)]
    for number in (1, 0):
        pack_videos(videos, tmp_path / "out" / folders[number], settings=RAW, shard=Shard(number, 2))
    index_shards(tmp_path / "out", folders)
    PackedClips(tmp_path / "out").verify()
    join_shards(tmp_path / "out", tmp_path / "joined")
    for name in ("clips.zip", "offsets.npy", "index.json"):
        assert (tmp_path / "workers" / name).read_bytes() == (raw / name).read_bytes()
        assert (tmp_path / "joined" / name).read_bytes() == (raw / name).read_bytes()


def test_a_changed_raw_frame_is_found_and_its_clip_named(raw, tmp_path):
    copy = shutil.copytree(raw, tmp_path / "copy")
    content = bytearray((copy / "clips.zip").read_bytes())
    offset, size = np.load(copy / "offsets.npy")[10]
    content[offset + size // 2] ^= 1
    (copy / "clips.zip").write_bytes(content)
    with pytest.raises(DataError, match=r"clips\.zip: clip lossy is not what was packed"):
        PackedClips(copy).verify()


def test_a_raw_frame_of_another_size_is_named_when_read(raw, tmp_path):
    copy = shutil.copytree(raw, tmp_path / "copy")
    edit_index(copy, lambda index: index.update(resolution=16))
    with pytest.raises(
        DataError, match=r"frame 0 of clip exact is damaged \(it has 3,072 bytes where 768 are expected"
    ):
        PackedClips(copy).read(0, [0])


def test_quality_is_in_the_key_of_jpeg_clips_alone():
    """And data sets from before there was a choice keep theirs."""
    keys = {quality: data_recipe(jpeg_quality=quality).key for quality in (75, 95)}
    assert keys[75] != keys[95]
    assert "codec" not in data_recipe().model_dump(mode="json")["packing"]
    whole = {quality: PackSettings(**settings(codec="raw", jpeg_quality=quality).model_dump()) for quality in (75, 95)}
    assert whole[75].packing == whole[95].packing == RAW
    assert RAW.model_dump(mode="json")["jpeg_quality"] is None
    assert data_recipe(**RAW.model_dump()).key not in keys.values()
    with pytest.raises(ValueError, match="jpeg_quality: null, but codec jpeg needs one"):
        settings(jpeg_quality=None)


def test_clips_cut_out_of_films_by_a_table_stay_exact(tmp_path):
    """They travel to the packing as PNG, since nothing may be lost on the way."""
    pixels = np.random.default_rng(1).integers(0, 256, (6, 32, 32, 3), np.uint8)
    write_exact(tmp_path / "films" / "film.mkv", list(pixels))
    film = FilmRow(id="film", status="ok", file="film.mkv", sha256=file_sha256(tmp_path / "films" / "film.mkv"))
    film = film.model_copy(update={"width": 32, "height": 32, "fps": 25.0, "num_frames": 6})
    row = TableRow("film", 1, 5, (0, 0, 32, 32), Fraction(25), 32, 32, "train")
    rows = cut_clips([row], [film], tmp_path / "group.zip", folder=tmp_path / "films", packing=RAW)
    write_ledger(tmp_path / "group.csv", rows)
    pack_videos([tmp_path / "group.zip"], tmp_path / "out", settings=RAW)
    np.testing.assert_array_equal(PackedClips(tmp_path / "out").read(0, range(4)), pixels[1:5].transpose(0, 3, 1, 2))
