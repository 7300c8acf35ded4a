"""What a call of Snakemake hands over: settings by `--config`, files by `--configfile`, or the config of a `module` statement.

It may be three things. Settings of the sections of config.yaml are above those of all files. With a `title`, or with
`extends`, it is an experiment, as a file in config/experiments/ is. With every section it is a whole config.yaml (a
deployed copy of config/), in whose place it is read.
"""

import difflib
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stylesv.config.settings import BaseSettings, ExperimentFile
from stylesv.config.yaml_files import Layer, merge, read_layer, read_scalars
from stylesv.errors import ConfigError
from stylesv.workflow.call import CallOptions, call_options

_TYPED = "--config"
_SECTIONS = ("dataset", "model", "per_model", "protocol", "figures", "films", "machine")
_RUNS = ("datasets", "models", "seeds")
_MARKS = ("title", "extends")  # of an experiment: nothing else has them
_EXPERIMENT = (*ExperimentFile.model_fields, "machine")


@dataclass(frozen=True)
class CalledExperiment:
    """An experiment that a call hands over."""

    name: str
    """Name of its target and results."""
    layer: Layer
    """What its file would say."""
    files: tuple[Path, ...] = ()
    """The files that it is read from."""


@dataclass(frozen=True)
class CalledSettings:
    """What is above, or in the place of, the settings of files."""

    options: CallOptions
    """What is no setting."""
    videos: str | None
    """Folder or zip of raw videos."""
    sections: Layer
    """Settings, by section, above all others."""
    runs: Layer
    """What the experiment runs, in the place of what its file says."""
    experiment: CalledExperiment | None = None
    """The experiment that it is."""
    base: Layer | None = None
    """What is read in the place of config.yaml."""
    folder: Path | None = None
    """What is read in the place of the folder config/."""

    @property
    def default_target(self) -> str:
        """The experiment that a call without a target makes: the one that it names, or is."""
        return self.options.default_target


def called_settings(
    config: Mapping[str, Any],
    *,
    typed: Mapping[str, Any] | None = None,
    files: Sequence[str | Path] = (),
    of_module: str | None = None,
    shared: bool = False,
) -> CalledSettings:
    """Those of the keys and values that Snakemake hands over as `config`.

    `typed` are those of `--config`, which stand above `files`, those of `--configfile` (None: all of `config` is typed).
    A module, by that name, has its `config:` alone. If that is the other workflow's own (`shared`), keys that are not ours
    are the other's.

    Raises:
        ConfigError: a key is unknown, or `videos` is no path; an experiment has no name, or one that a file has.
    """
    if of_module is not None:
        place = f"config of module {of_module}"
        given, typed = Layer.from_values(read_scalars(_ours(config, place, shared=shared)), place), {}
    else:
        typed = config if typed is None else typed
        given = merge(*map(read_layer, files)) if files else Layer.from_values({}, _TYPED)
    above = Layer.from_values(read_scalars(dict(typed)), _TYPED)
    options = {
        key: layer.values[key] for layer in (given, above) for key in CallOptions.model_fields if key in layer.values
    }
    whole = set(BaseSettings.model_fields) <= given.values.keys()
    marks = [mark for mark in _MARKS if mark in given.values]
    experiment = None
    if marks and not whole:
        name = options.setdefault("experiment", None if of_module or not files else Path(files[-1]).stem)
        if name is None:
            raise ConfigError(
                f"{given.places[(marks[0],)]}: has {marks[0]}, so it is an experiment; name it: experiment: NAME"
            )
        read_from = () if of_module else tuple(Path(file).resolve() for file in files)
        experiment = CalledExperiment(str(name), _part(given, ExperimentFile.model_fields), read_from)
        _require_known(given, (*_EXPERIMENT, "videos"))
        over = merge(_part(given, ("machine",)), above)
    elif whole:
        _require_known(given, (*BaseSettings.model_fields, "videos", *_RUNS))
        over = merge(_part(given, _RUNS), above)
    else:
        over = merge(given, above)
    _require_known(over, (*_SECTIONS, "videos", *_RUNS))
    folders = [Path(file).parent for file in files if (Path(file).parent / "experiments").is_dir()]
    return CalledSettings(
        options=call_options(options),
        videos=_videos(merge(_part(given, ("videos",)), above)),
        sections=_part(over, _SECTIONS),
        runs=_listed(_part(over, _RUNS)),
        experiment=experiment,
        base=_part(given, BaseSettings.model_fields) if whole else None,
        folder=folders[-1] if whole and folders else None,
    )


def _part(layer: Layer, keys: Iterable[str]) -> Layer:
    """The keys of a layer that are among these."""
    kept = set(keys)
    places = {path: place for path, place in layer.places.items() if not path or path[0] in kept}
    return Layer({key: value for key, value in layer.values.items() if key in kept}, places)


def _ours(config: Mapping[str, Any], place: str, *, shared: bool) -> dict[str, Any]:
    """A module's config without keys of the other workflow; one that is nearly ours is told."""
    known = {*_EXPERIMENT, *BaseSettings.model_fields, *CallOptions.model_fields, "videos"}
    foreign = [key for key in config if key not in known] if shared else []
    for key in foreign:
        if near := difflib.get_close_matches(str(key), known, n=1, cutoff=0.75):
            print(f"{place}: {key}: is taken for the other workflow's; ours is {near[0]}", file=sys.stderr, flush=True)
    return {key: value for key, value in config.items() if key not in foreign}


def _require_known(layer: Layer, keys: Sequence[str]) -> None:
    known = ("videos", *CallOptions.model_fields, *(key for key in keys if key != "videos"))
    if unknown := sorted(set(layer.values) - set(known)):
        near = difflib.get_close_matches(unknown[0], known, n=1, cutoff=0.75)
        hint = f"did you mean {near[0]}? " if near else ""
        place = layer.places.get((unknown[0],), _TYPED)
        raise ConfigError(f"{place}: {unknown[0]}: unknown; {hint}known here: {', '.join(known)}")


def _videos(layer: Layer) -> str | None:
    videos = layer.values.get("videos")
    if isinstance(videos, str | None):
        return videos
    place = layer.places[("videos",)]
    how = f"videos=./{videos}" if place == _TYPED else f'videos: "./{videos}"'
    raise ConfigError(
        f"{place} videos={videos}: is read as a {type(videos).__name__}, but a path is expected; write it as one: {how}"
    )


def _listed(layer: Layer) -> Layer:
    """Names or seeds, of which one need not be written as a list."""
    values = {key: value if isinstance(value, list) else [value] for key, value in layer.values.items()}
    return Layer(values, layer.places)
