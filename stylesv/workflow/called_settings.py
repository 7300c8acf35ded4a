"""The settings that a call of Snakemake gives by `--config`, checked for what can be asked there."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stylesv.config.yaml_files import Layer, read_scalars
from stylesv.errors import ConfigError
from stylesv.workflow.call import CallOptions

_PLACE = "--config"
_SECTIONS = ("dataset", "model", "per_model", "protocol", "figures", "machine")
_RUNS = ("datasets", "models", "seeds")


@dataclass(frozen=True)
class CalledSettings:
    """What is above the settings of files."""

    videos: str | None
    """Folder or zip of raw videos."""
    sections: Layer
    """Settings, by section."""
    runs: Layer
    """What the experiment runs, in the place of what its file says."""


def called_settings(overrides: Mapping[str, Any]) -> CalledSettings:
    """Those of the keys and values of `--config`.

    Raises:
        ConfigError: a key is unknown, or `videos` is no path.
    """
    known = ("videos", *CallOptions.model_fields, *_RUNS, *_SECTIONS)
    if unknown := sorted(set(overrides) - set(known)):
        raise ConfigError(f"{_PLACE}: {unknown[0]}: unknown; known here: {', '.join(known)}")
    videos = overrides.get("videos")
    if not isinstance(videos, str | None):
        raise ConfigError(
            f"{_PLACE} videos={videos}: is read as a {type(videos).__name__}, but a path is expected; write it as one: "
            f"videos=./{videos}"
        )
    values = {key: read_scalars(value) for key, value in overrides.items()}
    return CalledSettings(
        videos,
        Layer.from_values({key: value for key, value in values.items() if key in _SECTIONS}, _PLACE),
        Layer.from_values({key: _listed(value) for key, value in values.items() if key in _RUNS}, _PLACE),
    )


def _listed(values: Any) -> list[Any]:
    """Names or seeds, of which one need not be written as a list."""
    return values if isinstance(values, list) else [values]
