"""The record of an inversion's fidelity: how true the clip of the codes is to the one that was given."""

from pathlib import Path

from stylesv.config.base import Settings
from stylesv.files import readable_json, write_text
from stylesv.records.codes import Space
from stylesv.records.record_file import read_record, rounded


class Fidelity(Settings):
    """Of each frame of a clip as 8-bit pixels, and their means."""

    space: Space
    """Where the content was looked for."""
    psnr: float
    """Peak signal-to-noise ratio, decibels; equal frames count as 100."""
    ssim: float
    """Structural similarity, 1 for equal frames."""
    stlpips: float | None
    """Shift-tolerant LPIPS, 0 for equal frames; null: its package is not installed."""
    psnr_of_frames: tuple[float, ...]
    ssim_of_frames: tuple[float, ...]
    stlpips_of_frames: tuple[float, ...] | None


class InversionReport(Settings):
    """What was given, how codes were looked for, and what came of it."""

    target: str
    networks: str
    networks_sha256: str
    num_frames: int
    perceptual: str
    """The distance beside that of pixels that was made small."""
    settings: dict[str, float | int | str]
    found: tuple[Fidelity, ...]
    """In w, and then in w+ where that was asked for."""

    @property
    def note(self) -> str | None:
        """What a user should know of the codes, which are the last that were found."""
        first, last = self.found[0], self.found[-1]
        if last.psnr >= first.psnr:
            return None
        return f"{last.space} is farther than {first.space}: give more --steps, or take {first.space} (--space {first.space})"


def write_inversion_report(path: Path, report: InversionReport) -> None:
    """Write it as JSON."""
    write_text(path, readable_json(rounded(report.model_dump(mode="json"))))


def read_inversion_report(path: Path) -> InversionReport:
    """Read it.

    Raises:
        DataError: it is missing or something else.
    """
    return read_record(path, InversionReport, what="report of an inversion", advice="invert the clip again")
