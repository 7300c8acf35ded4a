"""Which jobs a changed setting schedules: planned for every key of config.yaml, and written as docs/settings.md.

The jobs are those whose names another plan does not have. Nothing is run, and no Snakemake is started; that Snakemake
schedules the same is checked by test_settings_table.py. `python tests/workflow/settings_table.py` writes the document.
"""

import copy
import hashlib
import shutil
import tempfile
from collections.abc import Collection, Iterator
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_args

import yaml

from stylesv.config.settings import BaseSettings
from stylesv.config.validation import _submodel
from stylesv.config.yaml_files import read_layer
from stylesv.errors import ConfigError
from stylesv.workflow.films import films_of
from stylesv.workflow.plan import load_plan
from stylesv.workflow.questions import Questions
from stylesv.workflow.reported import collection_of, look_of, look_of_data, looked_at

ROOT = Path(__file__).resolve().parents[2]
HEAD = "video_id,start,end,bbox,fps,width,height,partition\n"
ORDER = [
    "render_videos",
    "fetch_archive",
    "fetch_films",
    "fetch_checkpoint",
    "write_data_recipe",
    "split_shots",
    "pack_videos",
    "write_data_sheet",
    "write_recipe",
    "initialize_networks",
    "import_networks",
    "train_segment",
    "write_protocol",
    "measure_reference",
    "measure_floor",
    "score_snapshot",
    "choose_snapshot",
    "collect_scores",
    "write_look",
    "generate_clips",
    "generate",
    "draw_nearest",
    "show_real_clips",
    "write_figure_plan",
    "draw_figure",
    "write_table_plan",
    "write_table",
    "write_rule_graph",
    "write_experiment",
    "write_report",
]
# where a key is changed: the file, and what stands above its section there
FILES = {
    "dataset": ("datasets/demo.yaml", ("dataset",)),
    "model": ("experiments/demo.yaml", ("per_model", "D")),
    "protocol": ("protocols/evd_16f.yaml", ("protocol",)),
    "parent's protocol": ("protocols/efid.yaml", ("protocol",)),
    "model.source": ("models/tried.yaml", ("model",)),
    "figures": ("experiments/demo.yaml", ("figures",)),
    "films": ("experiments/demo.yaml", ("films",)),
    "tables": ("experiments/demo.yaml", ("tables",)),
    "machine": ("config.yaml", ("machine",)),
}
NOTHING = {"folder": None, "rendered": None, "archive": None, "clip_list": None}
LIST = {"table": "{config}/list.csv", "sha256": None, "films": "https://example.org/{id}", "film_format": "mp4"}
LIST |= {"partition": None, "attempt": 1, "num_groups": 2}
ARCHIVE = {"parts": [{"address": "a.zip", "sha256": None}], "inside": None}
FOLDER = {"source": NOTHING | {"folder": "{config}/films"}}
I3D = {
    "kind": "i3d_torchscript",
    "url": None,
    "sha256": None,
    "feature_dim": 400,
    "resize_px": None,
    "resize_filter": None,
}
RANDOM = I3D | {"name": "random-i3d", "kind": "random_i3d", "resize_px": 64, "resize_filter": "bilinear"}
ISV = {
    "inception": {"splits": 2, "shuffle_seed": None},
    "floor": None,
    "neighbours": None,
    "kernel": None,
    "detector": RANDOM,
}
# what stands in the file before and after, so that there is something to change
BESIDE: dict[str, dict[str, Any]] = {
    "dataset.source.folder": FOLDER,
    "dataset.source.archive": {"source": NOTHING | {"archive": ARCHIVE}},
    "dataset.source.clip_list": {"source": NOTHING | {"clip_list": LIST}, "max_frames": None, "fps": None},
    "dataset.shots": {"shots": {"detector": "transnetv2", "threshold": 0.1}, "fps": None},
    "dataset.labels": FOLDER,
    "dataset.shard_gb": FOLDER,
    "model.generator.motion.bs_emb": {"generator": {"motion": {"bspline": True}}},
    "model.generator.motion.offset": {"generator": {"motion": {"bspline": True}}},
    "model.generator.synthesis.fuse_w": {"generator": {"w_dim": 16, "channel_max": 16}},
    "model.generator.synthesis.always_lr": {"generator": {"synthesis": {"low_rank": 1}}},
    "model.discriminator.always_update": {"discriminator": {"freeze_layers": 1}},
    "protocol.real.seed": {"real": {"first_frames": "random"}},
    "protocol.artefacts": {"artefacts": {"num_clips": 4, "num_frames": 24, "motion_distance": 16}},
    "protocol.drift": {"drift": {"start_times": [0], "num_clips": 4}},
    "protocol.inception": {"metric": "inception_video"} | ISV,
} | {
    f"protocol.detector.{key}": {"detector": {"name": "a.pt", **I3D}}
    for key in ("name", "kind", "url", "sha256", "feature_dim")
}
# what a key is changed to, where the next number, the other choice or a number instead of null is not allowed
OTHER: dict[str, Any] = {
    "dataset.leave_out": ["a"],
    "dataset.resolution": 64,
    "dataset.max_frames": 64,
    "dataset.labels": "folders",
    "dataset.licence": "CC0",
    "dataset.source.folder": "{config}/others",
    "dataset.source.archive.parts.address": "b.zip",
    "dataset.source.archive.parts.sha256": "ab" * 32,
    "dataset.source.archive.inside": "train",
    "dataset.source.clip_list.table": "{config}/other.csv",
    "dataset.source.clip_list.sha256": hashlib.sha256(HEAD.encode()).hexdigest(),
    "dataset.source.clip_list.films": "https://example.org/film/{id}",
    "dataset.source.clip_list.partition": "train",
    "model.source.pickle": "b.pkl",
    "model.source.sha256": "cd" * 32,
    "model.source.stands_for": "D",
    "model.parent": "other",
    "model.parent_dataset": "toy_slow",
    "model.generator.synthesis.last_stopband_rel": 1.5,
    "model.generator.synthesis.conv_kernel": 1,
    "model.discriminator.architecture": "orig",
    "model.discriminator.mbstd_group_size": 2,
    "model.discriminator.concat_res": 8,
    "model.training.batch_size": 16,
    "model.training.frame_sampling.distances": [1, 2, 4],
    "model.training.generator_optimizer.betas": [0.5, 0.99],
    "model.training.discriminator_optimizer.betas": [0.5, 0.99],
    "model.training.augment.transforms.imgfilter_bands": [1, 1, 1, 0.5],
    "protocol.metric": "inception_video",
    "protocol.detector.kind": "encoder_torchscript",
    "protocol.detector.url": "https://example.org/a.pt",
    "protocol.detector.sha256": "ab" * 32,
    "protocol.detector.resize_px": 128,
    "protocol.detector.resize_filter": "bicubic",
    "protocol.drift.start_times": [0, 8],
    "figures.colours": ["#000000"],
    "figures.drawn": ["curves"],
    "tables": ["main", "ablation"],
}
# other keys that have to go with it
WITH: dict[str, dict[str, Any]] = {
    "model.generator.architecture": {"generator.synthesis": None},
    "model.generator.motion.gen_strategy": {"generator.motion.kernel_size": None},
    "model.discriminator.tmean": {"discriminator.num_frames_div_factor": None},
    "protocol.metric": ISV,
    "films.columns": {"num_videos": 30},
    "films.rows": {"num_videos": 30},
}


TEXT = """# What a changed setting makes anew

Written by `python tests/workflow/settings_table.py`, which plans another value of every key of `config/config.yaml` in the place
where it stands for the demo, and lists the rules whose jobs have other names then. A test walks all keys, fails when this page is
not current, and compares the number of jobs with what Snakemake schedules for changes of every kind
(`tests/workflow/test_settings_table.py`).

## 1 Every key

Of `model` a key of model D is changed (its parent is another model, and stays), of `protocol` one of its first protocol. What
stands in no row of a key is not made again: an interval trains nothing, and generated clips measure no real ones. A rule is named
when it has another job or more; the jobs that others share with what was there before are not run again. `generate` is of the
target `films`, and not of the demo itself.

{every}

Where a published checkpoint has no `sha256` yet, its address is what it is known by, and another one makes all of the run anew.
Jobs that are not in the list of a length or of segments are there already: a longer run goes on. Which figures are drawn
and which protocols score decides the files that the page asks for. `null` in the place of a section is a value like any other.

## 2 The protocol that chooses a parent's snapshot

The same keys of the first protocol of image pretraining, with `parent_snapshot: best` (the demo's own finetuning starts from the
last one): what its best snapshot is chosen by (metric, detector, clips) decides the run that starts from it, so that one is
trained anew; what stands beside a score does not. Refused: not for single frames.

{parent}
"""


def leaves(kind: type = BaseSettings, above: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """Every key that holds a value and no section, with its type."""
    for name, field in kind.model_fields.items():
        inner = _submodel(field.annotation)
        if inner is not None:
            yield from leaves(inner, (*above, name))
        else:
            yield ".".join((*above, name)), field.annotation


def put(values: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    """Set a key below sections, which are made where they are not there, or are null."""
    for key in path[:-1]:
        if not isinstance(values.get(key), dict):
            values[key] = {}
        values = values[key]
    values[path[-1]] = value


def merged(low: Any, high: Any) -> Any:
    """`high` on top of `low`, key by key."""
    if isinstance(low, dict) and isinstance(high, dict):
        return low | {key: merged(low.get(key), value) for key, value in high.items()}
    return copy.deepcopy(high)


class Settings:
    """A copy of the settings files with the demo alone, to change."""

    def __init__(self, folder: Path):
        self.config = folder / "config"
        shutil.copytree(ROOT / "config", self.config)
        for file in (self.config / "experiments").glob("*.yaml"):
            if file.stem != "demo":
                file.unlink()
        for folder, film in (("films", "a.mp4"), ("others", "b.mp4")):
            (self.config / folder / "one").mkdir(parents=True)
            (self.config / folder / "one" / film).write_bytes(b"film")
        (self.config / "list.csv").write_text(HEAD)
        (self.config / "other.csv").write_text(f"{HEAD}a,0,9,,25,640,360,train\n")
        (self.config / "models" / "tried.yaml").write_text(
            f"model: {{source: {{pickle: a.pkl, sha256: {'ab' * 32}}}}}\n"
        )
        (self.config / "models" / "other.yaml").write_text("extends: image\nmodel: {}\n")
        self._known: dict[str, dict[str, set[str]]] = {}
        self.published = (ROOT / "config" / "published.csv").read_text()

    def results(self, changes: dict[str, dict[str, Any]]) -> dict[str, set[str]]:
        """Names of all that the demo makes, by rule, with changes on top of files.

        Raises:
            ConfigError: they are not allowed.
        """
        asked = yaml.safe_dump(changes)
        if asked not in self._known:
            self._known[asked] = self._results(changes)
        return self._known[asked]

    def _results(self, changes: dict[str, dict[str, Any]]) -> dict[str, set[str]]:
        before = {}
        try:
            for file, change in changes.items():
                path = self.config / file
                before[path] = path.read_text()
                text = yaml.safe_dump(merged(read_layer(path).values, change))
                path.write_text(text.replace("{config}", str(self.config)))
            plan = load_plan(self.config)
            if "demo" in plan.waiting:
                raise ConfigError(plan.waiting["demo"])
            return made(Questions(plan, captions=ROOT / "rules" / "captions", published=lambda: self.published), "demo")
        finally:
            for path, text in before.items():
                path.write_text(text)

    @cached_property
    def values(self) -> dict[str, dict[str, Any]]:
        """What the keys of each section are."""
        plan = load_plan(self.config)
        image, video = plan.experiments["demo"].runs
        return {
            "dataset": video.data.settings.model_dump(),
            "model": video.settings.model_dump(),
            "protocol": video.protocols[0].settings.model_dump(),
            "parent's protocol": image.protocols[0].settings.model_dump(),
            "figures": plan.experiments["demo"].figures.model_dump(),
            "films": plan.experiments["demo"].films.model_dump(),
            "tables": {},
            "machine": plan.machine.model_dump(),
        }


def made(ask: Questions, name: str) -> dict[str, set[str]]:
    """Names of all that an experiment makes, by rule: a file with another name is another job."""
    experiment, found = ask.plan.experiments[name], {rule: set() for rule in ORDER}
    reported = ask._reported(name)
    shown = {run.name for run in reported.runs if run.clips}
    for run in experiment.runs:
        data = run.data
        if data.rendered:
            found["render_videos"].add(data.videos)
        for rule in ("write_data_recipe", "pack_videos", "write_data_sheet"):
            found[rule].add(data.name)
        found["fetch_archive"] |= {data.fetched} if data.settings.source.archive else set()
        found["fetch_films"] |= {data.fetched} if data.settings.source.clip_list else set()
        found["split_shots"] |= {data.name} if data.recipe.shots else set()
        found["write_recipe"].add(run.name)
        found["import_networks" if run.settings.source else "initialize_networks"].add(run.name)
        if run.settings.source and run.settings.source.is_address:
            found["fetch_checkpoint"].add(run.recipe.source)
        found["train_segment"] |= {f"{run.name}/{kimg}" for kimg in run.kimgs[1:]}
        for protocol, kimg in run.scored:
            reference = protocol.reference.id
            found["write_protocol"] |= {protocol.id, reference}
            found["measure_reference"].add(f"{data.name}/{reference}")
            found["measure_floor"] |= {f"{data.name}/{protocol.id}"} if protocol.settings.floor else set()
            found["score_snapshot"].add(f"{run.name}/{kimg}/{protocol.id}")
        # Snakemake makes a choice again when scores that it is among are new, whatever its name is
        found["choose_snapshot"].add(f"{run.name}/{run.chooser} by {run.protocols[0].id}")
        found["collect_scores"].add(f"{run.name}/{collection_of(run)}")
        real = look_of_data(data, experiment).key
        found["show_real_clips"].add(f"{data.name}/{real}")
        found["write_look"].add(f"{data.name}/{real}")
        if run.name in shown:
            look = look_of(run, experiment).key
            found["write_look"].add(f"{run.name}/{look}")
            found["generate_clips"].add(f"{run.name}/{look}")
            found["draw_nearest"] |= {f"{run.name}/{look}/{looked_at(run).id}"} if looked_at(run) else set()
    found["generate"] = {f"{films.run.name}/{films.key}" for films in films_of(experiment)}
    here = SimpleNamespace(experiment=name)
    for figure in reported.figures:
        key = ask.figure_key(SimpleNamespace(experiment=name, figure=figure.name))
        found["write_figure_plan"].add(key)
        found["draw_figure"].add(f"{figure.name}-{key}")
    for table in reported.tables:
        found["write_table"].add(f"{table.name}-{ask.table_key(SimpleNamespace(experiment=name, table=table.name))}")
    found["write_table_plan"].add(ask.table_plan_file(here))
    # a page that was written from other captions or tables is the same file with another key
    found["write_rule_graph"].add(ask.rule_graph_file(here))
    found["write_experiment"].add(ask.page_key(here))
    found["write_report"].add(ask.page_key(here))
    return found


def scheduled(before: dict[str, set[str]], after: dict[str, set[str]]) -> dict[str, int]:
    """How many jobs of each rule make what was not there before."""
    counts = {rule: len(after[rule] - before[rule]) for rule in ORDER}
    # what a table is made of is written when a table is
    counts["write_table_plan"] *= counts["write_table"] > 0
    return {rule: count for rule, count in counts.items() if count}


def changed(key: str, value: Any, annotation: Any) -> Any:
    """Another value of a key."""
    if key in OTHER:
        return OTHER[key]
    choices = [
        choice for part in (annotation, *get_args(annotation)) for choice in get_args(part) if isinstance(choice, str)
    ]
    if choices:
        return next(choice for choice in choices if choice != value)
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, float):
        return value / 2 if value else 0.5
    if isinstance(value, str):
        return f"{value}x"
    return 3


def jobs_of(settings: Settings, key: str, annotation: Any, section: str | None = None) -> dict[str, int]:
    """The jobs that another value of a key schedules; `section` is where in FILES it is changed, its own by itself.

    Raises:
        ConfigError: the key is not allowed there.
    """
    first, *below = key.split(".")
    section = section or ("model.source" if key.startswith("model.source") else first)
    file, above = FILES[section]
    beside = BESIDE.get(key) or next((found for prefix, found in BESIDE.items() if key.startswith(f"{prefix}.")), {})
    value: Any = merged(settings.values.get(section, {}), beside)
    for name in below:
        value = value.get(name) if isinstance(value, dict) else None
    change: dict[str, Any] = {}
    if key.startswith("dataset.source.archive.parts"):
        put(change, (*above, *below[:-1]), [ARCHIVE["parts"][0] | {below[-1]: OTHER[key]}])
    else:
        put(change, (*above, *below), changed(key, value, annotation))
    for other, fitting in WITH.get(key, {}).items():
        put(change, (*above, *other.split(".")), fitting)
    around: dict[str, Any] = {}
    put(around, above, beside) if beside else None
    models = {"model.source": ["D", "tried"], "model.parent": ["D", "image"]}.get(
        key if key == "model.parent" else section
    )
    more = {"experiments/demo.yaml": {"models": models}} if models else {}
    if section == "parent's protocol":  # the demo's own finetuning starts from the last snapshot
        more = {"experiments/demo.yaml": {"model": {"parent_snapshot": "best"}}}
    before, after = merged(more, {file: around} if around else {}), merged(more, {file: merged(around, change)})
    return scheduled(settings.results(before), settings.results(after))


def fates(settings: Settings, section: str | None = None) -> dict[str, tuple[str, ...] | None]:
    """The rules whose jobs each key schedules; None: it is not allowed in this section."""
    found: dict[str, tuple[str, ...] | None] = {}
    for key, annotation in leaves():
        if section is None or key.startswith("protocol."):
            try:
                found[key] = tuple(jobs_of(settings, key, annotation, section))
            except ConfigError:
                if section is None:
                    raise
                found[key] = None
    return found


def collapsed(keys: Collection[str], among: Collection[str]) -> list[str]:
    """Keys, with `section.*` in the place of all those that a section has, when all of them are there."""
    kept = list(keys)
    for prefix in sorted({key.rpartition(".")[0] for key in among} | {key.split(".")[0] for key in among}, key=len):
        inside = [key for key in among if key.startswith(f"{prefix}.")]
        if len(inside) > 1 and set(inside) <= set(kept):
            at = kept.index(inside[0])
            kept = [*kept[:at], f"{prefix}.*", *(key for key in kept[at:] if key not in inside)]
    return kept


def table(found: dict[str, tuple[str, ...] | None]) -> str:
    """Rows of keys that share their jobs."""
    rows: dict[tuple[str, ...] | None, list[str]] = {}
    for key, rules in found.items():
        rows.setdefault(rules, []).append(key)
    lines = ["| keys | jobs |", "|---|---|"]
    for rules, keys in rows.items():
        told = "refused" if rules is None else " ".join(f"`{rule}`" for rule in rules) or "none"
        lines.append(f"| {', '.join(f'`{key}`' for key in collapsed(keys, found))} | {told} |")
    return "\n".join(lines)


def document(settings: Settings) -> str:
    """docs/settings.md."""
    return TEXT.format(every=table(fates(settings)), parent=table(fates(settings, "parent's protocol")))


def main() -> None:
    """Write the document."""
    with tempfile.TemporaryDirectory() as folder:
        (ROOT / "docs" / "settings.md").write_text(document(Settings(Path(folder))))


if __name__ == "__main__":
    main()
