"""Slurm's programs are asked with a limit of time: one that never answers holds up nobody."""

import os
from pathlib import Path

import pytest

from stylesv import slurm
from stylesv.slurm import SlurmJob, ask_slurm, my_slurm_jobs


@pytest.fixture
def programs(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")

    def put(name: str, text: str) -> Path:
        path = tmp_path / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
        return path

    return put


def test_jobs_are_read_as_squeue_prints_them(programs):
    programs("squeue", "echo '3|RUNNING|stylesv_a|/here|train x | 4'")
    assert my_slurm_jobs() == [SlurmJob("3", "RUNNING", "stylesv_a", "/here", "train x | 4")]


@pytest.mark.parametrize("text", ["exec sleep 1000", "exit 1"])
def test_without_an_answer_nothing_is_known(programs, monkeypatch, text):
    programs("squeue", text)
    assert ask_slurm("squeue", "--me", patience_seconds=0.3) is None
    monkeypatch.setattr(slurm, "ask_slurm", lambda *arguments: None)
    assert my_slurm_jobs() is None


def test_a_program_that_is_not_there_is_no_error(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert ask_slurm("squeue", "--me") is None
