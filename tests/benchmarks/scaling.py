"""How training goes faster with threads and processes on one machine, and how two jobs at once slow each other.

Each row is a real segment (`train_segment.py`, with its loader), the demo's networks with batches of eight clips in four
groups, which may be shared among processes or computed one after the other.
"""

import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from network_cases import demo_recipe
from packed_noise import packed_noise

from stylesv.records.log_line import read_log
from stylesv.records.recipe import recipe_yaml

_PROGRAM = Path(__file__).resolve().parents[2] / "workflow_scripts" / "train_segment.py"
_GROUP, _CLIPS = 2, 8


@dataclass(frozen=True)
class Way:
    """How a segment is computed; none of it decides the result."""

    processes: int = 1
    threads: int = 1
    accumulation: int = 1
    jobs: int = 1
    """Such segments at once."""

    @property
    def name(self) -> str:
        """In words."""
        parts = {"processes": self.processes, "threads each": self.threads, "shares in turn": self.accumulation}
        parts["jobs at once"] = self.jobs
        return ", ".join(f"{count} {what}" for what, count in parts.items() if count > 1) or "1 process, 1 thread"


WAYS = (
    Way(),
    Way(threads=2),
    Way(processes=2),
    Way(processes=4),
    Way(accumulation=2),
    Way(accumulation=4),
    Way(jobs=2),
)


@dataclass(frozen=True)
class Speed:
    """What a way reaches."""

    way: str
    clips_per_second: float
    """Of a job, after its first tick."""
    against_one: float
    """Clips a second of all jobs together, over those of one process with one thread."""
    wait_share: float
    """Share of the time in which training waits for its loader, at most."""


def scaling(model: str) -> list[Speed]:
    """Train the demo's model for a few hundred steps in each of `WAYS`."""
    recipe = demo_recipe(model)
    changed = {
        "discriminator": recipe.discriminator.model_copy(update={"mbstd_group_size": _GROUP}),
        "training": recipe.training.model_copy(update={"batch_size": _CLIPS}),
        "parent": None,
    }
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        packed_noise(folder, recipe.data.packing.resolution)
        (folder / "recipe.yaml").write_text(recipe_yaml(recipe.model_copy(update=changed)))
        found: list[Speed] = []
        for way in WAYS:
            rates, waits = zip(*_train(folder, folder / f"way{len(found)}", way), strict=True)
            one = found[0].clips_per_second if found else rates[0]
            found.append(Speed(way.name, sum(rates) / len(rates), sum(rates) / one, max(waits)))
    return found


def _train(folder: Path, out: Path, way: Way) -> list[tuple[float, float]]:
    """Of each job: clips a second, and the share of time that it waited. `out` is new, else finished segments are found."""
    jobs = [_start(folder, out / f"job{number}", way) for number in range(way.jobs)]
    for job, log in jobs:
        if job.wait():
            raise SystemExit(f"{log.with_suffix('.txt').read_text()}\nerror: training did not end well: {way.name}")
    return [_rate(log) for _, log in jobs]


def _start(folder: Path, out: Path, way: Way) -> tuple[subprocess.Popen[bytes], Path]:
    out.mkdir(parents=True)
    files = {
        "networks-out": "networks.safetensors",
        "state-out": "state.safetensors",
        "log": "log.jsonl",
        "messages": "log.txt",
    }
    options = {
        "recipe": folder / "recipe.yaml",
        "data": folder / "packed",
        **{option: out / file for option, file in files.items()},
        "kimg": "0:1",
        "tick-kimg": 0.2,
        "cpu-threads": way.threads,
        "cpu-processes": way.processes,
        "accumulation": way.accumulation,
    }
    arguments = [text for option, value in options.items() for text in (f"--{option}", str(value))]
    return subprocess.Popen([sys.executable, _PROGRAM, *arguments], stderr=subprocess.DEVNULL), out / "log.jsonl"


def _rate(log: Path) -> tuple[float, float]:
    """The first tick builds, fills caches and waits for the first clips."""
    lines = read_log([log])[1:]
    rates = [line.clips_per_second for line in lines if line.clips_per_second]
    return len(rates) / sum(1 / rate for rate in rates), max(line.wait_share or 0 for line in lines)


def table_of_speeds(name: str, speeds: list[Speed]) -> str:
    """As Markdown."""
    lines = [
        f"{name}: the demo's networks, {_CLIPS} clips a step.",
        "",
        "| how | clips/s of a job | of all jobs, over one process | waiting for clips |",
        "| --- | --: | --: | --: |",
        *(f"| {s.way} | {s.clips_per_second:.1f} | {s.against_one:.2f} | {s.wait_share:.1%} |" for s in speeds),
        "",
    ]
    return "\n".join(lines)


def scaling_record(name: str) -> dict[str, Any]:
    """One of `SCALINGS`, measured."""
    speeds = scaling(SCALINGS[name])
    return {"name": name, "speeds": [asdict(speed) for speed in speeds], "table": table_of_speeds(name, speeds)}


SCALINGS = {"scaling_image": "image", "scaling_clips": "D"}
