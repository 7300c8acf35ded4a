"""What stands in an experiment's report, gathered from its files."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from stylesv import __version__
from stylesv.report.html import DatasetSummary, Media, ReportContent, RunSummary
from stylesv.report.tables import ScoreTable, format_number, read_score_rows, tabulate_scores

INTRODUCTION = (
    "Raw videos were packed into clips, an image model was trained on single frames, and a video model was trained from "
    "its best snapshot. Every snapshot was scored; the clips below are of the best one."
)


def experiment_content(settings: dict[str, Any]) -> ReportContent:
    """The page's content.

    `settings`: title; scores (a list of score files for each protocol); curves, one for each protocol; clips and runs
    (by run name: films and pictures; recipe, choice, logs); data (index files by data set name).

    Raises:
        DataError: a score cannot be read.
        ConfigError: scores of one table were made under different protocols.
    """
    tables = [tabulate_scores(read_score_rows([Path(path) for path in scores])) for scores in settings["scores"]]
    curves = zip(settings["curves"], tables, strict=True)
    return ReportContent(
        title=settings["title"],
        introduction=INTRODUCTION,
        tables=tables,
        datasets=[_dataset(name, Path(index)) for name, index in settings["data"].items()],
        figures=[Media(Path(path), f"{table.label} over training", wide=False) for path, table in curves],
        clips=[media for name, clips in settings["clips"].items() for media in _clips(name, clips)],
        runs=[_run(name, run, tables) for name, run in settings["runs"].items()],
        versions={"stylesv": __version__},
    )


def _dataset(name: str, index_file: Path) -> DatasetSummary:
    index = json.loads(index_file.read_text())
    lengths = [clip["num_frames"] for clip in index["clips"]]
    facts = {
        "clips": f"{len(lengths)} of {len(index['sources'])} videos",
        "frames": f"{sum(lengths):,} in all; {min(lengths)} to {max(lengths)} a clip, median {np.median(lengths):g}",
        "resolution": f"{index['resolution']} x {index['resolution']} pixels",
    }
    return DatasetSummary(name, facts, {entry["source"]: entry["reason"] for entry in index["dropped"]})


def _clips(name: str, clips: dict[str, str]) -> list[Media]:
    return [
        Media(Path(clips["film"]), f"{name}: real and generated clips"),
        Media(Path(clips["strip"]), f"{name}: frames over time", "Each row is a clip, each column a time."),
        Media(
            Path(clips["slices"]),
            f"{name}: one column of pixels over time",
            "Time runs down. Streaks that stand still while the scene moves would be texture sticking.",
        ),
    ]


def _run(name: str, run: dict[str, Any], tables: list[ScoreTable]) -> RunSummary:
    recipe_yaml = Path(run["recipe"]).read_text()
    recipe = yaml.safe_load(recipe_yaml)
    choice = json.loads(Path(run["choice"]).read_text())
    facts = {
        "best snapshot": f"kimg {choice['kimg']}, {choice['metric']} {format_number(choice['value'])}",
        "starts from": "scratch" if recipe["parent"] is None else f"the best snapshot of {recipe['parent']['run']}",
        "frames in a clip": str(recipe["training"]["num_frames"]),
        "clips in a step": str(recipe["training"]["batch_size"]),
        "length": f"{choice['of_kimgs'][-1]} kimg",
    }
    if run["logs"]:
        last = json.loads(Path(run["logs"][-1]).read_text().splitlines()[-1])
        facts["last losses"] = f"G {last['loss_generator']:.2f}, D {last['loss_discriminator']:.2f}"
    return RunSummary(name, facts, recipe_yaml)
