"""TensorBoard shows what the training log holds."""

import pytest
from report_values import log_line
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from stylesv.errors import StyleSVError
from stylesv.records.log_line import log_text
from stylesv.report.tensorboard import export_tensorboard


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
