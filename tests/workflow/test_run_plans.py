"""Where a run's networks come from: trained from scratch, from a parent, from another data set's parent, or imported."""

import re
import shutil
from pathlib import Path

import pytest

from stylesv.errors import ConfigError
from stylesv.records.published import papers_number, read_published
from stylesv.workflow.called_settings import called_settings
from stylesv.workflow.plan import load_plan
from stylesv.workflow.planned import Plan, RunPlan
from stylesv.workflow.tabled import tabled

ROOT = Path(__file__).resolve().parents[2]
SHA256 = "0123456789abcdef" * 4


@pytest.fixture
def config(tmp_path) -> Path:
    return Path(shutil.copytree(ROOT / "config", tmp_path / "config"))


def add_model(config: Path, name: str, text: str) -> None:
    """A model file, and an experiment that runs it on the demo's data."""
    (config / "models" / f"{name}.yaml").write_text(f"model:\n{text}")
    (config / "experiments" / "tried.yaml").write_text(f"extends: demo\ntitle: tried\nmodels: [{name}]\n")


def runs_of(plan: Plan, experiment: str = "tried") -> dict[str, RunPlan]:
    return {run.model: run for run in plan.experiments[experiment].runs}


def test_an_imported_model_has_one_snapshot_and_is_named_after_its_file(config):
    text = f"  source: {{pickle: best.pkl, sha256: {SHA256}}}\n"
    add_model(config, "published", text)
    run = runs_of(load_plan(config))["published"]
    assert (run.kimgs, run.parent, run.recipe.source) == ((0,), None, SHA256)
    add_model(config, "published", text.replace("best.pkl", "https://example.org/best.pkl"))
    assert runs_of(load_plan(config))["published"].name == run.name
    add_model(config, "published", text.replace("0123", "4567"))
    assert runs_of(load_plan(config))["published"].name != run.name


def test_the_published_checkpoint_is_planned_without_its_hash_and_offline(root):
    """Its name goes by the address until somebody knows the hash; it stands beside what its authors published."""
    (run,) = load_plan(root / "config").experiments["published"].runs
    address = run.settings.source.pickle
    assert (run.kimgs, run.recipe.source, run.settings.source.stands_for) == ((0,), address, "D")
    assert "ytb_driving_cfg_d.pkl" in address
    plan = tabled(load_plan(root / "config").experiments["published"])
    numbers = read_published(root / "config" / "published.csv")
    where = {"dataset": "driving", "resolution": 256, "model": plan.published_as("published-ytb")}
    assert papers_number(numbers, **where, metric="FVD16").value == 207.2
    assert {protocol.published_as for protocol in plan.protocols} >= {"FVD16", "FVD128"}


def test_a_model_may_start_from_an_imported_one(config):
    add_model(config, "tuned", "  parent: published\n")
    (config / "models" / "published.yaml").write_text(
        f"model:\n  source: {{pickle: best.pkl, sha256: {SHA256}}}\n  training: {{num_frames: 1}}\n"
    )
    runs = runs_of(load_plan(config))
    assert list(runs) == ["published", "tuned"]
    assert runs["tuned"].recipe.parent.run == runs["published"].name


def test_a_parent_may_be_trained_on_another_data_set(config):
    add_model(config, "tuned", "  parent: image\n  parent_dataset: other\n")
    shutil.copy(config / "datasets" / "demo.yaml", config / "datasets" / "other.yaml")
    runs = runs_of(load_plan(config))
    assert (runs["image"].data.dataset, runs["tuned"].data.dataset) == ("other", "demo")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"  parent: image\n  source: {{pickle: a.pkl, sha256: {SHA256}}}\n", "source and parent exclude each other"),
        ("  source: {pickle: a.pkl}\n", "model.source.sha256"),
        ("  source: {pickle: a.pkl, sha256: abc}\n", "model.source.sha256"),
        ("  source: {pickle: a.pkl, sha256: null}\n", "give what `sha256sum a.pkl` prints"),
        ("  parent: null\n  parent_dataset: demo\n", "parent_dataset is for a model that has a parent"),
        ("  parent: image\n  parent_dataset: nowhere\n", "nowhere: no such file"),
    ],
)
def test_contradictions_are_refused_by_name(config, text, words):
    add_model(config, "wrong", text)
    with pytest.raises(ConfigError, match=words):
        load_plan(config)


def test_models_and_data_sets_may_extend_another_and_say_only_what_differs(config):
    (config / "datasets" / "large.yaml").write_text("extends: demo\ndataset: {resolution: 64}\n")
    (config / "models" / "slow.yaml").write_text("extends: E\nmodel: {training: {mirror: true}}\n")
    text = "extends: demo\ntitle: tried\nmodels: [slow, E]\ndatasets: [large, demo]\n"
    (config / "experiments" / "tried.yaml").write_text(text)
    runs = {(run.model, run.data.dataset): run for run in load_plan(config).experiments["tried"].runs}
    slow, plain = runs["slow", "large"].settings, runs["E", "demo"].settings
    assert (slow.training.mirror, plain.training.mirror) == (True, False)
    assert slow.generator == plain.generator and slow.generator.motion.bspline
    large, demo = runs["slow", "large"].data.settings, runs["E", "demo"].data.settings
    assert (large.resolution, large.source) == (64, demo.source)


@pytest.mark.parametrize(
    ("file", "text", "words"),
    [
        ("models/D.yaml", "model: {}\nextends: D\n", "D.yaml:2: extends: models extend each other in a circle: D -> D"),
        ("datasets/demo.yaml", "extends: dmo\ndataset: {}\n", "demo.yaml:1: extends: dmo: no such file .*known: demo, dri.*own"),
        ("protocols/rfid.yaml", "extends: 1\nprotocol: {}\n", "rfid.yaml:1: extends: 1: must be the name of a file"),
        ("experiments/own.yaml", "title: a\nextends: dem\n", "own.yaml:2: extends: dem: no such file .*demo_search, .*own"),
        ("experiments/own.yaml", "extends: own\n", "own.yaml:1: extends: experiments extend each other in a circle: own -> own"),
    ],
)  # fmt: skip
def test_what_cannot_be_extended_is_named_with_its_line(config, file, text, words):
    (config / file).write_text(text)
    with pytest.raises(ConfigError, match=words):
        load_plan(config)


WITHOUT_SECTION = [
    ("", r"{file}:1: {section}: missing; .*'{section}: {{}}' takes all of them from config.yaml"),
    ("# nothing\n", "{section}: missing"),
    ("{section}:\n", r"{file}:1: {section}: is empty: must be a mapping of settings"),
    ("{misspelt}: {{}}\n", r"{file}:1: {misspelt}: unknown; did you mean {section}\? known here: {section}"),
    ("{section}: {{}}\n{misspelt}: {{}}\n", "{file}:2: {misspelt}: unknown; did you mean {section}"),
    ("{section}: {{}}\nfigures: {{}}\n", "{file}:2: figures: unknown; known here: {section}"),
    ("{section}: [1]\n", r"{file}:1: {section}: \[1\]: must be a mapping of settings"),
]


@pytest.mark.parametrize(("text", "words"), WITHOUT_SECTION)
@pytest.mark.parametrize(
    ("file", "section", "misspelt"),
    [
        ("protocols/rfvd_16f.yaml", "protocol", "protocl"),
        ("datasets/demo.yaml", "dataset", "datset"),
        ("models/D.yaml", "model", "models"),
        ("models/image.yaml", "model", "modle"),
    ],
)
def test_a_file_without_its_section_is_refused(config, file, section, misspelt, text, words):
    names = {"file": file, "section": section, "misspelt": misspelt}
    (config / file).write_text(text.format(**names))
    with pytest.raises(ConfigError, match=words.format(**names)):
        load_plan(config)


def test_a_file_may_say_that_it_changes_nothing(config):
    add_model(config, "plain", "")
    (config / "models" / "plain.yaml").write_text("model: {}\n")
    (config / "protocols" / "rfvd_16f.yaml").write_text("protocol: {}\n")
    tried = load_plan(config).experiments["tried"].runs
    assert [run.parent for run in tried] == [None], "config.yaml's model has no parent"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "tried.yaml:1: title: missing"),
        ("extends: demo\nmodels: [D]\nmodle: {training: {batch_size: 4}}\n", r"tried.yaml:3: modle: unknown setting"),
        ("extends: demo\nmodel:\n", r"tried.yaml:2: model: None: input should be an object"),
        ("extends: demo\nper_model: {D: }\n", r"tried.yaml:2: per_model.D: None: input should be an object"),
        (
            "extends: demo\ntables: [long_video]\n",
            r"tried.yaml:2: tables: long_video: no protocol of this experiment has",
        ),
        ('extends: demo\ntitle: "a\\nb"\n', r"tried.yaml:2: title: 'a.*b': string should match pattern"),
        ("extends: demo\nseeds: [one]\n", r"tried.yaml:2: seeds.0: 'one': input should be a valid integer$"),
    ],
)
def test_an_experiment_file_without_what_it_needs_is_refused(config, text, words):
    (config / "experiments" / "tried.yaml").write_text(text)
    with pytest.raises(ConfigError, match=words):
        load_plan(config)


def test_the_name_of_an_experiments_file_is_one_of_a_target(config):
    (config / "experiments" / "a b.yaml").write_text("extends: demo\n")
    with pytest.raises(ConfigError, match=r"a b\.yaml: a target has this name"):
        load_plan(config)


def test_an_empty_section_on_the_command_line_is_refused():
    with pytest.raises(ConfigError, match="--config: protocol: is empty: must be a mapping of settings"):
        load_plan(ROOT / "config", {"protocol": ""})


def test_a_batch_that_cannot_be_cut_into_groups_is_refused_before_anything_runs(config):
    """But for an experiment that trains nothing."""
    plan = load_plan(config, {"model": {"training": {"batch_size": 7}}})
    assert (set(plan.experiments), "demo" in plan.waiting) == ({"published"}, True)
    assert re.search(r"model\.training\.batch_size 7 is no multiple of 4, .*mbstd_group_size", plan.waiting["demo"])
    assert load_plan(config, {"model": {"training": {"batch_size": 2}}}).experiments["demo"]


def test_a_source_on_the_command_line_takes_the_place_of_one_of_another_kind(config):
    given = {"dataset": {"source": {"rendered": {"num_videos": 4, "seed": 0}}, "resolution": 32}}
    plan = load_plan(config, given)
    for name in ("demo", "sky", "driving"):
        (data,) = {run.data.name: run.data for run in plan.experiments[name].runs}.values()
        assert data.settings.source.kinds == ["rendered"] and data.settings.source.rendered.num_videos == 4


def test_what_another_experiment_cannot_use_stops_that_one_alone(config):
    """Settings on the command line are meant for the experiment that is called: clips of a table have no labels."""
    plan = load_plan(config, {"dataset": {"fps": 10}})
    assert "demo" in plan.experiments and "taichi" not in plan.experiments
    assert "fps with source.clip_list" in plan.waiting["taichi"]
    with pytest.raises(ConfigError, match=r"^--config: dataset: resolution 48 is not a power of two"):
        load_plan(config, {"dataset": {"resolution": 48}})


def test_a_file_that_is_wrong_by_itself_is_said_whatever_is_called(config):
    text = (config / "experiments" / "sky.yaml").read_text()
    (config / "experiments" / "sky.yaml").write_text(text.replace("models:", "modells:"))
    for given in ({}, {"dataset": {"fps": 10}}):
        with pytest.raises(ConfigError, match=r"sky\.yaml"):
            load_plan(config, given)


# ---- what a call hands over ----


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_a_configfile_with_a_title_is_an_experiment_named_after_it(tmp_path):
    file = write(
        tmp_path / "mine.yaml", "extends: demo\ntitle: Mine\nseeds: [7]\nper_model: {D: {length: {total_kimg: 4}}}\n"
    )
    typed = {"model": {"training": {"batch_size": "16"}}, "machine": {"num_workers": "1"}}
    called = called_settings(typed, typed=typed, files=[file])
    plan = load_plan(ROOT / "config", called)
    runs = runs_of(plan, "mine")
    assert called.default_target == "mine" and plan.experiments["mine"].title == "Mine"
    assert (runs["D"].seed, runs["D"].kimgs) == (7, (0, 4))
    assert runs["D"].settings.training.batch_size == 16, "what is typed is above it"
    assert runs_of(plan, "demo")["D"].seed == 0, "and no other experiment has its settings"


def test_a_configfile_of_settings_is_above_all_files_and_named_in_errors(tmp_path):
    file = write(tmp_path / "small.yaml", "seeds: [3]\nmodel:\n  training: {batch_size: 4}\n")
    called = called_settings({}, typed={}, files=[file])
    (image, video) = load_plan(ROOT / "config", called).experiments["demo"].runs
    assert (called.default_target, video.seed, image.settings.training.batch_size) == ("demo", 3, 4)
    write(file, "model:\n  training: {bach_size: 4}\n")
    with pytest.raises(ConfigError, match=rf"{re.escape(str(file))}:2: model.training.bach_size: unknown setting"):
        load_plan(ROOT / "config", called_settings({}, typed={}, files=[file]))


def test_config_yaml_as_a_configfile_changes_nothing(config):
    """And a copy of the folder, as snakedeploy makes one, is read in the place of ours."""
    ours = load_plan(ROOT / "config")
    called = called_settings({}, typed={}, files=[config / "config.yaml"])
    assert set(load_plan(ROOT / "config", called).runs) == set(ours.runs)
    write(config / "experiments" / "new.yaml", "extends: demo\ntitle: New\n")
    model = config / "models" / "D.yaml"
    write(model, model.read_text() + "  training: {mirror: true}\n")
    plan = load_plan(ROOT / "config", called_settings({}, typed={}, files=[config / "config.yaml"]))
    assert "new" in plan.experiments and runs_of(plan, "demo")["D"].settings.training.mirror


def test_an_experiments_own_file_as_a_configfile_is_that_experiment():
    called = called_settings({}, typed={}, files=[ROOT / "config" / "experiments" / "sky.yaml"])
    plan = load_plan(ROOT / "config", called)
    assert called.default_target == "sky"
    assert plan.experiments["sky"] == load_plan(ROOT / "config").experiments["sky"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("extends: demo\nexperiment: sky\n", r"sky\.yaml has this name; give another one"),
        ("extends: demo\nlength: {}\n", r"given\.yaml:2: length: unknown; known here: videos"),
        ("title: Mine\n", r"given\.yaml:1: datasets: missing"),
        ("extends: demo\ntitle: Mine\nmodel: {batch_size: 3}\n", r"given\.yaml:3: model.batch_size: unknown setting"),
        ("protocols: {video: [evd_16f]}\n", r"given\.yaml:1: protocols: unknown; did you mean protocol"),
        ("videos: 12\n", r'given\.yaml:1 videos=12: is read as a int, .* videos: "\./12"'),
    ],
)
def test_a_configfile_that_would_be_ignored_is_refused(tmp_path, text, words):
    file = write(tmp_path / "given.yaml", text)
    with pytest.raises(ConfigError, match=words):
        load_plan(ROOT / "config", called_settings({}, typed={}, files=[file]))
