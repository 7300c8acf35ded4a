"""What stands in an experiment's report, gathered from its files."""

from pathlib import Path

import numpy as np

from stylesv import __version__
from stylesv.files import write_bytes
from stylesv.records.choice import read_choice
from stylesv.records.data_sheet import read_data_sheet
from stylesv.records.experiment import Experiment, ReportedClips, ReportedData, ReportedRun, read_experiment
from stylesv.records.log_line import LogLine, read_log
from stylesv.records.packed_index import read_packed_index
from stylesv.records.recipe import ImportedRecipe, Recipe, TrainedRecipe, read_recipe
from stylesv.records.score import Score, read_run_scores
from stylesv.report.clip_grids import draw_samples_over_training
from stylesv.report.copies_text import explain_copies
from stylesv.report.data_sheet import sheet_facts
from stylesv.report.figures import draw_score_curves, draw_training_curves
from stylesv.report.html import DatasetSummary, Media, ReportContent, RunSummary, write_report
from stylesv.report.motion_figures import draw_motion_curves
from stylesv.report.score_row import format_number, score_row
from stylesv.report.tables import ScoreTable, tabulate_scores
from stylesv.report.warnings import warnings_of_snapshots

TRAINING_FIELDS = {
    "loss_generator": "generator loss",
    "loss_discriminator": "discriminator loss",
    "logits_real": "logits, real clips",
    "logits_fake": "logits, generated clips",
    "r1_penalty": "R1 penalty",
    "augment_probability": "augmentation probability",
}
"""Numbers of a training log that are drawn, and the labels of their axes."""


def write_experiment(file: Path, *, page: Path, figures: Path) -> None:
    """Write an experiment's figures, and the page that shows them.

    `file` is the experiment's record; what it names lies relative to the folder that holds its `results`.

    Raises:
        DataError: a score, a log or the index of a data set cannot be read, or a picture is missing.
        CheckpointError: a choice of a snapshot cannot be read.
        ConfigError: a recipe cannot be read, or scores of one protocol's name were made under different ones.
    """
    experiment, root = read_experiment(file), file.absolute().parents[2]
    scores = [score for run in experiment.runs for score in read_run_scores(root / run.scores)]
    written, pictures = _score_tables(scores, figures)
    logs = {run.name: _log_lines(run, root) for run in experiment.runs}
    if any(logs.values()):
        pictures.append(Media(figures / "training.png", "Losses and logits over training", wide=False))
        trained = {name: lines for name, lines in logs.items() if lines}
        draw_training_curves(trained, TRAINING_FIELDS, png=figures / "training.png", pdf=figures / "training.pdf")
    for run in experiment.runs:
        picture = figures / f"samples_{run.name}.png"
        draw_samples_over_training(picture, {snapshot.kimg: root / snapshot.samples for snapshot in run.snapshots})
        caption = "Each column is a clip, the same in every snapshot; its second row is 16 frames later."
        pictures.append(Media(picture, f"{run.name}: samples over training", caption))
    shown = _shown_kimgs(experiment, root)
    recipes = {run.name: read_recipe(root / run.recipe) for run in experiment.runs}
    content = ReportContent(
        title=experiment.title,
        introduction=_introduction(recipes, experiment.shown),
        tables=written,
        datasets=[_dataset(data, root, figures) for data in experiment.data],
        figures=pictures,
        clips=[
            media
            for run in experiment.runs
            if run.clips
            for media in _clips(run.name, run.clips, root, figures, explain_copies(_shown(scores, run.name, shown)))
        ],
        runs=[_run(run, root, recipes[run.name], logs[run.name]) for run in experiment.runs],
        versions={"stylesv": __version__},
        warnings=warnings_of_snapshots(scores, shown),
    )
    write_report(page, content)


def _score_tables(scores: list[Score], figures: Path) -> tuple[list[ScoreTable], list[Media]]:
    """A table and a curve over training for each protocol's name."""
    written, curves = [], []
    for protocol in dict.fromkeys(score.protocol.name for score in scores):
        rows = [score_row(score) for score in scores if score.protocol.name == protocol]
        written.append(tabulate_scores(rows))
        curve = figures / f"curve_{protocol}.png"
        draw_score_curves(rows, png=curve, pdf=curve.with_suffix(".pdf"))
        curves.append(Media(curve, f"{written[-1].label} over training", wide=False))
        moving = figures / f"motion_{protocol}.png"
        if draw_motion_curves(rows, png=moving, pdf=moving.with_suffix(".pdf")):
            caption = "How much clips change, and how far what is in them moves; dashed: real clips."
            curves.append(Media(moving, f"Motion over training ({written[-1].label}'s protocol)", caption, wide=False))
    return written, curves


def _shown_kimgs(experiment: Experiment, root: Path) -> dict[str, int | None]:
    """The snapshot of each run whose clips the report shows: a model of single frames that another starts from need not move."""
    return {
        run.name: read_choice(root / run.choice).kimg if experiment.shown == "best" else run.snapshots[-1].kimg
        for run in experiment.runs
        if run.clips
    }


def _shown(scores: list[Score], run: str, shown: dict[str, int | None]) -> list[Score]:
    """The scores of the snapshot of a run that is shown."""
    return [score for score in scores if (score.scored.run, score.scored.kimg) == (run, shown[run])]


def _log_lines(run: ReportedRun, root: Path) -> list[LogLine]:
    return read_log([root / snapshot.log for snapshot in run.snapshots if snapshot.log is not None])


def _introduction(recipes: dict[str, Recipe], shown: str) -> str:
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
        origin = f"{tuned} of them from another's best snapshot" if tuned else "from scratch"
        steps.append(f"{trained}, {origin}.")
    return " ".join([*steps, f"Every snapshot was scored; the clips below are of each run's {shown} snapshot."])


def _dataset(data: ReportedData, root: Path, figures: Path) -> DatasetSummary:
    index = read_packed_index(root / data.index)
    dropped = tuple((entry.name, entry.reason) for entry in index.dropped)
    if data.sheet is not None:
        facts = sheet_facts(read_data_sheet(root / data.sheet), licence=data.licence)
        pictures = [
            Media(
                _kept(root / data.contact_sheet, figures / data.name), "Middle frames of clips, evenly spread over all"
            ),
            Media(_kept(root / data.lengths, figures / data.name), "Lengths of clips", wide=False),
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


def _kept(file: Path, folder: Path) -> Path:
    """A picture, copied among the figures."""
    write_bytes(folder / file.name, file.read_bytes())
    return folder / file.name


def _clips(name: str, clips: ReportedClips, root: Path, figures: Path, copies: str) -> list[Media]:
    """A run's film and pictures, copied among the figures."""
    kept = {}
    for part, file in clips.model_dump(exclude_none=True).items():
        kept[part] = figures / name / Path(file).name
        write_bytes(kept[part], (root / file).read_bytes())
    nearest = [Media(kept["nearest"], f"{name}: is anything copied?", copies)] if "nearest" in kept else []
    return [
        Media(kept["film"], f"{name}: real and generated clips"),
        Media(kept["strip"], f"{name}: frames over time", "Each row is a clip, each column a time."),
        Media(
            kept["slices"],
            f"{name}: one column of pixels over time",
            "Time runs to the right. Straight lines where the scene moves would be texture sticking.",
        ),
        *nearest,
    ]


def _run(run: ReportedRun, root: Path, recipe: Recipe, log: list[LogLine]) -> RunSummary:
    recipe_yaml = (root / run.recipe).read_text(encoding="utf-8")
    choice = read_choice(root / run.choice)
    facts = {"best snapshot": f"kimg {choice.kimg}, {choice.metric} {format_number(choice.value)}: {choice.reason}"}
    if isinstance(recipe, ImportedRecipe):
        facts["networks"] = f"imported from the checkpoint of SHA-256 {recipe.source[:12]}…"
        return RunSummary(run.name, facts, recipe_yaml)
    facts |= {
        "starts from": "scratch" if recipe.parent is None else f"the best snapshot of {recipe.parent.run}",
        "frames in a clip": str(recipe.training.num_frames),
        "clips in a step": str(recipe.training.batch_size),
        "length": f"{run.snapshots[-1].kimg} kimg",
    }
    if log and {"loss_generator", "loss_discriminator"} <= (last := log[-1].curves).keys():
        facts["last losses"] = f"G {last['loss_generator']:.2f}, D {last['loss_discriminator']:.2f}"
    return RunSummary(run.name, facts, recipe_yaml)
