"""The cost of an experiment: what is planned from which speed, and what Snakemake's benchmarks say beside it."""

import pandas as pd
import pytest
from report_values import used
from table_values import Tabled
from table_values import planned_stage as stage

from stylesv.errors import DataError
from stylesv.records.speed import MeasuredSpeed, read_speeds, speed_of, write_measured_speed
from stylesv.report.cost_table import cost_table, cost_text

HEAD = "stage,name,resolution,machine,gpus,amount,unit,kind,source\n"
TABLE = (
    "start,*,,box,0,2,s/job,measured,here\n"
    "train_segment,A,256,8x A100,8,100,s/kimg,published,a thread\n"
    "score_snapshot,fvd2048_16f,256,8x A100,8,90,s/job,published,a thread\n"
    "score_snapshot,*,32,box,0,6,s/job,measured,here\n"
    "snapshot,A,256,any,0,300,MB,counted,parameters\n"
    "state,A,256,any,0,700,MB,counted,parameters\n"
)


@pytest.fixture
def files(tmp_path):
    """An experiment with no runs; a table of speeds."""
    tabled = Tabled(tmp_path, [used()], ("A",))
    (tmp_path / "speeds.csv").write_text(HEAD + TABLE)
    return tabled


def add_benchmark(folder, name, seconds, *, memory="100.5"):
    file = folder / "benchmarks" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"s\th:m:s\tmax_rss\tcpu_time\n{seconds}\t0:00:01\t{memory}\t1.0\n")


def costs(tabled, *, by_own=False, speeds=()):
    plan = tabled.plan.model_copy(update={"speeds": speeds})
    given = {"speeds": tabled.folder / "speeds.csv", "benchmarks": tabled.folder / "benchmarks"}
    table = cost_table(plan, tabled.folder, **given, by_own=by_own)
    lines = {(line["dataset"], line["model"], line["work"]): line for line in table.numbers.to_dict("records")}
    return table, lines


def test_hours_gpu_hours_days_and_disk_follow_from_the_table_of_speeds(files):
    files.stages = [
        stage("initialize_networks", jobs=3),
        stage("train_segment", jobs=75, kimg=75_000),
        stage("score_snapshot", protocol="fvd2048_16f", jobs=78),
    ]
    table, lines = costs(files)
    train, score = lines["sky", "A", "train"], lines["sky", "A", "score"]
    assert train["planned_hours"] == pytest.approx(75_000 * 100 / 3600)
    assert train["planned_gpu_hours"] == pytest.approx(8 * 75_000 * 100 / 3600)
    assert train["planned_days"] == pytest.approx(75_000 * 100 / 86_400)
    assert train["planned_disk_gb"] == pytest.approx((78 * 300 + 3 * 700) / 1000), "a snapshot at 0, and the last state"
    assert score["planned_hours"] == pytest.approx(78 * 90 / 3600)
    assert lines["all", "all", "all"]["planned_hours"] == pytest.approx(train["planned_hours"] + score["planned_hours"])
    assert lines["all", "all", "all"]["jobs"] == 3 + 75 + 78
    notes = "\n".join(table.notes)
    assert "train_segment A: 100 s/kimg: published, 8x A100 (a thread)." in notes
    assert "Nothing is known of: initialize_networks; their hours are not in the sums." in notes


def test_a_line_of_a_name_or_resolution_comes_before_one_of_any(tmp_path):
    (tmp_path / "s.csv").write_text(HEAD + TABLE + "score_snapshot,efid,32,box,0,7,s/job,measured,here\n")
    speeds = read_speeds(tmp_path / "s.csv")
    assert speed_of(speeds, "score_snapshot", "efid", 32).amount == 7
    assert speed_of(speeds, "score_snapshot", "evd_16f", 32).amount == 6
    assert speed_of(speeds, "score_snapshot", "evd_16f", 64) is None


def test_a_model_that_the_table_does_not_know_is_planned_by_steps_measured_here(files):
    measured = {"run": "r", "model": "B", "resolution": 32, "device": "a processor, 2 threads", "gpus": 0, "clips": 32}
    sizes = {"snapshot_mb": 10.0, "state_mb": 25.0}
    speed = MeasuredSpeed(**measured, **sizes, start_seconds=5.0, seconds_per_kimg=40.0)
    write_measured_speed(files.folder / "results" / "speeds" / "r.json", speed)
    files.stages = [
        stage("initialize_networks", model="B", resolution=32, jobs=2),
        stage("train_segment", model="B", resolution=32, jobs=4, kimg=6),
        stage("score_snapshot", protocol="evd_16f", model="B", resolution=32, jobs=8),
    ]
    table, lines = costs(files, speeds=("results/speeds/r.json",))
    assert lines["sky", "B", "train"]["planned_hours"] * 3600 == pytest.approx(6 * 40 + 4 * 5)
    assert lines["sky", "B", "train"]["planned_disk_gb"] * 1000 == pytest.approx(6 * 10 + 2 * 25)
    # the table's machine starts a job in 2 s, this one in 5
    assert lines["sky", "B", "score"]["planned_hours"] * 3600 == pytest.approx(8 * 6 * 5 / 2)
    notes = "\n".join(table.notes)
    assert "40 s/kimg: a few steps of 32 clips on a processor, 2 threads, and 5 s a job to start" in notes
    assert "times 2.5, as this machine takes to start a job" in notes


def test_what_jobs_took_stands_beside_the_plan_of_those_that_are_finished(files):
    files.stages = [stage("train_segment", jobs=4, kimg=8)]
    for kimg, seconds in ((2, 150.0), (4, 170.0)):
        add_benchmark(files.folder, f"train_segment/A-sky-s0/{kimg}.tsv", seconds, memory=f"{kimg}00.5")
    add_benchmark(files.folder, "train_segment/B-sky-s0/2.tsv", 999.0)
    _, lines = costs(files)
    train = lines["sky", "A", "train"]
    assert (train["finished_jobs"], train["measured_hours"] * 3600) == (2, pytest.approx(320))
    assert train["measured_over_planned"] == pytest.approx(320 / (4 * 100)), "half of 8 kimg at 100 s"
    assert train["peak_memory_mb"] == 400.5


def test_a_run_that_goes_on_is_planned_by_its_finished_jobs_and_one_that_is_over_is_not(files):
    files.stages = [stage("train_segment", jobs=4, kimg=8)]
    add_benchmark(files.folder, "train_segment/A-sky-s0/2.tsv", 50.0)
    own, before = costs(files, by_own=True), costs(files)
    assert own[1]["sky", "A", "train"]["planned_hours"] * 3600 == pytest.approx(8 * 25)
    assert any("25 s/kimg: 1 finished jobs of this machine" in note for note in own[0].notes)
    assert before[1]["sky", "A", "train"]["planned_hours"] * 3600 == pytest.approx(800)


def test_jobs_of_a_longer_run_are_not_taken_for_those_that_are_planned(files):
    files.stages = [stage("train_segment", jobs=1, kimg=4, kimgs=(4,))]
    for kimg in (4, 8):
        add_benchmark(files.folder, f"train_segment/A-sky-s0/{kimg}.tsv", 100.0 * kimg)
    _, lines = costs(files)
    train = lines["sky", "A", "train"]
    assert (train["finished_jobs"], train["measured_hours"] * 3600) == (1, pytest.approx(400))
    assert train["measured_over_planned"] == pytest.approx(1)


def test_gpus_of_finished_jobs_are_the_tables_or_those_of_the_steps_measured_here(files):
    score = stage("score_snapshot", protocol="fvd2048_16f", jobs=4)
    files.stages = [score, stage("train_segment", model="B", jobs=1, kimg=2)]
    add_benchmark(files.folder, "score_snapshot/A-fvd2048_16f-s0/4.tsv", 36.0)
    add_benchmark(files.folder, "train_segment/B-sky-s0/2.tsv", 100.0)
    measured = {"run": "r", "model": "B", "resolution": 256, "device": "a GPU", "gpus": 1, "clips": 32}
    speed = MeasuredSpeed(**measured, snapshot_mb=1.0, state_mb=1.0, start_seconds=5.0, seconds_per_kimg=40.0)
    write_measured_speed(files.folder / "results" / "speeds" / "r.json", speed)
    table, lines = costs(files, by_own=True, speeds=("results/speeds/r.json",))
    assert lines["sky", "A", "score"]["planned_gpu_hours"] * 3600 == pytest.approx(8 * 4 * 36)
    assert lines["sky", "B", "train"]["planned_gpu_hours"] * 3600 == pytest.approx(100)
    notes = "\n".join(table.notes)
    assert "36 s/job: 1 finished jobs of this machine, taken to have the table's 8 GPUs" in notes
    assert "50 s/kimg: 1 finished jobs of this machine." in notes


def test_the_terminal_is_told_every_line_and_assumption(files):
    files.stages = [stage("train_segment", jobs=4, kimg=8)]
    table, _ = costs(files)
    text = cost_text(table)
    assert "measured / planned" in text and "* train_segment A: 100 s/kimg" in text and "Tried: cost" in text


def test_a_memory_that_was_not_seen_is_none_and_a_damaged_benchmark_is_named(files):
    files.stages = [stage("train_segment", jobs=1, kimg=1)]
    add_benchmark(files.folder, "train_segment/A-sky-s0/1.tsv", 1.0, memory="NA")
    assert pd.isna(costs(files)[1]["sky", "A", "train"]["peak_memory_mb"])
    (files.folder / "benchmarks/train_segment/A-sky-s0/1.tsv").write_text("s\tmax_rss\nx\ty\n")
    with pytest.raises(DataError, match=r"1\.tsv: is not a benchmark of Snakemake; delete it"):
        costs(files)


def test_a_bad_table_of_speeds_is_one_line(files):
    (files.folder / "speeds.csv").write_text(HEAD + "train_segment,A,256,x,8,-1,s/kimg,published,y\n")
    with pytest.raises(DataError, match=r"speeds\.csv: is not a table of speeds \(line 2: amount: .*mend it"):
        costs(files)


def test_the_committed_speeds_know_every_model_and_protocol_of_the_paper(root):
    speeds = read_speeds(root / "config" / "speeds.csv")
    for model in ("image", "A", "B", "C", "D", "E", "E-lowrank"):
        assert speed_of(speeds, "train_segment", model, 256).unit == "s/kimg"
        assert speed_of(speeds, "snapshot", model, 256).unit == speed_of(speeds, "state", model, 256).unit == "MB"
    assert speed_of(speeds, "train_segment", "A", 256).amount == 113
    assert all(speed.source for speed in speeds)
    assert {speed.kind for speed in speeds if " times " in speed.source} == {"scaled"}
