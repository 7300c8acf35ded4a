"""The fast filtered leaky ReLU never holds the upsampled plane, forward or backward."""

import pytest
from own_process import PEAK_KIB, printed_by

CHANNELS, SIZE = 40, 278
PROGRAM = f"""{PEAK_KIB}
import torch
from stylesv.ops import filtered_lrelu
filter = torch.hann_window(14)[1:-1]

def peak(channels, size):
    x, bias = torch.randn(1, channels, size, size, requires_grad=True), torch.zeros(channels, requires_grad=True)
    y = filtered_lrelu(x, filter, filter, bias, up=2, down=2, padding=[9, 8, 9, 8], clamp=256)
    torch.autograd.grad(y, (x, bias), torch.ones_like(y))
    return peak_kib()

before = peak(1, 16)
print(peak({CHANNELS}, {SIZE}) - before)
"""


@pytest.mark.long
def test_peak_memory_of_forward_and_backward_is_at_most_a_third_of_the_definitions(has_cpp):
    peaks = {name: int(printed_by(PROGRAM, STYLESV_OPS=name)) for name in ("cpp", "definition")}
    upsampled_kib = CHANNELS * (2 * SIZE) ** 2 * 4 / 1024
    assert peaks["definition"] > upsampled_kib, "or it was not the operation that was measured"
    assert 3 * peaks["cpp"] <= peaks["definition"], peaks
