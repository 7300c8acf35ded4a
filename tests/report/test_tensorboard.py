"""TensorBoard shows what the training log holds."""

import pytest
from report_values import log_line
from script_here import run_here
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from stylesv.errors import StyleSVError
from stylesv.records.log_line import log_text
from stylesv.report.tensorboard import export_tensorboard, follow_runs


def line(kimg: float, loss: float) -> str:
    return log_text([log_line(kimg, seconds=5.0, loss_generator=loss, loss_r1=None)])


def test_every_number_of_every_log_is_read_back_by_tensorboard(tmp_path):
    (tmp_path / "a.jsonl").write_text(line(0.5, 1.5) + line(1.0, 1.25))
    (tmp_path / "b.jsonl").write_text(line(1.5, 0.75))
    assert export_tensorboard([tmp_path / "a.jsonl", tmp_path / "b.jsonl"], tmp_path / "out") == 15
    events = EventAccumulator(str(tmp_path / "out")).Reload()
    assert sorted(events.Tags()["scalars"]) == [
        "discriminator/augment_probability",
        "losses/loss_generator",
        "machine/clips_per_second",
        "machine/peak_memory_mb",
        "machine/wait_share",
    ]
    found = [(event.step, event.value, event.wall_time) for event in events.Scalars("losses/loss_generator")]
    assert found == [(500, 1.5, 5.0), (1000, 1.25, 10.0), (1500, 0.75, 15.0)]


def test_a_damaged_log_is_named(tmp_path):
    (tmp_path / "log.jsonl").write_text(line(0.5, 1.0) + '{"kimg": 1.')
    with pytest.raises(StyleSVError, match=r"log\.jsonl: is not a training log"):
        export_tensorboard([tmp_path / "log.jsonl"], tmp_path / "out")


def losses(folder) -> list[tuple[int, float]]:
    events = EventAccumulator(str(folder)).Reload()
    return [(event.step, event.value) for event in events.Scalars("losses/loss_generator")]


def test_a_running_training_is_followed(tmp_path):
    """A segment at work, its next tick, a half-written line, and its end, when its log lies elsewhere."""
    runs, out = tmp_path / "runs", tmp_path / "out"
    live, finished = runs / "r" / "partial" / "1" / "log.jsonl", runs / "r" / "1" / "log.jsonl"
    for path in (live, finished):
        path.parent.mkdir(parents=True)
    live.write_text(line(0.5, 1.5))
    seen = []

    def goes_on() -> bool:
        """What happens between two looks."""
        seen.append(losses(out / "r") if (out / "r").exists() else [])
        if len(seen) == 2:
            live.write_text(line(0.5, 1.5) + line(0.75, 1.25)[:20])
        elif len(seen) == 3:
            live.write_text(line(0.5, 1.5) + line(0.75, 1.25))
        elif len(seen) == 4:
            live.unlink()
            finished.write_text(line(0.5, 1.5) + line(0.75, 1.25) + line(1, 1.0))
        return len(seen) < 5

    follow_runs(runs, out, seconds=0.0, goes_on=goes_on)
    assert seen == [[], [(500, 1.5)], [(500, 1.5)], [(500, 1.5), (750, 1.25)], [(500, 1.5), (750, 1.25), (1000, 1.0)]]


def test_a_damaged_log_is_said_once_and_stops_neither_its_run_nor_another(tmp_path):
    runs, out, told, looks = tmp_path / "runs", tmp_path / "out", [], iter([True, True, False])
    for run, kimg, text in (("a", 1, line(0.5, 1.5)), ("a", 2, '{"kimg": 1.'), ("b", 1, line(0.5, 2.5))):
        path = runs / run / str(kimg) / "log.jsonl"
        path.parent.mkdir(parents=True)
        path.write_text(text)
    follow_runs(runs, out, seconds=0.0, goes_on=lambda: next(looks), tell=told.append)
    assert losses(out / "a") == [(500, 1.5)] and losses(out / "b") == [(500, 2.5)]
    assert len(told) == 1 and "a/2/log.jsonl: is not a training log" in told[0]


def test_a_pause_that_is_no_number_is_refused(root, tmp_path):
    done = run_here(root / "workflow_scripts" / "follow_training.py", "--runs", tmp_path, "--seconds", "nan")
    assert done.returncode == 2 and "--seconds nan: a number from 0.1 to 86400" in done.stderr
