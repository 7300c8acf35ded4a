"""The fast filtered leaky ReLU never holds the upsampled plane, forward or backward."""

import os
import subprocess
import sys

import pytest

from stylesv.ops import active_backend

PROGRAM = """
import resource, sys, torch
from stylesv.ops import filtered_lrelu
filter = torch.hann_window(14)[1:-1]

def peak(channels, size):
    x, bias = torch.randn(1, channels, size, size, requires_grad=True), torch.zeros(channels, requires_grad=True)
    y = filtered_lrelu(x, filter, filter, bias, up=2, down=2, padding=[9, 8, 9, 8], clamp=256)
    torch.autograd.grad(y, (x, bias), torch.ones_like(y))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

before = peak(1, 16)
print(peak(40, 278) - before)
"""


@pytest.mark.slow
def test_peak_memory_of_forward_and_backward_is_at_most_a_third_of_the_definitions(root):
    if active_backend("cpu")[0] != "cpp":
        pytest.skip("no C++ form here")
    peaks = {}
    for name in ("cpp", "definition"):
        environment = os.environ | {"STYLESV_OPS": name, "PYTHONPATH": str(root)}
        run = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True)
        assert run.returncode == 0, run.stderr
        peaks[name] = int(run.stdout)
    assert 3 * peaks["cpp"] <= peaks["definition"], peaks
