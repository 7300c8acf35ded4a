"""Long videos: scores of clips that start late, and what sticks, jumps or repeats, by model and beside real clips."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from stylesv.records.beside import ARTEFACTS
from stylesv.records.published import PublishedNumber
from stylesv.records.score import Score
from stylesv.records.table_plan import LONG_SHARES, TabledProtocol, late_number
from stylesv.report.score_row import DASH
from stylesv.report.table_files import Table
from stylesv.report.tabled_scores import TabledScores, labels_of, require_protocols

MEANINGS = ARTEFACTS | LONG_SHARES
Values = dict[str, tuple[float | None, float | None]]
"""By name, what generated and what real clips have; None where there is none."""


def long_video_table(found: TabledScores, published: Sequence[PublishedNumber]) -> Table:
    """For each data set and number that a protocol measures a line, with a column for each model and one for real clips.

    Raises:
        DataError: no protocol of the experiment measures any of it.
        ConfigError: scores of one protocol were made with different detectors.
    """
    plan = found.plan
    protocols = [protocol for protocol in plan.protocols if protocol.long_video]
    require_protocols(protocols, table="long_video", needed="has `drift` or `artefacts`, such as fvd_long_video")
    numbers, shown, labels = [], [], labels_of(protocols)
    for data in plan.data:
        for protocol in protocols:
            if not any(protocol.id in run.protocols for model in plan.models for run in plan.of(data.dataset, model)):
                continue
            by_model = {model: _over_seeds(found, data.dataset, model, protocol) for model in plan.models}
            for name in protocol.long_video:
                named = {"dataset": data.dataset, "protocol": protocol.id, "number": name}
                cells = {"data set": data.dataset, "number": _words(name, labels[protocol.id], len(protocols) > 1)}
                real = None
                for model, values in by_model.items():
                    generated, real_values = values.get(name, ([], []))
                    mean, spread = _mean(generated), _spread(generated)
                    named |= {f"{model}_mean": mean, f"{model}_spread": spread, f"{model}_seeds": len(generated)}
                    cells[model] = _cell(mean, spread)
                    real = _mean(real_values) if real is None else real
                numbers.append(named | {"real": real})
                shown.append(cells | {"real clips": _cell(real, None)})
    runs = [run for run in plan.runs if run.tabled]
    notes = (
        "Of last snapshots; mean over seeds ± their standard deviation. What counts is how far a model is from real clips, "
        "which have a dash where none is that long.",
        *found.notes(protocols),
        *found.missing(runs),
    )
    return Table(f"{plan.title}: long videos", pd.DataFrame(numbers), pd.DataFrame(shown), notes)


def _over_seeds(
    found: TabledScores, dataset: str, model: str, protocol: TabledProtocol
) -> dict[str, tuple[list[float], list[float]]]:
    """By name, what the generated and the real clips of each seed have."""
    joined: dict[str, tuple[list[float], list[float]]] = {}
    for run in found.plan.of(dataset, model):
        score = found.score(run, protocol, last=True)
        for name, (generated, real) in _values(score).items() if score else ():
            lists = joined.setdefault(name, ([], []))
            for values, value in zip(lists, (generated, real), strict=True):
                if value is not None:
                    values.append(value)
    return joined


def _values(score: Score) -> Values:
    drift: Values = {late_number(each.start_time): (each.generated, each.real) for each in score.drift}
    artefacts: Values = {each.name: (each.generated, each.real) for each in score.artefacts}
    if score.motion is None:
        return drift | artefacts
    shares = {name: score.motion.share(name) for name in LONG_SHARES}
    return drift | artefacts | {name: (share.generated, share.real) for name, share in shares.items()}


def _words(name: str, label: str, several: bool) -> str:
    """A number and what it means; `several`: with the protocol that found it, beside others."""
    if name.startswith("from frame"):
        return f"{label} {name}"
    words = f"{name}: {MEANINGS[name]}" if name in MEANINGS else name.replace("_", " ")
    return f"{label}, {words}" if several else words


def _mean(values: Sequence[float]) -> float | None:
    return float(np.mean(values)) if values else None


def _spread(values: Sequence[float]) -> float | None:
    return float(np.std(values, ddof=1)) if len(values) > 1 else None


def _cell(mean: float | None, spread: float | None) -> str:
    if mean is None:
        return DASH
    return f"{mean:.4g}" if spread is None else f"{mean:.4g} ± {spread:.2g}"
