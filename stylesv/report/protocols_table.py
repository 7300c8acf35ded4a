"""One checkpoint under every protocol: how far the way of scoring alone moves a number."""

from collections.abc import Sequence

import pandas as pd

from stylesv.records.published import PublishedNumber
from stylesv.records.table_plan import TabledRun, TablePlan
from stylesv.report.main_table import number_text
from stylesv.report.over_seeds import format_ours
from stylesv.report.protocol_text import describe_protocol
from stylesv.report.score_row import DASH, ScoreRow, format_floor, format_number, format_score, score_row
from stylesv.report.table_files import Table
from stylesv.report.tabled_scores import TabledScores

PAPERS_MODEL = "D"
"""The model whose checkpoint was published; an experiment without it shows its last model."""


def protocols_table(found: TabledScores, published: Sequence[PublishedNumber]) -> Table:
    """For each data set the last snapshot of one run, and a line for each protocol of the experiment.

    Raises:
        ConfigError: scores of one protocol were made with different detectors.
    """
    plan, numbers, shown, shown_runs = found.plan, [], [], []
    for data in plan.data:
        run = _checkpoint(plan, data.dataset)
        shown_runs.append(run)
        for protocol in plan.protocols:
            if protocol.id not in run.protocols:
                continue
            score = found.score(run, protocol, last=True)
            row = None if score is None else score_row(score)
            where = {"dataset": data.dataset, "run": run.name, "kimg": run.kimgs[-1]}
            ours = found.ours(data.dataset, run.model, protocol)
            numbers.append(where | {"protocol": protocol.id, "metric": protocol.label} | _values(row))
            cells = {"data set": data.dataset, "protocol": protocol.name, "measure": protocol.label} | _cells(row)
            shown.append(cells | {"all seeds": format_ours(ours)})
    checkpoints = [f"{run.dataset}: {run.name} at {run.kimgs[-1]} kimg." for run in shown_runs]
    notes = (
        "One checkpoint of each data set, the last snapshot of its first seed. All seeds: mean ± standard deviation, of "
        "last snapshots where a protocol scores these alone, and of best ones otherwise.",
        *checkpoints,
        *_published_elsewhere(plan, published),
        *found.notes(
            [protocol for protocol in plan.protocols if any(protocol.id in run.protocols for run in shown_runs)]
        ),
        *found.missing(shown_runs),
    )
    return Table(
        f"{plan.title}: one checkpoint under every protocol", pd.DataFrame(numbers), pd.DataFrame(shown), notes
    )


def _checkpoint(plan: TablePlan, dataset: str) -> TabledRun:
    model = PAPERS_MODEL if PAPERS_MODEL in plan.models else plan.models[-1]
    return plan.of(dataset, model)[0]


def _values(row: ScoreRow | None) -> dict[str, float | int | str | None]:
    names = ("value", "low", "high", "floor", "floor_low", "floor_high", "real_clips", "generated_clips")
    if row is None:
        return dict.fromkeys(names)
    floor = (row.floor.value, row.floor.low, row.floor.high) if row.floor else (None, None, None)
    return dict(zip(names, (row.value, row.low, row.high, *floor, row.num_real, row.num_generated), strict=True))


def _cells(row: ScoreRow | None) -> dict[str, str]:
    names = ("score", "floor", "times floor", "clips", "real clips", "generated clips", "detector")
    if row is None:
        return dict.fromkeys(names, DASH)
    said = describe_protocol(row.protocol)
    times = DASH if row.floor is None or row.floor.value <= 0 else format_number(row.value / row.floor.value)
    real = f"{row.num_real}: {said['Real clips']}"
    generated = f"{row.num_generated}: {said['Generated clips']}"
    detector = row.protocol.settings.detector.name
    cells = (format_score(row), format_floor(row), times, said["Clips"], real, generated, detector)
    return dict(zip(names, cells, strict=True))


def _published_elsewhere(plan: TablePlan, published: Sequence[PublishedNumber]) -> list[str]:
    """What others found for one published checkpoint under several protocols, of the data sets of the experiment."""
    datasets = {data.dataset for data in plan.data}
    found = [
        number
        for number in published
        if number.dataset in datasets
        and number.model == "A"
        and number.place == "elsewhere"
        and "untrained" not in number.method
    ]
    return [number_text(number) for number in found]
