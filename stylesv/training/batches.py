"""Real clips for training: which clips and frames a step sees is a function of (seed, clip number).

Clip number n is the n-th clip shown to the discriminator in the whole run. Videos come in an order that is shuffled anew
each epoch, so the stream is the same for any number of workers and may start anywhere.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor
from torch.nn.functional import one_hot

from stylesv.config.training import TrainingSettings
from stylesv.data.packed import PackedClips
from stylesv.errors import DataError
from stylesv.seeding import numpy_generator
from stylesv.training.frame_times import frame_times_for_batch, min_clip_length, window_starts


@dataclass(frozen=True)
class ClipBatch:
    """Frames uint8, their times in frames from the start of the video (or of its window), and the classes of the clips."""

    frames: UInt8[Tensor, "n t c h w"]
    times: Float[Tensor, "n t"]
    labels: Float[Tensor, "n l"] | None = None
    """1 for the clip's class; None: the clips have none."""

    def pinned(self) -> "ClipBatch":
        """The same in memory that a GPU can copy from while it computes."""
        labels = None if self.labels is None else self.labels.pin_memory()
        return ClipBatch(self.frames.pin_memory(), self.times.pin_memory(), labels)


class RealClips:
    """The stream of real clips of one run."""

    def __init__(self, packed: PackedClips, settings: TrainingSettings, seed: int):
        shortest = min_clip_length(settings.num_frames, settings.frame_sampling)
        lengths = [packed.num_frames(i) for i in range(packed.num_clips)]
        self.packed, self.settings, self.seed = packed, settings, seed
        self.clips = [i for i, length in enumerate(lengths) if length >= shortest]
        self.lengths = [lengths[i] for i in self.clips]
        if not self.clips:
            raise DataError(
                f"none of the {packed.num_clips} clips has the {shortest} frames that training.frame_sampling needs; "
                "lower its distances or num_frames, or pack longer clips"
            )
        self._order = lru_cache(maxsize=2)(self._shuffled)

    def _shuffled(self, epoch: int) -> np.ndarray:
        return numpy_generator(self.seed, "clip order", epoch).permutation(len(self.clips))

    def clip_of(self, number: int) -> int:
        """Index (among usable clips) of the video that clip number `number` is taken from."""
        epoch, position = divmod(number, len(self.clips))
        return int(self._order(epoch)[position])

    def _drawn(self, number: int) -> int:
        """Index (among usable clips) of the one that a generated clip has length and class of."""
        return int(numpy_generator(self.seed, "generated length", number).integers(len(self.clips)))

    def generated_lengths(self, numbers: list[int]) -> list[int]:
        """Lengths of videos drawn at random, for the times of generated clips (docs/model.md 8.3)."""
        return [self.lengths[self._drawn(number)] for number in numbers]

    def generated_labels(self, numbers: list[int]) -> Float[Tensor, "n l"] | None:
        """Classes of the same videos, for generated clips; None where videos have none."""
        return self._labels([self._drawn(number) for number in numbers])

    def _labels(self, picks: list[int]) -> Float[Tensor, "n l"] | None:
        names = self.packed.index.class_names
        if names is None:
            return None
        classes = [self.packed.label(self.clips[pick]) for pick in picks]
        return one_hot(torch.tensor(classes), len(names)).float()

    def read(self, numbers: list[int]) -> ClipBatch:
        """The clips of these numbers."""
        picks = [self.clip_of(number) for number in numbers]
        settings = self.settings
        where = {
            "clip_numbers": numbers,
            "clip_lengths": [self.lengths[pick] for pick in picks],
            "max_num_frames": settings.max_num_frames,
        }
        times = frame_times_for_batch(
            self.seed, "real times", num_frames=settings.num_frames, sampling=settings.frame_sampling, **where
        )
        starts = window_starts(self.seed, "real times", **where)
        side = self.packed.resolution
        frames = np.empty((*times.shape, 3, side, side), np.uint8)  # one block, which large memory pages serve
        for place, (pick, start, row) in enumerate(zip(picks, starts, times, strict=True)):
            self.packed.read(self.clips[pick], start + row, out=frames[place])
        if settings.mirror:
            for clip, number in zip(frames, numbers, strict=True):
                if numpy_generator(self.seed, "mirror", number).random() < 0.5:
                    clip[...] = clip[..., ::-1].copy()
        shown, at = torch.from_numpy(frames), torch.from_numpy(times.astype(np.float32))
        return ClipBatch(shown, at, self._labels(picks))

    def batches(
        self, first_step: int, last_step: int, *, num_workers: int, places: Sequence[int] | None = None
    ) -> Iterator[ClipBatch]:
        """Batches of steps `first_step` up to but not including `last_step`, read ahead by threads.

        With `places` only the clips at these places of each batch, in this order: one process's share.
        """
        size = self.settings.batch_size
        steps = iter(range(first_step, last_step))
        kept = range(size) if places is None else places

        def read(step: int) -> ClipBatch:
            batch = self.read([step * size + place for place in kept])
            return batch.pinned() if torch.cuda.is_available() else batch

        if num_workers == 0:
            yield from (read(step) for step in steps)
            return
        with ThreadPoolExecutor(num_workers) as pool:
            ahead: deque[Future[ClipBatch]] = deque()
            for step in steps:
                ahead.append(pool.submit(read, step))
                if len(ahead) > num_workers + 1:
                    yield ahead.popleft().result()
            while ahead:
                yield ahead.popleft().result()
