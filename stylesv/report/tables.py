"""Score tables: one protocol each, every value with its interval, as CSV, Markdown, LaTeX and HTML."""

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from stylesv.files import write_text
from stylesv.report import motion_table
from stylesv.report.score_row import (
    ScoreRow,
    format_floor,
    format_infinity,
    format_kimg,
    format_score,
)
from stylesv.report.score_table import ScoreTable, tabulate_scores
from stylesv.report.table_files import Table, TableFiles, html_page, markdown_lines, table_html, table_latex

CSV_COLUMNS = (
    *("dataset", "model", "run", "seed", "kimg", "metric", "value", "low", "high", "best", "few_clips"),
    *("like_best", "floor", "floor_low", "floor_high", "infinity"),
    *("real_clips", "generated_clips", "protocol", "protocol_key", "detector_sha256"),
    *motion_table.CSV_COLUMNS,
)


def write_score_table(rows: Sequence[ScoreRow], files: TableFiles, *, missing: Sequence[str] = ()) -> ScoreTable:
    """Write the scores of one protocol four ways: every snapshot (CSV), best and every snapshot (Markdown), best (LaTeX, HTML).

    `missing` says of which runs there is none yet.

    Raises:
        DataError: there are none.
        ConfigError: they were made under different protocols; nothing is written.
    """
    table = tabulate_scores(rows)
    table = replace(table, notes=(*table.notes, *missing))
    write_text(files.csv, format_csv(table))
    write_text(files.markdown, format_markdown(table))
    write_text(files.tex, format_tex(table))
    write_text(files.html, html_page(table.label, table_html(best_table(table))))
    return table


def score_numbers(table: ScoreTable) -> pd.DataFrame:
    """A line for each snapshot, full precision, with the protocol in every line."""
    lines = []
    for row in table.rows:
        found = [row.dataset, row.model, row.run, row.seed, row.kimg, table.label, row.value, row.low, row.high]
        found += [str(row in table.best).lower(), str(row.few_clips).lower(), row.num_real, row.num_generated]
        found[-2:-2] = [str(table.is_like_best(row)).lower(), *_floor_values(row)]
        found += [table.protocol.name, table.protocol.key, table.protocol.detector_sha256]
        lines.append([*found, *motion_table.csv_values(row.motion, row.warnings)])
    return pd.DataFrame(lines, columns=list(CSV_COLUMNS), dtype=object)


def best_table(table: ScoreTable) -> Table:
    """The best snapshot of each run."""
    arrow = "↑" if table.protocol.settings.higher_is_better else "↓"
    head = ("Data set", "Model", "Run", f"{table.label} {arrow}", "kimg", "floor", "∞ clips")
    cells = [
        (row.dataset, row.model, row.run, format_score(row), format_kimg(row), format_floor(row), format_infinity(row))
        for row in table.best
    ]
    shown = pd.DataFrame(cells, columns=list(head))
    return Table(f"{table.label} ({table.direction})", score_numbers(table), shown, (table.caption, *table.notes))


def format_csv(table: ScoreTable) -> str:
    """One line for each snapshot, full precision, with the protocol in every line."""
    return score_numbers(table).to_csv(index=False, lineterminator="\n")


def format_markdown(table: ScoreTable) -> str:
    """Best and last snapshot of each run, then every snapshot."""
    columns = [f"best {table.label}", "at kimg", f"last {table.label}", "at kimg", "floor", "infinitely many clips"]
    summary = [["dataset", "model", "run", *columns]]
    for row in table.best:
        last = table.last(row.run)
        shown = [f"**{format_score(row)}**", format_kimg(row), format_score(last), format_kimg(last)]
        shown += [format_floor(row), format_infinity(row)]
        summary.append([row.dataset, row.model, row.run, *shown])
    every = [["run", "kimg", table.label]]
    for row in table.rows:
        shown = format_marked(table, row)
        every.append([row.run, format_kimg(row), f"**{shown}**" if row in table.best else shown])
    notes = "".join(f"* {note}\n" for note in table.notes)
    moved = table.motion
    if moved:
        notes += f"\n### How clips move\n\n{markdown_lines(moved)}"
    for dataset, cells in table.beside(lambda row: f"{row.run} at {format_kimg(row)}").items():
        head = f"What {table.label} misses on {dataset} (best snapshots, and what it should be)"
        notes += f"\n### {head}\n\n{markdown_lines(cells)}"
    return (
        f"## {table.label} ({table.direction})\n\n{markdown_lines(summary)}\n### Every snapshot\n\n{markdown_lines(every)}\n"
        f"{table.caption}\n\n{notes}"
    )


def format_tex(table: ScoreTable) -> str:
    """Best snapshot of each run, for LaTeX with the booktabs package."""
    return table_latex(best_table(table))


def format_marked(table: ScoreTable, row: ScoreRow) -> str:
    """A score, behind ≈ where it differs from the best of its run by no more than chance."""
    return ("≈ " if row not in table.best and table.is_like_best(row) else "") + format_score(row)


def _floor_values(row: ScoreRow) -> list[float | None]:
    floor = (row.floor.value, row.floor.low, row.floor.high) if row.floor else (None, None, None)
    return [*floor, row.infinity.value if row.infinity else None]
