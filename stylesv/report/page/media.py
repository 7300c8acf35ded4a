"""Pictures and films of the page: copied beside it, and shown from there by their relative address."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from stylesv.errors import DataError
from stylesv.files import write_bytes

PICTURES = (".png", ".jpg")
FILMS = (".mp4",)


@dataclass(frozen=True)
class Media:
    """A picture or film under its address on the page. `alt` says in words what is to be seen.

    `more` are other files of the same by what they are, such as PDF or WebP.
    """

    address: str
    title: str
    alt: str
    caption: str = ""
    wide: bool = False
    more: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_film(self) -> bool:
        """Whether it plays."""
        return self.address.endswith(FILMS)


@dataclass(frozen=True)
class PageFolder:
    """The folder of a page, to which what it shows is copied."""

    path: Path

    def copy(self, file: Path, folder: str, name: str) -> str:
        """Copy a file and return its address on the page.

        Raises:
            DataError: it is missing or empty.
        """
        try:
            content = file.read_bytes()
        except OSError as error:
            raise DataError(f"{file}: cannot be read ({error.strerror}); delete the page to make it again") from error
        if not content:
            raise DataError(f"{file}: is empty; delete it to make it again")
        write_bytes(self.path / folder / name, content)
        return f"{folder}/{name}"
