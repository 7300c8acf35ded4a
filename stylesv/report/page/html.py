"""The page itself: one HTML file beside its films, figures and tables; nothing is fetched."""

from dataclasses import asdict
from pathlib import Path

import jinja2

from stylesv.files import readable_json, write_text
from stylesv.records.beside import FIDELITY
from stylesv.report.floor_text import explain_floor, explain_infinity
from stylesv.report.motion_table import motion_sentence
from stylesv.report.over_seeds import format_ours
from stylesv.report.page.content import ReportContent, ReportFiles, gather
from stylesv.report.page.media import PageFolder
from stylesv.report.protocol_text import describe_protocol
from stylesv.report.score_row import (
    NO_MODEL,
    ScoreRow,
    format_floor,
    format_infinity,
    format_kimg,
    format_number,
    format_score,
)
from stylesv.report.score_table import ScoreTable
from stylesv.report.tables import format_marked
from stylesv.report.warnings import runs_by_warning


def write_report(page: Path, files: ReportFiles) -> None:
    """Write the page and, beside it, all that it shows.

    Raises:
        StyleSVError: as `stylesv.report.page.content.gather`.
    """
    content = gather(files, PageFolder(page.parent))
    if content.provenance is not None:
        write_text(page.with_name("provenance.json"), readable_json(asdict(content.provenance)))
    write_page(page, content)


def write_page(page: Path, content: ReportContent) -> None:
    """Write the page alone; the same content gives the same bytes."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("stylesv.report.page"),
        autoescape=jinja2.select_autoescape(["html"]),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"score": format_score, "number": format_number, "kimg": format_kimg}
    environment.filters |= {"floor": format_floor, "infinity": format_infinity, "motion": motion_sentence}
    environment.filters |= {"ours": format_ours}
    environment.globals |= {
        "describe_protocol": describe_protocol,
        "explain_floor": explain_floor,
        "explain_infinity": explain_infinity,
        "marked": format_marked,
        "beside": beside_tables,
        "explanations": FIDELITY,
        "runs_by_warning": runs_by_warning,
    }
    write_text(page, environment.get_template("index.html").render(content=content))


def beside_tables(table: ScoreTable) -> dict[str, list[list[str]]]:
    """What stands beside the best scores: for each data set a table with a column for each run."""

    def name(row: ScoreRow) -> str:
        seed = f", seed {row.seed}," if table.has_many_seeds else ""
        return f"{row.run if row.model == NO_MODEL else row.model}{seed} at {format_kimg(row)} kimg"

    return table.beside(name)
