"""Which real clips a protocol takes: counted, seeded, and the published choice where it is asked for."""

import json
from collections import Counter

import pytest
from golden_folder import find_vectors
from protocol_values import protocol

from stylesv.errors import DataError
from stylesv.metrics.clip_selection import select_real_clips


def test_the_published_choice_is_one_random_clip_of_each_of_the_first_videos():
    settings = protocol(num_frames=4, real={"max_clips": 3, "max_clips_per_video": 1, "first_frames": "random"})
    selection = select_real_clips([5, 9, 3, 12, 7], settings)
    assert [video for video, _ in selection.clips] == [0, 1, 3]
    assert selection.num_short_videos == 1
    assert selection.times == (0, 1, 2, 3)


def test_it_takes_the_videos_that_the_published_code_takes(golden_dir):
    (path,) = find_vectors(golden_dir, "dataset_and_metric_protocol.json")
    golden = json.loads(path.read_text())
    videos = golden["parse"][golden["image_dataset_view"]["kwargs"]["path"]]["videos"]
    lengths = [video["n"] for video in videos]
    for case in golden["real_clip_selection"]:
        if case.get("image_dataset"):
            continue
        frames, stride = case["load_n_consecutive"], case["subsample_factor"]
        real = {"max_clips": case["max_items"], "max_clips_per_video": 1, "first_frames": "random"}
        selection = select_real_clips(lengths, protocol(num_frames=frames, frame_stride=stride, real=real))
        published = [[frame for _, frame in clip] for clip in case["clips_video_frame"]]
        assert [video for video, _ in selection.clips] == [clip[0][0] for clip in case["clips_video_frame"]]
        assert all(list(selection.times) == [frame - clip[0] for frame in clip] for clip in published)


def test_random_first_frames_are_uniform_over_all_that_fit():
    real = {"max_clips": 9000, "max_clips_per_video": 1, "first_frames": "random"}
    selection = select_real_clips([10] * 6000, protocol(num_frames=4, real=real))
    counts = Counter(first for _, first in selection.clips)
    assert set(counts) == set(range(7))
    assert all(abs(count - 6000 / 7) < 4 * (6000 / 7) ** 0.5 for count in counts.values())


def test_random_first_frames_depend_on_seed_and_video_alone():
    def firsts(lengths, seed):
        real = {"max_clips": 99, "max_clips_per_video": 2, "first_frames": "random", "seed": seed}
        return {clip for clip in select_real_clips(lengths, protocol(real=real)).clips if clip[0] == 2}

    assert firsts([50, 60, 500], 0) == firsts([90, 16, 500, 70], 0)
    assert firsts([50, 60, 500], 0) != firsts([50, 60, 500], 1)
    assert len(firsts([50, 60, 500], 0)) == 2


def test_spread_first_frames_reach_from_end_to_end():
    real = {"max_clips": 99, "max_clips_per_video": 5, "first_frames": "spread"}
    selection = select_real_clips([32, 17, 16, 15], protocol(real=real))
    assert [first for video, first in selection.clips if video == 0] == [0, 4, 8, 12, 16]
    assert [first for video, first in selection.clips if video == 1] == [0, 1]
    assert [first for video, first in selection.clips if video == 2] == [0]
    assert selection.num_short_videos == 1


def test_a_single_spread_clip_is_the_middle_one():
    real = {"max_clips_per_video": 1, "first_frames": "spread"}
    assert select_real_clips([32, 17], protocol(real=real)).clips == ((0, 8), (1, 0))


def test_every_video_gives_a_clip_before_any_gives_a_second():
    real = {"max_clips": 5, "max_clips_per_video": 4, "first_frames": "spread"}
    selection = select_real_clips([40, 40, 40], protocol(real=real))
    assert Counter(video for video, _ in selection.clips) == {0: 2, 1: 2, 2: 1}


def test_strided_clips_fit_to_the_last_frame():
    settings = protocol(num_frames=4, frame_stride=3, real={"max_clips_per_video": 9, "first_frames": "spread"})
    selection = select_real_clips([10, 11], settings)
    assert selection.times == (0, 3, 6, 9)
    assert selection.clips == ((0, 0), (1, 0), (1, 1))


def test_the_hash_follows_the_clips():
    real = {"max_clips_per_video": 2, "first_frames": "spread"}
    first, same, other = (select_real_clips([40, length], protocol(real=real)) for length in (20, 20, 21))
    assert first.sha256 == same.sha256 != other.sha256


def test_too_few_clips_are_refused():
    with pytest.raises(DataError, match=r"1 real clips of 16 frames in 2 videos \(the longest has 20 frames\)"):
        select_real_clips([20, 3], protocol(real={"max_clips_per_video": 1}))
    with pytest.raises(DataError, match="0 real clips of 16 frames in 0 videos"):
        select_real_clips([], protocol())
