"""The page's first words: what was done, what moved and what is best; and at its end, what was not run."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from stylesv.records.experiment import Experiment
from stylesv.records.motion import MotionScore
from stylesv.records.recipe import ImportedRecipe, Recipe, TrainedRecipe
from stylesv.records.score import Score
from stylesv.report.motion_table import motion_sentence
from stylesv.report.over_seeds import best_of, best_text, by_model, is_like
from stylesv.report.score_row import ScoreRow, format_kimg, format_number
from stylesv.report.score_table import ScoreTable
from stylesv.report.warnings import SnapshotWarnings

PAPERS_DATASETS = {"sky": "SkyTimelapse", "taichi": "TaiChi-HD", "driving": "YouTube Driving"}
PAPERS_MODELS = ("A", "B", "C", "D", "E", "E-lowrank")
PAPERS_METRICS = ("fvd", "fid")
MOST_SENTENCES = 6
"""On how what is shown moves, before they become one."""


def introduction(recipes: Mapping[str, Recipe], shown: str) -> str:
    """What was done, in words."""
    imported = sum(isinstance(recipe, ImportedRecipe) for recipe in recipes.values())
    parents = [recipe.parent for recipe in recipes.values() if isinstance(recipe, TrainedRecipe)]
    tuned = sum(parent is not None for parent in parents)
    steps = ["Raw videos were packed into clips."]
    if imported:
        steps.append(
            "A published checkpoint was imported."
            if imported == 1
            else f"{imported} published checkpoints were imported."
        )
    if parents:
        trained = "1 model was trained" if len(parents) == 1 else f"{len(parents)} models were trained"
        origin = f"{tuned} of them from another's snapshot" if tuned else "from scratch"
        steps.append(f"{trained}, {origin}.")
    return " ".join([*steps, f"Every snapshot was scored; the clips below are of each run's {shown} snapshot."])


def findings(
    tables: Sequence[ScoreTable], shown: Mapping[str, ScoreRow], warnings: Sequence[SnapshotWarnings]
) -> list[str]:
    """What was found, a sentence each: the best of each table, how what is shown moves, what is wrong with it.

    `shown` are the rows of the snapshots that are shown, by run.
    """
    found = [sentence for table in tables for sentence in _best_sentences(table)]
    several = len({row.seed for row in shown.values()}) > 1
    moves = []
    for row in shown.values():
        if sentence := motion_sentence(row.motion):
            seed = f", seed {row.seed}," if several else ""
            moves.append(f"{row.model}{seed} at {format_kimg(row)} kimg on {row.dataset.rsplit('-', 1)[0]}: {sentence}")
    found += moves if len(moves) <= MOST_SENTENCES else [_moves_of_many([row.motion for row in shown.values()])]
    if warnings:
        number = sum(len(each.sentences) for each in warnings)
        found.append(
            f"{number} warning on what is shown: read it above before the scores."
            if number == 1
            else f"{number} warnings on what is shown: read them above before the scores."
        )
    elif any(row.motion is not None for row in shown.values()):
        found.append("No measure found that clips which are shown stand still, collapse, repeat or copy real ones.")
    return found


def _moves_of_many(measured: Sequence[MotionScore | None]) -> str:
    """How the clips of many runs move, in one sentence; the films say it of each."""
    motions = [motion for motion in measured if motion is not None and motion.difference_ratio is not None]
    ratios = [motion.difference_ratio for motion in motions]
    still = sum((motion.share("still").generated or 0) > 0.5 for motion in motions)
    return (
        f"Of {len(motions)} runs, clips of the chosen snapshots change {format_number(min(ratios))} to "
        f"{format_number(max(ratios))} times as much from frame to frame as real ones; "
        + (f"of {still} most stand still." if still else "of none do most stand still.")
        + " Films and cards say it of each."
    )


def paper_findings(main_csv: Path) -> list[str]:
    """What of the paper was reproduced, what was not, and by how much it differs, from the table of paper and ours.

    Nothing where it has no number of the paper. A number counts as reproduced where it lies in our interval.
    """
    table = pd.read_csv(main_csv)
    cells = table[table["paper"].notna()] if "paper" in table else table.iloc[:0]
    if cells.empty:
        return []
    measured, missing = cells[cells["ours"].notna()], cells[cells["ours"].isna()]
    # a column without any text is read as numbers
    like = measured["not_different_from"].astype("string").str.contains("paper").fillna(False).astype(bool)
    known = measured["low"].notna() & measured["high"].notna()
    near, far, unknown = int(like.sum()), int((known & ~like).sum()), int((~known).sum())
    counts = f"{near} {'lies' if near == 1 else 'lie'} in our interval, {far} {'does' if far == 1 else 'do'} not"
    counts += f", {unknown} of ours {'has' if unknown == 1 else 'have'} none" if unknown else ""
    found = [
        f"Of {len(cells)} numbers of the paper, {len(measured)} were measured here"
        + (f": {counts}." if len(measured) else ".")
    ]
    for title, lines in (
        ("Not different from the paper", measured[like]),
        ("Different from the paper", measured[known & ~like]),
        ("Without an interval that says whether they differ from the paper", measured[~known]),
    ):
        texts = [_cell_text(line, signed=not title.startswith("Not")) for line in lines.to_dict("records")]
        found += [f"{title}: {'; '.join(texts)}."] * bool(texts)
    if len(missing):
        texts = [_cell_name(line) for line in missing.to_dict("records")]
        found.append(f"Of the paper and not measured here: {'; '.join(texts)}.")
    return found


def _cell_name(line: Mapping[str, Any]) -> str:
    return f"{line['metric']} of {line['model']} on {line['dataset']}"


def _cell_text(line: Mapping[str, Any], *, signed: bool) -> str:
    text = f"{_cell_name(line)}, {format_number(float(line['ours']))} where the paper has {line['paper']:g}"
    return text + (f" ({line['difference_percent']:+.0f} %)" if signed else "")


def _best_sentences(table: ScoreTable) -> list[str]:
    """For each data set the best model under a protocol, and how far it is from what a perfect generator would score."""
    sentences, groups = [], by_model(table.best)
    for dataset in dict.fromkeys(dataset for dataset, _ in groups):
        models = {name: ours for (of, name), ours in groups.items() if of == dataset}
        best = best_of(list(models.values()))
        name = next(name for name, ours in models.items() if ours is best)
        text = (
            f"{table.label} on {dataset.rsplit('-', 1)[0]} ({table.direction}): best is {name} with {best_text(best)}"
        )
        if (floor := best.rows[0].floor) is not None:
            text += f"; a perfect generator would score about {format_number(floor.value)}"
        if all(_none_like_real_ones(row) for row in best.rows):
            shown = "frames" if best.rows[0].protocol.settings.num_frames == 1 else "clips"
            text += f"; the measure's network tells all of its {shown} from real ones (precision and coverage 0)"
        like = [other for other, ours in models.items() if ours is not best and is_like(ours, best)]
        if like:
            text += f"; {' and '.join(like)} cannot be told from it"
        sentences.append(f"{text}.")
    return sentences


def _none_like_real_ones(row: ScoreRow) -> bool:
    beside = {number.name: number.generated for number in row.beside}
    return beside.get("precision") == beside.get("coverage") == 0


def not_run(experiment: Experiment, scores: Sequence[Score]) -> list[str]:
    """What a reader may look for and this experiment has not."""
    datasets = {data.dataset for data in experiment.data}
    models = {run.model for run in experiment.runs}
    seeds = {run.seed for run in experiment.runs}
    missing = []
    if absent := [name for key, name in PAPERS_DATASETS.items() if key not in datasets]:
        missing.append(f"Data sets of the paper that are not in it: {', '.join(absent)}.")
    if absent := [name for name in PAPERS_MODELS if name not in models]:
        missing.append(f"Models of the paper that are not in it: {', '.join(absent)}.")
    if len(seeds) == 1:
        missing.append(f"Only seed {next(iter(seeds))} was run: how much scores differ between seeds is not known.")
    if absent := [name.upper() for name in PAPERS_METRICS if not any(score.metric == name for score in scores)]:
        missing.append(
            f"{' and '.join(absent)} with the papers' detectors: scores above have other detectors, and cannot be set "
            "beside published numbers."
        )
    missing.append("A user study, which the paper has.")
    return missing
