"""What stands on the page, gathered from an experiment's files and copied beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from stylesv.records.choice import read_choice
from stylesv.records.data_sheet import read_data_sheet
from stylesv.records.experiment import Experiment, ReportedData, ReportedRun
from stylesv.records.log_line import LogLine
from stylesv.records.packed_index import read_packed_index
from stylesv.records.recipe import ImportedRecipe, Recipe, read_recipe
from stylesv.records.rule_graph import read_rule_graph
from stylesv.records.score import Score, read_run_scores
from stylesv.report.copies_text import explain_copies
from stylesv.report.data_sheet import sheet_facts
from stylesv.report.figures.drawing import TITLES
from stylesv.report.figures.sources import Sources
from stylesv.report.page.films import FilmGroup, film_groups
from stylesv.report.page.media import Media, PageFolder
from stylesv.report.page.paper_tables import PaperTable, read_paper_table
from stylesv.report.page.provenance import Provenance, provenance_of
from stylesv.report.page.rule_graph import draw_rule_graph
from stylesv.report.page.summary import findings, introduction, not_run, paper_findings
from stylesv.report.score_row import ScoreRow, format_number, score_row
from stylesv.report.score_table import ScoreTable, tabulate_protocols
from stylesv.report.warnings import SnapshotWarnings, warnings_of_snapshots

TABLE_KINDS = ("csv", "md", "tex", "html")


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
    findings: Sequence[str]
    tables: Sequence[ScoreTable]
    paper_tables: Sequence[PaperTable] = ()
    table_files: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    not_run: Sequence[str] = ()
    warnings: Sequence[SnapshotWarnings] = ()
    figures: Sequence[Media] = ()
    films: Sequence[FilmGroup] = ()
    datasets: Sequence[DatasetSummary] = ()
    runs: Sequence[RunSummary] = ()
    rule_graph: str | None = None
    provenance: Provenance | None = None


@dataclass(frozen=True)
class ReportFiles:
    """Files and folders that a page is made of, besides those of the experiment: its record names them."""

    experiment: Path
    rule_graph: Path
    captions: Path
    project: Path
    benchmarks: Path


def gather(files: ReportFiles, page: PageFolder) -> ReportContent:
    """Everything that a page shows, copied beside it.

    Raises:
        DataError: a score, a log, the index of a data set, a figure or a film cannot be read.
        CheckpointError: a choice of a snapshot cannot be read.
        ConfigError: a recipe cannot be read, or scores of one protocol's name were made under different ones.
    """
    sources = Sources.of(files.experiment)
    experiment, root = sources.experiment, sources.root
    scores = [score for run in experiment.runs for score in read_run_scores(root / run.scores)]
    tables = tabulate_protocols(map(score_row, scores))
    logs = sources.logs()
    kimgs = _shown_kimgs(experiment, root)
    shown = _shown_rows(scores, kimgs)
    warnings = warnings_of_snapshots(scores, kimgs)
    recipes = {run.name: read_recipe(root / run.recipe) for run in experiment.runs}
    machines = [line.machine for lines in logs.values() for line in lines if line.machine]
    return ReportContent(
        title=experiment.title,
        introduction=introduction(recipes, experiment.shown),
        findings=[*_paper_findings(sources), *findings(tables, shown, warnings)],
        not_run=not_run(experiment, scores),
        tables=tables,
        paper_tables=_paper_tables(sources, tables),
        table_files=_table_files(sources, page),
        warnings=warnings,
        figures=[*_figures(files.captions, sources, page), *_nearest(experiment, scores, kimgs, root, page)],
        films=film_groups(sources, shown, page),
        datasets=[_dataset(data, root, page) for data in experiment.data],
        runs=[_run(run, root, recipes[run.name], logs.get(run.name, [])) for run in experiment.runs],
        rule_graph=draw_rule_graph(read_rule_graph(files.rule_graph)),
        provenance=provenance_of(
            experiment, scores, root, project=files.project, benchmarks=files.benchmarks, machines=machines
        ),
    )


def _table_files(sources: Sources, page: PageFolder) -> dict[str, dict[str, str]]:
    """Addresses of the files of every table, copied beside the page: by its name, and by their kind."""
    return {
        table.name: {
            kind: page.copy(sources.root / getattr(table, kind), "tables", f"{table.name}.{kind}")
            for kind in TABLE_KINDS
        }
        for table in sources.experiment.tables
    }


def _paper_tables(sources: Sources, score_tables: Sequence[ScoreTable]) -> list[PaperTable]:
    """The tables that are not of a protocol's scores, as pages have them."""
    of_scores = {table.protocol.name for table in score_tables}
    named = [table for table in sources.experiment.tables if table.name not in of_scores]
    return [read_paper_table(table.name, sources.root / table.html) for table in named]


def _paper_findings(sources: Sources) -> list[str]:
    main = next((table for table in sources.experiment.tables if table.name == "main"), None)
    return [] if main is None else paper_findings(sources.root / main.csv)


def _shown_kimgs(experiment: Experiment, root: Path) -> dict[str, int | None]:
    """The snapshot of each run whose clips the report shows: a model of single frames that another starts from need not move."""
    return {
        run.name: read_choice(root / run.choice).kimg if experiment.shown == "best" else run.snapshots[-1].kimg
        for run in experiment.runs
        if run.clips
    }


def _shown_rows(scores: Sequence[Score], kimgs: Mapping[str, int | None]) -> dict[str, ScoreRow]:
    """A score of each snapshot that is shown, of the first protocol that measured motion if one did."""
    found: dict[str, ScoreRow] = {}
    for score in sorted(scores, key=lambda score: score.motion is None):
        if score.scored.run in kimgs and score.scored.kimg == kimgs[score.scored.run]:
            found.setdefault(score.scored.run, score_row(score))
    return {run: found[run] for run in kimgs if run in found}


def _figures(captions: Path, sources: Sources, page: PageFolder) -> list[Media]:
    found = []
    for figure in sources.experiment.figures:
        name, title = figure.name, TITLES[figure.name]
        address = page.copy(sources.root / figure.png, "figures", f"{name}.png")
        more = {"PDF": page.copy(sources.root / figure.pdf, "figures", f"{name}.pdf")}
        caption = " ".join((captions / f"{name}.rst").read_text(encoding="utf-8").split())
        found.append(Media(address, title, f"{title}. {caption}", caption, more=more))
    return found


def _nearest(
    experiment: Experiment, scores: Sequence[Score], kimgs: Mapping[str, int | None], root: Path, page: PageFolder
) -> list[Media]:
    """Pictures of the generated clips that are most like real ones."""
    found = []
    for run in experiment.runs:
        if run.nearest is not None:
            of_shown = [s for s in scores if (s.scored.run, s.scored.kimg) == (run.name, kimgs[run.name])]
            address = page.copy(root / run.nearest, "figures", f"nearest_{run.name}.png")
            alt = f"Generated clips of {run.name}, each beside the real clip nearest to it."
            found.append(Media(address, f"{run.name}: is anything copied?", alt, explain_copies(of_shown)))
    return found


def _dataset(data: ReportedData, root: Path, page: PageFolder) -> DatasetSummary:
    index = read_packed_index(root / data.index)
    dropped = tuple((entry.name, entry.reason) for entry in index.dropped)
    if data.sheet is not None:
        facts = sheet_facts(read_data_sheet(root / data.sheet), licence=data.licence)
        titles = {"contact_sheet": "Middle frames of clips, evenly spread over all", "lengths": "Lengths of clips"}
        pictures = [
            Media(
                page.copy(root / file, "figures", f"{part}_{data.name}.png"),
                titles[part],
                f"{data.name}: {titles[part]}",
            )
            for part in titles
            if (file := getattr(data, part)) is not None
        ]
        return DatasetSummary(data.name, facts, dropped, pictures)
    lengths = [clip.num_frames for clip in index.clips]
    used = len({clip.source for clip in index.clips})
    facts = {
        "clips": f"{len(lengths)} from {used} of {len(index.sources)} videos",
        "frames": f"{sum(lengths):,} in all; {min(lengths)} to {max(lengths)} a clip, median {np.median(lengths):g}",
        "resolution": f"{index.resolution} x {index.resolution} pixels",
    }
    return DatasetSummary(data.name, facts, dropped)


def _run(run: ReportedRun, root: Path, recipe: Recipe, log: Sequence[LogLine]) -> RunSummary:
    recipe_yaml = (root / run.recipe).read_text(encoding="utf-8")
    choice = read_choice(root / run.choice)
    facts = {"best snapshot": f"kimg {choice.kimg}, {choice.metric} {format_number(choice.value)}: {choice.reason}"}
    if isinstance(recipe, ImportedRecipe):
        facts["networks"] = f"imported from the checkpoint of SHA-256 {recipe.source[:12]}…"
        return RunSummary(run.name, facts, recipe_yaml)
    facts |= {
        "starts from": "scratch"
        if recipe.parent is None
        else f"the {recipe.parent.snapshot} snapshot of {recipe.parent.run}",
        "frames in a clip": str(recipe.training.num_frames),
        "clips in a step": str(recipe.training.batch_size),
        "length": f"{run.snapshots[-1].kimg} kimg",
    }
    if log and {"loss_generator", "loss_discriminator"} <= (last := log[-1].curves).keys():
        facts["last losses"] = f"G {last['loss_generator']:.2f}, D {last['loss_discriminator']:.2f}"
    return RunSummary(run.name, facts, recipe_yaml)
