"""Does what people read show what this call asks for? Tables, figures and pages have plain paths, with a key beside each.

Snakemake compares the params that it made them with, where it knows them: not where results were copied without .snakemake.
"""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from stylesv.workflow import paths


def again(experiment: str, what: str, key_file: str, key: str, recorded: Callable[[str], bool]) -> str | None:
    """A file that is not there until its job is due, as an input that makes `what` run; None where Snakemake has a record (`recorded`) of the file of
    the key and so compares by itself, or where what lies there is not known to be another.
    """
    with suppress(OSError, ValueError):
        found = Path(key_file).read_text(encoding="utf-8").strip()
        if found not in ("", key) and not recorded(key_file):
            return paths.AGAIN.format(experiment=experiment, what=what, key=key)
    return None
