"""Lines of training logs: read as they were written; anything else is one clear error that names the log."""

import re

import pytest

from stylesv.errors import DataError
from stylesv.records.log_line import LogLine, log_text, read_log

TICK = {"augment_probability": 0.25, "seconds": 5.0, "clips_per_second": 8.0, "wait_share": 0.5, "peak_memory_mb": 99.5}
FIRST = LogLine(
    kimg=0.5, step=5, means={"loss_generator": 1.5, "gradient_norm_r1": None}, machine="x86_64, cpu", **TICK
)
SECOND = LogLine(kimg=1.0, step=10, means={"loss_generator": 1.25}, machine=None, **TICK)
BESIDE = (
    '"augment_probability": 0.25, "seconds": 5.0, "clips_per_second": 8.0, "wait_share": 0.5, "peak_memory_mb": 99.5'
)
TEXT = (
    f'{{"kimg": 0.5, "step": 5, "loss_generator": 1.5, "gradient_norm_r1": null, {BESIDE}, "machine": "x86_64, cpu", '
    '"sha256": "a1bf027e91c8d5a2"}\n'
    f'{{"kimg": 1.0, "step": 10, "loss_generator": 1.25, {BESIDE}, "sha256": "55bd0058ec43d174"}}\n'
)
WITHOUT_HASH = re.sub(r', "sha256": "[0-9a-f]+"', "", TEXT)


def test_a_log_survives_its_file_and_its_text_is_this(tmp_path):
    assert log_text([FIRST, SECOND]) == TEXT
    (tmp_path / "a.jsonl").write_text(TEXT)
    (tmp_path / "b.jsonl").write_text(log_text([SECOND]))
    assert read_log([tmp_path / "a.jsonl", str(tmp_path / "b.jsonl")]) == [FIRST, SECOND, SECOND]


def test_a_number_that_is_not_finite_is_none(tmp_path):
    """As other programs write them; earlier versions wrote no hash."""
    (tmp_path / "log.jsonl").write_text(WITHOUT_HASH.replace("1.5", "NaN").replace("null", "Infinity"))
    (first, second) = read_log([tmp_path / "log.jsonl"])
    assert first.means == {"loss_generator": None, "gradient_norm_r1": None} and second == SECOND
    with pytest.raises(ValueError, match="finite"):
        LogLine(kimg=0.5, step=5, means={"loss_generator": float("nan")}, machine=None, **TICK)


def test_curves_are_of_every_number_but_time(tmp_path):
    shown = {name: value for name, value in TICK.items() if name != "seconds"}
    assert FIRST.curves == {"loss_generator": 1.5} | shown


@pytest.mark.parametrize(
    "content",
    [b"{", b"[1]\n", b"1\n", b"\xff\xfe", TEXT.encode()[:-9], WITHOUT_HASH.replace('"kimg": 1.0, ', "").encode(),
     WITHOUT_HASH.replace('"step": 10', '"step": "10"').encode(), WITHOUT_HASH.replace("1.25", '"low"').encode(),
     TEXT.replace("1.25", "1.26").encode()],
    ids=["cut off", "a list", "a number", "no text", "its end is gone", "no kimg", "a step in words", "a mean in words",
         "another number"],
)  # fmt: skip
def test_any_other_file_is_one_error(tmp_path, content):
    (tmp_path / "log.jsonl").write_bytes(content)
    with pytest.raises(DataError, match=r"log\.jsonl: is not a training log \(.+\); remake its segment") as caught:
        read_log([tmp_path / "log.jsonl"])
    assert "\n" not in str(caught.value)


def test_a_missing_log_is_called_so(tmp_path):
    with pytest.raises(DataError, match=r"log\.jsonl: no such training log; remake its segment"):
        read_log([tmp_path / "log.jsonl"])
