"""YAML read with the place of every key, so that an error can name file and line.

Differences from plain PyYAML, on purpose: a key given twice is an error, and 1e-4 is a number (YAML 1.1 reads it as text).
"""

import difflib
import re
from pathlib import Path
from typing import Any

import yaml

from stylesv.errors import ConfigError, DataError
from stylesv.files import require_file

Place = str  # "file:line"
KeyPath = tuple[str, ...]
_MOST_NODES = 200_000  # a list of ids to leave out may be long


class _Loader(yaml.SafeLoader):
    """SafeLoader that also reads 1e-4 as a float."""


class _Dumper(yaml.SafeDumper):
    """SafeDumper that quotes a text which `_Loader` would read as a number, such as the key 22e45988."""


for _kind in (_Loader, _Dumper):
    _kind.add_implicit_resolver(
        "tag:yaml.org,2002:float",
        re.compile(r"^[-+]?(\d+\.?\d*|\.\d+)[eE][-+]?\d+$"),
        list("-+0123456789."),
    )


class Layer:
    """One source of settings: its values as plain data, and where each key stands."""

    def __init__(self, values: dict[str, Any], places: dict[KeyPath, Place]):
        self.values = values
        self.places = places

    @classmethod
    def from_values(cls, values: dict[str, Any], place: Place) -> "Layer":
        """A layer that has no file, such as Snakemake's `--config`."""
        places: dict[KeyPath, Place] = {}

        def walk(node: Any, path: KeyPath) -> None:
            places[path] = place
            if isinstance(node, dict):
                for key, value in node.items():
                    walk(value, (*path, str(key)))

        walk(values, ())
        return cls(values, places)

    def section(self, *keys: str) -> "Layer":
        """The part of this layer under the given keys; empty if there is none.

        Raises:
            ConfigError: something else than a mapping stands there, or nothing at all.
        """
        node: Any = self.values
        for depth, key in enumerate(keys, 1):
            if key not in node:
                return Layer({}, {})
            node = node[key]
            if not isinstance(node, dict):
                place, name = self.places.get(keys[:depth], "?"), ".".join(keys[:depth])
                shown = "is empty" if node is None else repr(node)
                raise ConfigError(f"{place}: {name}: {shown}: must be a mapping of settings ({{}} changes none)")
        return Layer(
            node, {path[len(keys) :]: place for path, place in self.places.items() if path[: len(keys)] == keys}
        )


def merge(*layers: Layer) -> Layer:
    """Later layers win, key by key; lists and numbers are replaced whole."""
    values: Any = {}
    places: dict[KeyPath, Place] = {}
    for layer in layers:
        values = _merged(values, layer.values)
        places |= layer.places
    return Layer(values, places)


def _merged(low: Any, high: Any) -> Any:
    if isinstance(low, dict) and isinstance(high, dict):
        return low | {key: _merged(low[key], value) if key in low else value for key, value in high.items()}
    return high


def read_layer(path: Path) -> Layer:
    """Read one YAML file.

    Raises:
        ConfigError: the file is missing, is not YAML, repeats a key, or is not a mapping.
    """
    try:
        require_file(path)
        text = Path(path).read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise ConfigError(f"{path}: no such file") from error
    except DataError as error:
        raise ConfigError(str(error)) from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read ({error})") from error
    try:
        loader = _Loader(text)
    except yaml.YAMLError as error:  # it looks at every character first
        raise ConfigError(f"{path}: not a text of YAML: {' '.join(str(error).split())}") from error
    try:
        root = loader.get_single_node()
        places: dict[KeyPath, Place] = {(): f"{path}:1"}
        _require_reasonable(root, path)
        values = _construct(loader, root, (), path, places) if root is not None else {}
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else "?"
        raise ConfigError(f"{path}:{line}: not valid YAML: {error.problem}") from error
    except (
        yaml.YAMLError,
        ValueError,
        TypeError,
        OverflowError,
    ) as error:  # a character, a date, a number that cannot be
        raise ConfigError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from error
    except RecursionError as error:
        raise ConfigError(f"{path}: not settings: it is nested too deeply, or refers to itself") from error
    finally:
        loader.dispose()
    if not isinstance(values, dict):
        raise ConfigError(f"{path}: must be a mapping of settings, not {type(values).__name__}")
    return Layer(values, places)


def write_yaml(values: dict[str, Any]) -> str:
    """Plain data as YAML that `read_layer` reads as the same, with sorted keys: the same text for the same values."""
    return yaml.dump(values, Dumper=_Dumper, sort_keys=True, allow_unicode=True, width=120)


def settings_files(folder: Path) -> list[Path]:
    """The settings files of a folder, sorted; hidden ones, which systems and editors leave beside others, are none."""
    return sorted(path for path in folder.glob("*.yaml") if not path.name.startswith("."))


def only_section(layer: Layer, section: str) -> Layer:
    """The settings of a file that holds one section, such as a protocol's, and maybe what it extends; `{}` changes nothing.

    Raises:
        ConfigError: the section is missing, misspelt or empty, or something else stands beside it.
    """
    known = (section, "extends")
    for key in layer.values:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            hint = f"did you mean {near[0]}? " if near else ""
            raise ConfigError(f"{layer.places[(key,)]}: {key}: unknown; {hint}known here: {', '.join(known)}")
    if section not in layer.values:
        raise ConfigError(
            f"{layer.places[()]}: {section}: missing; settings stand under this key, and '{section}: {{}}' takes all "
            "of them from config.yaml"
        )
    return layer.section(section)


def read_scalars(values: Any) -> Any:
    """Plain data whose texts are read as YAML scalars: Snakemake's `--config a={b: 4}` hands over the text "4"."""
    if isinstance(values, dict):
        return {key: read_scalars(value) for key, value in values.items()}
    if isinstance(values, list | tuple):
        return [read_scalars(value) for value in values]
    if not isinstance(values, str):
        return values
    loader = _Loader("")
    try:
        tag = loader.resolve(yaml.ScalarNode, values, (True, False))
        return loader.construct_object(yaml.ScalarNode(tag, values))
    finally:
        loader.dispose()


def _require_reasonable(root: yaml.Node | None, path: Path) -> None:
    """Check that a file's settings, with everything that its references repeat, are not more than anyone writes."""
    count, waiting = 0, [root] if root is not None else []
    while waiting:
        node, count = waiting.pop(), count + 1
        if count > _MOST_NODES:
            raise ConfigError(
                f"{path}: holds more than {_MOST_NODES:,} values, or refers to itself; settings are a few hundred"
            )
        if isinstance(node, yaml.MappingNode):
            waiting += [part for pair in node.value for part in pair]
        elif isinstance(node, yaml.SequenceNode):
            waiting += node.value


def _construct(loader: _Loader, node: yaml.Node, at: KeyPath, file: Path, places: dict[KeyPath, Place]) -> Any:
    """A node as plain data, noting the line of each key on the way."""
    if not isinstance(node, yaml.MappingNode):
        return loader.construct_object(node, deep=True)
    result: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key = str(loader.construct_object(key_node))
        line = key_node.start_mark.line + 1
        if key in result:
            first = places[(*at, key)].rsplit(":", 1)[1]
            raise ConfigError(f"{file}:{line}: {'.'.join((*at, key))}: given twice (first on line {first})")
        places[(*at, key)] = f"{file}:{line}"
        result[key] = _construct(loader, value_node, (*at, key), file, places)
    return result
