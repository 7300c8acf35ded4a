"""One self-contained page: pictures and films inside it, nothing fetched, no dates, the same bytes for the same input."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import jinja2

from stylesv.errors import DataError
from stylesv.files import write_text
from stylesv.records.beside import FIDELITY
from stylesv.report.artefact_table import beside_cells
from stylesv.report.floor_text import explain_floor, explain_infinity
from stylesv.report.motion_table import motion_sentence
from stylesv.report.protocol_text import describe_protocol
from stylesv.report.score_row import format_floor, format_infinity, format_kimg, format_number, format_score
from stylesv.report.tables import ScoreTable, format_marked
from stylesv.report.warnings import SnapshotWarnings

MEDIA_TYPES = {".png": "image/png", ".jpg": "image/jpeg", ".mp4": "video/mp4"}


@dataclass(frozen=True)
class Media:
    """A picture (PNG, JPEG) or film (MP4) with its caption; `wide` ones take the page's whole width."""

    path: Path
    title: str
    caption: str = ""
    wide: bool = True


@dataclass(frozen=True)
class DatasetSummary:
    """A data set: facts by name, such as clips kept or resolution, and what was dropped: videos, each with the reason.

    A video may be named more than once: two parts of it, or two of one name.
    """

    name: str
    facts: Mapping[str, str]
    dropped: Sequence[tuple[str, str]] = ()
    pictures: Sequence[Media] = ()


@dataclass(frozen=True)
class RunSummary:
    """A run: facts by name, such as parent and length, and its recipe as YAML."""

    name: str
    facts: Mapping[str, str]
    recipe_yaml: str


@dataclass(frozen=True)
class ReportContent:
    """All that stands on the page, in its order. Sections without content are left out."""

    title: str
    introduction: str
    tables: Sequence[ScoreTable]
    datasets: Sequence[DatasetSummary] = ()
    figures: Sequence[Media] = ()
    clips: Sequence[Media] = ()
    runs: Sequence[RunSummary] = ()
    notes: Sequence[str] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    warnings: Sequence[SnapshotWarnings] = ()


def write_report(path: Path, content: ReportContent) -> None:
    """Write the page.

    Raises:
        DataError: a picture or film is missing, empty, or of a kind that a page cannot show.
    """
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("stylesv.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"score": format_score, "number": format_number, "kimg": format_kimg}
    environment.filters |= {"floor": format_floor, "infinity": format_infinity, "motion": motion_sentence}
    environment.globals |= {
        "data_uri": data_uri,
        "is_film": lambda media: media.path.suffix.lower() == ".mp4",
        "describe_protocol": describe_protocol,
        "explain_floor": explain_floor,
        "explain_infinity": explain_infinity,
        "marked": format_marked,
        "beside": _beside,
        "explanations": FIDELITY,
    }
    write_text(path, environment.get_template("report.html").render(content=content))


def _beside(table: ScoreTable) -> list[list[str]]:
    """What stands beside the best scores, a column for each run."""
    return beside_cells([(f"{row.model} at {format_kimg(row)} kimg", row.beside) for row in table.best])


def data_uri(path: Path) -> str:
    """A file's content as a `data:` address.

    Raises:
        DataError: it is missing, empty, or neither PNG, JPEG nor MP4.
    """
    kind = MEDIA_TYPES.get(path.suffix.lower())
    if kind is None:
        raise DataError(f"{path}: a page shows {', '.join(MEDIA_TYPES)}; write the figure as one of these")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror}); draw it first") from error
    if not content:
        raise DataError(f"{path}: is empty; draw it again")
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"
