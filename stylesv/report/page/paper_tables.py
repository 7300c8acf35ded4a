"""Tables of an experiment on its page: taken as they are from the files that their jobs wrote."""

import re
from dataclasses import dataclass
from pathlib import Path

from stylesv.errors import DataError

_ADVICE = "delete it to make it again"


@dataclass(frozen=True)
class PaperTable:
    """A table: its name, its title, and its HTML with notes, as `stylesv.report.table_files` wrote it."""

    name: str
    title: str
    body: str


def read_paper_table(name: str, file: Path) -> PaperTable:
    """Read a table's page.

    Raises:
        DataError: it cannot be read, or is no page of a table.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise DataError(f"{file}: cannot be read ({error.strerror}); {_ADVICE}") from error
    found = re.search(r"<body><h1>(.*?)</h1>\n(.*)</body>", text, re.DOTALL)
    if found is None:
        raise DataError(f"{file}: is no page of a table; {_ADVICE}")
    return PaperTable(name, found[1], found[2])
