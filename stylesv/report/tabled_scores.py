"""The scores that an experiment's tables are made of: read from its files, joined over seeds, and what of them is not there."""

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from stylesv.errors import DataError
from stylesv.records.choice import Choice, read_choice
from stylesv.records.data_sheet import read_data_sheet
from stylesv.records.protocol import require_one_protocol
from stylesv.records.score import Score, read_run_scores
from stylesv.records.table_plan import TabledProtocol, TabledRun, TablePlan
from stylesv.report.computing_text import computing_notes
from stylesv.report.over_seeds import Ours
from stylesv.report.protocol_text import caption_protocol, explain_detector, told_apart
from stylesv.report.score_row import ScoreRow, score_row


@dataclass(frozen=True)
class TabledScores:
    """An experiment's scores and choices by run, and its data sheets in words; without what is not there."""

    plan: TablePlan
    scores: dict[str, tuple[Score, ...]]
    choices: dict[str, Choice]
    sheets: dict[str, str]

    def rows(self, protocol: TabledProtocol) -> list[ScoreRow]:
        """All scores under a protocol."""
        return [
            score_row(score) for found in self.scores.values() for score in found if score.protocol.id == protocol.id
        ]

    def ours(self, dataset: str, model: str, protocol: TabledProtocol) -> Ours | None:
        """The scores of a model's chosen snapshots (or last ones, where the protocol scores them alone); None: none is there."""
        runs = self.plan.of(dataset, model)
        found = [row for run in runs if (row := self.row(run, protocol)) is not None]
        return Ours(tuple(found), len(runs)) if found else None

    def row(self, run: TabledRun, protocol: TabledProtocol) -> ScoreRow | None:
        """The score of a run's chosen snapshot, or of its last one; None: it is not there."""
        score = self.score(run, protocol)
        return None if score is None else score_row(score)

    def score(self, run: TabledRun, protocol: TabledProtocol, *, last: bool | None = None) -> Score | None:
        """Likewise, with everything that its file holds; `last` says that it is to be of the last snapshot."""
        if run.name not in self.scores:
            return None
        kimg = run.kimgs[-1] if (protocol.last if last is None else last) else self.choices[run.name].kimg
        wanted = (kimg, protocol.id)
        return next(
            (score for score in self.scores[run.name] if (score.scored.kimg, score.protocol.id) == wanted), None
        )

    def missing(self, runs: Sequence[TabledRun]) -> tuple[str, ...]:
        """For each model and data set with runs that are not there, which, and the command that makes them."""
        lost: dict[tuple[str, str], list[TabledRun]] = {}
        for run in runs:
            if run.name not in self.scores:
                lost.setdefault((run.dataset, run.model), []).append(run)
        return tuple(
            f"{dataset} {model}, seed {', '.join(str(run.seed) for run in found)}: not there yet; `{command_for(found)}` "
            "(and this call's other --config, if any)"
            for (dataset, model), found in lost.items()
        )

    def notes(self, protocols: Sequence[TabledProtocol]) -> tuple[str, ...]:
        """What was measured of the experiment's models and how, by protocol, how many clips there were, and what of the data was
        asked for.

        Raises:
            ConfigError: scores of one protocol were made with different detectors.
        """
        notes, counts, detectors, labels = [], [], [], labels_of(protocols)
        tabled = {run.name for run in self.plan.runs if run.tabled}
        for protocol in protocols:
            rows = [row for row in self.rows(protocol) if row.run in tabled]
            if not rows:
                continue
            require_one_protocol([(f"{row.run} at {row.kimg} kimg", row.protocol) for row in rows])
            notes.append(f"{labels[protocol.id]}: {caption_protocol(rows[0].protocol)}")
            detectors += filter(None, [explain_detector(rows[0].protocol)])
            counts += [
                f"{row.dataset}, {labels[protocol.id]}: {row.num_real} real and {row.num_generated} generated clips."
                for row in rows
            ]
        sheets = [f"{name}: {text}." for name, text in self.sheets.items()]
        alike = computing_notes([row for protocol in protocols for row in self.rows(protocol) if row.run in tabled])
        return (*dict.fromkeys(detectors), *notes, *dict.fromkeys(counts), *sheets, *alike)


def read_tabled_scores(plan: TablePlan, root: Path) -> TabledScores:
    """Read the scores, choices and data sheets that are there.

    Raises:
        DataError: one of them cannot be read.
        CheckpointError: a choice cannot be read.
    """
    there = [run for run in plan.runs if (root / run.scores).exists() and (root / run.choice).exists()]
    sheets = {data.name: root / data.sheet for data in plan.data if (root / data.sheet).exists()}
    return TabledScores(
        plan,
        scores={run.name: read_run_scores(root / run.scores) for run in there},
        choices={run.name: read_choice(root / run.choice) for run in there},
        sheets={name: read_data_sheet(sheet).counts.text for name, sheet in sheets.items()},
    )


def labels_of(protocols: Sequence[TabledProtocol]) -> dict[str, str]:
    """Labels of their measures by the protocols' ids, told apart where several measure the same."""
    labels = told_apart({protocol.name: protocol.label for protocol in protocols})
    return {protocol.id: labels[protocol.name] for protocol in protocols}


def command_for(runs: Sequence[TabledRun]) -> str:
    """What to type for runs that are not there."""
    files = [file for run in runs for file in (run.choice, run.scores)]
    return shlex.join(["snakemake", "--cores", "all", *files])


def require_protocols(protocols: Sequence[TabledProtocol], *, table: str, needed: str) -> None:
    """Check that an experiment has what a table is made of.

    Raises:
        DataError: it has none.
    """
    if not protocols:
        raise DataError(f"table {table}: no protocol of this experiment {needed}; add one to its `protocols`")
