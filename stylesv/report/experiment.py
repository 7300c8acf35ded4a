"""What stands in an experiment's report, gathered from its files."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from stylesv import __version__
from stylesv.config.choice import read_choice
from stylesv.errors import DataError
from stylesv.files import write_bytes
from stylesv.report.clip_grids import draw_samples_over_training
from stylesv.report.figures import draw_score_curves, draw_training_curves
from stylesv.report.html import DatasetSummary, Media, ReportContent, RunSummary, write_report
from stylesv.report.tables import format_number, read_score_rows, write_score_table
from stylesv.report.training_log import read_log_lines

TABLE_FILES = {"csv": "csv", "markdown": "md", "tex": "tex"}

TRAINING_FIELDS = {
    "loss_generator": "generator loss",
    "loss_discriminator": "discriminator loss",
    "logits_real": "logits, real clips",
    "logits_fake": "logits, generated clips",
    "r1_penalty": "R1 penalty",
    "augment_probability": "augmentation probability",
}
"""Numbers of a training log that are drawn, and the labels of their axes."""


def write_experiment(settings: dict[str, Any], *, page: Path, tables: Path, figures: Path) -> None:
    """Write an experiment's tables and figures, and the page that shows them.

    `settings`: title; scores (files, by protocol); samples (pictures by kimg, by run); clips (film, strip and slices, by
    run); runs (recipe, choice and logs, by run); data (index file, by data set).

    Raises:
        DataError: a score, a log or the index of a data set cannot be read, or a picture is missing.
        CheckpointError: a choice of a snapshot cannot be read.
        ConfigError: scores of one protocol's name were made under different ones.
    """
    written, curves = [], []
    for protocol, scores in settings["scores"].items():
        rows = read_score_rows([Path(path) for path in scores])
        files = {kind: tables / f"{protocol}.{suffix}" for kind, suffix in TABLE_FILES.items()}
        written.append(write_score_table(rows, **files))
        curves.append(figures / f"curve_{protocol}.png")
        draw_score_curves(rows, png=curves[-1], pdf=curves[-1].with_suffix(".pdf"))
    pictures = [Media(path, f"{t.label} over training", wide=False) for path, t in zip(curves, written, strict=True)]
    logs = {name: read_log_lines(run["logs"]) for name, run in settings["runs"].items() if run["logs"]}
    if logs:
        pictures.append(Media(figures / "training.png", "Losses and logits over training", wide=False))
        draw_training_curves(logs, TRAINING_FIELDS, png=figures / "training.png", pdf=figures / "training.pdf")
    clips = []
    for run, samples in settings["samples"].items():
        shown = figures / f"samples_{run}.png"
        draw_samples_over_training(shown, {int(kimg): Path(file) for kimg, file in samples.items()})
        caption = "Each column is a clip, the same in every snapshot; its second row is 16 frames later."
        pictures.append(Media(shown, f"{run}: samples over training", caption))
    for run, parts in settings["clips"].items():
        kept = {part: figures / run / Path(file).name for part, file in parts.items()}
        for part, file in parts.items():
            write_bytes(kept[part], Path(file).read_bytes())
        clips += _clips(run, kept)
    recipes = {name: yaml.safe_load(Path(run["recipe"]).read_text()) for name, run in settings["runs"].items()}
    content = ReportContent(
        title=settings["title"],
        introduction=_introduction(recipes),
        tables=written,
        datasets=[_dataset(name, Path(index)) for name, index in settings["data"].items()],
        figures=pictures,
        clips=clips,
        runs=[_run(name, run, recipes[name]) for name, run in settings["runs"].items()],
        versions={"stylesv": __version__},
    )
    write_report(page, content)


def _introduction(recipes: dict[str, dict[str, Any]]) -> str:
    """What was done, in words."""
    imported = sum("source" in recipe for recipe in recipes.values())
    parents = [recipe["parent"] for recipe in recipes.values() if "source" not in recipe]
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
    return " ".join([*steps, "Every snapshot was scored; the clips below are of the best ones."])


def _dataset(name: str, index_file: Path) -> DatasetSummary:
    try:
        index = json.loads(index_file.read_text(encoding="utf-8"))
        lengths = [clip["num_frames"] for clip in index["clips"]]
        used = len({clip["source"] for clip in index["clips"]})
        facts = {
            "clips": f"{len(lengths)} from {used} of {len(index['sources'])} videos",
            "frames": f"{sum(lengths):,} in all; {min(lengths)} to {max(lengths)} a clip, median {np.median(lengths):g}",
            "resolution": f"{index['resolution']} x {index['resolution']} pixels",
        }
        dropped = tuple((entry["name"], entry["reason"]) for entry in index["dropped"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{index_file}: not an index of packed clips ({error!r}); pack the videos again") from error
    return DatasetSummary(name, facts, dropped)


def _clips(name: str, clips: dict[str, Path]) -> list[Media]:
    return [
        Media(clips["film"], f"{name}: real and generated clips"),
        Media(clips["strip"], f"{name}: frames over time", "Each row is a clip, each column a time."),
        Media(
            clips["slices"],
            f"{name}: one column of pixels over time",
            "Time runs to the right. Straight lines where the scene moves would be texture sticking.",
        ),
    ]


def _run(name: str, run: dict[str, Any], recipe: dict[str, Any]) -> RunSummary:
    recipe_yaml = Path(run["recipe"]).read_text()
    choice = read_choice(Path(run["choice"]))
    facts = {"best snapshot": f"kimg {choice.kimg}, {choice.metric} {format_number(choice.value)}"}
    if "source" in recipe:
        facts["networks"] = f"imported from the checkpoint of SHA-256 {recipe['source'][:12]}…"
        return RunSummary(name, facts, recipe_yaml)
    facts |= {
        "starts from": "scratch" if recipe["parent"] is None else f"the best snapshot of {recipe['parent']['run']}",
        "frames in a clip": str(recipe["training"]["num_frames"]),
        "clips in a step": str(recipe["training"]["batch_size"]),
        "length": f"{choice.of_kimgs[-1]} kimg",
    }
    if lines := read_log_lines(run["logs"]):
        last = lines[-1]
        facts["last losses"] = f"G {last['loss_generator']:.2f}, D {last['loss_discriminator']:.2f}"
    return RunSummary(name, facts, recipe_yaml)
