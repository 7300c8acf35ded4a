"""Published numbers, each with its source (config/published.csv), and which of them a protocol's scores stand beside."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from pydantic import Field

from stylesv.config.base import Settings
from stylesv.config.protocol import ProtocolSettings
from stylesv.errors import DataError
from stylesv.records.table import read_table

PublishedMetric = Literal["FVD16", "FVD128", "FVD128_subsample8", "FID"]
NOT_AVAILABLE = "not available"
SHOWN_IN = ("main", "ablation", "protocols")
"""Tables that print some of them; to others they are no matter."""
LETTERS = (
    "Letters are inferred: the authors' chart has bars without and with temporal shift, which are taken for models C and D; "
    "A is StyleGAN-V. Of the other models the paper's numbers could not be seen."
)


class PublishedNumber(Settings):
    """A number that somebody published."""

    dataset: str
    """Our name of the data set: sky, taichi, driving."""
    resolution: int | None = Field(default=None, ge=1)
    """Height and width of its frames, pixels; null: nobody says."""
    method: str
    """What was measured, as its source calls it."""
    model: str | None = None
    """Our model that it stands for; null: none."""
    metric: PublishedMetric
    """The measure, under StyleGAN-V's protocol unless `method` says otherwise."""
    value: float
    """The number."""
    place: Literal["paper", "elsewhere"]
    """paper: the authors' own number, which ours stands beside; elsewhere: for notes."""
    confidence: Literal["verbatim", "cited"]
    """verbatim: seen where it was first published; cited: in a source that quotes it. What nobody saw has no line."""
    source: str
    """Where it stands."""


def read_published(path: Path) -> tuple[PublishedNumber, ...]:
    """Read published numbers.

    Raises:
        DataError: the file is missing, a line of it is no such number, or the paper's number of one thing stands twice.
    """
    numbers = read_table(path, PublishedNumber, what="table of published numbers", advice="mend it; docs/paper.md 2")
    twice = Counter(_key(number) for number in numbers if number.place == "paper")
    for key, count in twice.items():
        if count > 1:
            raise DataError(f"{path}: has {count} of the paper's numbers for {', '.join(map(str, key))}; leave one")
    return numbers


def papers_number(
    numbers: Iterable[PublishedNumber], *, dataset: str, resolution: int, model: str, metric: str | None
) -> PublishedNumber | None:
    """The paper's own number that ours stands beside; None where there is none that could be seen."""
    key = (dataset, resolution, model, metric)
    return next((number for number in numbers if number.place == "paper" and _key(number) == key), None)


def papers_metric(settings: ProtocolSettings) -> PublishedMetric | None:
    """The published measure that a protocol computes: with the papers' detector, clips and numbers of them; None: none."""
    real, generated = settings.real, settings.generated
    clips = (generated.num_clips, generated.clips_per_video, generated.start_time, generated.truncation)
    asked = (real.max_clips, real.max_clips_per_video)
    if settings.covariance != "population":
        return None
    if settings.metric == "frechet_image" and settings.detector.kind == "inception_torchscript":
        return "FID" if (clips, asked) == ((50_000, 16, 0, 1.0), (None, None)) else None
    if settings.metric != "frechet_video" or settings.detector.kind != "i3d_torchscript":
        return None
    if (clips, asked, real.first_frames, real.whole_strides) != ((2048, 1, 0, 1.0), (2048, 1), "random", True):
        return None
    frames: dict[tuple[int, int], PublishedMetric] = {
        (16, 1): "FVD16",
        (128, 1): "FVD128",
        (16, 8): "FVD128_subsample8",
    }
    return frames.get((settings.num_frames, settings.frame_stride))


def _key(number: PublishedNumber) -> tuple[str, int | None, str | None, str]:
    return (number.dataset, number.resolution, number.model, number.metric)
