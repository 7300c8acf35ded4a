"""Models in rows, data sets and measures in columns: what each step from one model to the next changes."""

from collections.abc import Sequence

import pandas as pd

from stylesv.records.published import NOT_AVAILABLE, PublishedNumber, papers_number
from stylesv.report.main_table import INTERVAL, published_notes
from stylesv.report.over_seeds import Ours, format_ours, is_like
from stylesv.report.score_row import DASH
from stylesv.report.table_files import Table
from stylesv.report.tabled_scores import TabledScores, labels_of

STEP = (
    "Step: what changed from the model in the row above; ≈ where the two means lie in each other's interval, so that it may be "
    "chance."
)


def ablation_table(found: TabledScores, published: Sequence[PublishedNumber]) -> Table:
    """A row for each model, and for each data set and measure ours, the paper's and the step from the row above.

    Raises:
        ConfigError: scores of one protocol were made with different detectors.
    """
    plan = found.plan
    protocols = [protocol for protocol in plan.protocols if not protocol.last]
    blocks = [
        (data, protocol)
        for data in plan.data
        for protocol in protocols
        if any(protocol.id in run.protocols for model in plan.models for run in plan.of(data.dataset, model))
    ]
    labels = labels_of(protocols)
    numbers, shown, lines, above = [], [], [], {}
    for model in plan.models:
        values, cells = {"model": model}, {("", "", "model"): model}
        for data, protocol in blocks:
            ours = found.ours(data.dataset, model, protocol)
            named = {"dataset": data.dataset, "resolution": data.resolution}
            paper = papers_number(published, **named, model=plan.published_as(model), metric=protocol.published_as)
            lines.append({"numbers": named, "published": paper, "published_as": protocol.published_as})
            before = above.get((data.name, protocol.id))
            label = labels[protocol.id]
            prefix = f"{data.dataset}_{label if label == protocol.label else protocol.name}"
            values |= {
                f"{prefix}_ours": ours and ours.value,
                f"{prefix}_spread": ours and ours.spread,
                f"{prefix}_low": ours and ours.low,
                f"{prefix}_high": ours and ours.high,
                f"{prefix}_paper": paper and paper.value,
                f"{prefix}_step": ours.value - before.value if ours and before else None,
            }
            at = (data.dataset, label)
            cells |= {(*at, "ours"): format_ours(ours), (*at, "step"): _step(ours, before)}
            if protocol.published_as is not None:
                cells[(*at, "paper")] = NOT_AVAILABLE if paper is None else str(paper.value)
            above[data.name, protocol.id] = ours
        numbers.append(values)
        shown.append(cells)
    columns = pd.MultiIndex.from_tuples(list(shown[0]))
    frame = pd.DataFrame([[row[column] for column in columns] for row in shown], columns=columns)
    runs = [run for run in plan.runs if run.tabled]
    notes = (STEP, INTERVAL, *published_notes(published, lines), *found.notes(protocols), *found.missing(runs))
    return Table(f"{plan.title}: what each step changes", pd.DataFrame(numbers), frame, notes)


def _step(ours: Ours | None, before: Ours | None) -> str:
    if ours is None or before is None:
        return DASH
    return ("≈ " if is_like(ours, before) else "") + f"{ours.value - before.value:+.4g}"
