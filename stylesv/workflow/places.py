"""Are the places of results folders that can be written to? Snakemake says so by a traceback, and after it has planned."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

from stylesv.errors import ConfigError
from stylesv.workflow import paths

_BESIDE = ("logs", "benchmarks")


def require_folders(placed: Callable[[str], str]) -> None:
    """Check every folder that a result or a log may lie in, as far as its name is fixed; `placed` says where our paths are.

    Raises:
        ConfigError: one is something else, or may not be written to.
    """
    for folder in (Path(placed(folder)) for folder in _folders()):
        if not os.path.lexists(folder):
            continue
        if not folder.exists():
            raise ConfigError(f"{folder}: is a link that leads nowhere; make the folder that it leads to, or remove it")
        if not folder.is_dir():
            raise ConfigError(f"{folder}: is a file, where a folder belongs; move or rename it")


def require_writable(placed: Callable[[str], str]) -> None:
    """Check that a call which makes something may write where all of it begins; what lies deeper may be others' to read.

    Raises:
        ConfigError: it may not.
    """
    for folder in map(Path, (".", ".snakemake", *map(placed, ("results", *_BESIDE)))):
        if folder.exists() and not os.access(folder, os.W_OK | os.X_OK):
            raise ConfigError(
                f"{folder.absolute()}: may not be written to by you; allow it, or work in a checkout of your own with a copy of "
                "results"
            )


def _folders() -> Iterator[str]:
    texts = [value for name, value in vars(paths).items() if name.isupper() and isinstance(value, str)]
    texts += [text for value in vars(paths).values() if isinstance(value, dict) for text in value.values()]
    found = {place for text in texts if isinstance(text, str) and text.startswith("results/") for place in _fixed(text)}
    yield from sorted({*found, *_BESIDE})


def _fixed(text: str) -> list[str]:
    folder = PurePosixPath(text.split("{")[0] + "_").parent
    return [str(place) for place in (folder, *folder.parents) if place.name]
