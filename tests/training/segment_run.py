"""Runs at the smallest size, for tests of training."""

import multiprocessing
import sys
from multiprocessing.process import BaseProcess
from pathlib import Path

import numpy as np
import torch

from stylesv.data.packing import pack_videos
from stylesv.errors import StyleSVError
from stylesv.media.frame_files import write_frames
from stylesv.progress import Progress
from stylesv.records.recipe import TrainedRecipe, recipe_yaml
from stylesv.training.interruption import noting_signals
from stylesv.training.segment import MachineOptions, SegmentFiles, initialize_run, run_segment
from stylesv.workflow.plan import load_plan

ROOT = Path(__file__).resolve().parents[2]
TINY = {
    "model": {
        "mismatched": "fail",
        "parent_snapshot": "best",
        "generator": {
            "z_dim": 8, "w_dim": 8, "channel_base": 64, "channel_max": 8,
            "motion": {"z_dim": 8, "v_dim": 8, "kernel_size": 3, "time_enc": {"dim": 4}},
            "synthesis": {"num_layers": 4, "margin_size": 2},
        },
        "discriminator": {"channel_base": 64, "channel_max": 8, "concat_res": 8, "time_embed_dim": 4},
        "training": {"batch_size": 20, "max_num_frames": 16},
    },
    "per_model": {
        "image": {"training": {"augment": {"mode": "adaptive", "rise_kclips": 0.1, "target_sign": 0}}},
        "D": {
            "discriminator": {"tmean": True, "num_frames_div_factor": None},
            "training": {"loss": {"r1_interval": 4}},
        },
    },
    "dataset": {"resolution": 16, "fps": None, "min_frames": 8},  # folders of frames have no times
}  # fmt: skip


def recipes_of(settings: dict) -> dict[str, TrainedRecipe]:
    """Recipes of the demo's two models, by model."""
    return {run.model: run.recipe for run in load_plan(ROOT / "config", settings).experiments["demo"].runs}


def make_clips(folder: Path) -> Path:
    """Five packed clips of 12 random frames."""
    rng = np.random.default_rng(0)
    for clip in range(5):
        write_frames(folder / "frames" / f"clip{clip}", rng.integers(0, 255, (12, 3, 16, 16), np.uint8), first_number=0)
    packing = load_plan(ROOT / "config", TINY).experiments["demo"].runs[0].data.recipe.packing
    pack_videos(folder / "frames", folder / "packed", settings=packing)
    return folder / "packed"


def _train_first_segment(run: "Run", partial_every: float) -> None:
    torch.set_num_threads(1)
    try:
        run.train(0, 1, partial_every=partial_every)
    except StyleSVError as error:
        sys.exit(error.exit_status)


class Run:
    """A run in a folder of its own."""

    def __init__(self, folder: Path, recipe: TrainedRecipe, data: Path):
        self.folder, self.data = folder, data
        folder.mkdir(parents=True, exist_ok=True)
        self.recipe, self.messages = folder / "recipe.yaml", folder / "messages.txt"
        self.recipe.write_text(recipe_yaml(recipe))

    def file(self, kimg: int, name: str) -> Path:
        return self.folder / str(kimg) / name

    def partial(self, kimg: int) -> Path:
        return self.folder / "partial" / str(kimg)

    def start(self, choice: Path | None = None, *, data: Path | None = None) -> "Run":
        initialize_run(
            self.recipe,
            data=data,
            parent_choice=choice,
            networks_out=self.file(0, "networks.safetensors"),
            state_out=self.file(0, "state.safetensors"),
        )
        return self

    def train(
        self,
        first: int,
        last: int,
        *,
        num_workers: int = 0,
        partial_every: float = 10.0,
        if_running: str = "refuse",
        accumulation: int = 1,
    ) -> "Run":
        files = SegmentFiles(
            recipe=self.recipe,
            data=self.data,
            state=self.file(first, "state.safetensors"),
            networks_out=self.file(last, "networks.safetensors"),
            state_out=self.file(last, "state.safetensors"),
            log=self.file(last, "log.jsonl"),
            partial=self.partial(last),
        )
        progress = Progress("training", last, unit="kimg", counted="clips", messages=self.messages)
        options = MachineOptions(num_workers, 0.1, partial_every, accumulation, if_running)
        with noting_signals() as interruption:
            run_segment(files, (first, last), progress, options, interruption)
        return self

    def start_training(self, *, partial_every: float = 0.0) -> BaseProcess:
        """Train the first segment in a process of its own, which ends with the program's exit status.

        It is forked from a server that has imported torch and computed nothing: importing takes longer than a step, and a
        process that has computed with threads cannot be forked.
        """
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload(["stylesv.training.segment", "stylesv.data.packing", "stylesv.workflow.plan"])
        process = context.Process(target=_train_first_segment, args=(self, partial_every))
        process.start()
        return process

    def command(self, first: int, last: int, *, partial_every: float = 10.0) -> list[str]:
        """The program's command line, without what starts it."""
        return [
            *(str(ROOT / "workflow_scripts" / "train_segment.py"), "--recipe", str(self.recipe)),
            *("--data", str(self.data), "--state", str(self.file(first, "state.safetensors"))),
            *("--networks-out", str(self.file(last, "networks.safetensors"))),
            *("--state-out", str(self.file(last, "state.safetensors")), "--log", str(self.file(last, "log.jsonl"))),
            *("--partial", str(self.partial(last)), "--partial-every", str(partial_every), "--kimg", f"{first}:{last}"),
            *("--messages", str(self.messages), "--cpu-threads", "1", "--tick-kimg", "0.1"),
        ]
