"""The lines of training logs, as they are drawn and exported."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from stylesv.errors import DataError


def read_log_lines(paths: Iterable[Path | str]) -> list[dict[str, Any]]:
    """All lines of some `log.jsonl` in their order; a number that is not finite is None.

    Raises:
        DataError: a log is missing or damaged.
    """
    lines: list[dict[str, Any]] = []
    for path in map(Path, paths):
        try:
            found = [json.loads(line, parse_constant=lambda _: None) for line in path.read_text("utf-8").splitlines()]
            lines += [line | {"kimg": float(line["kimg"])} for line in found]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DataError(f"{path}: cannot be read as a training log ({error!r}); remake its segment") from error
    return lines
