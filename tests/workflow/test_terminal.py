"""What the terminal shows of a call: a line a job, all that went wrong, and no control characters in a pipe."""

import os
import pty
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from snakemake_logger_plugin_stylesv.told import _log_lines

SNAKEFILE = """
rule all:
    input: "out/a.txt", "out/b.txt"

rule pack_things:
    output: "out/{name}.in"
    log: "logs/{name}.log"
    shell: "echo 'packing: videos 1 of 4, 1.0 videos/s, 0:03 left' >{log}; sleep 2; touch {output}"

rule train_thing:
    input: "out/{name}.in"
    output: "out/{name}.txt"
    log: "logs/train_{name}.log"
    shell: "for i in $(seq 30); do echo word $i; done >{log}; [ {wildcards.name} = a ] || "
           "{{ echo 'error: b is wrong' >>{log}; echo 'training: kimg 1.00 of 4, 1.0 clips/s, 0:03 left' >>{log}; exit 2; }}; "
           "touch {output}"
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("terminal")
    (folder / "Snakefile").write_text(SNAKEFILE)
    return folder


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "snakemake", "--cores", "2", *arguments, "--logger", "stylesv"]


@pytest.fixture(scope="module")
def said(folder, root) -> str:
    """What such a call prints into a pipe."""
    done = subprocess.run(
        command("--keep-going"), cwd=folder, env={**os.environ, "PYTHONPATH": str(root)}, capture_output=True, text=True
    )
    assert done.returncode == 1 and done.stdout == ""
    return done.stderr


def test_a_job_that_is_done_is_one_line_with_its_purpose_and_time(said):
    done = re.findall(r"^(\d) of 5 +(\d:\d\d)  (.+)$", said, re.M)
    assert sorted(purpose for _, _, purpose in done) == ["pack things: a", "pack things: b", "train thing: a"]
    assert [number for number, _, _ in done] == ["1", "2", "3"]
    assert all(time >= "0:02" for _, time, purpose in done if purpose.startswith("pack"))


def test_a_failed_job_shows_rule_log_and_the_end_of_the_log(said):
    failed = said[said.index("FAILED: train thing: b (rule train_thing)") :].splitlines()
    assert failed[2] == "  log: logs/train_b.log"
    end = [line for line in failed if line.startswith("  | ")]
    assert end[-1] == "  | error: b is wrong" and end[0] == "  | word 17", "15 lines, none of progress"
    assert "Exiting because a job execution failed" in said
    assert "At least one job did not complete successfully" in said


def test_little_else_is_said_and_nothing_that_a_pipe_cannot_show(said):
    assert len(said.splitlines()) < 32, said
    assert "\r" not in said and "\x1b[K" not in said
    for noise in ("Select jobs", "Building DAG", "reason:", "CalledProcessError"):
        assert noise not in said


def test_snakemakes_own_file_has_all(said, folder):
    (log,) = (folder / ".snakemake" / "log").glob("*.log")
    assert str(log) in said
    assert "rule pack_things:" in log.read_text() and "reason:" in log.read_text()


def test_a_terminal_has_a_live_line(folder, root):
    for path in (folder / "out").glob("*"):
        path.unlink()
    master, slave = pty.openpty()
    process = subprocess.Popen(
        command("out/a.txt"), cwd=folder, env={**os.environ, "PYTHONPATH": str(root)}, stdout=slave, stderr=slave
    )
    os.close(slave)
    shown = b""
    while True:
        try:
            part = os.read(master, 65536)
        except OSError:  # the other end is closed
            break
        if not part:
            break
        shown += part
    os.close(master)
    assert process.wait() == 0
    text = shown.decode()
    assert "\r\x1b[K0 of 2 done; videos 1 of 4, 1.0 videos/s, 0:03 left (pack things: a)" in text
    assert re.search(r"(?:^|\n|K)2 of 2 +0:\d\d  train thing: a\r\n", text)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nowhere.txt",), "No rule to produce nowhere.txt"),
        (("--dry-run", "--forceall", "out/a.txt"), "reason: Forced execution"),
        (("--forceall", "out/a.txt", "--logger-stylesv-full"), "2 of 2 steps (100%) done"),
    ],
)
def test_what_snakemake_says_is_there_where_it_is_wanted(folder, root, said, arguments, words):
    done = subprocess.run(
        command(*arguments), cwd=folder, env={**os.environ, "PYTHONPATH": str(root)}, capture_output=True, text=True
    )
    assert words in done.stdout + done.stderr


def test_ctrl_c_is_no_failure(tmp_path, root):
    (tmp_path / "Snakefile").write_text(SNAKEFILE.replace("sleep 2", "sleep 60"))
    # what a shell started in the background ignores Ctrl-C, and so does all that it starts
    heeded = "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execv(sys.argv[1], sys.argv[1:])"
    started = subprocess.Popen(
        [
            sys.executable,
            "-c",
            heeded,
            *command("--nolock"),
        ],  # a shell's job in the background ignores Ctrl-C, and so tests there
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(root)},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    while not (tmp_path / "logs" / "a.log").exists() and started.poll() is None:
        time.sleep(0.1)
    os.killpg(started.pid, signal.SIGINT)
    _, said = started.communicate()
    assert "stopping; the same call goes on from here\n" in said
    assert "stopped: pack things: a\n" in said and "FAILED" not in said and "WorkflowError" not in said


def test_the_log_of_an_earlier_job_is_not_given_as_the_cause(tmp_path):
    """As where a job could not even be handed to Slurm."""
    log = tmp_path / "a.log"
    log.write_text("error: an earlier call's\n")
    assert _log_lines([str(log)], time.time() - 1) == [f"  log: {log}", "  | error: an earlier call's"]
    os.utime(log, (0, 0))
    assert _log_lines([str(log)], time.time()) == [f"  log: {log} (of an earlier job: this one wrote nothing)"]
