"""Errors a user can cause, named after the cause.

Each message says what is wrong, where, what is allowed and what to do. A command-line program prints it as one
line and exits with 2 (`run_command`); anything else keeps its traceback, because it is a defect of ours.
"""

import sys
from collections.abc import Callable


class StyleSVError(Exception):
    """Base of all errors that a user can cause and mend."""

    exit_status = 2


class ConfigError(StyleSVError):
    """A setting is unknown, missing, of the wrong type, out of range or contradicts another."""


class DataError(StyleSVError):
    """Videos or packed clips cannot be used as they are."""


class CheckpointError(StyleSVError):
    """A snapshot or state file is missing, damaged, or of another recipe."""


class DetectorError(StyleSVError):
    """A feature network is missing, has the wrong hash, or gives features that cannot be used."""


class InterruptionError(StyleSVError):
    """A signal ended the work early; what was done is saved, and the next start goes on from there."""

    exit_status = 75  # EX_TEMPFAIL: try again


def one_line(error: BaseException) -> str:
    """The error's message on a single line."""
    return " ".join(str(error).split())


def run_command(command: Callable[[], object]) -> None:
    """Run a click command; a `StyleSVError` or a full disk becomes one line on stderr and an exit status (2)."""
    try:
        command()
    except StyleSVError as error:
        print(f"error: {one_line(error)}", file=sys.stderr)
        sys.exit(error.exit_status)
    except OSError as error:
        if error.errno is None or error.filename is None:
            raise
        print(f"error: {error.filename}: {error.strerror}", file=sys.stderr)
        sys.exit(2)
