"""Shards: finished ones are used again, several jobs share the work, and what is kept belongs to one set of clips."""

import numpy as np
import pytest
import torch

from stylesv.metrics.shards import Shards, measure_shards, shard_edges


class CountedClips:
    """Clips whose one pixel is their number; remembers which were asked for."""

    def __init__(self, count, num_frames=512, fail_at=None):
        self.count, self.num_frames, self.fail_at, self.asked = count, num_frames, fail_at, []

    def batches(self, start, end):
        for number in range(start, end):
            if number == self.fail_at:
                raise KeyboardInterrupt
            self.asked.append(number)
            yield torch.full((1, self.num_frames, 3, 1, 1), number, dtype=torch.uint8)


def first_pixel(clips):
    return clips[:, 0, :, 0, 0].numpy().astype(np.float32)


def rows(clips, shards, name="features"):
    found = list(measure_shards(clips, first_pixel, name=name, shards=shards))
    return np.concatenate(found)[:, 0].tolist()


def test_shards_cover_all_clips_once_and_hold_about_as_many_frames():
    for count, frames in ((100, 16), (7, 128), (5, 5000), (2000, 1)):
        edges = shard_edges(count, frames)
        assert [n for start, end in edges for n in range(start, end)] == list(range(count))
        assert max(end - start for start, end in edges) == max(1, 1024 // frames) or len(edges) == 1


def test_what_was_finished_before_a_kill_is_not_done_again(tmp_path):
    shards = Shards.of(tmp_path, {"clips": "a"})
    with pytest.raises(KeyboardInterrupt):
        rows(CountedClips(9, fail_at=5), shards)
    retry = CountedClips(9)
    assert rows(retry, shards) == list(range(9))
    assert retry.asked == [4, 5, 6, 7, 8], "shards of two clips: 0-1 and 2-3 were finished"
    again = CountedClips(9)
    assert rows(again, shards) == list(range(9)) and again.asked == []


def test_jobs_share_the_work_and_a_last_one_finds_it_done(tmp_path):
    asked = []
    for job in range(3):
        clips = CountedClips(11)
        rows(clips, Shards.of(tmp_path, {"clips": "a"}, job=job, jobs=3))
        asked += clips.asked
    assert sorted(asked) == list(range(11))
    last = CountedClips(11)
    assert rows(last, Shards.of(tmp_path, {"clips": "a"})) == list(range(11)) and last.asked == []


def test_other_clips_and_other_rows_have_shards_of_their_own(tmp_path):
    rows(CountedClips(4), Shards.of(tmp_path, {"clips": "a"}))
    for shards, part in ((Shards.of(tmp_path, {"clips": "b"}), "features"), (Shards.of(tmp_path, {"clips": "a"}), "x")):
        clips = CountedClips(4)
        rows(clips, shards, part)
        assert clips.asked == [0, 1, 2, 3]


def test_without_a_folder_nothing_is_kept():
    assert rows(CountedClips(5), None) == [0, 1, 2, 3, 4]
