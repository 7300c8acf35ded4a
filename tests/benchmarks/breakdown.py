"""Where the time goes: convolutions in the generator's forward pass, parts of a training step."""

import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from measure import form, matmul_rate, seconds
from network_cases import generator_case, training_step
from torch.profiler import ProfilerActivity, profile
from torch.utils.flop_counter import FlopCounterMode

from stylesv.config.dataset import PackSettings
from stylesv.config.training import TrainingSettings
from stylesv.data.packed import PackedClips
from stylesv.data.packing import pack_videos
from stylesv.media.frame_files import write_frames
from stylesv.training.batches import RealClips

CONVOLUTIONS = ("aten::mkldnn_convolution", "aten::_convolution", "aten::cudnn_convolution", "aten::_conv_depthwise2d")
FILTERS = ("stylesv::resample", "_walk_tile")


def generator_parts(device: torch.device) -> dict[str, float]:
    """Share of time of convolutions and filtered leaky ReLUs at 256 px, and the rate that the convolutions reach."""
    work = generator_case("", 256, 1, 3).prepare(device)
    work()
    with FlopCounterMode(display=False) as counter:
        work()
    flops = sum(n for op, n in counter.get_flop_counts()["Global"].items() if "convolution" in str(op))
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


def step_parts(resolution: int, num_clips: int, num_frames: int) -> Callable[[torch.device], dict[str, float]]:
    """Share of time of data, G, D, R1 (one step in 16), optimisers and averages in a step on packed clips."""

    def measure(device: torch.device) -> dict[str, float]:
        step = training_step(resolution, num_clips, num_frames, device)
        spent: Counter[str] = Counter()

        def time_of(part: str, call: Callable, *taken_from: str) -> Callable:
            def timed(*arguments):
                start = time.perf_counter()
                result = call(*arguments)
                if device.type == "cuda":
                    torch.cuda.synchronize()
                spent[part] += time.perf_counter() - start
                return result

            return timed

        names = {"generator": "G", "discriminator": "D", "r1": "R1", "average": "average"}
        for name, part in names.items():
            setattr(step, f"_update_{name}", time_of(part, getattr(step, f"_update_{name}")))
        optimizers = (step.state.generator_optimizer, step.state.discriminator_optimizer)
        with tempfile.TemporaryDirectory() as folder:
            step.real = random_packed(Path(folder), resolution, step.settings)
            read = time_of("data", step.real.read)
            with form("auto"):
                step.state.step = 0
                step(step.real.read(list(range(num_clips))))  # builds, fills caches, makes the optimisers' moments
                spent.clear()
                for number in (0, 1):  # step 0 has R1
                    step.state.step = number
                    step(read(list(range(num_clips))))
                for optimizer in optimizers:
                    time_of("optimisers", optimizer.step)()
        once = {name: value if name in ("R1", "optimisers") else value / 2 for name, value in spent.items()}
        once["R1"] /= 16
        once["G"] -= once["optimisers"] / 2
        once["D"] -= once["optimisers"] / 2
        total = sum(once.values())
        return {"seconds": total, **{f"{name}_share": value / total for name, value in once.items()}}

    return measure


def random_packed(folder: Path, resolution: int, settings: TrainingSettings) -> RealClips:
    """Two packed clips of random frames."""
    rng = np.random.default_rng(0)
    for clip in range(2):
        frames = rng.integers(0, 255, (64, 3, resolution, resolution), np.uint8)
        write_frames(folder / "frames" / f"clip{clip}", frames, first_number=0)
    options = {"resolution": resolution, "crop": "center", "fps": None, "min_frames": 32, "max_frames": 512}
    pack_videos(
        folder / "frames",
        folder / "packed",
        settings=PackSettings(**options, jpeg_quality=95, damaged="drop", labels=None),
    )
    return RealClips(PackedClips(folder / "packed"), settings, 0)


BREAKDOWNS: dict[str, Callable[[torch.device], dict[str, float]]] = {
    "parts_generator_256_forward": generator_parts,
    "parts_step_64": step_parts(64, 4, 3),
    "parts_step_256": step_parts(256, 1, 1),
}
