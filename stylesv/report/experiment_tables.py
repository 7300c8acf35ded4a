"""An experiment's tables by name, from its files."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd

from stylesv.errors import ConfigError
from stylesv.files import project_of
from stylesv.records.published import SHOWN_IN, PublishedNumber, read_published
from stylesv.records.table_plan import TabledProtocol, read_table_plan
from stylesv.report.ablation_table import ablation_table
from stylesv.report.cost_table import cost_table
from stylesv.report.long_video_table import long_video_table
from stylesv.report.main_table import main_table
from stylesv.report.protocols_table import protocols_table
from stylesv.report.table_files import Table, TableFiles, write_table_files
from stylesv.report.tabled_scores import TabledScores, read_tabled_scores
from stylesv.report.tables import CSV_COLUMNS, write_score_table

BUILDERS: dict[str, Callable[[TabledScores, Sequence[PublishedNumber]], Table]] = {
    "main": main_table,
    "ablation": ablation_table,
    "protocols": protocols_table,
    "long_video": long_video_table,
}


def write_experiment_table(
    plan_file: Path, name: str, *, published: Path, speeds: Path, benchmarks: Path, files: TableFiles
) -> None:
    """Write one table of an experiment: one of `BUILDERS`, its cost, or the scores of a protocol, by the protocol's name.

    `plan_file` is the record of its tables; what that names lies relative to the folder that holds its `results`. What is not
    there is a dash, with the command that makes it.

    Raises:
        ConfigError: there is no such table, or scores of one protocol were made with different detectors.
        DataError: a file cannot be read, or the experiment has nothing that such a table shows.
        CheckpointError: a choice of a snapshot cannot be read.
    """
    plan, root = read_table_plan(plan_file), project_of(plan_file)
    if name == "cost":
        write_table_files(cost_table(plan, root, speeds=speeds, benchmarks=benchmarks), files)
        return
    found = read_tabled_scores(plan, root)
    if name in BUILDERS:
        numbers = read_published(published) if name in SHOWN_IN else ()
        write_table_files(BUILDERS[name](found, numbers), files)
        return
    protocol = next((protocol for protocol in plan.protocols if protocol.name == name), None)
    if protocol is None:
        known = ", ".join((*BUILDERS, "cost", *(protocol.name for protocol in plan.protocols)))
        raise ConfigError(f"--table {name}: no such table of experiment {plan.experiment}; known: {known}")
    _write_scores(found, protocol, files)


def _write_scores(found: TabledScores, protocol: TabledProtocol, files: TableFiles) -> None:
    """The table of all scores under a protocol."""
    rows = found.rows(protocol)
    missing = found.missing([run for run in found.plan.runs if protocol.id in run.protocols])
    if rows:
        write_score_table(rows, files, missing=missing)
        return
    numbers, shown = pd.DataFrame(columns=list(CSV_COLUMNS)), pd.DataFrame({protocol.label: []})
    empty = Table(f"{protocol.label}: no score yet", numbers, shown, missing)
    write_table_files(empty, files)
