"""Names of what is fetched for data sets: made of declarations, so that nothing has to be there yet."""

from pathlib import Path

from stylesv.config.sources import ArchiveSettings, ClipListSettings
from stylesv.errors import ConfigError, cannot_be_read
from stylesv.files import file_sha256
from stylesv.records.recipe import FetchedArchive, FetchedClips, FetchedFiles, FetchedFilms
from stylesv.workflow import paths


def fetched_archive(settings: ArchiveSettings) -> tuple[FetchedArchive, str, str]:
    """An archive as a recipe has it, its name, and where it will lie when it is whole."""
    parts = tuple(part.identity for part in settings.parts)
    name = f"archive-{FetchedFiles(parts=parts).key}"
    whole = paths.ARCHIVE if len(parts) > 1 else paths.ARCHIVE_PART.replace("{part}", part_names(settings)[0])
    return FetchedArchive(parts=parts, inside=settings.inside), name, whole.format(source=name)


def part_names(settings: ArchiveSettings) -> list[str]:
    """Names of the parts of an archive, in their order."""
    return [f"part_{number:03d}" for number in range(len(settings.parts))]


def fetched_clips(settings: ClipListSettings) -> tuple[FetchedClips, str]:
    """A table of clips as a recipe has it, and the name of what is fetched for it.

    Raises:
        ConfigError: the table is a file that is not there, or another than its hash says.
        MachineError: it cannot be read.
    """
    films = {"films": settings.films, "film_format": settings.film_format, "partition": settings.partition}
    table = settings.sha256 or settings.table
    if not settings.is_address:
        found = _sha256(Path(settings.table))
        if settings.sha256 not in (None, found):
            raise ConfigError(f"{settings.table}: has SHA-256 {found}, expected {settings.sha256}; mend either")
        table = found
    name = f"films-{FetchedFilms(table=table, **films).key}"
    return FetchedClips(table=table, **films, attempt=settings.attempt), name


def group_names(settings: ClipListSettings) -> list[str]:
    """Names of the groups that films are fetched in: which one, of how many."""
    return [f"{number:03d}of{settings.num_groups:03d}" for number in range(settings.num_groups)]


def _sha256(table: Path) -> str:
    try:
        return file_sha256(table)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
        raise ConfigError(f"{table}: no such file; give the table of clips, or its address") from error
    except OSError as error:
        raise cannot_be_read(table, error) from error
