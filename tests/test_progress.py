"""Progress: one line in place on a terminal, ever fewer lines in a log, and found again there."""

import io
import logging
import sys
from types import SimpleNamespace

import pytest

from snakemake_logger_plugin_stylesv import LogHandler
from stylesv.progress import LINE, Progress, clock, last_progress, seconds_between_lines, watched, watched_counts


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    """Time that passes when it is told to."""

    def __init__(self, monkeypatch):
        self.now = 100.0
        monkeypatch.setattr("stylesv.progress.time.monotonic", lambda: self.now)


@pytest.fixture
def passing(monkeypatch):
    return Clock(monkeypatch)


def test_speed_and_time_left_are_those_since_the_first_call(passing):
    progress = Progress("training", 12, unit="kimg", counted="clips")
    progress.stream = io.StringIO()
    progress.update(4.0, 0)
    passing.now += 10
    progress.update(6.0, 500)
    assert progress.stream.getvalue() == "training: kimg 6.00 of 12, 50.0 clips/s, 0:30 left\n"


def test_a_terminal_has_one_line_that_is_left_at_the_end(passing):
    progress = Progress("packing", 3, unit="videos")
    progress.stream = Terminal()
    for done in range(4):
        progress.update(done)
        passing.now += 1
    progress.close()
    lines = progress.stream.getvalue().split("\r\x1b[K")
    assert lines[1] == "packing: videos 1 of 3, 1.0 videos/s, 0:02 left"
    assert lines[-1] == "packing: videos 3 of 3, 1.0 videos/s, 0:00 left\n" and len(lines) == 4


def test_a_log_gets_lines_ever_more_seldom(passing):
    progress = Progress("measuring features", 10**9, unit="clips")
    progress.stream = io.StringIO()
    for second in range(7200):
        passing.now = 100.0 + second
        progress.update(second)
    lines = progress.stream.getvalue().splitlines()
    assert 200 < len(lines) < 300 and LINE.match(lines[-1])
    assert "\r" not in progress.stream.getvalue()
    assert (seconds_between_lines(1), seconds_between_lines(1200), seconds_between_lines(10**6)) == (5, 20, 60)


def test_the_newest_line_is_found_in_a_log_and_an_older_log_is_not_read(tmp_path, monkeypatch, passing):
    log = tmp_path / "a.log"
    assert last_progress(log) is None
    with open(log, "w") as file:
        monkeypatch.setattr("sys.stderr", file)
        for _ in watched(["a", "b"], "packing", unit="videos"):
            passing.now += 6
        print("45 videos: a note", file=file)
    assert last_progress(log) == "packing: videos 2 of 2, 0.2 videos/s, 0:00 left"
    assert last_progress(log, since=log.stat().st_mtime + 1) is None


def test_speed_is_measured_from_the_first_count_on(tmp_path, monkeypatch, passing):
    def counts():
        passing.now += 600  # what comes before
        for done in (32, 64, 96):
            yield done
            passing.now += 8

    log = tmp_path / "a.log"
    with open(log, "w") as file:
        monkeypatch.setattr("sys.stderr", file)
        assert list(watched_counts(counts(), "generating", unit="frames", total=128)) == [32, 64, 96]
    assert last_progress(log) == "generating: frames 96 of 128, 4.0 frames/s, 0:08 left"


def test_a_silent_one_says_nothing(capsys):
    progress = Progress("packing", 1, unit="videos", silent=True)
    progress.update(0)
    progress.update(1)
    progress.message("a word")
    progress.close()
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(("seconds", "shown"), [(9, "0:09"), (750, "12:30"), (3723, "1:02:03"), (-1, "0:00")])
def test_clock(seconds, shown):
    assert clock(seconds) == shown


class FailsOnce(io.StringIO):
    """A terminal, or a full disk behind `2>file`, that does not take the second write."""

    writes = 0

    def write(self, text: str) -> int:
        self.writes += 1
        if self.writes == 2:
            raise BlockingIOError("try again")
        return super().write(text)


def test_a_stream_that_fails_once_takes_what_is_said_after(monkeypatch):
    monkeypatch.setattr(sys, "stderr", stream := FailsOnce())
    names = ("quiet", "dryrun", "verbose", "debug_dag", "stdout", "show_failed_logs", "printshellcmds")
    handler = LogHandler(SimpleNamespace(**dict.fromkeys(names), nocolor=True), None)
    for number in range(4):
        handler.handle(logging.LogRecord("snakemake", logging.ERROR, "", 0, f"error {number}", None, None))
    handler.close()
    said = stream.getvalue()
    assert [number for number in range(4) if f"error {number}\n" in said] in ([0, 2, 3], [1, 2, 3])
