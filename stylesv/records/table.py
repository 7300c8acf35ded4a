"""Records as lines of a CSV file: what people open in a spreadsheet. An empty field is null."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from stylesv.config.base import Settings
from stylesv.errors import DataError
from stylesv.files import write_text
from stylesv.records.record_file import one_error, reasons
from stylesv.records.sealed_text import seal_text, unseal_text

R = TypeVar("R", bound=Settings)


def write_table(path: Path, rows: Sequence[Settings], kind: type[Settings]) -> None:
    """Write records of one kind, a column for each of its fields, and their hash in a line of its own."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(kind.model_fields), lineterminator="\n")
    writer.writeheader()
    for row in rows:
        values = row.model_dump(mode="json")
        writer.writerow({name: "" if value is None else value for name, value in values.items()})
    write_text(path, seal_text(text.getvalue()))


def read_table(path: Path, kind: type[R], *, what: str, advice: str) -> tuple[R, ...]:
    """Read records of one kind.

    Raises:
        DataError: the file is missing, or is not `what`; `advice` is what to do then.
    """
    path = Path(path)
    with one_error(path, what=what, advice=advice, error=DataError):
        text = unseal_text(path.read_bytes()).decode("utf-8-sig")
        reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        columns = list(kind.model_fields)
        if list(reader.fieldnames or ()) != columns:
            raise ValueError(f"its columns are not {', '.join(columns)}")
        try:
            return tuple(kind.model_validate_strings({n: v for n, v in row.items() if v != ""}) for row in reader)
        except ValidationError as error:
            raise ValueError(f"line {reader.line_num}: {'; '.join(reasons(error))}") from error
        except (csv.Error, TypeError) as error:
            raise ValueError(f"line {reader.line_num}: {error}") from error
