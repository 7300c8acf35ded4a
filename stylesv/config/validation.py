"""Plain data checked against a type, with errors that name file, key, value, what is allowed and the nearest known key."""

import difflib
import json
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from stylesv.config.yaml_files import KeyPath, Layer
from stylesv.errors import ConfigError

S = TypeVar("S", bound=BaseModel)
_RENAMED = {"dataset.videos": "dataset.source.folder", "dataset.render": "dataset.source.rendered"}


def validate(kind: type[S], layer: Layer, *, prefix: KeyPath = ()) -> S:
    """The layer's values as a settings object.

    `prefix` is where the values stand in their file, for messages. Values pass through JSON, so that lists may fill
    tuples while "25" is still not a number.

    Raises:
        ConfigError: one line for each setting that is unknown, missing, mistyped or contradictory.
    """
    try:
        text = json.dumps(layer.values)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{_place(layer, ())}: {'.'.join(prefix)}: not plain data ({error})") from error
    try:
        return kind.model_validate_json(text)
    except ValidationError as error:
        details = error.errors(include_url=False)
        inside = {each["loc"][:depth] for each in details for depth in range(len(each["loc"]))}
        # a list whose members are wrong is said to be too short as well
        told = [each for each in details if each["type"] != "too_short" or each["loc"] not in inside]
        lines = [_message(kind, layer, prefix, detail) for detail in told]
        raise ConfigError("\n".join(lines)) from error


def _message(kind: type[BaseModel], layer: Layer, prefix: KeyPath, detail: Any) -> str:
    path = tuple(str(part) for part in detail["loc"])
    name = ".".join((*prefix, *path)) or "settings"
    place = _place(layer, path)
    if detail["type"] == "extra_forbidden":
        if name in _RENAMED:
            return f"{place}: {name}: is called {_RENAMED[name]} now"
        known = _known_keys(kind, path[:-1])
        hint = f"did you mean {near}? " if (near := _nearest(kind, path, known)) else ""
        return f"{place}: {name}: unknown setting; {hint}known here: {', '.join(known)}"
    if detail["type"] == "missing":
        return f"{place}: {name}: missing; {_describe(kind, path)}"
    reason = detail["msg"].removeprefix("Value error, ")
    value = detail["input"]
    shown = "" if isinstance(value, dict) else f"{value!r}: "
    return f"{place}: {name}: {shown}{reason[0].lower()}{reason[1:]}"


def _nearest(kind: type[BaseModel], path: KeyPath, siblings: list[str]) -> str | None:
    """The known key most like an unknown one: among its siblings, else anywhere in the settings."""
    if near := difflib.get_close_matches(path[-1], siblings, n=1, cutoff=0.6):
        return near[0]
    names = {dotted.rsplit(".", 1)[-1]: dotted for dotted in _all_keys(kind)}
    near = difflib.get_close_matches(path[-1], names, n=1, cutoff=0.75)
    return names[near[0]] if near else None


def _all_keys(kind: type[BaseModel], prefix: str = "") -> list[str]:
    keys: list[str] = []
    for name, field in kind.model_fields.items():
        keys.append(prefix + name)
        if inner := _submodel(field.annotation):
            keys += _all_keys(inner, f"{prefix}{name}.")
    return keys


def _place(layer: Layer, path: KeyPath) -> str:
    """Where a key stands; for a missing key, where its nearest parent stands."""
    for end in range(len(path), -1, -1):
        if path[:end] in layer.places:
            return layer.places[path[:end]]
    return "settings"


def _submodel(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _submodel(part))), None)


def _model_at(kind: type[BaseModel], path: KeyPath) -> type[BaseModel] | None:
    model: type[BaseModel] | None = kind
    for key in path:
        if model is not None and key in model.model_fields:
            model = _submodel(model.model_fields[key].annotation)
    return model


def _known_keys(kind: type[BaseModel], path: KeyPath) -> list[str]:
    model = _model_at(kind, path)
    return list(model.model_fields) if model else []


def _describe(kind: type[BaseModel], path: KeyPath) -> str:
    model = _model_at(kind, path[:-1])
    field = model.model_fields.get(path[-1]) if model and path else None
    return (field.description if field and field.description else "it must be given").splitlines()[0]
