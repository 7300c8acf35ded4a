"""Where the time goes in the generator's forward pass; of a training step: step_table.py."""

from collections import Counter
from collections.abc import Callable

import torch
from measure import count_our_convolutions, matmul_rate, seconds
from network_cases import generator_case
from torch.profiler import ProfilerActivity, profile
from torch.utils.flop_counter import FlopCounterMode

CONVOLUTIONS = (
    "stylesv::conv3x3",
    "aten::mkldnn_convolution",
    "aten::_convolution",
    "aten::cudnn_convolution",
    "aten::_conv_depthwise2d",
)
FILTERS = ("stylesv::resample", "_walk_tile")


def generator_parts(device: torch.device) -> dict[str, float]:
    """Share of time of convolutions and filtered leaky ReLUs at 256 px, and the rate that the convolutions reach."""
    work = generator_case("", 256, 1, 3).prepare(device)
    work()
    count_our_convolutions()
    with FlopCounterMode(display=False) as counter:
        work()
    flops = sum(n for op, n in counter.get_flop_counts()["Global"].items() if "conv" in str(op))
    activities = [ProfilerActivity.CPU] + ([ProfilerActivity.CUDA] if device.type == "cuda" else [])
    ceiling = matmul_rate(device)
    with profile(activities=activities) as profiled:
        total = seconds(work, device)
    ceiling = max(ceiling, matmul_rate(device))
    on_gpu = device.type == "cuda"
    spent: Counter[str] = Counter()
    for event in profiled.key_averages():
        own = event.device_time_total if on_gpu else event.self_cpu_time_total
        spent["convolutions"] += own * (event.key in CONVOLUTIONS) / 1e6
        spent["filters"] += own * (event.key in FILTERS) / 1e6
    return {
        "seconds": total,
        "convolution_share": spent["convolutions"] / total,
        "filtered_lrelu_share": spent["filters"] / total,
        "convolution_gflop": flops / 1e9,
        "convolution_gflop_per_second": flops / spent["convolutions"] / 1e9,
        "matmul_gflop_per_second": ceiling / 1e9,
        "convolution_share_of_matmul_rate": flops / spent["convolutions"] / ceiling,
    }


BREAKDOWNS: dict[str, Callable[[torch.device], dict[str, float]]] = {
    "parts_generator_256_forward": generator_parts,
}
