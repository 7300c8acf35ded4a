"""From settings files to named results: data sets, protocols, runs and experiments.

Everything here is decided before the DAG is built. A name carries the key of all that decides the content behind it,
so the workflow never has to ask whether a file that exists is still right.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from math import ceil
from pathlib import Path
from typing import Any

from stylesv.config.dataset import MOST_SHARDS, DatasetSettings
from stylesv.config.figures import FigureSettings
from stylesv.config.films import FilmSettings
from stylesv.config.fingerprint import KnownVideos, known_videos
from stylesv.config.model_checks import check_model
from stylesv.config.named_files import extended, named_section
from stylesv.config.protocol import ProtocolSettings
from stylesv.config.recipe import RECIPE_VERSIONS
from stylesv.config.settings import (
    NAME_PATTERN,
    BaseSettings,
    ExperimentFile,
    MachineSettings,
    ModelSettings,
)
from stylesv.config.sources import merge_datasets
from stylesv.config.validation import validate
from stylesv.config.yaml_files import Layer, merge, read_layer, settings_files
from stylesv.errors import ConfigError, StyleSVError
from stylesv.records.protocol import Protocol
from stylesv.records.recipe import DataRecipe, GivenVideos, RenderedVideos
from stylesv.workflow import paths
from stylesv.workflow.called_settings import CalledSettings, called_settings
from stylesv.workflow.fetched import fetched_archive, fetched_clips
from stylesv.workflow.planned import (
    DataPlan,
    ExperimentPlan,
    Plan,
    RunPlan,
    imported_recipe,
    snapshot_kimgs,
    trained_recipe,
)
from stylesv.workflow.tabled import require_protocols_of_tables


def load_plan(config_dir: Path, called: CalledSettings | dict[str, Any] | None = None) -> Plan:
    """Read and check every settings file under `config_dir`, with what a call hands over (or `--config` alone) on top.

    Raises:
        ConfigError: naming file, line, key, value, what is allowed and the nearest known key.
    """
    if not isinstance(called, CalledSettings):
        called = called_settings(called or {})
    return _Planner(Path(config_dir), called).plan()


class _VideosMissingError(Exception):
    """The raw videos of a data set are not there: experiments without it can run."""


class _Planner:
    """Collects plans by name while experiments are read."""

    def __init__(self, config_dir: Path, called: CalledSettings):
        self.config_dir = called.folder or config_dir
        self.called = called
        self.given_videos, self.overrides, self.called_runs = called.videos, called.sections, called.runs
        # a data set, model or protocol is asked for by every run
        self.read = cache(self._read)
        self.model_settings = cache(self._model_settings)
        self.protocol = cache(self._protocol)
        self.base = self.read(self.config_dir / "config.yaml")
        base = validate(BaseSettings, self.base)
        self.machine, self.tables = base.machine, base.tables
        self.runs: dict[str, RunPlan] = {}
        self.kimgs: dict[str, frozenset[int]] = {}
        self.choosers: dict[tuple[str, str], dict[str, RunPlan]] = {}
        self.data: dict[str, DataPlan] = {}
        self.protocols: dict[str, Protocol] = {}
        self.given_videos_used_by: set[str] = set()

    def plan(self) -> Plan:
        experiments, waiting, refused = {}, {}, {}
        for path in self._experiment_files():
            if not re.fullmatch(NAME_PATTERN, path.stem):
                raise ConfigError(
                    f"{path}: a target has this name, so it may have letters, digits, _, - and . alone; rename it"
                )
            try:
                experiments[path.stem] = self._experiment(path.stem)
            except _VideosMissingError as error:  # other experiments can run all the same
                waiting[path.stem] = str(error)
            except ConfigError as error:
                if not self.overrides.values and not self.called_runs.values:
                    raise
                refused[path.stem] = error
        if refused:  # what is given on the command line is meant for the experiment that is called
            if not experiments:
                raise next(iter(refused.values()))
            bare = replace(self.called, sections=Layer({}, {}), runs=Layer({}, {}))
            _Planner(self.config_dir, bare).plan()  # the files by themselves are right
            waiting |= {name: str(error) for name, error in refused.items()}
        machine_layer = merge(self.base.section("machine"), self.overrides.section("machine"))
        machine = validate(MachineSettings, machine_layer, prefix=("machine",))
        return Plan(
            experiments=experiments,
            runs=self.runs,
            kimgs=self.kimgs,
            choosers=self.choosers,
            data=self.data,
            protocols=self.protocols,
            references={protocol.reference.id: protocol.reference for protocol in self.protocols.values()},
            machine=machine,
            waiting=waiting,
            given_videos_used_by=frozenset(self.given_videos_used_by),
        )

    def _read(self, path: Path) -> Layer:
        """A settings file, or what the call hands over in its place."""
        called = self.called.experiment
        if called is not None and path == self._file_of(called.name):
            return called.layer
        if self.called.base is not None and path == self.config_dir / "config.yaml":
            return self.called.base
        return read_layer(path)

    def _file_of(self, experiment: str) -> Path:
        return self.config_dir / "experiments" / f"{experiment}.yaml"

    def _experiment_files(self) -> list[Path]:
        files = settings_files(self.config_dir / "experiments")
        if (called := self.called.experiment) is None:
            return files
        own = self._file_of(called.name)
        if own in files and called.files != (own.resolve(),):
            place = next(iter(called.layer.places.values()))
            raise ConfigError(
                f"{place}: experiment: {called.name}: {own} has this name; give another one (experiment: NAME), and say "
                f"`extends: {called.name}` if it is to begin with that file's settings"
            )
        return files if own in files else [*files, own]

    def _experiment(self, name: str) -> ExperimentPlan:
        layer = self._experiment_layer(name)
        self._refuse_unused(name, layer, validate(ExperimentFile, layer))
        layer = merge(layer, self.called_runs)
        file = validate(ExperimentFile, layer)
        self.experiment = name
        runs: list[RunPlan] = []
        for dataset in file.datasets:
            data = self._data(dataset, layer)
            for seed in file.seeds:
                for model in file.models:
                    run = self._run(data, model, seed, layer, file)
                    runs += [r for r in (*run.ancestors, run) if r not in runs]
        figures = validate(FigureSettings, self._stack(layer, ("figures",)), prefix=("figures",))
        films = validate(FilmSettings, self._stack(layer, ("films",)), prefix=("films",))
        tables = self.tables if file.tables is None else file.tables
        plan = ExperimentPlan(name, file.title, file.models, tuple(runs), figures, films, tables)
        require_protocols_of_tables(plan, layer.places.get(("tables",), "config.yaml"))
        return plan

    def _refuse_unused(self, name: str, layer: Layer, file: ExperimentFile) -> None:
        """Settings of a model or data set that an experiment has not are a mistake; what it extends may have such."""
        own = self.read(self._file_of(name)).values
        models = {m for model in file.models for dataset in file.datasets for m in self._lineage(model, layer, dataset)}
        given: list[tuple[str, ...]] = [("per_model", model) for model in own.get("per_model", {})]
        for dataset, settings in own.get("per_dataset", {}).items():
            given.append(("per_dataset", dataset))
            given += [("per_dataset", dataset, "per_model", model) for model in settings.get("per_model", {})]
        for path in given:
            kind, known = {"per_model": ("model", models), "per_dataset": ("data set", file.datasets)}[path[-2]]
            if path[-1] not in known:
                has = ", ".join(file.models) + " and their parents" if kind == "model" else ", ".join(file.datasets)
                raise ConfigError(
                    f"{layer.places[path]}: {'.'.join(path)}: this experiment runs no such {kind}; it runs {has}"
                )

    def _experiment_layer(self, name: str) -> Layer:
        folder = self.config_dir / "experiments"
        return extended(self._file_of(name), folder=folder, read=self.read, whole=self.read)

    def _stack(
        self,
        experiment: Layer,
        section: tuple[str, ...],
        *named: Layer,
        joined: Callable[..., Layer] = merge,
    ) -> Layer:
        """config.yaml, then the named file, then the experiment, then --config."""
        return joined(
            self.base.section(*section), *named, experiment.section(*section), self.overrides.section(*section)
        )

    def _named(self, folder: str, name: str, section: str, wanted_by: str) -> Layer:
        return named_section(self.config_dir / folder, name, section, wanted_by=wanted_by, read=self.read)

    def _data(self, dataset: str, experiment: Layer) -> DataPlan:
        named = self._named("datasets", dataset, "dataset", _place(experiment, "datasets"))
        layer = self._stack(experiment, ("dataset",), named, joined=merge_datasets)
        settings = validate(DatasetSettings, layer, prefix=("dataset",))
        videos, fetched, num_bytes = "", None, None
        if settings.source.rendered is not None:
            source = RenderedVideos(render=settings.source.rendered, version=RECIPE_VERSIONS["videos"])
            videos = paths.VIDEOS.format(videos=f"{dataset}-{source.key}")
        elif settings.source.archive is not None:
            source, fetched, videos = fetched_archive(settings.source.archive)
        elif settings.source.clip_list is not None:
            try:
                source, fetched = fetched_clips(settings.source.clip_list)
            except StyleSVError as error:
                raise _VideosMissingError(f"{_place_of(layer, ('source', 'clip_list', 'table'))}: {error}") from error
        else:
            videos, found = self._found_videos(settings, layer.places.get(("source", "folder")))
            source, num_bytes = GivenVideos(fingerprint=found.fingerprint), found.num_bytes
        recipe = DataRecipe(
            source=source,
            packing=settings.packing,
            version=RECIPE_VERSIONS["data"],
            shots=settings.shots,
            leave_out=settings.leave_out,
        )
        rendered, num_shards = settings.source.rendered is not None, _num_shards(settings, num_bytes)
        plan = DataPlan(f"{dataset}-{recipe.key}", dataset, recipe, settings, videos, rendered, fetched, num_shards)
        return self.data.setdefault(plan.name, plan)

    def _found_videos(self, settings: DatasetSettings, place: str | None) -> tuple[str, KnownVideos]:
        """Folder or zip of raw videos that the settings name, or the command line gives, and what it is known again by."""
        named = settings.source.folder
        if named is None:
            self.given_videos_used_by.add(self.experiment)
        videos = self.given_videos if named is None else named
        if videos is None:
            raise _VideosMissingError(
                f"give the folder or zip of videos: snakemake --cores all {self.experiment} --config videos=PATH"
            )
        try:
            return videos, known_videos(Path(videos), with_labels=settings.labels == "dataset_json")
        except StyleSVError as error:  # not there, empty, or not to be read
            where = "--config videos=" if named is None else f"{place}: dataset.source.folder"
            raise _VideosMissingError(f"{where}: {error}") from error

    def _protocol(self, name: str, experiment: Layer) -> Protocol:
        named = self._named("protocols", name, "protocol", _place(experiment, "protocols"))
        settings = validate(ProtocolSettings, self._stack(experiment, ("protocol",), named), prefix=("protocol",))
        protocol = Protocol.of(name, settings)
        return self.protocols.setdefault(protocol.id, protocol)

    def _model_layer(self, model: str, experiment: Layer, dataset: str) -> Layer:
        return merge(
            self.base.section("model"),
            self._named("models", model, "model", _place(experiment, "models")),
            experiment.section("model"),
            experiment.section("per_dataset", dataset, "model"),
            experiment.section("per_model", model),
            experiment.section("per_dataset", dataset, "per_model", model),
            self.overrides.section("model"),
            self.overrides.section("per_model", model),
        )

    def _lineage(self, model: str, experiment: Layer, dataset: str) -> list[str]:
        """The model and its parents, nearest first."""
        line = [model]
        while (parent := self._model_layer(line[-1], experiment, dataset).values.get("parent")) is not None:
            if parent in line:
                raise ConfigError(
                    f"config/models/{model}.yaml: parents run in a circle: {' -> '.join([*line, parent])}"
                )
            line.append(str(parent))
        return line

    def _model_settings(self, model: str, experiment: Layer, dataset: str) -> ModelSettings:
        self._lineage(model, experiment, dataset)
        return validate(ModelSettings, self._model_layer(model, experiment, dataset), prefix=("model",))

    def _run(self, data: DataPlan, model: str, seed: int, experiment: Layer, file: ExperimentFile) -> RunPlan:
        # data sets of which nothing is said share their models' settings, which are checked once
        special = data.dataset if data.dataset in file.per_dataset else ""
        settings = self.model_settings(model, experiment, special)
        if settings.source is None:
            _check_model(settings, model, data)
        parent = self._parent(settings, model, data, seed, experiment, file)
        protocols, last_protocols = self._protocols_of(settings, model, experiment, file)
        recipe = imported_recipe(settings, data) if settings.source else trained_recipe(settings, data, seed, parent)
        length = settings.length
        run = RunPlan(
            name=f"{data.dataset}-{model}-s{seed}-{recipe.key}",
            model=model,
            seed=seed,
            data=data,
            recipe=recipe,
            settings=settings,
            kimgs=(0,) if settings.source else snapshot_kimgs(length.total_kimg, length.segment_kimg),
            protocols=protocols,
            last_protocols=last_protocols,
            parent=parent,
        )
        self.runs.setdefault(run.name, run)
        self.kimgs[run.name] = self.kimgs.get(run.name, frozenset()) | set(run.kimgs)
        self.choosers.setdefault((run.name, run.chooser), {})[self.experiment] = run
        return run

    def _protocols_of(
        self, settings: ModelSettings, model: str, experiment: Layer, file: ExperimentFile
    ) -> tuple[tuple[Protocol, ...], tuple[Protocol, ...]]:
        """The protocols of all snapshots of a model, and those of its last one alone."""
        kind = "image" if settings.training.num_frames == 1 else "video"
        names = getattr(file.protocols, kind)
        if not names:
            raise ConfigError(
                f"{_place(experiment, 'protocols')}: protocols.{kind}: empty, but model {model} needs one "
                "to choose its best snapshot"
            )
        last = () if kind == "image" else file.protocols.last
        if twice := [name for name in last if name in names]:
            raise ConfigError(
                f"{_place(experiment, 'protocols')}: protocols.last: {twice[0]} scores every snapshot already, by "
                "protocols.video; take it out of one of them"
            )
        of = tuple(self.protocol(name, experiment) for name in (*names, *last))
        return of[: len(names)], of[len(names) :]

    def _parent(
        self, settings: ModelSettings, model: str, data: DataPlan, seed: int, experiment: Layer, file: ExperimentFile
    ) -> RunPlan | None:
        if settings.parent is None:
            return None
        if settings.parent_dataset is not None:
            data = self._data(settings.parent_dataset, experiment)
        return self._run(data, settings.parent, seed, experiment, file)


def _num_shards(settings: DatasetSettings, num_bytes: int | None) -> int:
    """Jobs that pack videos of so many bytes; None where nobody knows yet."""
    if settings.num_shards is not None or num_bytes is None:
        return settings.num_shards or 1
    return min(max(ceil(num_bytes / (settings.shard_gb * 1e9)), 1), MOST_SHARDS)


def _check_model(settings: ModelSettings, model: str, data: DataPlan) -> None:
    try:
        check_model(settings, resolution=data.settings.resolution)
    except ConfigError as error:
        raise ConfigError(f"model {model} on data set {data.dataset}: {error}") from error


def _place(layer: Layer, key: str) -> str:
    return f"{layer.places.get((key,), 'experiment')}: {key}"


def _place_of(layer: Layer, path: tuple[str, ...]) -> str:
    return f"{layer.places.get(path, 'settings')}: dataset.{'.'.join(path)}"
