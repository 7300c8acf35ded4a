"""Change this key, exactly these jobs are scheduled."""

import shutil

import pytest
from workflow_checkout import Workflow

pytestmark = [pytest.mark.workflow, pytest.mark.slow]

DEMO = "experiments/demo.yaml"
TABLES = {"write_table_plan": 1, "write_table": 3}  # main, and one of each protocol
PAGE = {"demo": 1, "write_report": 1, "write_experiment": 1}
GRAPH = {"write_rule_graph": 1}
FIGURES = {"write_figure_plan": 4, "draw_figure": 12}
RESULTS = PAGE | GRAPH | TABLES | FIGURES
CLIPS = {"generate_clips": 1, "draw_nearest": 1, "write_look": 1}
REAL_CLIPS = {"show_real_clips": 1, "write_look": 2}  # on top of CLIPS
OF_SCORES = PAGE | GRAPH | TABLES | {"write_figure_plan": 1, "draw_figure": 2}  # curves and motion
OF_SNAPSHOTS = OF_SCORES | {"write_figure_plan": 3, "draw_figure": 4}  # training and samples, too
OF_CLIPS = PAGE | GRAPH | {"write_figure_plan": 1, "draw_figure": 8}
FLOOR = {"measure_floor": 1}
OF_PROTOCOL = FLOOR | {"draw_nearest": 1}  # what another way of scoring a run that is shown makes anew besides scores
VIDEO_CHOICE = {"choose_snapshot": 1, "collect_scores": 1}
BOTH_CHOICES = {"choose_snapshot": 2, "collect_scores": 2}
VIDEO_RUN = {"write_recipe": 1, "initialize_networks": 1, "train_segment": 2, "score_snapshot": 3}
BOTH_RUNS = {"write_recipe": 2, "initialize_networks": 2, "train_segment": 4, "score_snapshot": 6}

# what is changed, in which file, the old text, the new text, the jobs
CHANGES = [
    ("R1 gamma of the video model", DEMO, "loss: {r1_gamma: 1}", "loss: {r1_gamma: 5}",
     VIDEO_RUN | VIDEO_CHOICE | CLIPS | RESULTS),
    ("width of the model", DEMO, "    channel_max: 48\n    motion", "    channel_max: 40\n    motion",
     BOTH_RUNS | BOTH_CHOICES | CLIPS | RESULTS),
    ("longer video run", DEMO, "length: {total_kimg: 8, segment_kimg: 4}",
     "length: {total_kimg: 16, segment_kimg: 4}",
     {"train_segment": 2, "score_snapshot": 2} | VIDEO_CHOICE | CLIPS | RESULTS),
    ("shorter video run", DEMO, "length: {total_kimg: 8, segment_kimg: 4}",
     "length: {total_kimg: 4, segment_kimg: 4}  # shorter", VIDEO_CHOICE | CLIPS | RESULTS),
    ("smaller segments", DEMO, "length: {total_kimg: 8, segment_kimg: 4}",
     "length: {total_kimg: 8, segment_kimg: 2}",
     # the snapshots between, and the states they start from, but not the last snapshot, which is there
     {"initialize_networks": 1, "train_segment": 3, "score_snapshot": 2} | VIDEO_CHOICE | OF_SNAPSHOTS),
    ("larger segments", DEMO, "length: {total_kimg: 8, segment_kimg: 4}",
     "length: {total_kimg: 8, segment_kimg: 8}", VIDEO_CHOICE | OF_SNAPSHOTS),
    ("generated clips of the video protocol", "protocols/rfvd_16f.yaml", "num_clips: 128 ", "num_clips: 130 ",
     {"write_protocol": 1, "score_snapshot": 3, "choose_snapshot": 1, "collect_scores": 1} | OF_PROTOCOL | OF_SCORES),
    ("real clips of the video protocol", "protocols/rfvd_16f.yaml", "max_clips: 256", "max_clips: 200",
     {"write_protocol": 2, "measure_reference": 1, "score_snapshot": 3, "choose_snapshot": 1, "collect_scores": 1}
     | OF_PROTOCOL | OF_SCORES),
    ("resamples of an interval, of the video protocol", "protocols/rfvd_16f.yaml", "resamples: 50", "resamples: 10",
     {"write_protocol": 1, "score_snapshot": 3, "choose_snapshot": 1, "collect_scores": 1} | OF_PROTOCOL | OF_SCORES),
    ("resamples of an interval, of the protocol that chooses the parent", "protocols/rfid.yaml", "resamples: 100",
     "resamples: 10", {"write_protocol": 1, "score_snapshot": 3} | FLOOR | VIDEO_CHOICE | OF_SCORES),
    ("artefacts of the video protocol", "protocols/rfvd_16f.yaml", "  artefacts: null",
     "  artefacts: {num_clips: 4, num_frames: 24, motion_distance: 16}",
     {"write_protocol": 2, "measure_reference": 1, "score_snapshot": 3, "choose_snapshot": 1, "collect_scores": 1}
     | OF_PROTOCOL | OF_SCORES),
    ("which snapshot is shown", DEMO, "\n  snapshot: last ", "\n  snapshot: best ", CLIPS | OF_CLIPS),
    ("a figure setting", DEMO, "columns: 3", "columns: 9", CLIPS | REAL_CLIPS | OF_CLIPS),
    ("resolution of the data set", "datasets/demo.yaml", "resolution: 32", "resolution: 64",
     {"write_data_recipe": 1, "pack_videos": 1, "write_data_sheet": 1, "measure_reference": 2, "measure_floor": 2}
     | BOTH_RUNS | BOTH_CHOICES | CLIPS | REAL_CLIPS | RESULTS),
    ("frame rate for display", "datasets/demo.yaml", "display_fps: 10", "display_fps: 12",
     CLIPS | REAL_CLIPS | OF_CLIPS),
    ("licence of the videos", "datasets/demo.yaml", "licence: that of", "licence: CC0, as that of", PAGE),
    ("a colour", "config.yaml", '"#D55E00"', '"#D55E01"', PAGE | FIGURES),
    ("a title", DEMO, "title: \"Demo", "title: \"The demo", PAGE | TABLES),
    ("number of workers", "config.yaml", "num_workers: 2 ", "num_workers: 1 ", {}),
    ("threads", "config.yaml", "cpu_threads: 1 ", "cpu_threads: 4 ", {}),
    ("lines of the log", "config.yaml", "tick_kimg: 0.5 ", "tick_kimg: 0.1 ", {}),
    ("the seed of the scenes", "datasets/demo.yaml", "seed: 0}", "seed: 1}",
     {"render_videos": 1, "write_data_recipe": 1, "pack_videos": 1, "write_data_sheet": 1, "measure_reference": 2,
      "measure_floor": 2} | BOTH_RUNS
     | BOTH_CHOICES | CLIPS | REAL_CLIPS | RESULTS),
    ("a new seed", DEMO, "seeds: [0]", "seeds: [0, 1]", BOTH_RUNS | BOTH_CHOICES | CLIPS | RESULTS),
    ("a published number", "published.csv", "TSM,D,FVD16,49.0", "TSM,D,FVD16,49.1",
     PAGE | {"write_table": 1}),
    ("a speed, of which no table of the demo is made", "speeds.csv", "8x A100,8,113,", "8x A100,8,114,", {}),
    ("a comment", DEMO, "# The whole way", "# All the way", {}),
]  # fmt: skip


def test_a_finished_demo_has_nothing_to_do(finished):
    assert finished.scheduled("demo") == {}


@pytest.mark.parametrize(("file", "old", "new", "jobs"), [c[1:] for c in CHANGES], ids=[c[0] for c in CHANGES])
def test_a_change_schedules_exactly_what_depends_on_it(finished, file, old, new, jobs):
    finished.change(file, old, new)
    try:
        assert finished.scheduled("demo") == jobs
    finally:
        finished.change(file, new, old)


def test_a_caption_makes_the_page_again_and_nothing_else(finished):
    caption = finished.folder / "rules" / "captions" / "slices.rst"
    before = caption.read_text()
    caption.write_text("Other words.\n")
    try:
        assert finished.scheduled("demo") == PAGE
    finally:
        caption.write_text(before)


def test_a_lost_figure_is_one_job(finished):
    figure = finished.folder / "results" / "figures" / "demo" / "slices.png"
    figure.rename(figure.with_name("kept"))
    try:
        assert finished.scheduled("figure_slices", "--config", "experiment=demo") == {
            "figure_slices": 1,
            "draw_figure": 1,
        }
        assert finished.scheduled("demo") == {"demo": 1, "draw_figure": 1, "write_report": 1}
    finally:
        figure.with_name("kept").rename(figure)


def test_a_lost_table_is_one_job(finished):
    table = finished.folder / "results" / "tables" / "demo" / "main.csv"
    table.rename(table.with_name("kept"))
    try:
        assert finished.scheduled("demo") == {"demo": 1, "write_table": 1, "write_report": 1}
    finally:
        table.with_name("kept").rename(table)


def test_changes_taken_back_schedule_nothing(finished):
    assert finished.scheduled("demo") == {}


def test_a_copied_results_folder_in_a_fresh_checkout_has_nothing_to_do(finished, tmp_path):
    """Without Snakemake's own records, and with times in the order of an ordinary copy."""
    fresh = type(finished)(tmp_path, pretend=True)
    shutil.copytree(finished.folder / "results", tmp_path / "results", copy_function=shutil.copy)
    assert fresh.scheduled("demo") == {}


def test_copied_tables_figures_and_pages_of_another_call_are_made_again(finished, tmp_path):
    """Snakemake has no record of the params that they were made with."""
    fresh = type(finished)(tmp_path, pretend=True)
    shutil.copytree(finished.folder / "results", tmp_path / "results", copy_function=shutil.copy)
    for key in ("tables/demo/.main.key", "figures/demo/.slices.key", "report/demo/.key"):
        (tmp_path / "results" / key).write_text("00000000\n")
    again = {"demo": 1, "note_another": 3, "write_table": 1, "draw_figure": 1, "write_report": 1}
    assert fresh.scheduled("demo") == again
    assert fresh.snakemake("demo").returncode == 0
    assert fresh.scheduled("demo") == {}
    assert "00000000" not in (tmp_path / "results" / "tables" / "demo" / ".main.key").read_text()


def test_a_change_that_is_taken_back_after_a_call_brings_the_page_back(tmp_path):
    workflow = Workflow(tmp_path, pretend=True)
    keys = []
    for old, new in (("columns: 3", "columns: 4"), ("columns: 4", "columns: 9"), ("columns: 9", "columns: 4")):
        workflow.change(DEMO, old, new)
        assert workflow.snakemake("demo").returncode == 0
        keys.append((tmp_path / "results" / "report" / "demo" / ".key").read_text())
        assert workflow.scheduled("demo") == {}
    assert keys[0] == keys[2] != keys[1]


def test_a_moved_checkout_with_all_its_records_has_nothing_to_do(tmp_path):
    """Its path is in every command."""
    first = Workflow(tmp_path / "here", pretend=True)
    assert first.snakemake("demo").returncode == 0
    (tmp_path / "here").rename(tmp_path / "there")
    moved = Workflow(tmp_path / "new", pretend=True)
    moved.environment["PATH"] = moved.environment["PATH"].replace("/new/", "/there/")
    moved.folder = tmp_path / "there"
    assert moved.scheduled("demo") == {}


def test_a_lost_snapshot_is_remade_and_no_later_one(finished):
    run = next(path for path in (finished.folder / "results" / "runs").iterdir() if "-D-" in path.name)
    (run / "8" / "networks.safetensors").rename(run / "kept")
    try:
        jobs = finished.scheduled("demo")
    finally:
        (run / "kept").rename(run / "8" / "networks.safetensors")
    assert (jobs["initialize_networks"], jobs["train_segment"], jobs["score_snapshot"]) == (1, 2, 1)


def test_another_experiment_with_other_intervals_changes_nothing(finished):
    """It shares the runs and their choice; its name comes before the demo's."""
    other = finished.folder / "config" / "experiments" / "aaa.yaml"
    other.write_text("extends: demo\ntitle: Other\nprotocol: {bootstrap: {resamples: 0}}\n")
    try:
        assert finished.scheduled("demo") == {}
        assert "train_segment" not in finished.scheduled("aaa")
    finally:
        other.unlink()


def test_another_way_to_write_a_settings_file_makes_nothing_again(finished):
    """As a later version may: the key in its name stands for what it says."""
    rules = finished.folder / "rules" / "common.smk"
    before, old = rules.read_text(), "Keyed(answer(question)(wildcards))"
    assert before.count(old) == 1
    rules.write_text(before.replace(old, "Keyed(answer(question)(wildcards) + '# more')"))
    try:
        assert finished.scheduled("demo") == {}
    finally:
        rules.write_text(before)
