"""A share of a data set's videos, packed by one job."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from stylesv.data.video_sources import VideoSource


@dataclass(frozen=True)
class Shard:
    """Shard `number` of `count`."""

    number: int
    count: int

    @property
    def is_last(self) -> bool:
        """Whether no other comes after it."""
        return self.number == self.count - 1

    def share(self, sources: Sequence[VideoSource]) -> list[VideoSource]:
        """Its videos, which follow each other: those that begin in its part of all bytes. It may have none."""
        total = sum(source.num_bytes for source in sources)
        if not total:  # nobody knows how large they are
            first, end = (len(sources) * number // self.count for number in (self.number, self.number + 1))
            return list(sources[first:end])
        begins = accumulate((source.num_bytes for source in sources[:-1]), initial=0)
        numbers = [min(begin * self.count // total, self.count - 1) for begin in begins]
        return [source for source, number in zip(sources, numbers, strict=True) if number == self.number]
