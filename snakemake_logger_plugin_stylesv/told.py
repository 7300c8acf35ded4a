"""What is told of jobs: what each is for and how long it took; of one that failed, the end of its log."""

import re
import textwrap
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from logging import WARNING, LogRecord
from pathlib import Path

from snakemake_interface_logger_plugins.common import LogEvent

from stylesv.progress import LINE, clock, last_progress

LAST_LINES = 15
"""Of a failed job's log."""
MOST_TOLD = 3
"""Jobs that a live line has room for."""
CLOCKS = 2.0
"""Seconds that the clocks of machines may differ."""
# what Snakemake says of itself: it is in its log file, and no one can act on it
ABOUT_SNAKEMAKE = re.compile(
    r"Building DAG of jobs|Using shell:|Select jobs to execute|Execute \d+ jobs|Conda environments: ignored|"
    r"Singularity containers: ignored|Group jobs: inactive|Removing temporary output|Elapsed time|SLURM run ID|"
    r"Job \d+ has been submitted with SLURM jobid|Removing local copy of storage file|"
    r"Storing output in storage|Finished job|Processed \d+ potential jobs|Job rate limit reached|Uploading source archive|"
    r"host: |Assuming unrestricted shared filesystem"
)
ABOUT_EVENTS = {
    LogEvent.JOB_STARTED,
    LogEvent.JOB_FINISHED,
    LogEvent.GROUP_INFO,
    LogEvent.RESOURCES_INFO,
    LogEvent.PROGRESS,
    LogEvent.RULEGRAPH,
    LogEvent.WORKFLOW_STARTED,
    LogEvent.RUN_INFO,
}


STOPPING = re.compile(r"Terminating processes on user request")
SAID_ANYWAY = re.compile(r"RuleException:\s+CalledProcessError in file ")
"""How Snakemake says that a command failed, beside the job's own error."""


def is_about_snakemake(record: LogRecord) -> bool:
    """Whether a record says nothing of the work: none that is a warning, and of errors those that are said twice."""
    if record.levelno >= WARNING:
        return SAID_ANYWAY.match(record.getMessage()) is not None
    if (event := getattr(record, "event", None)) is not None:
        return event in ABOUT_EVENTS
    message = record.getMessage().strip()
    return message in ("", "None") or ABOUT_SNAKEMAKE.match(message) is not None


@dataclass(frozen=True)
class Running:
    """A job that has begun, or waits on a cluster."""

    purpose: str
    logs: tuple[str, ...]
    since: float
    prints: bool = False
    """Whether it writes to the terminal itself, which a live line would run into."""


@dataclass
class CallTeller:
    """Turns Snakemake's records into lines."""

    jobs: dict[int, Running] = field(default_factory=dict)
    done: int = 0
    total: int = 0
    stopping: bool = False
    """Whether somebody has pressed Ctrl-C."""
    begun: float = field(default_factory=time.time)

    def note(self, record: LogRecord) -> list[str] | None:
        """Remember what a record says of a job; the lines that it is told in, or None for one that is not of a job."""
        said = record.__dict__
        event = said.get("event")
        if event is None and STOPPING.match(record.getMessage()):
            self.stopping = True
            return ["stopping; the same call goes on from here"]
        if self.stopping and "did not complete successfully" in record.getMessage():
            return []
        if event == LogEvent.RUN_INFO and isinstance(said.get("stats"), Mapping):
            self.total = said["stats"].get("total", 0)
            return textwrap.wrap(
                f"{self.total} job{'s' * (self.total != 1)}: {', '.join(_counts(said['stats']))}",
                120,
                subsequent_indent="  ",
            )
        if event == LogEvent.JOB_INFO:
            purpose = purpose_of(said["rule_name"], said["wildcards"])
            prints = "| tee " in str(said.get("shellcmd"))
            self.jobs[said["jobid"]] = Running(purpose, tuple(said["log"]), time.time(), prints)
            return []
        if event == LogEvent.JOB_FINISHED:
            return self._finished(said["job_id"])
        if event == LogEvent.JOB_ERROR:
            return self._failed(said)
        if event == LogEvent.GROUP_ERROR:
            return [f"FAILED: {said['msg'] or record.getMessage()}", *_log_lines(said["aux_logs"], self.begun)]
        if event == LogEvent.PROGRESS:
            self.total = said["total"]
            return []
        return None

    def running(self) -> str:
        """What runs, in a line: jobs that say how far they are, trainings first, and how many others there are."""
        # training first, which is what one waits for
        jobs = sorted(self.jobs.values(), key=lambda job: (not job.purpose.startswith("train"), job.since))
        told, others = [], []
        for job in jobs:
            found = next(filter(None, (last_progress(Path(log), since=job.since - CLOCKS) for log in job.logs)), None)
            (others if found is None else told).append(f"{_short(found)} ({job.purpose})" if found else job)
        told = told[:MOST_TOLD]
        told += [f"{job.purpose} ({clock(time.time() - job.since)})" for job in others[: max(0, 2 - len(told))]]
        more = len(jobs) - len(told)
        if not jobs or any(job.prints for job in jobs):
            return ""
        return f"{self.done} of {self.total} done; {'; '.join(told)}{f'; {more} more' if more else ''}"

    def _finished(self, number: int) -> list[str]:
        self.done += 1
        job = self.jobs.pop(number, None)
        if job is None:
            return []
        width = len(str(self.total))
        return [f"{self.done:>{width}} of {self.total}  {clock(time.time() - job.since):>7}  {job.purpose}"]

    def _failed(self, said: Mapping[str, object]) -> list[str]:
        job = self.jobs.pop(said["jobid"], None)
        if self.stopping:
            return [f"stopped: {job.purpose if job else said['rule_name']}"]
        lines = [f"FAILED: {job.purpose if job else said['rule_name']} (rule {said['rule_name']})"]
        if said["rule_msg"]:
            lines.append(f"  {said['rule_msg']}")
        if said["output"]:
            lines.append(f"  it was to make: {', '.join(said['output'])}")
        lines += [f"  {name}: {value}" for name, value in said["aux"].items() if name != "logs"]
        since = job.since if job else self.begun
        return lines + (_log_lines(said["log"], since) or [f"  command: {' '.join(str(said['shellcmd']).split())}"])


def purpose_of(rule: str, wildcards: Mapping[str, str]) -> str:
    """`train_segment` of a run and a kimg -> `train segment: sky-D-s0-0a1b2c3d 12`; rules are named by what they do."""
    values = " ".join(str(value) for value in wildcards.values())
    return rule.replace("_", " ") + (f": {values}" if values else "")


def _short(progress: str) -> str:
    return progress.partition(": ")[2]


def _counts(stats: Mapping[str, int]) -> Iterable[str]:
    return (f"{count} {rule}" for rule, count in stats.items() if rule != "total")


def _log_lines(logs: Iterable[str], since: float) -> list[str]:
    """The end of each log written since, without what tells progress, and the line of an error that stands before it."""
    lines = []
    for log in logs:
        try:
            old = Path(log).stat().st_mtime < since - CLOCKS
            text = Path(log).read_text("utf-8", errors="replace")
        except OSError:
            lines.append(f"  log: {log} (not there)")
            continue
        if old:
            lines.append(f"  log: {log} (of an earlier job: this one wrote nothing)")
            continue
        said = [line for line in text.splitlines() if line.strip() and not LINE.match(line)]
        errors = [line for line in said[:-LAST_LINES] if line.startswith("error: ")]
        lines.append(f"  log: {log}{'' if said else ' (empty)'}")
        lines += [f"  | {line}" for line in [*errors[-1:], *said[-LAST_LINES:]]]
    return lines
