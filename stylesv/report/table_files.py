"""A table as files: CSV with every digit, Markdown, LaTeX (booktabs) and HTML with what people read, each with its notes."""

import html
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from stylesv.files import write_text
from stylesv.report.latex_table import latex_table

_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;margin:2em;max-width:75em}table{border-collapse:collapse;display:block;"
    "overflow-x:auto}th,td{padding:.3em .8em;text-align:left;white-space:nowrap}thead th{border-bottom:1px solid}"
    "tbody tr:nth-child(even){background:#f3f3f3}li{overflow-wrap:anywhere}"
)


@dataclass(frozen=True)
class TableFiles:
    """Where a table is written."""

    csv: Path
    markdown: Path
    tex: Path
    html: Path


@dataclass(frozen=True)
class Table:
    """Numbers for programs, cells for people, and what to know of them."""

    title: str
    numbers: pd.DataFrame
    """A line of values each, in columns with plain names; what is missing is empty."""
    shown: pd.DataFrame
    """Cells as text; columns may have several levels."""
    notes: tuple[str, ...]


def write_table_files(table: Table, files: TableFiles) -> None:
    """Write a table four ways."""
    write_text(files.csv, table.numbers.to_csv(index=False, lineterminator="\n"))
    write_text(files.markdown, table_markdown(table))
    write_text(files.tex, table_latex(table))
    write_text(files.html, html_page(table.title, table_html(table)))


def table_markdown(table: Table) -> str:
    """Title, table, notes."""
    lines = [_flat(table.shown.columns), *table.shown.astype(str).to_numpy().tolist()]
    notes = "".join(f"* {note}\n" for note in table.notes)
    return f"## {table.title}\n\n{markdown_lines(lines)}\n{notes}"


def table_latex(table: Table) -> str:
    """Table and notes for \\input (`latex_table`)."""
    return latex_table(table.title, table.shown, table.notes)


def table_html(table: Table) -> str:
    """The table and its notes, without a page around them."""
    body = table.shown.to_html(index=False, border=0, escape=True, classes=["sortable"], justify="unset")
    notes = "".join(f"<li>{html.escape(note)}</li>" for note in table.notes)
    return f"{body}\n<ul>{notes}</ul>\n"


def html_page(title: str, body: str) -> str:
    """A page of its own around it."""
    name = html.escape(title)
    head = f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{name}</title><style>{_STYLE}</style></head>'
    return f"{head}\n<body><h1>{name}</h1>\n{body}</body></html>\n"


def markdown_lines(lines: Sequence[Sequence[str]]) -> str:
    """Lines of cells, the first of them the head, as a Markdown table."""
    shown = ["| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |" for cells in lines]
    return "\n".join([shown[0], "|" + " --- |" * len(lines[0]), *shown[1:]]) + "\n"


def _flat(columns: pd.Index) -> list[str]:
    return [" ".join(filter(None, column)) if isinstance(column, tuple) else str(column) for column in columns]
