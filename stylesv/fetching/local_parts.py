"""Files of this disk that are the parts of one: in the order that their names count in, and none between them missing."""

import glob
import re
from itertools import pairwise
from pathlib import Path

from stylesv.errors import StyleSVError

_RUNS = re.compile(r"([0-9]+|[A-Za-z]+)")


def files_at(address: str) -> list[Path]:
    """The file of that name, or with * or ? the parts that it stands for, in their order: aa, ab, ... or 1, 2, ..., 10.

    Raises:
        StyleSVError: there is none; a part is missing; or a name is not counted on from the others.
    """
    names = glob.glob(address) if any(mark in address for mark in "*?") else [address]
    if not names or not all(Path(name).is_file() for name in names):
        raise StyleSVError(f"{address}: no such file; put it there, or name its address")
    return [Path(name) for name in _in_order(sorted(names))]


def _in_order(names: list[str]) -> list[str]:
    if len(names) == 1:
        return names
    runs = {name: _RUNS.split(name) for name in names}
    place = _counting_place(names, runs)
    counts = {name: runs[name][place] for name in names}
    if counts[names[0]].isdecimal():
        names = sorted(names, key=lambda name: int(counts[name]))
    for before, after in pairwise(names):
        if not _follows(counts[before], counts[after]):
            wanted = "".join([*runs[before][:place], _next(counts[before]), *runs[before][place + 1 :]])
            between = f"{Path(before).name} and {Path(after).name}"
            raise StyleSVError(f"{names[0]}: part {Path(wanted).name} is missing between {between}; fetch it, too")
    first = counts[names[0]]
    if int(first) > 1 if first.isdecimal() else not first.lower().endswith("a"):
        raise StyleSVError(f"{names[0]}: is not the first part; fetch those before it, too")
    return names


def _counting_place(names: list[str], runs: dict[str, list[str]]) -> int:
    """Which run of letters or digits counts: the only one that is not the same in all names."""
    first = runs[names[0]]
    for name in names[1:]:
        other = runs[name]
        places = [place for place, (a, b) in enumerate(zip(first, other, strict=False)) if a != b]
        if len(first) != len(other) or len(places) != 1 or not _alike(first[places[0]], other[places[0]]):
            raise StyleSVError(
                f"{name}: is no part as {Path(names[0]).name} is one (parts are counted in one place, aa, ab, ... or 1, 2, "
                "...); take it away, or name the parts so that it is not among them"
            )
    found = {place for name in names[1:] for place, (a, b) in enumerate(zip(first, runs[name], strict=True)) if a != b}
    if len(found) > 1:
        raise StyleSVError(f"{names[0]}: the names of its parts count in several places; name the parts of one file")
    return found.pop()


def _alike(a: str, b: str) -> bool:
    """Whether both are digits, or both letters."""
    return (a.isdecimal() and b.isdecimal()) or (a.isalpha() and b.isalpha())


def _follows(before: str, after: str) -> bool:
    """Whether a count comes next; `split` goes on with more places from yz to zaaa, and from 89 to 9000."""
    low, last_but_one, high = "089" if before.isdecimal() else "ayz"
    wider = re.fullmatch(f"(.*){last_but_one}({high}+)", before)
    if wider and after == f"{wider[1]}{high}{low * (len(wider[2]) + 2)}":
        return True
    return int(after) == int(before) + 1 if before.isdecimal() else after == _next(before)


def _next(count: str) -> str:
    """The count behind this one, with as many places."""
    if count.isdecimal():
        return str(int(count) + 1).zfill(len(count))
    if not count or count[-1] not in "zZ":
        return count[:-1] + chr(ord(count[-1]) + 1) if count else ""
    return _next(count[:-1]) + ("a" if count[-1] == "z" else "A")
