"""Films of the page: for each data set real clips beside those of every model, each with how much it moves."""

from collections.abc import Mapping
from dataclasses import dataclass

from stylesv.records.experiment import ReportedClips, ReportedData, ReportedDecomposition, ReportedRun
from stylesv.report.figures.sources import Sources
from stylesv.report.motion_table import motion_sentence
from stylesv.report.page.media import Media, PageFolder
from stylesv.report.score_row import ScoreRow, format_kimg


@dataclass(frozen=True)
class FilmGroup:
    """Films of one data set, which play together: real ones and those of models; and content by motion of the models."""

    dataset: str
    films: tuple[Media, ...]
    decompositions: tuple[Media, ...]


def film_groups(sources: Sources, shown: Mapping[str, ScoreRow], page: PageFolder) -> list[FilmGroup]:
    """Films of the runs that are shown, copied beside the page; `shown` are the rows of their snapshots, by run."""
    found = []
    for data in sources.experiment.data:
        runs = [run for run in sources.shown_runs if run.dataset == data.dataset]
        if not runs:
            continue
        films = [] if data.clips is None else [_real(data, data.clips, sources, page)]
        films += [_generated(run, run.clips, shown.get(run.name), sources, page) for run in runs if run.clips]
        mixed = [_decomposition(run, run.decomposition, sources, page) for run in runs if run.decomposition]
        found.append(FilmGroup(data.dataset, tuple(films), tuple(mixed)))
    return found


def _real(data: ReportedData, clips: ReportedClips, sources: Sources, page: PageFolder) -> Media:
    address, more = _copied(clips, data.name, sources, page)
    return Media(address, "Real clips", f"Film of real clips of {data.dataset}, in a grid.", more=more)


def _generated(
    run: ReportedRun, clips: ReportedClips, row: ScoreRow | None, sources: Sources, page: PageFolder
) -> Media:
    address, more = _copied(clips, run.name, sources, page)
    seed = f", seed {run.seed}" if len({each.seed for each in sources.experiment.runs}) > 1 else ""
    title = f"{run.model}, generated{seed}" + (f", {format_kimg(row)} kimg" if row is not None else "")
    moves = (motion_sentence(row.motion) if row is not None else None) or "How much it moves was not measured."
    alt = f"Film of clips that model {run.model} generated, in a grid."
    return Media(address, title, alt, moves, more=more)


def _decomposition(run: ReportedRun, films: ReportedDecomposition, sources: Sources, page: PageFolder) -> Media:
    address, more = _copied(films, f"decomposition_{run.name}", sources, page)
    caption = "Columns share content, rows share motion."
    alt = f"Film of a grid of clips of model {run.model}. {caption}"
    return Media(address, f"{run.model}: content and motion", alt, caption, more=more)


def _copied(
    clips: ReportedClips | ReportedDecomposition, name: str, sources: Sources, page: PageFolder
) -> tuple[str, dict[str, str]]:
    address = page.copy(sources.root / clips.film, "films", f"{name}.mp4")
    return address, {"WebP": page.copy(sources.root / clips.animation, "films", f"{name}.webp")}
