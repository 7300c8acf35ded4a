"""What rules ask about packed clips and the jobs that pack them: one for a small data set, several for a large one.

How many there are decides no result. It is known when the DAG is built, from the settings, the sizes of videos that are
there, and the shards that are whole already.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable
from functools import cached_property
from pathlib import PurePosixPath

from stylesv.records.packed_shards import shard_names
from stylesv.workflow import paths
from stylesv.workflow.looks import Wildcards
from stylesv.workflow.named import Named
from stylesv.workflow.planned import Plan


class ShardQuestions:
    """Answers about packed clips, for `stylesv.workflow.questions.Questions`."""

    plan: Plan
    named: Named
    files_under: Callable[[str], Iterable[str]]
    in_object_storage: Callable[[], bool]
    _shards: dict[str, int]
    _clips: dict[str, list[str]]

    def packed_clips_of_run(self, wildcards: Wildcards) -> list[str]:
        """What the index of a run's data set is about: named as inputs, so that object storage brings it, too."""
        return self._packed_clips(self.named.run(wildcards.run).data.name)

    def packed_clips(self, wildcards: Wildcards) -> list[str]:
        """What the index of a data set is about."""
        return self._packed_clips(self.named.data(wildcards.data).name)

    def shards(self, wildcards: Wildcards) -> list[str]:
        """All files of the shards of a data set."""
        data = self.named.data(wildcards.data).name
        patterns = (paths.SHARD_INDEX, paths.SHARD_CLIPS, paths.SHARD_OFFSETS)
        return _expanded(patterns, data=data, shard=shard_names(self._num_shards(data)))

    def num_shards(self, wildcards: Wildcards) -> str:
        """How many shards a data set has."""
        return str(self._num_shards(self.named.data(wildcards.data).name))

    @cached_property
    def in_shards(self) -> list[str]:
        """Data sets that several jobs pack."""
        return [name for name in self.plan.data if self._num_shards(name) > 1]

    def _packed_clips(self, data: str) -> list[str]:
        if data not in self._clips:
            count = self._num_shards(data)
            beside = [pattern.format(data=data) for pattern in (paths.CLIPS, paths.OFFSETS)]
            self._clips[data] = beside if count == 1 else self._clips_in_shards(data, count)
        return self._clips[data]

    def _clips_in_shards(self, data: str, count: int) -> list[str]:
        """Their list, and all of them in object storage, which is to bring them; on this disk those that were lost.

        There may be thousands of shards, and each of many jobs would name them.
        """
        shards = _expanded((paths.SHARD_CLIPS, paths.SHARD_OFFSETS), data=data, shard=shard_names(count))
        if not self.in_object_storage():
            there = {f"{paths.SHARDS.format(data=data)}/{file}" for file in self._files_of_shards(data)}
            shards = [file for file in shards if file not in there] if self._has_file(paths.INDEX, data) else []
        return [paths.SHARD_LIST.format(data=data), *shards]

    def _num_shards(self, data: str) -> int:
        """Jobs that pack a data set: as many as have begun to, or as are planned."""
        if data not in self._shards:
            planned = self.plan.data[data].num_shards
            begun = shards_begun(self._files_of_shards(data))
            if begun is None and planned > 1 and self._has_file(paths.CLIPS, data):
                begun = 1  # packed by one, when that was planned
            self._shards[data] = begun or planned
        return self._shards[data]

    def _files_of_shards(self, data: str) -> Iterable[str]:
        return self.files_under(paths.SHARDS.format(data=data))

    def _has_file(self, pattern: str, data: str) -> bool:
        file = PurePosixPath(pattern.format(data=data)).relative_to(paths.DATA)
        return str(file) in self.files_under(paths.DATA)


def shards_begun(files: Iterable[str]) -> int | None:
    """How many shards a data set is packed in, by those that are whole among its files, relative to their folder.

    So another setting makes nothing again that was packed in another number, and a second call goes on where a first
    stopped. Of several numbers that of which most are there; None: none is.
    """
    found = [re.fullmatch(r"[0-9]{4}of([0-9]{4})/index\.json", file) for file in files]
    counts = Counter(int(match[1]) for match in found if match)
    return max(counts, key=lambda count: (counts[count], count), default=None)


def _expanded(patterns: Iterable[str], *, data: str, shard: Iterable[str]) -> list[str]:
    return [pattern.format(data=data, shard=name) for name in shard for pattern in patterns]
