"""Errors a user can cause, named after the cause.

Each message says what is wrong, where, what is allowed and what to do. A command-line program prints it as one
line and exits with 2 (`run_command`), and so it does when the machine is short of something (`machine_trouble`);
anything else keeps its traceback, because it is a defect of ours.
"""

import errno
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import click


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


class MachineError(StyleSVError):
    """The machine is short of memory, disk, open files or the like, or refuses; what it was to work on may be sound."""


class InterruptionError(StyleSVError):
    """A signal ended the work early; what was done is saved, and the next start goes on from there."""

    exit_status = 75  # EX_TEMPFAIL: try again


def one_line(error: BaseException) -> str:
    """The error's message on a single line."""
    return " ".join(str(error).split())


def printable(name: str | Path) -> str:
    """The name as text that can be printed and stored, also where it is not UTF-8."""
    return str(name).encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


class Trouble(NamedTuple):
    """What the machine is short of or refuses, and what to do."""

    what: str
    advice: str


_GIVE_MEMORY = "give the job more memory, or fewer workers and threads, then run again"
_MEND_DISK = "look after the disk or the connection, then run again"
_ADVICE = {
    "ENOMEM": _GIVE_MEMORY,
    "EAGAIN": "give more memory, processes and threads (ulimit -v, ulimit -u) or fewer workers, then run again",
    **dict.fromkeys(("EMFILE", "ENFILE"), "allow more open files (ulimit -n) or give fewer workers, then run again"),
    **dict.fromkeys(("ENOSPC", "EDQUOT"), "make space or write elsewhere, then run again"),
    **dict.fromkeys(("EACCES", "EPERM"), "allow it or leave it out, then run again"),
    "EFBIG": "allow larger files (ulimit -f) or write elsewhere, then run again",
    "EROFS": "write elsewhere",
    **dict.fromkeys(("EINTR", "EBUSY", "ETXTBSY", "EDEADLK", "ENOLCK"), "run again"),
    **dict.fromkeys(("EIO", "EREMOTEIO", "ENXIO", "ENODEV", "EBADMSG", "EUCLEAN", "ENOMEDIUM"), _MEND_DISK),
    **dict.fromkeys(("ESTALE", "ETIMEDOUT", "ENOTCONN", "ECONNRESET", "ECONNABORTED", "ECONNREFUSED"), _MEND_DISK),
    **dict.fromkeys(("EHOSTDOWN", "EHOSTUNREACH", "ENETDOWN", "ENETUNREACH", "ENETRESET", "ESHUTDOWN"), _MEND_DISK),
}
_ADVICE_BY_ERRNO = {getattr(errno, name): advice for name, advice in _ADVICE.items() if hasattr(errno, name)}
# what Python and PyTorch say without a number; lower case
_OUT_OF_THREADS = "can't start new thread"
_OUT_OF_MEMORY = (os.strerror(errno.ENOMEM).lower(), "can't allocate memory", "out of memory")
_LIBRARY_NOT_LOADED = "failed to map segment from shared object"  # at its end; with a reason behind it, it is another


def machine_trouble(error: BaseException) -> Trouble | None:
    """What the machine is short of, if that is what the error says; None for every other error.

    FFmpeg uses the system's numbers for damaged films, too: whoever reads films asks `stylesv.data.damage`.
    """
    if isinstance(error, MemoryError):
        said = one_line(error)
        return Trouble(f"memory ran out ({said})" if said else "memory ran out", _GIVE_MEMORY)
    if isinstance(error, OSError) and error.errno in _ADVICE_BY_ERRNO:
        what = error.strerror or os.strerror(error.errno)
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        return Trouble(f"the disk is full ({what})" if full else what, _ADVICE_BY_ERRNO[error.errno])
    if isinstance(error, RuntimeError | ImportError):
        said = one_line(error)
        if _OUT_OF_THREADS in said.lower():
            return Trouble(said, _ADVICE_BY_ERRNO[errno.EAGAIN])
        if any(words in said.lower() for words in _OUT_OF_MEMORY) or said.endswith(_LIBRARY_NOT_LOADED):
            return Trouble(f"memory ran out ({said})", _GIVE_MEMORY)
    return None


def cannot_be_read(path: Path, error: BaseException) -> MachineError:
    """The error that stops the work where a file or folder that was found is not to be had."""
    what, advice = machine_trouble(error) or (
        getattr(error, "strerror", None) or one_line(error),
        "make it readable or leave it out, then run again",
    )
    return MachineError(f"{printable(path)}: cannot be read ({what}); {advice}")


def _refuse_empty(path: "click.Path") -> None:
    """An empty text, which a variable of a shell that is not set leaves, would be the folder that the program runs in."""
    convert = path.convert

    def converted(value: Any, parameter: "click.Parameter | None", context: "click.Context | None") -> Any:
        if value == "":
            path.fail("a path is expected, and none is given", parameter, context)
        return convert(value, parameter, context)

    path.convert = converted


def run_command(command: Callable[..., object]) -> None:
    """Run a click command; a `StyleSVError`, or what the machine lacks, is one line on stderr and an exit status (2).

    So is a mistake in options, of which click by itself says how the program is called in three lines more.
    """
    import click  # what is above is for programs that know no click, too

    try:
        if isinstance(command, click.Command):
            for parameter in command.params:
                if type(parameter.type) is click.Path:
                    _refuse_empty(parameter.type)
            command.main(standalone_mode=False)
        else:
            command()
    except StyleSVError as error:
        print(f"error: {one_line(error)}", file=sys.stderr)
        sys.exit(error.exit_status)
    except click.ClickException as error:
        print(f"error: {' '.join(error.format_message().split())} (--help lists all options)", file=sys.stderr)
        sys.exit(error.exit_code)
    except click.Abort:  # Ctrl-C
        print("Aborted!", file=sys.stderr)
        sys.exit(1)
    except Exception as error:
        trouble = machine_trouble(error)
        file = getattr(error, "filename", None)
        if trouble is not None:
            line = f"{file or Path(sys.argv[0]).name}: {trouble.what}; {trouble.advice}"
        elif isinstance(error, OSError) and error.errno is not None and file is not None:
            line = f"{file}: {error.strerror}"
        else:
            raise
        print(f"error: {line}", file=sys.stderr)
        sys.exit(2)
