"""Classes of videos: by folder, by the list of published archives; they travel with the clips, and what is unclear is refused."""

import json
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
from film_making import settings

from stylesv.config.fingerprint import fingerprint_videos
from stylesv.data.packed import PackedClips
from stylesv.data.packing import describe_packing, pack_videos
from stylesv.errors import DataError
from stylesv.media.frame_files import write_frames

VIDEOS = ("Archery/v1", "Archery/v2", "Biking/v1", "Yo Yo/v9")


@pytest.fixture
def videos(tmp_path) -> Path:
    """Four short videos in folders named after their classes."""
    for number, name in enumerate(VIDEOS):
        frames = np.full((5, 3, 16, 16), 40 * number, np.uint8)
        write_frames(tmp_path / "videos" / name, frames, first_number=0)
    return tmp_path / "videos"


def packed_labels(videos: Path, out: Path, how: str | None, **changed) -> tuple[tuple[str, ...] | None, dict]:
    index = pack_videos(videos, out, settings=settings(resolution=16, min_frames=1, labels=how, **changed))
    return index.class_names, {(clip.source, clip.first_source_frame): clip.label for clip in index.clips}


def write_list(folder: Path, labels: list) -> None:
    (folder / "dataset.json").write_text(json.dumps({"labels": labels}))


def test_the_folder_names_the_class_and_pieces_of_a_video_share_it(videos, tmp_path):
    names, labels = packed_labels(videos, tmp_path / "packed", "folders", max_frames=3)
    assert names == ("Archery", "Biking", "Yo Yo")
    expected = dict(zip(VIDEOS, (0, 0, 1, 2), strict=True))
    assert labels == {(name, start): label for name, label in expected.items() for start in (0, 3)}
    packed = PackedClips(tmp_path / "packed")
    assert packed.index.class_counts == (4, 2, 2)
    assert "classes: Archery (4 clips), Biking (2 clips), Yo Yo (2 clips)" in describe_packing(packed.index)


def test_without_the_setting_there_are_no_classes(videos, tmp_path):
    names, labels = packed_labels(videos, tmp_path / "packed", None)
    assert names is None and set(labels.values()) == {None}
    assert PackedClips(tmp_path / "packed").index.class_counts == ()


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("root", ["", "set/"])
def test_a_list_is_read_with_and_without_the_root_folder(videos, tmp_path, root, zipped):
    """Published archives name videos from the zip's root or from the folder in it, by one frame or by all."""
    nested = tmp_path / "all" / "set"
    shutil.copytree(videos, nested)
    listed = [
        [f"{root}{name}/{frame:06d}.jpg", label]
        for name, label in zip(VIDEOS, (1, 3, 0, 3), strict=True)
        for frame in range(2)
    ]
    write_list(nested, listed)
    source = tmp_path / "all"
    if zipped:
        source = tmp_path / "all.zip"
        with zipfile.ZipFile(source, "w") as archive:
            for path in sorted((tmp_path / "all").rglob("*.*")):
                archive.write(path, path.relative_to(tmp_path / "all"))
    names, labels = packed_labels(source, tmp_path / "packed", "dataset_json")
    assert names == ("0", "1", "2", "3")
    assert labels == {(f"set/{name}", 0): label for name, label in zip(VIDEOS, (1, 3, 0, 3), strict=True)}


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ([[f"{name}/000000.jpg", 0] for name in VIDEOS[:3]], "Yo Yo/v9 has no class"),
        ([[f"{name}/{n:06d}.jpg", n] for name in VIDEOS for n in range(2)], "Archery/v1 has 2 classes"),
        ([[f"{name}/000000.jpg", [0.5, 0.25]] for name in VIDEOS], "vectors of numbers are no classes"),
        ([[f"{name}/000000.jpg", True] for name in VIDEOS], "has the label True"),
        ([[f"{name}/000000.jpg", 10**9] for name in VIDEOS], "from 0 to 99999"),
        ([["Archery/v1/000000.jpg"]], "is no list of labels"),
        (None, "Archery/v1 has no class"),
    ],
)
def test_a_list_that_leaves_a_class_open_is_refused(videos, tmp_path, labels, words):
    write_list(videos, labels)
    with pytest.raises(DataError, match=r"dataset\.json") as caught:
        packed_labels(videos, tmp_path / "packed", "dataset_json")
    assert words in str(caught.value)
    assert not (tmp_path / "packed" / "index.json").exists()


def test_a_video_without_a_folder_or_a_list_is_refused(videos, tmp_path):
    with pytest.raises(DataError, match=r"holds no dataset.json; labels: dataset_json needs one"):
        packed_labels(videos, tmp_path / "packed", "dataset_json")
    with pytest.raises(DataError, match="v1 lies in no folder that could be its class"):
        packed_labels(videos / "Archery", tmp_path / "packed", "folders")


def test_an_edited_list_is_another_data_set_where_it_is_used(videos):
    write_list(videos, [[f"{name}/000000.jpg", 0] for name in VIDEOS])
    before = [fingerprint_videos(videos, with_labels=used) for used in (False, True)]
    write_list(videos, [[f"{name}/000000.jpg", 1] for name in VIDEOS])  # of the same size
    after = [fingerprint_videos(videos, with_labels=used) for used in (False, True)]
    assert before[0] == after[0] and before[1] != after[1]
