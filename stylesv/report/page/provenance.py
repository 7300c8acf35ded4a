"""Where a page comes from: code, versions, hashes, machine, hours and memory. Nothing else on it depends on time or machine."""

import os
import platform
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from stylesv import __version__
from stylesv.errors import CheckpointError
from stylesv.files import read_header
from stylesv.records.choice import read_choice
from stylesv.records.experiment import Experiment
from stylesv.records.packed_index import read_packed_index
from stylesv.records.score import Score
from stylesv.report.page.benchmarks import RuleCost, costs_of_rules

PACKAGES = ("torch", "numpy", "scipy", "av", "opencv-python-headless", "matplotlib", "pandas", "snakemake")


@dataclass(frozen=True)
class Provenance:
    """Facts by name, packages with their versions, hashes (what, which, SHA-256), and costs of rules."""

    facts: Mapping[str, str]
    versions: Mapping[str, str]
    hashes: Sequence[tuple[str, str, str]]
    costs: Sequence[RuleCost]


def provenance_of(
    experiment: Experiment,
    scores: Sequence[Score],
    root: Path,
    *,
    project: Path,
    benchmarks: Path,
    machines: Sequence[str],
) -> Provenance:
    """Of an experiment whose files lie below `root`; `machines` are what trained, as the logs say it."""
    names = [*(run.name for run in experiment.runs), *(data.name for data in experiment.data)]
    facts = {
        "code": git_commit(project),
        "page written": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "on": f"{platform.system()} {platform.machine()}, {_processor()}, {os.cpu_count()} processors, {_memory()}",
        "Python": sys.version.split()[0],
    }
    if machines:
        facts["trained on"] = "; ".join(dict.fromkeys(machines))
    return Provenance(facts, _versions(), _hashes(experiment, scores, root), costs_of_rules(benchmarks, names))


def git_commit(project: Path) -> str:
    """The commit of a checkout, and whether its files were changed since."""
    commit = _git(project, "rev-parse", "HEAD")
    if commit is None:
        return "not known: this is no git checkout, or there is no git"
    changed = _git(project, "status", "--porcelain", "--untracked-files=no")
    return f"commit {commit}" + (", with changes that are not committed" if changed else "")


def _git(project: Path, *arguments: str) -> str | None:
    try:
        # a commit of a folder around a copy of the project would be another project's
        command = ["git", "-C", str(project), *arguments]
        environment = {**os.environ, "GIT_CEILING_DIRECTORIES": str(project.absolute().parent)}
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor() or "unknown processor"
    found = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return found[0] if found else "unknown processor"


def _memory() -> str:
    return f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB of memory"


def _versions() -> dict[str, str]:
    found = {"stylesv": __version__}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:  # an environment of conda has what its jobs need
            continue
    return found


def _hashes(experiment: Experiment, scores: Sequence[Score], root: Path) -> list[tuple[str, str, str]]:
    found = [("packed clips", data.name, read_packed_index(root / data.index).sha256) for data in experiment.data]
    for run in experiment.runs:
        last = root / run.networks
        for kimg in dict.fromkeys((read_choice(root / run.choice).kimg, run.snapshots[-1].kimg)):
            named = ("networks", f"{run.name}, kimg {kimg}")
            try:
                found.append((*named, read_header(last.parent.with_name(str(kimg)) / last.name)["sha256"]))
            except CheckpointError:  # such as in object storage, which the page does not fetch networks from
                found.append((*named, "not on this disk"))
    protocols = {score.protocol.id: score.protocol for score in scores}
    found += [("detector", name, protocol.detector_sha256) for name, protocol in protocols.items()]
    return found
