"""Options of the command-line programs that Snakemake's rules fill in."""

import math
import os
import re
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import click

from stylesv.errors import ConfigError, MachineError, StyleSVError, one_line
from stylesv.files import write_text
from stylesv.film_forms import MOST_FRAMES, step_of
from stylesv.threads import MOST_CPU_THREADS


class OptionalPath(click.Path):
    """A path, or nothing: rules write `--state={input.state:q}`, which is empty where a job has no such input.

    An option without a value, `--state --networks-out F`, would take the next option for its value. `variables`: those of
    the environment are put in, such as $TMPDIR of the machine that the job runs on.
    """

    def __init__(self, *, variables: bool = False) -> None:
        super().__init__(path_type=Path)
        self.variables = variables

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path | None:
        """None for the empty text."""
        if self.variables and isinstance(value, str):
            value = os.path.expandvars(value)
        return None if value == "" else super().convert(value, param, ctx)


class _List(click.ParamType):
    """Values with commas between them, as a tuple; the empty text is an empty one."""

    def __init__(self, of: click.ParamType):
        self.of, self.name = of, f"{of.name},..."

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[Any, ...]:
        if isinstance(value, tuple):
            return value
        return tuple(self.of.convert(part, param, ctx) for part in value.split(",") if value)


class _CodesOrSeed(click.ParamType):
    """A file of codes, or the seed of a clip."""

    name = "codes|seed"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path | int:
        if isinstance(value, Path | int):
            return value
        if not value:
            self.fail("a file of codes, or a seed, is expected", param, ctx)
        is_number = re.fullmatch("-?[0-9]+", value) is not None
        return click.IntRange(min=0).convert(value, param, ctx) if is_number else Path(value)


class Number(click.ParamType):
    """A finite number, from `least` to `most`."""

    name = "number"

    def __init__(self, least: float = -1e6, most: float = 1e6):
        self.least, self.most = least, most

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if not self.least <= number <= self.most:  # also NaN
            self.fail(f"{value!r} is no number from {self.least:g} to {self.most:g}", param, ctx)
        return number


class Sha256(click.ParamType):
    """A SHA-256 in digits of either case, as programs print it in both, or nothing."""

    name = "sha256"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str | None:
        """In lower case; None for the empty text."""
        if value and not re.fullmatch("[0-9a-fA-F]{64}", value):
            self.fail(f"{value}: has no 64 hexadecimal digits", param, ctx)
        return value.lower() or None


def parse_share(_context: click.Context, _option: click.Parameter, text: str) -> tuple[int, int]:
    """`NUMBER/JOBS` as two numbers."""
    found = re.fullmatch("([0-9]{1,6})/([0-9]{1,6})", text)
    number, jobs = (int(found[1]), int(found[2])) if found else (0, 0)
    if not number < jobs <= _MOST_JOBS:
        raise ConfigError(
            f"--share {text}: NUMBER/JOBS is expected, with numbers from 0, e.g. 0/4 to 3/4 for four jobs, {_MOST_JOBS:,} at most"
        )
    return number, jobs


_MOST_JOBS = 100_000


class _Seeds(click.ParamType):
    """Seeds and ranges of them, both ends included, as users of StyleGAN type them: `3`, `0-24`, `3,7-9`."""

    name = "seeds"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, ...]:
        """All of them, in this order."""
        if isinstance(value, tuple):
            return value
        found: list[int] = []
        for part in value.split(","):
            ends = re.fullmatch(r"\s*(\d{1,18})(?:-(\d{1,18}))?\s*", part, re.ASCII)
            first, last = (int(ends[1]), int(ends[2] or ends[1])) if ends else (1, 0)
            if not 0 <= last - first < _MOST_SEEDS:
                self.fail(
                    f"{value}: seeds from 0 and ranges from low to high are expected, such as 0-24 or 3,7-9", param, ctx
                )
            found += range(first, last + 1)
        return tuple(found)


_MOST_SEEDS = 1_000_000  # of a range
SEEDS = _Seeds()
NAMES = _List(click.STRING)
NUMBERS = _List(click.IntRange(min=0))
STEPS = _List(Number())
CODES_OR_SEED = _CodesOrSeed()
CODES_OR_SEEDS = _List(CODES_OR_SEED)

CPU_THREADS = click.option(
    "--cpu-threads",
    default=1,
    show_default=True,
    type=click.IntRange(1, MOST_CPU_THREADS),
    help="Threads on a CPU.",
)
"""The option of every program that computes; its default is that of `machine.cpu_threads`, so that bytes are the workflow's."""


WORKERS = click.IntRange(0, MOST_CPU_THREADS)
"""Processes that share work; 0, which `machine.num_workers` may be, is this one alone, as 1 is."""
OVERWRITE = click.option("--overwrite", is_flag=True, help="Replace what is there.")


def require_place(out: Path, *, option: str = "--out") -> None:
    """Check, before any work, that something can be written at a place, whose folders need not be there yet.

    Raises:
        ConfigError: a file is in the way of its folders, or nothing may be written there.
    """
    folder = next(each for each in (out.absolute(), *out.absolute().parents) if each.is_dir() or os.path.lexists(each))
    if not folder.is_dir() and folder == out.absolute():  # a file, which may be replaced
        folder = folder.parent
    if not folder.is_dir():
        raise ConfigError(f"{option} {out}: {folder} is a file; give a place in a folder")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise ConfigError(f"{option} {out}: nothing may be written into {folder}; give another place, or allow it")


def require_new(
    out: Path, *, overwrite: bool, option: str = "--out", own: Callable[[Path], object] | None = None
) -> None:
    """Check that a file which is to be written would replace none unasked, and none of another kind.

    `own` reads what such a program writes; a file that it cannot read is not replaced.

    Raises:
        ConfigError: it is there already, or a folder is, or nothing can be written there.
    """
    require_place(out, option=option)
    if out.is_dir():
        raise ConfigError(f"{option} {out}: is a folder; give the name of a file")
    if not out.exists():
        return
    if not overwrite:
        raise ConfigError(f"{option} {out}: is there already; give another name, or --overwrite to replace it")
    try:
        if own is not None:
            own(out)
    except MachineError:
        raise
    except StyleSVError as error:
        raise ConfigError(
            f"{option} {out}: is there, and nothing that this program writes ({one_line(error)}); give another name"
        ) from error


ANY_SNAPSHOT = click.option(
    "--any-snapshot", is_flag=True, help="Take codes and directions that were found for another snapshot, if they fit."
)
FRAMES = click.IntRange(1, MOST_FRAMES)
TIME = click.IntRange(0, MOST_FRAMES)
NETWORKS = click.option(
    "--networks",
    required=True,
    type=click.Path(path_type=Path),
    help="networks.safetensors of a snapshot; or a run's folder or the name of an experiment, whose --snapshot is taken.",
)
SNAPSHOT = click.option(
    "--snapshot",
    help="Which one of a run: best (by its score), last, or its KIMG.  [default: best, or last without scores]",
)
FPS = click.option(
    "--fps",
    type=Number(0.1, 1000.0),  # what players play
    help="Frames per second of the films.  [default: those of the snapshot's data]",
)


def _time_step(_context: click.Context, _option: click.Parameter, text: str | None) -> Fraction | None:
    """A number above 0, also as a fraction."""
    try:
        return None if text is None else step_of(text)
    except ValueError as error:
        raise ConfigError(f"--time-step {text}: {error}") from error


TIME_STEP = click.option(
    "--time-step",
    callback=_time_step,
    help="Time from one frame to the next: 0.5 is half the speed, or with twice the --fps twice the frame rate.  [default: 1]",
)
SLOW_MOTION = click.option("--slow-motion", type=click.IntRange(1, 10**6), help="The same as --time-step 1/N.")


def step_of_time(time_step: Fraction | None, slow_motion: int | None) -> Fraction:
    """What TIME_STEP and SLOW_MOTION say together.

    Raises:
        ConfigError: both are given.
    """
    if slow_motion is not None and time_step is not None:
        raise ConfigError("--slow-motion and --time-step say the same: give one of them")
    return time_step or Fraction(1, slow_motion or 1)


def keeps_key(command: Callable[..., None]) -> Callable[..., None]:
    """The options of a program that makes what people read: the key of all that it shows, which is kept beside it."""
    key = click.option("--key", help="What stands for all that it shows, 8 hex digits.")
    return key(click.option("--key-out", type=click.Path(path_type=Path), help="File to keep that in.")(command))


def keep_key(key: str | None, key_out: Path | None) -> None:
    """Write it once the rest is there, so that a kill leaves none that is wrong."""
    if key is not None and key_out is not None:
        write_text(key_out, f"{key}\n")
