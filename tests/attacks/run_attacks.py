"""The long form of the attacks: as many as asked for, with a table of what was tried and what was survived (`make attack`)."""

import os
import random
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import click
from killing import KilledRuns, counted, undisturbed_run
from smallest_demo import smallest_demo
from workflow_checkout import Workflow

ROOT = Path(__file__).resolve().parents[2]
VIDEOS = "source: {rendered: {num_videos: 4, seed: 0}}, resolution: 32"
SHARDS = f"{VIDEOS}, num_shards: 2, fps: null, shots: {{detector: transnetv2, threshold: 0.5}}"
AT_ONCE = 15  # strikes before a run is let through, so that its results are compared
PYTEST = (
    ("bits flipped in every kind of file", "tests/attacks/test_flipped_bits.py"),
    ("bombs, pipes and drips", "tests/attacks/test_bombs.py"),
    ("odd names of folders", "tests/attacks/test_odd_folders.py"),
    ("orphans of killed programs", "tests/attacks/test_orphans.py"),
    ("Slurm of killed tests", "tests/attacks/attack_slurm.py"),
)


class Table:
    """What was tried, and how much of it was survived."""

    def __init__(self) -> None:
        self.tries: Counter[str] = Counter()
        self.failed: Counter[str] = Counter()

    def show(self) -> None:
        """Print it."""
        width = max(map(len, self.tries), default=10)
        print(f"\n{'attack':<{width}}  tries  survived")
        for name, tries in self.tries.items():
            print(f"{name:<{width}}  {tries:>5}  {tries - self.failed[name]:>8}")
        sys.stdout.flush()


def calls(folder: Path) -> Iterator[tuple[str, list[str]]]:
    """What is called: the whole demo, and data that is packed in shards and cut into shots, by other rules."""
    yield "demo", ["demo", "--config", *smallest_demo()]
    settings = ["--config", *smallest_demo(dataset=SHARDS)]
    listed = Workflow(folder / "listed").snakemake("--dry-run", "demo", *settings).stdout
    sheet = re.search(r"results/data/demo-[0-9a-f]{8}/sheet\.json", listed)[0]
    yield "shards and shots", [sheet, *settings]


def kill(table: Table, folder: Path, count: int, seed: int, minutes: float) -> None:
    """Kills over all job kinds, Snakemake and its terminal; ends early when the time is over."""
    runs = {}
    for name, call in calls(folder):
        whole, lengths = undisturbed_run(folder / f"undisturbed {name}", call)
        runs[name] = KilledRuns(
            Workflow(folder / f"killed {name}"), call, whole, lengths, random.Random(f"{seed} {name}")
        )
        print(f"{name}: {len(whole)} results without a strike", flush=True)
    end = time.monotonic() + 60 * minutes
    jobs: Counter[str] = Counter()
    done = 0
    while done < count and time.monotonic() < end:
        for name, run in runs.items():
            before, failed = len(run.strikes), False
            try:
                run.go(min(AT_ONCE, max(1, count - done)), until=lambda: time.monotonic() > end)
            except AssertionError as error:
                failed = True
                print(f"{name}: {error}", flush=True)
                run.workflow.folder.rename(folder / f"failed {name} {len(run.strikes)}")
                run.workflow = Workflow(folder / f"killed {name}")
            run.forget()
            attacks, at_work = counted(run.strikes[before:])
            table.tries += attacks
            done += len(run.strikes) - before
            jobs += at_work
            if failed:
                table.failed[run.strikes[-1].attack if run.strikes else "no strike"] += 1
            print(f"{time.strftime('%H:%M:%S')} {name}: {len(run.strikes)} strikes, {run.runs} whole runs", flush=True)
        table.show()  # so far: a call of hours may be ended
        print("jobs at work when a strike came:", dict(sorted(jobs.items())), flush=True)


def run_tests(table: Table, flips: int, paths: int) -> None:
    """The other attacks, each a file of tests."""
    environment = {**os.environ, "STYLESV_FLIPS": str(flips), "STYLESV_ODD_FOLDERS": str(paths)}
    for name, file in PYTEST:
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q", "-n", "0", "-s", file],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        for what, tries in re.findall(r"^\.*tried: (.+): (\d+)$", done.stdout, re.M):
            table.tries[what] += int(tries)
        counts = {what: int(number) for number, what in re.findall(r"(\d+) (passed|failed|error)", done.stdout)}
        table.tries[f"{name} (tests)"] += sum(counts.values())
        table.failed[f"{name} (tests)"] += sum(counts.values()) - counts.get("passed", 0)
        table.failed[f"{name} (tests)"] += done.returncode != 0 and not counts  # it did not even begin
        if done.returncode:
            print(done.stdout[-5000:], flush=True)


@click.command(help=__doc__)
@click.option("--kills", default=200, show_default=True, help="Of processes.")
@click.option("--minutes", default=240.0, show_default=True, help="For the kills; fewer are made if they take longer.")
@click.option("--flips", default=100, show_default=True, help="In each kind of file.")
@click.option("--paths", default=13, show_default=True, help="Odd folders that the workflow runs in.")
@click.option("--seed", default=0, show_default=True)
@click.option("--folder", type=click.Path(path_type=Path), help="Where it works, and leaves what failed.")
def main(kills: int, minutes: float, flips: int, paths: int, seed: int, folder: Path | None) -> None:
    table = Table()
    with working_folder(folder) as place:
        if flips or paths:
            run_tests(table, flips, paths)
        if kills:
            kill(table, place, kills, seed, minutes)
    table.show()
    sys.exit(1 if any(table.failed.values()) else 0)


@contextmanager
def working_folder(folder: Path | None) -> Iterator[Path]:
    """The folder that is asked for, which stays, or one that does not."""
    if folder is None:
        with TemporaryDirectory() as made:
            yield Path(made)
    else:
        folder.mkdir(parents=True, exist_ok=True)
        yield folder


if __name__ == "__main__":
    main()
