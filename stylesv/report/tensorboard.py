"""Training logs as TensorBoard events."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from stylesv.errors import StyleSVError
from stylesv.records.log_line import read_log

GROUPS = {
    "loss": "losses",
    "gradient": "gradients",
    "nonfinite": "gradients",
    "logits": "discriminator",
    "r1": "discriminator",
    "augment": "discriminator",
}
"""First word of a number's name, and the group of curves that it is shown in; the others are of the machine."""


def export_tensorboard(logs: Sequence[Path], out: Path) -> int:
    """Write the numbers of one run's `log.jsonl` files, in their order, as events into `out`; returns how many.

    The horizontal axis counts frames shown to the discriminator; the time of an event is how long training took up to it.

    Raises:
        StyleSVError: TensorBoard is not installed, or a log cannot be read.
    """
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise StyleSVError(f"TensorBoard is not installed ({error}); pip install '.[tensorboard]'") from error
    count, seconds = 0, 0.0
    partial = out.with_name(f".{out.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    with SummaryWriter(str(partial)) as writer:
        for line in read_log(logs):
            frames = round(line.kimg * 1000)
            seconds += line.seconds or 0.0
            for name, value in line.curves.items():
                group = GROUPS.get(name.split("_")[0], "machine")
                writer.add_scalar(f"{group}/{name}", value, frames, walltime=seconds)
                count += 1
    shutil.rmtree(out, ignore_errors=True)  # Snakemake makes the folder
    os.replace(partial, out)
    return count
