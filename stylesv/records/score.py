"""The record of a score, and of all scores of a run: a score is never a bare number (docs/protocols.md 1)."""

from collections.abc import Sequence
from pathlib import Path

from pydantic import Field

from stylesv.config.base import Settings
from stylesv.errors import DataError
from stylesv.records.beside import FidelityScore, Memorisation
from stylesv.records.floor import Floor, Infinity
from stylesv.records.ledger import ClipCounts
from stylesv.records.motion import MotionScore
from stylesv.records.protocol import UsedProtocol
from stylesv.records.sealed_file import read_sealed, write_sealed
from stylesv.records.warning import ScoreWarning


class RealClipSet(Settings):
    """Which real clips were taken."""

    dataset: str
    """Name of the data set with the key of its recipe, or of the folder, zip or snapshot of the clips."""
    count: int
    """Number of clips."""
    num_videos: int
    """Number of videos they come from; pieces that packing cut out of one film count as one."""
    short_videos: int
    """Videos left out because a clip does not fit into them."""
    max_clips_per_video: int
    """Most clips taken from one video, uncut."""
    frame_stride: int
    """Distance between the frames of a clip, in frames."""
    first_frames: str
    """Rule of the first frames: random or spread; generated where a snapshot stands for real clips."""
    selection_sha256: str
    """SHA-256 of the list of video numbers and frames."""
    resolution_px: int
    """Height and width of the frames that the detector was given."""
    asked: ClipCounts | None = Field(default=None, exclude_if=lambda asked: asked is None)
    """What the data set holds of the clips that it was asked to hold; null: nobody asked for any."""


class GeneratedClipSet(Settings):
    """Which clips were generated."""

    source: str
    """Run and snapshot, or the folder of clips."""
    count: int
    """Number of clips."""
    clips_per_video: int
    """Clips from one generated video."""
    short_videos: int
    """Videos of a folder left out because no clip fits into them; 0 for a snapshot."""
    seed: int | None
    """Seed of latents and motion noise; null for a folder."""
    start_time: int
    """Time of the first clip's first frame, in frames."""
    frame_stride: int
    """Distance between the frames of a clip, in frames."""
    truncation: float | None
    """Truncation psi; null for a folder."""
    resolution_px: int
    """Height and width of the frames that the detector was given."""


class ScoredRun(Settings):
    """What was scored."""

    run: str
    """Name of the run, or of the folder of clips."""
    dataset: str
    """Name of the data set."""
    model: str | None
    """Name of the model; null for a folder."""
    seed: int | None
    """Seed of the run; null for a folder."""
    kimg: int | None
    """Snapshot, in thousands of frames shown to the discriminator; null for a folder."""


class Interval(Settings):
    """Bootstrap interval of a score (`stylesv.metrics.bootstrap`)."""

    low: float
    """Lower end."""
    high: float
    """Upper end."""
    level: float
    """Share of the resamples inside."""
    resamples: int
    """Number of resamples."""


class ArtefactScore(Settings):
    """A number of what FVD misses (`stylesv.metrics.artefacts`), for generated and for real clips."""

    name: str
    """sticking, spectrum_to_..., jitter or repetition."""
    generated: float | None
    """Mean over generated clips; null where none has such a number."""
    generated_error: float | None
    """Its standard error over clips."""
    generated_clips: int
    """Clips it is a mean of."""
    real: float | None
    """The same for real clips: what it should be."""
    real_error: float | None
    """Its standard error over clips."""
    real_clips: int
    """Clips it is a mean of."""


class DriftScore(Settings):
    """The score of clips that start late, against the same real clips."""

    start_time: int
    """First frame of the clips."""
    generated: float | None
    """Score of generated clips; null for fewer than two."""
    generated_clips: int
    """Their number."""
    real: float | None
    """Score of real clips that start there; null for fewer than two."""
    real_clips: int
    """Their number."""


class Score(Settings):
    """One number, with everything that decides it."""

    metric: str
    """fvd, fid, kid, is or isv; with an r before it for a random detector, cd for a modern video encoder."""
    label: str
    """The metric as the papers write it: FVD16, rFVD16, FID."""
    value: float
    """The score; lower is better, but higher for inception scores."""
    interval: Interval | None
    """Its bootstrap interval; null if the protocol asks for none."""
    real_value: float | None
    """Inception score of the real clips, beside that of the generated ones; null for distances."""
    split_std: float | None
    """Standard deviation of an inception score over its parts; null for distances."""
    few_clips: bool
    """Fewer clips than feature dimensions: covariances are singular, and the value depends strongly on their number."""
    floor: Floor | None
    """What a perfect generator would score; null if the protocol does not ask for it."""
    infinity: Infinity | None
    """The score at infinitely many clips; null if the protocol does not ask for it or only moments are known."""
    fidelity: tuple[FidelityScore, ...]
    """Kernel distance, precision, recall, density and coverage from the same features, as far as the protocol asks."""
    memorisation: Memorisation | None
    """How near generated clips come to real ones; null if the protocol does not ask for it."""
    artefacts: tuple[ArtefactScore, ...]
    """What FVD misses; empty if the protocol does not ask for it."""
    drift: tuple[DriftScore, ...]
    """Scores of clips that start late; empty if the protocol does not ask for them."""
    motion: MotionScore | None
    """How the clips move beside real ones; null if the protocol does not ask for it."""
    scored: ScoredRun
    """What was scored."""
    protocol: UsedProtocol
    """Protocol: settings (resize filter and covariance normalisation among them), key and SHA-256 of the detector."""
    real: RealClipSet
    """Real clips."""
    generated: GeneratedClipSet
    """Generated clips."""
    notes: tuple[str, ...]
    """What to know before the number is believed."""
    warnings: tuple[ScoreWarning, ...]
    """What is wrong with the clips or with the number; empty where nothing is."""
    versions: dict[str, str]
    """Versions of this package and of what it computed with."""


class RunScores(Settings):
    """The scores of a run's snapshots, as an experiment asks for them."""

    scores: tuple[Score, ...]
    """Protocol by protocol, snapshot by snapshot."""


def write_score(path: Path, score: Score) -> None:
    """Write a score as readable JSON with its hash."""
    write_sealed(path, score)


def read_score(path: Path) -> Score:
    """Read a score.

    Raises:
        DataError: it is missing, was edited, is not a score of this project, or has a number that is not finite.
    """
    return read_sealed(path, Score, what="score of this project", advice="score the snapshot again")


def read_score_of(run: Path, kimg: int, protocol: str) -> Score:
    """The score of a snapshot in the folder of its run; `protocol` with its key.

    Raises:
        DataError: as `read_score`, or the file is the score of something else.
    """
    path = score_file(run, kimg, protocol)
    score = read_score(path)
    found = (score.scored.run, score.scored.kimg, score.protocol.id)
    wanted = (Path(run).absolute().name, kimg, protocol)
    if found != wanted:
        told = ["run {}, kimg {}, protocol {}".format(*names) for names in (found, wanted)]
        raise DataError(f"{path}: is the score of {told[0]}, not of {told[1]}; delete it to make it again")
    return score


def write_run_scores(path: Path, scores: Sequence[Score]) -> None:
    """Write the scores of one run to one file."""
    write_sealed(path, RunScores(scores=tuple(scores)))


def read_run_scores(path: Path) -> tuple[Score, ...]:
    """Read the scores of one run.

    Raises:
        DataError: the file is missing, was edited, is not one of scores, or has scores of several runs or of one twice.
    """
    advice = "delete it to make it again"
    scores = read_sealed(path, RunScores, what="file of a run's scores", advice=advice).scores
    runs = sorted({score.scored.run for score in scores})
    if len(runs) > 1:
        raise DataError(f"{path}: has scores of {', '.join(runs)}; {advice}")
    if len({(score.scored.kimg, score.protocol.id) for score in scores}) < len(scores):
        raise DataError(f"{path}: has two scores of one snapshot under one protocol; {advice}")
    return scores


def score_file(run: Path, kimg: int, protocol: str) -> Path:
    """Where the score of a snapshot lies in the folder of its run; `protocol` with its key."""
    return run / str(kimg) / "scores" / f"{protocol}.json"
