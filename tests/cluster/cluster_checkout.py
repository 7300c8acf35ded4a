"""A copy of the workflow that runs on the local Slurm: the demo's DAG at its smallest, with profiles/slurm."""

import os
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from comparable_results import comparable
from smallest_demo import smallest_demo

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("Snakefile", "rules", "config", "profiles", "envs", "workflow_scripts")
SMALLEST = smallest_demo(
    batch_size=8,
    machine="partial_every: 0.05, cpu_threads: 1, num_workers: 1",  # several run at once on two cores
)
# what a user edits in profiles/slurm, and polls that fit a test
EDITS = {
    "#   gpu_model: a100": "    gpu_model: pretended",
    "slurm-init-seconds-before-status-checks: 30": "slurm-init-seconds-before-status-checks: 10",
    "latency-wait: 120": "latency-wait: 10",
}


@dataclass(frozen=True)
class Base:
    """Results before the first segment of the image run, `run`, and that segment's target."""

    results: Path
    run: str

    @property
    def target(self) -> str:
        return f"results/runs/{self.run}/1/state.safetensors"

    def trained(self, folder: Path) -> dict[str, bytes]:
        """That segment's results in a checkout."""
        made = (folder / self.target).parent
        return {name: (made / name).read_bytes() for name in ("networks.safetensors", "state.safetensors")}


def _heed_ctrl_c() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)


class ClusterCheckout:
    """Snakemake in a copied checkout, on this machine or on Slurm."""

    def __init__(self, folder: Path, environment: dict[str, str] | None = None):
        self.folder = folder
        folder.mkdir(parents=True)
        for part in PARTS:
            source = ROOT / part
            (shutil.copytree if source.is_dir() else shutil.copy)(source, folder / part)
        self.environment = {**os.environ, "PYTHONPATH": str(ROOT), **(environment or {})}
        self.put_first_on_path(Path(sys.executable).parent)
        for old, new in EDITS.items():
            self.edit("profiles/slurm/config.yaml", old, new)

    def put_first_on_path(self, folder: Path) -> None:
        """Let commands be found in a folder first."""
        self.environment["PATH"] = os.pathsep.join([str(folder), self.environment["PATH"]])

    def slow_training_down(self, step_seconds: float) -> None:
        """Let every training step last at least so long."""
        python = self.folder / "bin" / "python"
        python.parent.mkdir()
        slowed = Path(__file__).with_name("slowed_training.py")
        python.write_text(
            f'#!/bin/sh\ncase "$1" in *train_segment.py) exec {sys.executable} {slowed} "$@" ;; esac\n'
            f'exec {sys.executable} "$@"\n'
        )
        python.chmod(0o755)
        self.put_first_on_path(python.parent)
        self.environment["STEP_SECONDS"] = str(step_seconds)

    def edit(self, file: str, old: str, new: str) -> None:
        """Replace a text in a settings file."""
        path = self.folder / file
        assert old in path.read_text(), f"{file} holds no {old!r}"
        path.write_text(path.read_text().replace(old, new))

    def start(self, *arguments: str, profile: str = "slurm", settings: tuple[str, ...] = ()) -> subprocess.Popen[str]:
        """Start Snakemake, with settings instead of SMALLEST's; stdout and stderr come together."""
        keys = {setting.split("=")[0] for setting in settings}
        smallest = [setting for setting in SMALLEST if setting.split("=")[0] not in keys]
        where = ["--profile", f"profiles/{profile}", *(["--cores", "2"] if profile == "default" else [])]
        return subprocess.Popen(
            [sys.executable, "-m", "snakemake", *where, *arguments, "--config", *smallest, *settings],
            cwd=self.folder,
            env=self.environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            # a shell that runs the tests in the background has them ignore SIGINT, and children inherit that
            preexec_fn=_heed_ctrl_c,
        )

    def run(self, *arguments: str, profile: str = "slurm", settings: tuple[str, ...] = ()) -> tuple[int, str]:
        """Run Snakemake to its end: exit status and output."""
        started = self.start(*arguments, profile=profile, settings=settings)
        output, _ = started.communicate()
        return started.returncode, output

    def results(self) -> dict[str, bytes]:
        """Everything that is a result."""
        results = self.folder / "results"
        files = (path for path in sorted(results.rglob("*")) if path.is_file())
        return comparable({path.relative_to(results).as_posix(): path.read_bytes() for path in files})
