"""Every question that rules ask, answered from a plan alone; no Snakemake runs."""

import inspect
import re
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from stylesv.errors import ConfigError
from stylesv.records.experiment import read_experiment
from stylesv.records.look import read_look
from stylesv.records.protocol import Protocol, read_protocol
from stylesv.records.recipe import read_data_recipe, read_trained_recipe
from stylesv.records.rule_graph import read_rule_graph
from stylesv.records.speed import read_speeds
from stylesv.records.table_plan import read_table_plan
from stylesv.workflow import paths
from stylesv.workflow.call import CallOptions, call_options, called_experiments, refuse_ignored
from stylesv.workflow.job_graph import PlannedJob
from stylesv.workflow.plan import load_plan
from stylesv.workflow.planned import Plan
from stylesv.workflow.questions import Questions
from stylesv.workflow.tabled import tabled


@pytest.fixture(scope="module")
def plan(root) -> Plan:
    return load_plan(root / "config")


@pytest.fixture(scope="module")
def image(plan):
    return plan.experiments["demo"].runs[0]


@pytest.fixture(scope="module")
def video(plan):
    return plan.experiments["demo"].runs[1]


@pytest.fixture
def ask(plan) -> Questions:
    return Questions(plan)


KINDS = ("csv", "md", "tex", "html")


def wildcards(**values) -> SimpleNamespace:
    return SimpleNamespace(**{name: str(value) for name, value in values.items()})


def written(tmp_path, text, name="file.yaml"):
    (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path / name


def files_of(run, kimgs, *, states=()):
    """Names of the files of whole snapshots in a run's folder."""
    found = [f"{kimg}/{name}" for kimg in kimgs for name in ("networks.safetensors", "samples.png", "log.jsonl")]
    return lambda folder: [*found, *(f"{kimg}/state.safetensors" for kimg in states)] if run.name in folder else []


def test_every_question_that_a_rule_asks_is_asked_here(root):
    rules = "".join(path.read_text() for path in sorted((root / "rules").glob("*.smk")))
    asked = set(re.findall(r"questions\.(\w+)", rules)) - {"questions"}
    known = {name for name in dir(Questions) if not name.startswith("_")}
    assert asked <= known
    own = inspect.getsource(inspect.getmodule(wildcards)) + (root / "tests/workflow/test_data_questions.py").read_text()
    called = set(
        re.findall(r"\b(?:ask|done|fresh|lost|forced|Questions\([^()]*(?:\([^()]*\))?[^()]*\))\.(\w+)[\(\b]", own)
    )
    assert asked - called - {"imported", "repairable", "in_shards"} == set()


# ---- data ----


def test_raw_videos_are_a_rules_or_a_users(ask, image, plan, root, tmp_path):
    assert ask.raw_videos(wildcards(data=image.data.name)) == image.data.videos
    assert image.data.videos.startswith("results/videos/demo-")
    (tmp_path / "my {films}").mkdir()
    (tmp_path / "my {films}" / "a.mp4").write_bytes(b"film")
    own = load_plan(root / "config", {"videos": str(tmp_path / "my {films}")})
    (data,) = {run.data.name for run in own.experiments["own"].runs}
    with pytest.raises(ConfigError, match=r"takes braces in a path for wildcards"):
        Questions(own).raw_videos(wildcards(data=data))
    with pytest.raises(ConfigError, match=r"no such data set .*; known: .*demo-"):
        ask.raw_videos(wildcards(data="sky-00000000"))


def test_rendered_videos_have_the_settings_of_their_data_set(ask, image):
    folder = image.data.videos.removeprefix("results/videos/")
    assert ask.rendered_videos(wildcards(videos=folder)) == {"num_videos": 45, "seed": 0}
    with pytest.raises(ConfigError, match="no data set renders these videos"):
        ask.rendered_videos(wildcards(videos="demo-00000000"))


def test_recipes_are_read_as_they_are_written(ask, image, video, tmp_path):
    data = read_data_recipe(written(tmp_path, ask.data_recipe(wildcards(data=image.data.name))))
    assert data == image.data.recipe and image.data.name == f"demo-{data.key}"
    recipe = read_trained_recipe(written(tmp_path, ask.recipe(wildcards(run=video.name))))
    assert recipe == video.recipe and video.name == f"demo-D-s0-{recipe.key}"


def test_a_run_reads_the_clips_of_its_data_set(ask, video):
    folder = f"results/data/{video.data.name}"
    assert ask.index_of_run(wildcards(run=video.name)) == f"{folder}/index.json"
    assert ask.packed_clips_of_run(wildcards(run=video.name)) == [f"{folder}/clips.zip", f"{folder}/offsets.npy"]
    assert ask.index_of_classes(wildcards(run=video.name)) is None


def test_networks_of_videos_with_classes_wait_for_the_packed_clips(root, tmp_path):
    (tmp_path / "videos" / "Archery").mkdir(parents=True)
    (tmp_path / "videos" / "Archery" / "a.mp4").write_bytes(b"film")
    shutil.copytree(root / "config", tmp_path / "config")
    with open(tmp_path / "config" / "datasets" / "own.yaml", "a") as own:
        own.write("  labels: folders\n")
    labelled = load_plan(tmp_path / "config", {"videos": str(tmp_path / "videos")})
    run = labelled.experiments["own"].runs[0]
    ask = Questions(labelled)
    assert ask.index_of_classes(wildcards(run=run.name)) == ask.index_of_run(wildcards(run=run.name))


# ---- training ----


def test_a_finetuning_starts_from_its_parents_choice(root):
    planned = load_plan(root / "config", {"model": {"parent_snapshot": "best"}})
    image, video = planned.experiments["demo"].runs
    ask = Questions(planned)
    choice = f"results/runs/{image.name}/best/{image.chooser}.json"
    assert ask.parent_choice(wildcards(run=video.name)) == choice
    networks = [f"results/runs/{image.name}/{kimg}/networks.safetensors" for kimg in (0, 2, 4)]
    assert ask.parent_snapshots(wildcards(run=video.name)) == networks
    assert ask.parent_choice(wildcards(run=image.name)) is None
    assert ask.parent_snapshots(wildcards(run=image.name)) == []
    assert ask.last_of_parent(wildcards(run=video.name)) is None


def test_a_finetuning_from_the_last_snapshot_waits_for_no_score(ask, image, video):
    assert ask.parent_choice(wildcards(run=video.name)) is None
    assert ask.parent_snapshots(wildcards(run=video.name)) == []
    assert ask.last_of_parent(wildcards(run=video.name)) == f"results/runs/{image.name}/4/networks.safetensors"
    assert ask.last_of_parent(wildcards(run=image.name)) is None


@pytest.mark.parametrize(("batch_size", "asked_for", "got"), [(4, 2, 1), (8, 2, 2), (24, 4, 3), (8, 1, 1)])
def test_a_segment_has_threads_and_memory_of_all_its_processes(root, batch_size, asked_for, got):
    machine = {"cpu_processes": asked_for, "cpu_threads": 3}
    planned = load_plan(root / "config", {"machine": machine, "model": {"training": {"batch_size": batch_size}}})
    run, ask = planned.experiments["demo"].runs[1], Questions(planned)
    assert ask.cpu_processes(wildcards(run=run.name)) == got
    assert ask.training_threads(wildcards(run=run.name)) == 3 * got
    assert ask.training_memory_mb(wildcards(run=run.name)) == 16000 * got


def test_states_that_a_killed_call_left_are_found_as_things_are_now(plan, image, video):
    files = files_of(video, (0, 4, 8), states=(0, 4, 8))
    ask, runs = Questions(plan, files), {video.name, image.name}
    assert ask.states_left_over(runs) == [f"results/runs/{video.name}/{kimg}/state.safetensors" for kimg in (0, 4)]
    assert ask.states_left_over({image.name}) == []
    assert Questions(plan, files_of(video, (0, 4), states=(0, 4))).states_left_over(runs) == []
    assert Questions(plan, files, in_object_storage=lambda: True).states_left_over(runs) == []


def test_a_segment_starts_from_the_state_before_it_or_none_if_it_is_done(plan, video):
    fresh = Questions(plan)
    assert fresh.start_kimg(wildcards(run=video.name, kimg=8)) == 4
    assert fresh.start_state(wildcards(run=video.name, kimg=8)) == f"results/runs/{video.name}/4/state.safetensors"
    done = Questions(plan, files_of(video, (0, 4, 8), states=(8,)))
    assert done.start_state(wildcards(run=video.name, kimg=8)) is None
    lost = Questions(plan, files_of(video, (0, 8), states=(8,)))
    assert lost.start_state(wildcards(run=video.name, kimg=4)) == f"results/runs/{video.name}/0/state.safetensors"
    assert lost.start_state(wildcards(run=video.name, kimg=8)) is None
    forced = Questions(plan, files_of(video, (0, 4, 8)), jobs_are_forced=lambda: True)
    assert forced.start_state(wildcards(run=video.name, kimg=8)) == f"results/runs/{video.name}/4/state.safetensors"


def test_checkpoints_are_fetched_from_an_address_or_read_where_they_are(root, tmp_path):
    sha256 = "ab" * 32
    given = {"a": "https://example.org/best.pkl", "b": "/data/best.pkl"}
    for name, pickle in given.items():
        model = tmp_path / name
        model.mkdir()
        plan = load_plan(_with_model(root, model, f"  source: {{pickle: '{pickle}', sha256: {sha256}}}\n"))
        ask = Questions(plan)
        (run,) = [name for name in ask.imported if name.startswith("demo-")]
        where = {"a": f"results/checkpoints/{sha256}.pkl", "b": pickle}[name]
        assert ask.checkpoint(wildcards(run=run)) == where
        if name == "a":
            kept = ask.checkpoint_kept(wildcards(checkpoint=sha256))
            assert re.fullmatch(r"results/checkpoints/unknown-[0-9a-f]{8}\.pkl\.part", kept)
            assert ask.checkpoint_source(wildcards(checkpoint=sha256)) == {"url": pickle, "sha256": sha256}
        with pytest.raises(ConfigError, match="no model's source has this hash and an address"):
            ask.checkpoint_source(wildcards(checkpoint="cd" * 32))
        _, kept = ask.experiment_results("tried")
        assert not any("state" in file or "log.jsonl" in file for file in kept)


def _with_model(root, folder, text):
    config = shutil.copytree(root / "config", folder / "config")
    (config / "models" / "tried.yaml").write_text(f"model:\n{text}")
    (config / "experiments" / "tried.yaml").write_text("extends: demo\ntitle: Tried\nmodels: [tried]\n")
    return config


def test_logs_are_those_that_exist(plan, video):
    ask = Questions(plan, files_of(video, (12, 4)))
    assert ask.logs(wildcards(run=video.name)) == [paths.LOG.format(run=video.name, kimg=kimg) for kimg in (4, 12)]
    assert ask.logged_runs(None) == [f"results/tensorboard/{video.name}"]
    with pytest.raises(ConfigError, match="no run of the settings as they are now has a training log"):
        Questions(plan).logged_runs(None)


# ---- scores ----


def test_protocols_are_read_as_they_are_written(ask, video, tmp_path):
    (protocol,) = video.protocols
    assert read_protocol(written(tmp_path, ask.protocol(wildcards(protocol=protocol.id)))) == protocol
    reference = read_protocol(written(tmp_path, ask.protocol(wildcards(protocol=protocol.reference.id))))
    assert reference == protocol.reference and reference.settings.generated.num_clips == 2


def test_runs_of_one_protocol_share_a_reference(ask, image, video):
    (protocol,) = video.protocols
    wanted = f"results/data/{video.data.name}/reference/{protocol.reference.id}.safetensors"
    for run in (image, video):
        assert ask.reference(wildcards(run=run.name, kimg=0, protocol=protocol.id)) == wanted


def test_runs_of_one_protocol_share_a_floor_which_not_all_ask_for(ask, plan, video):
    (protocol,) = video.protocols
    data = video.data.name
    wanted = f"results/data/{data}/floors/{protocol.id}.json"
    assert ask.floor(wildcards(run=video.name, kimg=0, protocol=protocol.id)) == wanted
    reference = f"results/data/{data}/reference/{protocol.reference.id}.safetensors"
    assert ask.reference_of_data(wildcards(data=data, protocol=protocol.id)) == reference
    bare = Protocol.of(protocol.name, protocol.settings.model_copy(update={"floor": None}))
    ask = Questions(replace(plan, protocols=plan.protocols | {bare.id: bare}))
    assert ask.floor(wildcards(run=video.name, kimg=0, protocol=bare.id)) is None


def test_detectors_are_files_with_an_address_and_a_hash(root, tmp_path, ask, video):
    assert ask.detector(wildcards(protocol=video.protocols[0].id)) is None
    plan = load_plan(_with_model(root, tmp_path, "  parent: image\n"))
    config = tmp_path / "config"
    text = (config / "experiments" / "tried.yaml").read_text()
    (config / "experiments" / "tried.yaml").write_text(f"{text}protocols: {{image: [rfid], video: [fvd2048_16f]}}\n")
    plan = load_plan(config)
    (protocol,) = plan.experiments["tried"].runs[1].protocols
    ask = Questions(plan)
    assert ask.detector(wildcards(protocol=protocol.id)) == "results/detectors/i3d_torchscript.pt"
    assert ask.detector_address(wildcards(detector="i3d_torchscript.pt")).startswith("https://")
    assert ask.detector_hash(wildcards(detector="i3d_torchscript.pt")) == ""
    with pytest.raises(ConfigError, match="the protocols in use give 0 addresses and hashes"):
        ask.detector_address(wildcards(detector="other.pt"))


def test_a_score_says_what_it_is_of(ask, video):
    assert ask.scored(wildcards(run=video.name)) == {"dataset": video.data.name, "model": "D", "seed": 0}


def test_a_choice_is_among_the_scores_of_the_first_protocol(ask, image):
    job = wildcards(run=image.name, chooser=image.chooser)
    protocol = image.protocols[0].id
    scores = [f"results/runs/{image.name}/{kimg}/scores/{protocol}.json" for kimg in (0, 2, 4)]
    assert ask.candidates(job) == scores
    assert ask.choice(job) == {"protocols": protocol, "kimgs": "0,2,4"}


def test_a_collection_has_the_scores_of_all_protocols(ask, image):
    reported = ask.experiment(wildcards(experiment="demo"))
    (file,) = re.findall(rf"{image.name}/scores/([0-9a-f]{{8}})\.json", reported)
    job = wildcards(run=image.name, collection=file)
    assert len(ask.collected_scores(job)) == 3
    assert ask.collection(job) == {"protocols": ",".join(p.id for p in image.protocols), "kimgs": "0,2,4", "last": ""}
    with pytest.raises(ConfigError, match="no such collection of scores"):
        ask.collection(wildcards(run=image.name, collection="00000000"))


# ---- what people look at ----


def look_key(ask):
    (key,) = set(re.findall(r"/runs/\S+/clips/([0-9a-f]{8})/", ask.experiment(wildcards(experiment="demo"))))
    return key


def real_look_key(ask):
    (key,) = set(re.findall(r"/data/\S+/clips/([0-9a-f]{8})/", ask.experiment(wildcards(experiment="demo"))))
    return key


def test_the_last_snapshot_is_shown_without_a_choice(ask, video, tmp_path):
    job = wildcards(run=video.name, look=look_key(ask))
    assert ask.shown_choice(job) is None
    assert ask.shown_networks(job) == [f"results/runs/{video.name}/8/networks.safetensors"]
    scored = wildcards(run=video.name, look=look_key(ask), protocol="p-00000000")
    assert ask.shown_scores(scored) == [f"results/runs/{video.name}/8/scores/p-00000000.json"]
    look = read_look(written(tmp_path, ask.look(wildcards(shown=f"runs/{video.name}", look=job.look))))
    assert (look.clips.num_clips, look.fps, look.among) == (9, 10.0, "8")
    assert ask.look_file(job) == f"results/runs/{video.name}/clips/{job.look}/look.yaml"


def test_real_clips_are_shown_as_the_generated_ones_are(ask, video, tmp_path):
    job = wildcards(data=video.data.name, look=real_look_key(ask))
    assert ask.look_file_of_data(job) == f"results/data/{video.data.name}/clips/{job.look}/look.yaml"
    look = read_look(written(tmp_path, ask.look(wildcards(shown=f"data/{video.data.name}", look=job.look))))
    assert (look.clips.num_clips, look.among) == (9, None)


def test_the_best_snapshot_is_shown_by_a_choice(root, video):
    ask = Questions(load_plan(root / "config", {"figures": {"snapshot": "best"}}))
    job = wildcards(run=video.name, look=look_key(ask))
    assert ask.shown_choice(job) == f"results/runs/{video.name}/best/{video.chooser}.json"
    assert len(ask.shown_networks(job)) == 3
    assert len(ask.shown_scores(wildcards(run=video.name, look=job.look, protocol="p-00000000"))) == 3


def test_a_report_is_about_files_that_rules_make(ask, image, video, tmp_path):
    job = wildcards(experiment="demo")
    experiment = read_experiment(written(tmp_path, ask.experiment(job)))
    assert ask.reported_files(job) == experiment.files
    assert [run.name for run in experiment.runs] == [image.name, video.name]
    assert [run.clips is None for run in experiment.runs] == [True, False]
    assert [snapshot.kimg for snapshot in experiment.runs[1].snapshots] == [0, 4, 8]
    assert len(set(experiment.files)) == len(experiment.files)
    key = ask.page_key(job)
    assert ask.experiment_file(job) == f"results/experiments/demo-{key}.yaml"
    patterns = [value for name, value in vars(paths).items() if name.isupper() and isinstance(value, str)]
    regexes = [re.sub(r"\\{\w+\\}", "[^/]+", re.escape(pattern)) for pattern in patterns]
    assert [file for file in experiment.files if not any(re.fullmatch(regex, file) for regex in regexes)] == []


FIGURES = (
    *("curves", "motion", "training", "samples", "strips", "slices", "sticking", "jitter", "decomposition"),
    *("long_video", "drift", "spectra"),
)


def test_an_experiment_has_the_figures_that_it_has_something_for(ask, root):
    files = ask.figures(wildcards(experiment="demo"))
    assert files == [f"results/figures/demo/{name}.{kind}" for name in FIGURES for kind in ("png", "pdf")]
    named = Questions(load_plan(root / "config", {"figures": {"drawn": ["slices"]}}))
    assert named.figures(wildcards(experiment="demo")) == [f"results/figures/demo/slices.{k}" for k in ("png", "pdf")]
    with pytest.raises(ConfigError, match="figure_ablation: experiment demo has no such figure; it has curves, motion"):
        ask.figure_files(wildcards(experiment="demo", figure="ablation"))


def test_figures_and_crates_of_a_call_are_of_the_experiment_that_it_names(plan):
    ask = Questions(plan, options=CallOptions(experiment="demo"))
    assert ask.figure_of_call("slices") == [f"results/figures/demo/slices.{kind}" for kind in ("png", "pdf")]
    assert ask.crate_of_call(wildcards()) == "results/crates/demo.zip"
    with pytest.raises(ConfigError, match="figure_ablation: experiment demo has no such figure"):
        ask.figure_of_call("ablation")


def test_the_last_run_of_the_experiment_that_a_call_names_is_explored_or_of_the_demo(root, plan, video):
    snapshots = [f"results/runs/{video.name}/{kimg}/networks.safetensors" for kimg in (0, 4, 8)]
    choice = f"results/runs/{video.name}/best/{video.chooser}.json"
    for options in ({}, {"experiment": "demo"}):
        ask = Questions(plan, options=call_options(options))
        assert ask.explored_networks(wildcards()) == snapshots[-1:] and ask.explored_choice(wildcards()) is None
        assert called_experiments(["explore"], call_options(options)) == ["demo"]
        refuse_ignored(["explore"], call_options(options), default="demo")
    other = Questions(plan, options=call_options({"experiment": "sky"}))
    assert all("/sky" in file for file in other.explored_networks(wildcards()))
    best = Questions(load_plan(root / "config", {"figures": {"snapshot": "best"}}))
    assert best.explored_networks(wildcards()) == snapshots and best.explored_choice(wildcards()) == choice


def test_figures_read_what_they_are_drawn_from_and_nothing_else(ask, image, video):
    def read(figure):
        return ask.figure_files(wildcards(experiment="demo", figure=figure))

    assert [file.rpartition("/")[2] for file in read("slices")] == ["shown.safetensors"] * 2
    assert read("slices") == read("spectra") and f"results/data/{video.data.name}/clips" in read("slices")[0]
    assert len(read("training")) == 4 and all(file.endswith("log.jsonl") for file in read("training"))
    assert [file.split("/")[2] for file in read("curves")] == [image.name, video.name]
    assert len(read("samples")) == 6


def test_what_a_figure_is_drawn_from_is_a_file_that_others_of_the_same_share(ask, video, tmp_path):
    def plan_of(figure):
        return ask.figure_plan_file(wildcards(experiment="demo", figure=figure))

    assert plan_of("slices") == plan_of("drift") and len({plan_of(figure) for figure in FIGURES}) == 4
    key = plan_of("training").rpartition("-")[2].removesuffix(".yaml")
    part = read_experiment(written(tmp_path, ask.figure_plan(wildcards(experiment="demo", key=key))))
    whole = read_experiment(written(tmp_path, ask.experiment(wildcards(experiment="demo"))))
    assert part.files_of("training") == whole.files_of("training") and part.files_of("curves") == ["", ""]
    assert (part.title, part.tables, part.runs[1].clips) == ("", (), None)
    with pytest.raises(ConfigError, match="00000000: no such plan of figures"):
        ask.figure_plan(wildcards(experiment="demo", key="00000000"))


def test_a_colour_changes_the_keys_of_figures_and_a_caption_that_of_the_page(ask, root, tmp_path):
    job = wildcards(experiment="demo", figure="slices")
    other = Questions(load_plan(root / "config", {"figures": {"colours": ["#000000"]}}))
    assert other.figure_key(job) != ask.figure_key(job) and look_key(other) == look_key(ask)
    shutil.copytree(root / "rules" / "captions", tmp_path / "captions")
    (tmp_path / "captions" / "slices.rst").write_text("Other\nwords.\n")
    said = Questions(ask.plan, captions=tmp_path / "captions")
    assert said.caption(job) == "Other words."
    assert said.figure_key(job) == ask.figure_key(job) and said.page_key(job) != ask.page_key(job)
    (tmp_path / "captions" / "slices.rst").unlink()
    with pytest.raises(ConfigError, match="the caption of a figure cannot be read"):
        Questions(ask.plan, captions=tmp_path / "captions").caption(job)


def test_the_graph_of_rules_is_of_the_jobs_that_snakemake_plans(plan, tmp_path):
    jobs = [PlannedJob("write_report", None, None, (1,)), PlannedJob("pack_videos", None, None, ())]
    ask = Questions(plan, jobs_of=lambda experiment: jobs if experiment == "demo" else [])
    job = wildcards(experiment="demo")
    graph = read_rule_graph(written(tmp_path, ask.rule_graph(job)))
    assert graph.edges == (("pack_videos", "write_report"),)
    assert re.fullmatch(r"results/experiments/graphs/demo-[0-9a-f]{8}\.yaml", ask.rule_graph_file(job))
    assert len(ask.tables(job)) % 4 == 0 and all("results/tables/demo/" in file for file in ask.tables(job))


def test_an_experiment_keeps_its_snapshots_and_its_last_state(plan, video, ask):
    read, kept = ask.experiment_results("demo")
    page = "results/report/demo"
    of_page = [f"{page}/index.html", *(f"{page}/{part}" for part in ("films", "figures", "tables", "provenance.json"))]
    job = wildcards(experiment="demo")
    assert read == [*of_page, ask.experiment_file(job), *ask.figures(job), *ask.tables(job)]
    assert f"results/runs/{video.name}/8/state.safetensors" in kept
    assert sum(file.endswith("networks.safetensors") for file in kept) == 6
    done = Questions(plan, files_of(video, (0, 4, 8)))
    assert f"results/runs/{video.name}/8/state.safetensors" not in done.experiment_results("demo")[1]


def test_an_experiment_that_cannot_run_says_why(plan):
    with pytest.raises(ConfigError, match="own: give the folder or zip of videos"):
        Questions(plan).experiment_results("own")
    with pytest.raises(ConfigError, match=r"no such experiment .*; known: .*demo"):
        Questions(plan).experiment_results("moon")
    with pytest.raises(ConfigError, match="demo: --config videos=films: this experiment has its own videos"):
        Questions(plan, given_videos="films").experiment_results("demo")


def test_the_texts_are_yaml_that_people_can_open(ask, video):
    protocol = wildcards(protocol=video.protocols[0].id)
    look = wildcards(shown=f"runs/{video.name}", look=look_key(ask))
    for text in (ask.protocol(protocol), ask.look(look), ask.experiment(wildcards(experiment="demo"))):
        assert text.startswith("# ") and isinstance(yaml.safe_load(text), dict)


# ---- tables ----


def test_what_people_read_is_made_again_where_its_key_is_anothers_and_snakemake_knows_of_none(
    plan, root, tmp_path, monkeypatch
):
    captions = {"captions": root / "rules" / "captions"}
    ask = Questions(plan, **captions)
    monkeypatch.chdir(tmp_path)
    asked = {
        "results/tables/demo/.main.key": lambda: ask.table_again(wildcards(experiment="demo", table="main")),
        "results/figures/demo/.slices.key": lambda: ask.figure_again(wildcards(experiment="demo", figure="slices")),
        "results/report/demo/.key": lambda: ask.page_again(wildcards(experiment="demo")),
    }
    for file, question in asked.items():
        assert question() == [], "nothing is there"
        Path(file).parent.mkdir(parents=True)
        Path(file).write_text("00000000\n")
        (found,) = question()
        assert re.fullmatch(r"results/experiments/again/demo/[a-z_]+-[0-9a-f]{8}\.yaml", found)
        assert found in ask.all_again("demo")
    Path(file).write_text(ask.page_key(wildcards(experiment="demo")) + "\n")
    assert question() == [] and len(ask.all_again("demo")) == 2
    ask = Questions(plan, unrecorded=lambda file: None if "tables" in file else Path(file), **captions)
    assert len(ask.all_again("demo")) == 1, "Snakemake has a record of the table"


def test_tables_are_made_of_the_scores_and_choices_of_all_runs(ask, image, video, tmp_path):
    job = wildcards(experiment="demo", table="main")
    plan = read_table_plan(written(tmp_path, ask.table_plan(job)))
    assert [(run.name, run.tabled) for run in plan.runs] == [(image.name, False), (video.name, True)]
    assert set(plan.files) <= set(ask.experiment_results("demo")[1])
    assert ask.table_inputs(job) == plan.files
    assert ask.table_plan_file(job).startswith("results/experiments/tables/demo-")
    with pytest.raises(ConfigError, match=r"minor: no such table of demo .*; known: main, efid, evd_16f"):
        ask.table_inputs(wildcards(experiment="demo", table="minor"))


def test_with_dashes_a_table_reads_what_is_there_and_its_key_says_what_is_not(plan, image):
    job = wildcards(experiment="demo", table="main")
    (scores,) = [run.scores for run in tabled(plan.experiments["demo"]).runs if run.name == image.name]
    files = {f"results/runs/{image.name}": [scores.removeprefix(f"results/runs/{image.name}/")]}
    options = CallOptions(experiment="demo", unfinished="dash")
    some = Questions(plan, lambda folder: files.get(folder, []), options=options)
    none = Questions(plan, options=options)
    whole = Questions(plan)
    assert some.table_inputs(job) == [scores] and none.table_inputs(job) == []
    assert len({ask.table_key(job) for ask in (some, none, whole)}) == 3


def test_a_tables_key_stands_for_the_numbers_of_others_that_it_shows_and_for_no_other(plan, root):
    speeds = read_speeds(root / "config" / "speeds.csv")
    faster = (speeds[0].model_copy(update={"amount": speeds[0].amount / 2}), *speeds[1:])
    before = {"published": lambda: "some", "speeds": lambda: speeds}
    tables = ("main", "ablation", "protocols", "long_video", "cost", "fvd2048_16f")
    ask = Questions(plan, **before)
    keys = {table: ask.table_key(wildcards(experiment="paper", table=table)) for table in tables}
    changed = {
        name: [
            table
            for table in tables
            for job in (wildcards(experiment="paper", table=table),)
            if keys[table] != Questions(plan, **{**before, name: new}).table_key(job)
        ]
        for name, new in {"published": lambda: "others", "speeds": lambda: faster}.items()
    }
    assert changed == {"published": ["main", "ablation", "protocols"], "speeds": ["cost"]}


def test_a_call_names_the_experiment_of_its_tables(plan):
    ask = Questions(plan, options=CallOptions(experiment="demo"))
    assert ask.table_of_call("main") == [f"results/tables/demo/main.{kind}" for kind in KINDS]
    with pytest.raises(
        ConfigError, match=r"table_cost: experiment demo has no such table; it has main .*experiment=NAME"
    ):
        ask.table_of_call("cost")
    with pytest.raises(ConfigError, match="nope: no such experiment"):
        Questions(plan, options=CallOptions(experiment="nope")).table_of_call("main")


def test_the_cost_is_of_the_jobs_that_are_planned_and_of_no_others_that_left_a_benchmark(plan, image, video):
    shards = {f"results/data/{video.data.name}/shards": ["0001of0003/index.json"]}
    one, several = Questions(plan), Questions(plan, lambda folder: shards.get(folder, []))
    stages = {}
    for ask in (one, several):
        table_plan = yaml.safe_load(ask.table_plan(wildcards(experiment="demo")))
        stages[ask is one] = {(stage["stage"], stage["model"], stage["name"]): stage for stage in table_plan["stages"]}
    assert stages[True]["pack_videos", "", ""]["benchmarks"] == [f"pack_videos/{video.data.name}.tsv"]
    packing = stages[False]["pack_shard", "", ""]
    assert ("pack_videos", "", "") not in stages[False]
    assert (packing["jobs"], packing["benchmarks"]) == (3, [f"pack_shard/{video.data.name}/*of0003.tsv"])
    train, shown = (stages[True][name, "D", ""] for name in ("train_segment", "generate_clips"))
    assert (train["kimgs"], train["benchmarks"]) == ([4, 8], [f"train_segment/{video.name}/{{kimg}}.tsv"])
    kept = one.experiment_results("demo")[1]
    (look,) = {Path(file).parent.name for file in kept if file.startswith(f"results/runs/{video.name}/clips")}
    assert shown["benchmarks"] == [f"generate_clips/{video.name}/{look}.tsv"]


@pytest.mark.parametrize(
    ("experiment", "models"),
    [("paper", []), ("paper_toy", ["A", "B", "C", "D", "E", "E-lowrank", "image"])],
)
def test_the_cost_is_planned_with_the_table_of_speeds_or_with_steps_measured_here(plan, root, experiment, models):
    speeds = read_speeds(root / "config" / "speeds.csv")
    ask = Questions(plan, options=CallOptions(experiment=experiment), speeds=lambda: speeds)
    assert ask.table_plan_of_call(None).startswith(f"results/experiments/tables/{experiment}-")
    measured = ask.speeds_of_call(None)
    assert sorted(ask.model_of_run(wildcards(run=Path(speed).stem)) for speed in measured) == models


@pytest.mark.parametrize(
    ("targets", "given", "words"),
    [
        (
            ["demo"],
            {"experiment": "paper"},
            "experiment=paper: demo does not use it; targets that do: table_..., figure_",
        ),
        (["table_main", "results/x"], {"experiment": "demo"}, "results/x does not use it"),
        (["figure_curves"], {"unfinished": "dash"}, "unfinished=dash: figure_curves does not use it"),
        (["table_main", "results/tables/demo/main.csv"], {"unfinished": "dash"}, None),
        (["paper_cost", "table_cost"], {"experiment": "paper_toy"}, None),
        (["paper_toy"], {"experiment": "demo"}, "paper_toy does not use it"),
        (["demo"], {"experiment": "demo"}, None),
        (["demo"], {}, None),
    ],
)
def test_an_option_that_a_target_would_ignore_is_refused(targets, given, words):
    options = call_options(given | {"videos": "x"})
    if words is None:
        refuse_ignored(targets, options, default=given.get("experiment", "demo"))
    else:
        with pytest.raises(ConfigError, match=re.escape(words)):
            refuse_ignored(targets, options, default=given.get("experiment", "demo"))


def test_what_a_call_without_a_target_makes_has_to_be_there(ask):
    ask.require_experiment("demo")
    ask.require_experiment("own")  # waits for its videos
    with pytest.raises(ConfigError, match=r"dmo: no such experiment .*demo"):
        ask.require_experiment("dmo")


def test_options_of_a_call_are_checked():
    with pytest.raises(ConfigError, match=r"--config: unfinished: 'dsh': input should be 'make' or 'dash'"):
        call_options({"unfinished": "dsh"})
    with pytest.raises(ConfigError, match=r"--config: experiment: 'a b'"):
        call_options({"experiment": "a b"})
    assert called_experiments(["table_main", "demo"], call_options({"experiment": "sky"})) == ["sky", "demo"]


def test_films_of_a_call_are_of_its_last_runs_and_grids_lie_in_no_folder_of_videos(plan, video, image, root):
    ask = Questions(plan, options=CallOptions(experiment="demo"))
    films, grid = ask.films_of_call()
    assert re.fullmatch(rf"results/runs/{video.name}/films/[0-9a-f]{{8}}", films), "the image model is only a start"
    key = films.rpartition("/")[2]
    assert grid == f"results/runs/{video.name}/film_grids/{key}.mp4"
    job = wildcards(run=video.name, films=key)
    options = ask.film_options(job)
    assert (options["num_videos"], options["grid"], options["fps"]) == (25, "5x5", 10.0)
    assert ask.film_choice(job) == f"results/runs/{video.name}/best/{video.chooser}.json"
    assert ask.film_networks(job) == [f"results/runs/{video.name}/{k}/networks.safetensors" for k in video.kimgs]
    with pytest.raises(ConfigError, match="00000000: no such films in the settings"):
        ask.film_options(wildcards(run=video.name, films="00000000"))
    given = replace(ask, given_videos="mine")
    with pytest.raises(ConfigError, match="videos=mine: this experiment has its own videos"):
        given.films_of_call()


def test_every_setting_of_films_is_in_their_name(root):
    def films(**changes):
        ask = Questions(load_plan(root / "config", {"films": changes}), options=CallOptions(experiment="demo"))
        return ask, ask.films_of_call()[0]

    changes = {"snapshot": "last", "num_videos": 26, "columns": 4, "rows": 4, "num_frames": 3, "start_frame": 9}
    changes |= {"time_step": 0.5, "truncation": 0.7, "seed": 3, "decomposition": True, "save": "gif"}
    assert len({films()[1], *(films(**{name: value})[1] for name, value in changes.items())}) == len(changes) + 1
    ask, last = films(snapshot="last")
    job = wildcards(run=last.split("/")[2], films=last.rpartition("/")[2])
    assert ask.film_choice(job) is None and len(ask.film_networks(job)) == 1
    with pytest.raises(ConfigError, match="a grid of 6 columns and 5 rows shows 30 videos, but num_videos is 25"):
        films(columns=6)
    ask, third = films(time_step="1/3")
    job = wildcards(run=third.split("/")[2], films=third.rpartition("/")[2])
    assert ask.film_options(job)["time_step"] == "1/3", "as the command line takes it"
    for step in ("1/0", "half", 0, 1001):
        with pytest.raises(ConfigError, match=r"films\.time_step: .*: a number above 0 and up to 1000 is expected"):
            films(time_step=step)
    with pytest.raises(ConfigError, match="truncation"):
        films(truncation=4.5)
