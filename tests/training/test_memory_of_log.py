"""The memory that training's log tells of is its own."""

import sys

import pytest
from own_process import PEAK_KIB, printed_by

PROGRAM = f"""{PEAK_KIB}
from stylesv.training.log import _peak_memory_mb
print(_peak_memory_mb(), peak_kib() * 1024 / 1e6)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells it of a process alone")
def test_peak_memory_does_not_begin_with_that_of_the_process_that_started_training():
    block = bytearray(b"x") * 1_000_000_000
    logged, own = map(float, printed_by(PROGRAM).split())
    assert len(block) / 1e6 > logged and logged == pytest.approx(own, rel=0.05)
