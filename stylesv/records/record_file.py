"""How records lie in files: YAML for what people open and change from, JSON for what is measured.

A file is written whole or not at all; one that is not the record it should be is one error, with what to do.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from stylesv.config.base import Settings
from stylesv.config.yaml_files import read_layer, write_yaml
from stylesv.errors import ConfigError, DataError, StyleSVError, cannot_be_read
from stylesv.files import canonical_json, require_file
from stylesv.records.sealed_text import seal_text, unseal_object, unseal_text

R = TypeVar("R", bound=Settings)


def read_record(path: Path, kind: type[R], *, what: str, advice: str, error: type[StyleSVError] = DataError) -> R:
    """Read a record from a file: JSON, or YAML by its suffix.

    Raises:
        StyleSVError: of the kind `error`: it is missing, or is not `what`; `advice` is what to do then.
    """
    path = Path(path)
    with one_error(path, what=what, advice=advice, error=error):
        require_file(path)
        if path.suffix in (".yaml", ".yml"):
            values = read_layer(path).values
            unseal_text(path.read_bytes())
            return kind.model_validate_json(json.dumps(values))
        return kind.model_validate_json(unseal_object(path.read_bytes()))


def record_of(
    values: Any, kind: type[R], path: Path, *, what: str, advice: str, error: type[StyleSVError] = DataError
) -> R:
    """Plain data that was read from a file as a record.

    Raises:
        StyleSVError: of the kind `error`: it is not `what`; `advice` is what to do then.
    """
    with one_error(path, what=what, advice=advice, error=error):
        return kind.model_validate_json(json.dumps(values))


@contextmanager
def one_error(path: Path, *, what: str, advice: str, error: type[StyleSVError] = DataError) -> Iterator[None]:
    """Whatever shows inside that a file is missing or is not `what` becomes one error that says what to do."""
    try:
        yield
    except FileNotFoundError as missing:
        raise error(f"{path}: no such {what}; {advice}") from missing
    except OSError as trouble:
        raise cannot_be_read(path, trouble) from trouble
    except ValidationError as invalid:
        raise error(f"{path}: is not a {what} ({'; '.join(reasons(invalid))}); {advice}") from invalid
    except (ConfigError, ValueError, TypeError) as unreadable:
        reason = " ".join(str(unreadable).removeprefix(f"{path}: ").split())
        raise error(f"{path}: is not a {what} ({reason}); {advice}") from unreadable


def record_yaml(record: Settings, comment: str) -> str:
    """A record as readable YAML, below a line that says what it is, and with its hash."""
    return seal_text(f"# {comment}\n" + yaml_text(record.model_dump(mode="json")))


def yaml_text(values: dict[str, Any]) -> str:
    """Plain data as YAML with sorted keys: the same text for the same values."""
    return write_yaml(json.loads(canonical_json(values)))


def rounded(values: Any) -> Any:
    """Plain data whose numbers have 10 digits: the last bits depend on how libraries happened to use their threads."""
    if isinstance(values, float):
        return float(f"{values:.10g}")
    if isinstance(values, dict):
        return {name: rounded(value) for name, value in values.items()}
    return [rounded(value) for value in values] if isinstance(values, list) else values


def reasons(error: ValidationError) -> list[str]:
    """The first of what is wrong, each with its place."""
    found = error.errors(include_url=False)[:3]
    return [": ".join(filter(None, (".".join(map(str, detail["loc"])), detail["msg"]))) for detail in found]
