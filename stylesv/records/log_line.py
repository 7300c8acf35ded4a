"""The record of a line of a training log, `log.jsonl`: means over the steps of a tick. No result, so times may be in it."""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from stylesv.config.base import Settings
from stylesv.files import require_file
from stylesv.records.record_file import one_error, record_of
from stylesv.records.sealed_text import seal_line, unseal_line

_WHAT, _ADVICE = "training log", "remake its segment"


class LogLine(Settings):
    """A tick. A number that is not finite, such as the norm of gradients that are barely so, is null."""

    kimg: float
    """Thousands of frames shown to the discriminator at its end."""
    step: int
    """The step at its end."""
    means: dict[str, float | None]
    """Means over its steps, by name; in the file they stand beside the others."""
    augment_probability: float | None
    """Probability of the discriminator's augmentations."""
    seconds: float | None
    """How long it took."""
    clips_per_second: float | None
    """Clips trained on in a second."""
    wait_share: float | None
    """Share of the time in which training waited for clips."""
    peak_memory_mb: float | None
    """Most memory in use until then, megabytes."""
    machine: str | None
    """What trained, in the first line of a segment."""

    @classmethod
    def of(cls, values: Any, path: Path) -> "LogLine":
        """The record of a line as the file has it, and `values` gives it.

        Raises:
            DataError: it is no such line.
        """
        if isinstance(values, dict):
            beside = {name: values[name] for name in _BESIDE_MEANS if name in values}
            means = {name: value for name, value in values.items() if name not in _BESIDE_MEANS}
            values = {"machine": None, **beside, "means": means}
        return record_of(values, cls, path, what=_WHAT, advice=_ADVICE)

    def values(self) -> dict[str, Any]:
        """The line as the file has it."""
        beside = self.model_dump(mode="json", exclude={"means", *(() if self.machine else ("machine",))})
        return {"kimg": self.kimg, "step": self.step, **self.means, **beside}

    @property
    def curves(self) -> dict[str, float]:
        """Every number that it gives a curve over training, by name."""
        whole = {
            name: value for name, value in self.values().items() if name not in ("kimg", "step", "seconds", "machine")
        }
        return {name: value for name, value in whole.items() if value is not None}


_BESIDE_MEANS = [name for name in LogLine.model_fields if name != "means"]


def log_text(lines: Iterable[LogLine]) -> str:
    """A log as `read_log` reads it: each line with its hash, since a log grows by lines."""
    return "".join(seal_line(json.dumps(line.values(), allow_nan=False)) + "\n" for line in lines)


def read_log(paths: Iterable[Path | str]) -> list[LogLine]:
    """All lines of some logs in their order.

    Raises:
        DataError: a log is missing or damaged.
    """
    lines: list[LogLine] = []
    for path in map(Path, paths):
        with one_error(path, what=_WHAT, advice=_ADVICE):
            require_file(path)
            found = [_values(line) for line in path.read_bytes().splitlines()]
        lines += [LogLine.of(values, path) for values in found]
    return lines


def segment_logs(run: Path, pattern: str) -> list[Path]:
    """Logs below a run's folder, by the kimg at which their segments end; folders of other names are none of ours."""
    found = {int(path.parent.name): path for path in run.glob(pattern) if re.fullmatch("[0-9]+", path.parent.name)}
    return [found[kimg] for kimg in sorted(found)]


def _values(line: bytes) -> Any:
    return json.loads(unseal_line(line).decode(), parse_constant=lambda _: None)
