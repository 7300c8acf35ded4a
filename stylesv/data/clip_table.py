"""A table of clips: spans and boxes of films, as the TaiChi-HD list has them (docs/data.md 2.6)."""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from pathlib import Path

from stylesv.errors import DataError, cannot_be_read

COLUMNS = ("video_id", "start", "end", "bbox", "fps", "width", "height", "partition")
_BROADCAST_RATES = tuple(Fraction(rate * 1000, 1001) for rate in (24, 30, 48, 60, 120))


@dataclass(frozen=True)
class TableRow:
    """A clip: frames `start` to `end` (exclusive) at `fps`, box in pixels of frames of `width` x `height`."""

    video_id: str
    start: int
    end: int
    box: tuple[int, int, int, int]  # left, top, right, bottom
    fps: Fraction
    width: int
    height: int
    partition: str

    @property
    def name(self) -> str:
        """As the published tools name it."""
        return f"{self.video_id}#{self.start:06d}#{self.end:06d}"

    def frames_at(self, fps: float) -> tuple[int, int]:
        """First and last (exclusive) frame at a film's own rate: frame i belongs to it if start <= i * row's fps / fps < end."""
        ratio = _exact_rate(Fraction(fps)) / _exact_rate(self.fps)
        return ceil(self.start * ratio), ceil(self.end * ratio)

    def box_at(self, width: int, height: int) -> tuple[tuple[float, float, float, float], bool]:
        """The box in pixels of a film's own size, clamped into its frame, and whether that moved an edge."""
        across, down = width / self.width, height / self.height
        left, top, right, bottom = self.box
        wanted = (left * across, top * down, right * across, bottom * down)
        box = tuple(min(max(edge, 0.0), float(limit)) for edge, limit in zip(wanted, (width, height) * 2, strict=True))
        return box, any(abs(a - b) > 0.5 for a, b in zip(box, wanted, strict=True))


def read_clip_table(path: Path, *, partition: str | None = None) -> tuple[TableRow, ...]:
    """Read a table of clips, or the rows of one partition.

    Raises:
        DataError: it is missing, or a line of it is no clip.
        MachineError: it cannot be read.
    """
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except (FileNotFoundError, NotADirectoryError) as error:
        raise DataError(f"{path}: no such table of clips") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path}: is no table of clips ({error})") from error
    except OSError as error:
        raise cannot_be_read(Path(path), error) from error
    reader = csv.DictReader(io.StringIO(text))
    missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
    if missing:
        raise DataError(f"{path}: is no table of clips: it has no column {missing[0]}; needed: {','.join(COLUMNS)}")
    rows, seen = [], set()
    for values in reader:
        try:
            if None in values or None in values.values():
                raise ValueError(f"has not the {len(reader.fieldnames or ())} fields of the first line")
            row = _row(values)
            if row.name in seen:
                raise ValueError("its clip is there already")
        except (ValueError, TypeError, ZeroDivisionError) as error:
            raise DataError(f"{path}: line {reader.line_num}: {error}; mend it, or leave the line out") from error
        seen.add(row.name)
        rows.append(row)
    wanted = tuple(row for row in rows if partition in (None, row.partition))
    if not wanted:
        raise DataError(
            f"{path}: has no rows{f' of the partition {partition}; it has {sorted({r.partition for r in rows})}' if rows else ''}"
        )
    return wanted


def films_of_group(rows: Sequence[TableRow], group: str) -> list[str]:
    """Ids of the films of a group, `003of028`, in the order of the table."""
    number, _, count = group.partition("of")
    return list(dict.fromkeys(row.video_id for row in rows))[int(number) :: int(count)]


def _row(values: dict[str, str]) -> TableRow:
    if not re.fullmatch(r"[A-Za-z0-9_-]+", values["video_id"]):
        raise ValueError(f"video_id {values['video_id']!r}: allowed are letters, digits, - and _")
    numbers = {name: _whole(values[name], name) for name in ("start", "end", "width", "height")}
    if numbers["start"] >= numbers["end"]:
        raise ValueError(f"start {numbers['start']} is not before end {numbers['end']}")
    found = re.fullmatch(r"([0-9]+)-([0-9]+)-([0-9]+)-([0-9]+)", values["bbox"].strip())
    if found is None:
        raise ValueError(f"bbox {values['bbox']!r}: must be left-top-right-bottom, pixels")
    left, top, right, bottom = box = tuple(int(edge) for edge in found.groups())
    if left >= right or top >= bottom or left >= numbers["width"] or top >= numbers["height"]:
        raise ValueError(f"bbox {values['bbox']} is empty, or outside {numbers['width']}x{numbers['height']} pixels")
    if not re.fullmatch(r"[0-9]+(\.[0-9]+)?", values["fps"].strip()) or not Fraction(values["fps"].strip()):
        raise ValueError(f"fps {values['fps']!r}: must be a number above 0")
    return TableRow(
        video_id=values["video_id"],
        box=box,
        fps=Fraction(values["fps"].strip()),
        partition=values["partition"].strip(),
        **numbers,
    )


def _whole(text: str, name: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text.strip()):
        raise ValueError(f"{name} {text!r}: must be a whole number")
    return int(text)


def _exact_rate(fps: Fraction) -> Fraction:
    """29.97 and 59.94 (and 23.97, as the list has it) stand for 30000/1001, 60000/1001, 24000/1001."""
    for rate in _BROADCAST_RATES:
        if abs(fps - rate) < Fraction(7, 1000):
            return rate
    return fps.limit_denominator(100_000)
