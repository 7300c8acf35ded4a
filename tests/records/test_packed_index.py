"""The index of packed clips: read as it was written; one that says something else is one clear error."""

import json

import pytest

from stylesv.config.dataset import PackSettings
from stylesv.errors import DataError
from stylesv.records.packed_index import (
    DroppedVideo,
    PackedClip,
    PackedIndex,
    PackedSource,
    SizedFile,
    WholeFile,
    read_packed_index,
)

PACKING = {
    "crop": "center",
    "fps": None,
    "min_frames": 3,
    "max_frames": None,
    "jpeg_quality": 95,
    "damaged": "drop",
    "labels": None,
}
SOURCE = {"kind": "film", "width": 53, "height": 37, "fps": 12.5}
INDEX = PackedIndex(
    **{"resolution": 32, "settings": PackSettings(resolution=32, **PACKING), "resize_filter": "lanczos"},
    sources=(
        PackedSource(name="straße.mp4", sha256="ab", num_frames=4, damage=None, notes=("slow",), **SOURCE),
        PackedSource(name="b.mp4", sha256=None, num_frames=2, damage="is cut off", notes=(), **SOURCE),
    ),
    dropped=(DroppedVideo(name="b.mp4", num_frames=2, reason="is cut off"),),
    ignored_files=("notes.txt",),
    made_with={"pillow": "11.0"},
    **{"format": "stylesv-packed-clips", "format_version": 1, "num_frames": 4},
    clips=(
        PackedClip(name="straße", source="straße.mp4", first_source_frame=0, fps=12.5, first_frame=0, num_frames=4, sha256="cd"),
    ),
    clips_zip=SizedFile(num_bytes=99, sha256="ef"),
    offsets=WholeFile(sha256="01"),
)  # fmt: skip
TEXT = """\
{
 "class_names": null,
 "clips": [
  {
   "first_frame": 0,
   "first_source_frame": 0,
   "fps": 12.5,
   "label": null,
   "name": "straße",
   "num_frames": 4,
   "sha256": "cd",
   "source": "straße.mp4"
  }
 ],
 "clips_zip": {
  "num_bytes": 99,
  "sha256": "ef"
 },
 "dropped": [
  {
   "name": "b.mp4",
   "num_frames": 2,
   "reason": "is cut off"
  }
 ],
 "format": "stylesv-packed-clips",
 "format_version": 1,
 "ignored_files": [
  "notes.txt"
 ],
 "made_with": {
  "pillow": "11.0"
 },
 "num_frames": 4,
 "offsets": {
  "sha256": "01"
 },
 "resize_filter": "lanczos",
 "resolution": 32,
 "settings": {
  "crop": "center",
  "damaged": "drop",
  "fps": null,
  "jpeg_quality": 95,
  "labels": null,
  "max_frames": null,
  "min_frames": 3,
  "resolution": 32
 },
 "sources": [
  {
   "damage": null,
   "fps": 12.5,
   "height": 37,
   "kind": "film",
   "name": "straße.mp4",
   "notes": [
    "slow"
   ],
   "num_frames": 4,
   "sha256": "ab",
   "width": 53
  },
  {
   "damage": "is cut off",
   "fps": 12.5,
   "height": 37,
   "kind": "film",
   "name": "b.mp4",
   "notes": [],
   "num_frames": 2,
   "sha256": null,
   "width": 53
  }
 ],
 "sha256": "807b62d188bc19c6a286608a3bdff42211ac7327f13bf5dfca0d89cd244a9b8d"
}
"""


def test_an_index_survives_its_file_and_its_text_is_this(tmp_path):
    assert INDEX.text() == TEXT
    (tmp_path / "index.json").write_text(TEXT, encoding="utf-8")
    found = read_packed_index(tmp_path / "index.json")
    assert found == INDEX and found.text() == TEXT


def changed(**values) -> bytes:
    return json.dumps({name: value for name, value in json.loads(TEXT).items() if name != "sha256"} | values).encode()


WRONG = {
    "nothing": b"",
    "cut off": TEXT.encode()[:-9],
    "no text": b"\xff\xfe",
    "a list": b"[]",
    "another thing": b"{}",
    "another format": changed(format="other"),
    "another version": changed(format_version=2),
    "one fact too many": changed(note=1),
    "one mistyped": changed(num_frames="4"),
    "one changed, and its hash not": TEXT.replace('"num_frames": 2', '"num_frames": 3', 1).encode(),
    "clips of something else": changed(clips=[{"name": "a"}]),
}


@pytest.mark.parametrize("content", WRONG.values(), ids=WRONG)
def test_any_other_file_is_one_error(tmp_path, content):
    (tmp_path / "index.json").write_bytes(content)
    with pytest.raises(
        DataError, match=r"index\.json: is not a whole index of packed clips \(.+\); give the folder"
    ) as caught:
        read_packed_index(tmp_path / "index.json")
    assert "\n" not in str(caught.value)


def test_a_folder_without_one_holds_no_packed_clips(tmp_path):
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "index.json", tmp_path / "file" / "index.json"):
        with pytest.raises(DataError, match=r"holds no packed clips: there is no index\.json .*pack_videos\.py"):
            read_packed_index(path)
