"""Does what people read show what this call asks for? Tables, figures and pages have plain paths, with a key beside each.

Snakemake compares the params that it made them with, where it knows them: not where results were copied without .snakemake.
"""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from stylesv.config.recipe import recipe_key
from stylesv.workflow import paths


def again(experiment: str, what: str, key_file: str, key: str, unrecorded: Callable[[str], Path | None]) -> list[str]:
    """A file that is not there yet, which makes `what` run if a target asks for it; none where all is well.

    That is where Snakemake has a record of the file of the key (`unrecorded` gives None) and so compares by itself, or where what
    lies there is not known to be another's.
    """
    place = unrecorded(key_file)
    with suppress(OSError, ValueError):
        if place is not None and (found := place.read_text(encoding="utf-8").strip()) not in ("", key):
            event = recipe_key({"wanted": key, "found": found, "time": place.stat().st_mtime_ns})
            return [paths.AGAIN.format(experiment=experiment, what=what, key=event)]
    return []
