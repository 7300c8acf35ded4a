"""The table of a paper: published numbers, ours over seeds, how far they are apart, and what a perfect generator would score."""

from collections.abc import Sequence

import pandas as pd

from stylesv.records.published import LETTERS, NOT_AVAILABLE, PublishedNumber, papers_number
from stylesv.records.table_plan import TabledProtocol
from stylesv.report.over_seeds import Ours, best_of, format_interval, format_ours, is_like
from stylesv.report.score_row import DASH, format_floor, format_number
from stylesv.report.table_files import Table
from stylesv.report.tabled_scores import TabledScores, command_for, labels_of

INTERVAL = (
    "Ours: mean over seeds ± their standard deviation, each run at its best snapshot by its first protocol; interval: from the "
    "lowest to the highest end of the seeds' bootstrap intervals."
)
VERDICT = (
    "Not different from: paper, where its number lies in our interval (it has none of its own); best, where this mean and that "
    "of the best model of the data set lie in each other's interval. (best) marks that model."
)
UNTRAINED = (
    "At 0 kimg a model is as it was drawn, or as its parent left it: nothing of its own training helped its score."
)

IMPORTED = (
    "{models}: networks as their authors published them, scored here; nothing was trained, which is their 0 kimg."
)


def main_table(found: TabledScores, published: Sequence[PublishedNumber]) -> Table:
    """A line for every data set, measure and model of an experiment.

    Raises:
        ConfigError: scores of one protocol were made with different detectors.
    """
    protocols = [protocol for protocol in found.plan.protocols if not protocol.last]
    labels = labels_of(protocols)
    lines = [
        line
        for data in found.plan.data
        for protocol in protocols
        for line in _block(found, published, data.dataset, data.resolution, protocol, labels[protocol.id])
    ]
    runs = [run for run in found.plan.runs if run.tabled]
    imported = {run.model for run in runs if run.imported}
    at_0 = {line["shown"]["model"] for line in lines if "0" in line["shown"]["at kimg"].split(", ")}
    untrained = (UNTRAINED,) if at_0 - imported else ()
    published_networks = (IMPORTED.format(models=", ".join(sorted(at_0 & imported))),) if at_0 & imported else ()
    notes = (
        INTERVAL,
        VERDICT,
        *untrained,
        *published_networks,
        *published_notes(published, lines),
        *found.notes(protocols),
        *found.missing(runs),
    )
    shown = [line["shown"] for line in lines]
    numbers = pd.DataFrame([line["numbers"] for line in lines])
    return Table(f"{found.plan.title}: paper and ours", numbers, pd.DataFrame(shown), notes)


def published_notes(published: Sequence[PublishedNumber], lines: Sequence[dict]) -> tuple[str, ...]:
    """Where the paper's numbers in a table are from, and which others were published for what it shows."""
    used = [line["published"] for line in lines if line["published"] is not None]
    sources = dict.fromkeys(f"Paper: {number.source} ({number.confidence})." for number in used)
    shown = {(line["numbers"]["dataset"], line["published_as"]) for line in lines if line["published_as"]}
    if not shown:
        return ("The paper has no numbers of these measures or data sets.",)
    elsewhere: dict[tuple[str, str], list[str]] = {}
    for number in published:
        if number.place == "elsewhere" and (number.dataset, number.metric) in shown:
            elsewhere.setdefault((number.dataset, number.metric), []).append(number_text(number))
    others = (f"Published elsewhere, {' '.join(at)}: {'; '.join(texts)}." for at, texts in elsewhere.items())
    return (LETTERS, *sources, *others)


def number_text(number: PublishedNumber) -> str:
    """A number of others with its source, for a note."""
    size = "" if number.resolution in (None, 256) else f" at {number.resolution} px"
    return f"{number.method}{size} {number.value} ({number.source}; {number.confidence})"


def _block(
    found: TabledScores,
    published: Sequence[PublishedNumber],
    dataset: str,
    resolution: int,
    protocol: TabledProtocol,
    label: str,
) -> list[dict]:
    """The lines of one data set and measure."""
    models = [
        model
        for model in found.plan.models
        if any(protocol.id in run.protocols for run in found.plan.of(dataset, model))
    ]
    ours = {model: found.ours(dataset, model, protocol) for model in models}
    measured = [each for each in ours.values() if each is not None]
    best = best_of(measured)
    lines = []
    for model in models:
        named = {"dataset": dataset, "resolution": resolution, "metric": protocol.published_as}
        paper = papers_number(published, model=found.plan.published_as(model), **named)
        where = {"dataset": dataset, "model": model, "metric": label, "protocol": protocol.id}
        asked = len(found.plan.of(dataset, model))
        lost = [run for run in found.plan.of(dataset, model) if run.name not in found.scores]
        values = _values(ours[model], paper, best, several=len(measured) > 1)
        numbers = where | {"paper": paper and paper.value} | values
        numbers |= {"seeds": len(ours[model].rows) if ours[model] else 0, "seeds_asked": asked}
        numbers |= {"missing": command_for(lost) if lost else None}
        shown = _shown(ours[model], paper, protocol, where, values, asked)
        lines.append({"numbers": numbers, "shown": shown, "published": paper, "published_as": protocol.published_as})
    return lines


def _values(
    ours: Ours | None, paper: PublishedNumber | None, best: Ours | None, *, several: bool
) -> dict[str, float | str | None]:
    """What there is of ours; nothing where no run is there."""
    names = ("ours", "spread", "low", "high", "difference", "difference_percent", "floor", "floor_low", "floor_high")
    values: dict[str, float | str | None] = dict.fromkeys((*names, "not_different_from", "kimg"))
    if ours is None:
        return values
    values |= {"ours": ours.value, "spread": ours.spread, "low": ours.low, "high": ours.high, "kimg": ours.kimgs}
    if paper is not None:
        difference = ours.value - paper.value
        values |= {"difference": difference, "difference_percent": 100 * difference / paper.value}
    if (floor := ours.rows[0].floor) is not None:
        values |= {"floor": floor.value, "floor_low": floor.low, "floor_high": floor.high}
    like = ["paper"] if paper is not None and ours.holds(paper.value) else []
    if best is not None and ours is not best and is_like(ours, best):
        like.append("best")
    if ours is best and several:
        like.append("(best)")
    return values | {"not_different_from": ", ".join(like)}


def _shown(
    ours: Ours | None,
    paper: PublishedNumber | None,
    protocol: TabledProtocol,
    where: dict[str, str],
    values: dict,
    asked: int,
) -> dict[str, str]:
    cells = {"data set": where["dataset"], "measure": where["metric"], "model": where["model"]}
    none = DASH if protocol.published_as is None else NOT_AVAILABLE
    difference = values["difference"]
    signed = DASH if difference is None else f"{difference:+.4g} ({values['difference_percent']:+.0f} %)"
    return cells | {
        "paper": none if paper is None else str(paper.value),
        "ours": format_ours(ours),
        "at kimg": values["kimg"] or DASH,
        "interval": format_interval(values["low"], values["high"]),
        "seeds": f"{len(ours.rows) if ours else 0} of {asked}",
        "difference": signed,
        "floor": DASH if ours is None else format_floor(ours.rows[0]),
        "times floor": DASH
        if not values["floor"] or values["floor"] <= 0
        else format_number(values["ours"] / values["floor"]),
        "not different from": values["not_different_from"] or "",
    }
