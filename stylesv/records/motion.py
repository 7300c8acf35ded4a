"""The record of how generated clips move, beside how real ones do (docs/protocols.md 7.3)."""

from stylesv.config.base import Settings

LAGS = (1, 4, 16)  # frames apart
MIN_FLOW_RELATIVE = 0.02  # percent of the width a frame; below it nothing flows, and a change of the flow means nothing
STILL_GREY_LEVELS = (
    0.1  # a clip that changes less at every lag stands still, whatever real clips do: a pixel in ten by a level
)
STILL_OF_REAL = 0.1  # of the real median: below it at every lag a clip stands still beside real ones
NUMBERS = {
    **{f"difference_{lag}": f"mean difference of frames {lag} apart, grey levels" for lag in LAGS},
    "flow_px": "mean optical flow, pixels a frame",
    "flow_relative": "the same, percent of the width a frame",
    "flow_change": "change of the flow from frame to frame over the flow (0 even)",
    "repetition": "highest likeness of frames a quarter to a half of the clip apart (1 the same again)",
}
SHARES = {
    "still": "share of clips that stand still",
    "repeating": "share of clips that repeat their motion",
    "collapsed": "share of clips with nearly the content of another",
}


def still_below(real_median: float | None) -> float:
    """Grey levels of change from frame to frame below which a clip stands still; None where there are no real clips."""
    return max(STILL_GREY_LEVELS, 0 if real_median is None else STILL_OF_REAL * real_median)


class Distribution(Settings):
    """A number over clips."""

    mean: float
    """Mean."""
    error: float | None
    """Its standard error over clips; null for one clip."""
    low: float
    """5 % quantile."""
    median: float
    """Median."""
    high: float
    """95 % quantile."""
    clips: int
    """Clips that have such a number."""


class MotionNumber(Settings):
    """One number of how clips move."""

    name: str
    """One of `NUMBERS`."""
    generated: Distribution | None
    """Over generated clips; null where none has it."""
    real: Distribution | None
    """Over real clips."""

    @property
    def ratio(self) -> float | None:
        """Generated over real mean; None where one is missing or real clips have none of it."""
        if self.generated is None or self.real is None or self.real.mean <= 0:
            return None
        return self.generated.mean / self.real.mean


class ClipShare(Settings):
    """The share of clips of which something is true."""

    name: str
    """One of `SHARES`."""
    generated: float | None
    """Share of generated clips, 0 to 1; null where there are too few to say."""
    real: float | None
    """Share of real clips by the same measure."""


class MotionScore(Settings):
    """How generated clips move, beside how real ones do."""

    generated_clips: int
    """Generated clips that were measured."""
    generated_frames: int
    """Frames of each."""
    real_clips: int
    """Real clips that were measured."""
    real_frames: int
    """Frames of each."""
    numbers: tuple[MotionNumber, ...]
    """Frame differences, flow, repetition."""
    shares: tuple[ClipShare, ...]
    """Clips that stand still, repeat themselves, or have the content of another."""
    direction_cosine: float | None
    """Mean cosine between the mean flow fields of generated and of real clips where the real one is certain: 1 the same
    directions, 0 unrelated, -1 opposite; null where real clips have no direction in common."""
    certain_cells: float
    """Share of the picture where the real field is certain."""

    def number(self, name: str) -> MotionNumber:
        """One of the numbers."""
        return next(number for number in self.numbers if number.name == name)

    def share(self, name: str) -> ClipShare:
        """One of the shares."""
        return next(share for share in self.shares if share.name == name)

    @property
    def difference_ratio(self) -> float | None:
        """How much generated clips change from frame to frame, over how much real ones do."""
        return self.number("difference_1").ratio

    @property
    def flow_ratio(self) -> float | None:
        """How far what is in them moves, over how far it does in real clips."""
        return self.number("flow_px").ratio

    @property
    def likeness(self) -> float:
        """How like the real clips' the motion is in amount, 0 to 1: the least of change, flow and clips that do not stand still.

        0.5 is half or twice as much. What real clips have none of does not count.
        """
        ratios = [self.difference_ratio, self.flow_ratio if self._real_flows else None]
        found = [min(ratio, 1 / ratio) if ratio else 0.0 for ratio in ratios if ratio is not None]
        still = self.share("still")
        if still.generated is not None and still.real is not None:
            found.append(1 - max(still.generated - still.real, 0.0))
        return min(found, default=1.0)

    @property
    def _real_flows(self) -> bool:
        real = self.number("flow_relative").real
        return real is not None and real.mean >= MIN_FLOW_RELATIVE
