"""`make bench` measures what it says, on a small case, and keeps the records of the others."""

import json
import subprocess
import sys
from pathlib import Path

import measure
import pytest
import torch
from click.testing import CliRunner
from history import Entry, add_to_history, read_history
from network_cases import clip_batch, network_cases, training_step
from operation_cases import operation_cases
from own_process import printed_by
from run_benchmarks import Results, main
from scaling import WAYS, Speed, Way, table_of_speeds
from step_table import KINDS, StepTable, watch

from stylesv.ops.convolution import conv2d

CPU = torch.device("cpu")


def test_the_cases_have_the_names_that_others_look_for():
    names = [case.name for case in [*operation_cases(), *network_cases()]]
    assert len(set(names)) == len(names)
    assert {
        "filtered_lrelu_up2_down2_forward",
        "filtered_lrelu_up4_down2_forward",
        "filtered_lrelu_up2_down2_forward_backward",
        "generator_256_forward",
        "step_64",
        "step_256",
    } <= set(names)


def test_a_training_step_can_be_measured():
    step = training_step(64, 2, 3, CPU)
    assert torch.isfinite(step(clip_batch(64, 2, 3))["loss_discriminator"])


COMPARED = """
import json
import os
import sys
from pathlib import Path
import time
from dataclasses import asdict

import torch

sys.path.insert(0, sys.argv[1])
import measure


def work():
    slow = os.environ["STYLESV_OPS"] == "definition"
    block = torch.ones(25_000_000 if slow else 5_000_000)  # 100 or 20 MB
    time.sleep(0.05 if slow else 0.01)
    del block


cpu = torch.device("cpu")
case = measure.Case("asleep", lambda device: work)
print(json.dumps(asdict(measure.compare(case, cpu, measure.Memory(cpu), budget_seconds=0.5))))
"""


def test_the_ratio_is_the_definitions_time_over_the_fast_forms_and_memory_is_the_peak():
    record = json.loads(printed_by(COMPARED, Path(measure.__file__).parent))
    assert record["ratio"] > 1 and 1 <= record["pairs"] <= 15
    assert record["peak_mb_definition"] - record["peak_mb_fast"] == pytest.approx(80, abs=15)


def test_a_record_replaces_the_one_of_its_name_and_keeps_the_others(tmp_path):
    path = tmp_path / "bench" / "cpu.json"
    for record in ({"name": "a", "ratio": 1}, {"name": "b", "ratio": 2}, {"name": "a", "ratio": 3}):
        Results(path).put(record)
    assert json.loads(path.read_text()) == [{"name": "a", "ratio": 3}, {"name": "b", "ratio": 2}]


def test_a_name_that_is_no_benchmark_is_refused_with_those_there_are():
    outcome = CliRunner().invoke(main, ["speed", "--threads", str(torch.get_num_threads())])
    assert outcome.exit_code == 2 and "no benchmark has 'speed' in its name" in outcome.output
    assert "step_256" in outcome.output


@pytest.mark.long
def test_a_chosen_benchmark_is_measured_and_written_as_json_and_table(tmp_path, root):
    command = [sys.executable, str(root / "tests/benchmarks/run_benchmarks.py"), "filtered_lrelu_up2_down2_forward"]
    run = subprocess.run(
        [*command, "--out", str(tmp_path), "--budget-seconds", "1", "--history", str(tmp_path / "history.csv")],
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    records = json.loads((tmp_path / "cpu.json").read_text())
    assert [record["name"] for record in records] == [
        "filtered_lrelu_up2_down2_forward",
        "filtered_lrelu_up2_down2_forward_backward",
    ]
    table = (tmp_path / "cpu.md").read_text()
    for record in records:
        assert {"ratio", "spread", "seconds_fast", "seconds_definition", "peak_mb_fast", "peak_mb_definition"} < set(
            record
        )
        assert f"| {record['name']} | " in table


def test_operations_of_a_step_are_counted_by_kind():
    """A convolution and its two derivatives: products of 2 x 4 x 3 x 3 x 3 x 6 x 6 pairs, forward once and backward twice."""
    x, weight = torch.randn(2, 3, 8, 8, requires_grad=True), torch.randn(4, 3, 3, 3, requires_grad=True)
    large = torch.randn(2, 3, 16, 16, requires_grad=True)

    def work():
        torch.nn.functional.conv2d(x, weight).square().sum().backward()

    parts = watch(work, CPU)
    flops = 2 * 2 * 4 * 3 * 3 * 3 * 6 * 6
    assert parts["convolution, forward"].flops == flops and parts["convolution, forward"].calls == 1
    assert parts["convolution, backward"].flops == 2 * flops
    assert parts["convolution, forward"].bytes == 4 * (x.numel() + weight.numel() + 2 * 4 * 6 * 6)
    assert set(parts) == {"convolution, forward", "convolution, backward", "other element-wise and copies"}
    ours = watch(lambda: conv2d(large, weight).square().sum().backward(), CPU)
    flops = 2 * 2 * 4 * 3 * 3 * 3 * 14 * 14
    assert (ours["convolution, forward"].flops, ours["convolution, backward"].flops) == (flops, 2 * flops)
    doubled = watch(lambda: second_derivative(x, weight), CPU)
    assert doubled["convolution, double backward"].flops > 0


def second_derivative(x, weight):
    """As in R1: the derivative of a derivative's size by the weights."""
    scores = torch.nn.functional.conv2d(x, weight).square().sum()
    (gradient,) = torch.autograd.grad(scores, x, create_graph=True)
    gradient.square().sum().backward()


def test_a_steps_parts_add_up_to_it():
    step = training_step(64, 2, 3, CPU)
    parts = watch(lambda: step(clip_batch(64, 2, 3)), CPU)
    assert set(parts) <= set(KINDS)
    assert {"filtered leaky ReLU", "resampling in D", "optimisers", "average of weights", "random draws"} <= set(parts)
    table = StepTable("step", sum(part.seconds for part in parts.values()), parts, 1e11, 1e10)
    assert list(table.rows())[-1][2] == "100.0%"


def test_a_ratio_below_the_last_one_of_such_a_machine_is_said_and_every_ratio_is_kept(tmp_path):
    path = tmp_path / "results" / "history.csv"
    said = [
        add_to_history(Entry("abc", machine, name, ratio, 0.2, 15), path)
        for machine, name, ratio in [
            ("one", "step", 5.0),
            ("one", "step", 4.5),  # 4.05 to 4.95 and 4.5 to 5.5: it may be the same
            ("one", "other", 1.0),
            ("two", "step", 1.0),  # another machine
            ("one", "step", 3.0),
            ("one", "step", 3.0),
        ]
    ]
    assert said[:4] == [None] * 4 and said[5] is None
    assert said[4] == "step is slower than at abc: 3.00 times the definition (spread 20%), then 4.50 (20%)"
    assert [entry.ratio for entry in read_history(path)] == [5.0, 4.5, 1.0, 1.0, 3.0, 3.0]


def test_the_load_of_a_machine_is_no_part_of_its_name():
    record = measure.Record("step", 5.0, 0.1, 15, 5.0, 1.0, 5.0, 1.0, 1.0)
    entry = Entry.of(record, measure.machine(CPU), "abc")
    assert "load" not in entry.machine and str(torch.__version__) in entry.machine


def test_ways_to_train_are_told_apart_and_compared_with_one_process():
    assert len({way.name for way in WAYS}) == len(WAYS) and WAYS[0] == Way()
    assert Way(processes=2, threads=3).name == "2 processes, 3 threads each"
    table = table_of_speeds("scaling_image", [Speed(way.name, 30.0, 1.5, 0.01) for way in WAYS])
    assert "| 2 jobs at once | 30.0 | 1.50 | 1.0% |" in table
