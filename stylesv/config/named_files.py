"""Settings files that have names, such as `config/protocols/NAME.yaml`, each on top of the one that it extends."""

import re
from collections.abc import Callable
from pathlib import Path

from stylesv.config.yaml_files import Layer, Place, merge, only_section, read_layer, settings_files
from stylesv.errors import ConfigError

Read = Callable[[Path], Layer]


def named_section(folder: Path, name: str, section: str, *, wanted_by: Place, read: Read = read_layer) -> Layer:
    """The settings of the file of that name, which holds one section; `wanted_by` is where it was asked for.

    Raises:
        ConfigError: there is no such file, or as `section_of`.
    """
    return section_of(named_file(folder, name, wanted_by), section, folder=folder, read=read)


def section_of(path: Path, section: str, *, folder: Path, read: Read = read_layer) -> Layer:
    """The settings of a file that holds one section; what it `extends` is looked for in `folder`.

    Raises:
        ConfigError: the file has not that section alone, or as `extended`.
    """
    return extended(path, folder=folder, read=lambda file: only_section(read(file), section), whole=read)


def extended(path: Path, *, folder: Path, read: Read, whole: Read) -> Layer:
    """The settings that `read` finds in a file, on top of those in the file of `folder` that it extends, and so on.

    `whole` gives all of a file, where `extends` stands.

    Raises:
        ConfigError: a file extends one that is not there, or files extend each other in a circle.
    """
    layers: list[Layer] = []
    seen: list[Path] = []
    while True:
        file = whole(path)
        layers.insert(0, read(path))
        seen.append(path)
        base = file.values.get("extends")
        if base is None:
            return merge(*layers)
        place = f"{file.places[('extends',)]}: extends"
        if not isinstance(base, str) or not re.fullmatch(r"[A-Za-z0-9_.-]+", base):
            raise ConfigError(f"{place}: {base!r}: must be the name of a file in {folder}, without .yaml")
        path = named_file(folder, base, place)
        if path in seen:
            circle = " -> ".join(file.stem for file in [*seen[seen.index(path) :], path])
            raise ConfigError(f"{place}: {folder.name} extend each other in a circle: {circle}")


def named_file(folder: Path, name: str, wanted_by: Place) -> Path:
    """The file of that name.

    Raises:
        ConfigError: there is none.
    """
    path = folder / f"{name}.yaml"
    if not path.exists():
        known = [file.stem for file in settings_files(folder)]
        raise ConfigError(f"{wanted_by}: {name}: no such file {path}; known: {', '.join(known)}")
    return path
