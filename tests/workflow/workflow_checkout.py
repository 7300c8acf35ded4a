"""A copy of the workflow in a folder of its own, to run and to change."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from forked_snakemake import run_snakemake

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("Snakefile", "rules", "config", "profiles", "envs", "workflow_scripts")
PROFILE = ("--profile", "profiles/default", "--cores", "2")


class Workflow:
    """Snakemake in a copied checkout; `pretend` makes its scripts write empty files."""

    def __init__(self, folder: Path, *, pretend: bool = False):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        for part in PARTS:
            source = ROOT / part
            (shutil.copytree if source.is_dir() else shutil.copy)(source, folder / part)
        path = [str(Path(sys.executable).parent), os.environ["PATH"]]
        if pretend:
            (folder / "bin").mkdir()
            (folder / "bin" / "python").symlink_to(ROOT / "tests" / "workflow" / "pretended_python.sh")
            path.insert(0, str(folder / "bin"))
        self.environment = {**os.environ, "PATH": os.pathsep.join(path), "PYTHONPATH": str(ROOT)}

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start it in a process group of its own, to be killed."""
        return subprocess.Popen(
            [sys.executable, "-m", "snakemake", *PROFILE, *arguments],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def snakemake(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run it; stdout and stderr come together in `stdout`."""
        return run_snakemake([*PROFILE, *arguments], self.folder, self.environment)

    def scheduled(self, *arguments: str) -> dict[str, int]:
        """The jobs that a call would run, by rule."""
        done = self.snakemake("--dry-run", *arguments)
        assert done.returncode == 0, done.stdout
        if "Job stats:" not in done.stdout:
            assert "Nothing to be done" in done.stdout, done.stdout
            return {}
        stats = done.stdout.split("Job stats:")[1]
        return {name: int(count) for name, count in re.findall(r"^(\w+) +(\d+)$", stats, re.M) if name != "total"}

    def change(self, file: str, old: str, new: str) -> None:
        """Replace a text that stands exactly once in a settings file."""
        path = self.folder / "config" / file
        text = path.read_text()
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in {file}"
        path.write_text(text.replace(old, new))
