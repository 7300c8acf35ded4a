"""TensorBoard shows what the training log holds."""

import json

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from stylesv.errors import StyleSVError
from stylesv.report.tensorboard import export_tensorboard


def line(kimg: float, loss: float) -> str:
    values = {"kimg": kimg, "step": int(kimg * 10), "loss_generator": loss, "clips_per_second": 8.0, "seconds": 5.0}
    return json.dumps(values | {"machine": "x86_64"}) + "\n"


def test_every_number_of_every_log_is_read_back_by_tensorboard(tmp_path):
    (tmp_path / "a.jsonl").write_text(line(0.5, 1.5) + line(1.0, 1.25))
    (tmp_path / "b.jsonl").write_text(line(1.5, 0.75))
    assert export_tensorboard([tmp_path / "a.jsonl", tmp_path / "b.jsonl"], tmp_path / "out") == 6
    events = EventAccumulator(str(tmp_path / "out")).Reload()
    assert events.Tags()["scalars"] == ["losses/loss_generator", "machine/clips_per_second"]
    found = [(event.step, event.value, event.wall_time) for event in events.Scalars("losses/loss_generator")]
    assert found == [(500, 1.5, 5.0), (1000, 1.25, 10.0), (1500, 0.75, 15.0)]


def test_a_damaged_log_is_named(tmp_path):
    (tmp_path / "log.jsonl").write_text(line(0.5, 1.0) + '{"kimg": 1.')
    with pytest.raises(StyleSVError, match=r"log\.jsonl: cannot be read as a training log"):
        export_tensorboard([tmp_path / "log.jsonl"], tmp_path / "out")
