"""Scores of one protocol, and of several, sorted and with the best of each run: what tables and figures are made of."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from stylesv.errors import ConfigError, DataError
from stylesv.records.best_snapshot import Best, Candidate, best_snapshot
from stylesv.records.protocol import UsedProtocol, require_one_protocol
from stylesv.report import motion_table
from stylesv.report.artefact_table import BesideRow, beside_cells
from stylesv.report.computing_text import computing_notes
from stylesv.report.floor_text import floor_notes, is_different
from stylesv.report.over_seeds import Ours, by_model, not_different_notes
from stylesv.report.protocol_text import caption_protocol, explain_detector, told_apart
from stylesv.report.score_row import ScoreRow, format_kimg


@dataclass(frozen=True)
class ScoreTable:
    """Scores of one protocol, sorted by data set, model, run and kimg; `best` has the best of each run, `because` why it is."""

    protocol: UsedProtocol
    rows: tuple[ScoreRow, ...]
    best: tuple[ScoreRow, ...]
    because: Mapping[str, Best]
    notes: tuple[str, ...]
    named: str | None = None
    """What to call it beside other tables; None: by its measure alone."""

    @property
    def label(self) -> str:
        """Name of the measure: FVD16, rFVD16, FID; with the protocol's behind it where tables beside it have the same."""
        return self.named or self.protocol.settings.metric_label

    @property
    def direction(self) -> str:
        """What is better, in words."""
        return f"{'higher' if self.protocol.settings.higher_is_better else 'lower'} is better"

    @property
    def models(self) -> list[tuple[str, str, Ours]]:
        """The best scores of each model on each data set, by data set and model (or run, where none is known)."""
        return [(dataset, model, ours) for (dataset, model), ours in by_model(self.best).items()]

    @property
    def has_many_seeds(self) -> bool:
        """Whether runs of several seeds are to be told apart."""
        return len({row.seed for row in self.rows}) > 1

    @property
    def has_floors(self) -> bool:
        """Whether it is known what a perfect generator would score."""
        return any(row.floor is not None for row in self.rows)

    @property
    def caption(self) -> str:
        """The protocol in one line."""
        return caption_protocol(self.protocol)

    @property
    def motion(self) -> list[list[str]]:
        """Cells of a table of how every snapshot's clips move; empty where it was not measured."""
        return motion_table.motion_cells(
            [(f"{row.run} at {format_kimg(row)}", row.motion, row.warnings) for row in self.rows]
        )

    def beside(self, name: Callable[[ScoreRow], str]) -> dict[str, list[list[str]]]:
        """For each data set where there are any, cells of a table of what stands beside its best scores, named by `name`."""
        found: dict[str, list[tuple[str, tuple[BesideRow, ...]]]] = {}
        for row in self.best:
            found.setdefault(row.dataset, []).append((name(row), row.beside))
        return {dataset: cells for dataset, of in found.items() if (cells := beside_cells(of))}

    def is_like_best(self, row: ScoreRow) -> bool:
        """Whether a score is the best of its run, or differs from it by no more than chance."""
        best = next(found for found in self.best if found.run == row.run)
        return row is best or not is_different(row, best)

    def first(self, run: str) -> ScoreRow:
        """The score of a run's first snapshot."""
        return next(row for row in self.rows if row.run == run)

    def last(self, run: str) -> ScoreRow:
        """The score of a run's last snapshot."""
        return [row for row in self.rows if row.run == run][-1]


def tabulate_scores(rows: Sequence[ScoreRow]) -> ScoreTable:
    """Sort the scores of one protocol and find the best of each run.

    Raises:
        DataError: there are none.
        ConfigError: they were made under different protocols or of different numbers of clips; the message names the
            fields.
    """
    if not rows:
        raise DataError("a score table without scores; score at least one snapshot")
    require_one_protocol([(f"{row.run} at {row.kimg} kimg", row.protocol) for row in rows])
    _require_equal_counts(rows)
    ordered = tuple(sorted(rows, key=lambda row: (row.dataset, row.model, row.run, row.kimg or 0)))
    runs = dict.fromkeys(row.run for row in ordered)
    rows_of = {run: [row for row in ordered if row.run == run] for run in runs}
    because = {run: _best(of_run) for run, of_run in rows_of.items()}
    best = tuple(rows_of[run][found.place] for run, found in because.items())
    return ScoreTable(rows[0].protocol, ordered, best, because, _notes(ordered, best))


def tabulate_protocols(rows: Iterable[ScoreRow]) -> list[ScoreTable]:
    """A table for each protocol's name, told apart where several have the same measure.

    Raises:
        ConfigError: as `tabulate_scores`.
    """
    by_name: dict[str, list[ScoreRow]] = {}
    for row in rows:
        by_name.setdefault(row.protocol.name, []).append(row)
    tables = {name: tabulate_scores(found) for name, found in by_name.items()}
    labels = told_apart({name: table.label for name, table in tables.items()})
    return [replace(table, named=labels[name]) for name, table in tables.items()]


def _best(rows: Sequence[ScoreRow]) -> Best:
    candidates = [Candidate(row.kimg, row.value, row.warnings, row.motion) for row in rows]
    return best_snapshot(candidates, rows[0].protocol.settings)


def _require_equal_counts(rows: Sequence[ScoreRow]) -> None:
    """A folder with fewer videos than the protocol's clips has a score of its own kind."""
    for row in rows[1:]:
        if row.num_generated != rows[0].num_generated:
            raise ConfigError(
                f"{rows[0].run} at {rows[0].kimg} kimg and {row.run} at {row.kimg} kimg cannot be compared: generated clips: "
                f"{rows[0].num_generated} and {row.num_generated}; score equally many, or put them in separate tables"
            )


def _notes(rows: tuple[ScoreRow, ...], best_rows: tuple[ScoreRow, ...]) -> tuple[str, ...]:
    notes: list[str] = []
    best_of = {row.run: row for row in best_rows}
    random = explain_detector(rows[0].protocol)
    if random:
        notes.append(random)
    if any(row.few_clips for row in rows):
        notes.append(
            "There are no more clips than feature dimensions: the value depends strongly on the number of clips, so "
            "compare only scores of equally many."
        )
    best = "highest" if rows[0].protocol.settings.higher_is_better else "lowest"
    if len(rows) > len({row.run for row in rows}):
        among = (
            " whose clips move about as much as real ones, if there are any" * rows[0].protocol.settings.motion_decides
        )
        notes.append(
            f"Best is the {best} of a run's snapshots{among}; chosen by this very score, it is slightly optimistic."
        )
    counts = {row.dataset: (row.num_real, row.num_generated) for row in rows}
    notes += [f"{name}: {real} real and {made} generated clips." for name, (real, made) in counts.items()]
    notes += [f"{name}: {text}." for name, text in {row.dataset: row.asked.text for row in rows if row.asked}.items()]
    notes += [*computing_notes(rows), *floor_notes(rows), *not_different_notes(best_rows)]
    if any(row not in best_rows and not is_different(row, best_of[row.run]) for row in rows):
        notes.append(
            "≈: each score lies in the interval of the other, this and the best of its run; they are not different."
        )
    return tuple(notes)
