"""CI runs the test command on a copy of the commit that has nothing beside it, and hands on its words and its status."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

MAKEFILE = """
test:
	@echo "beside: $$(ls -A .. | xargs)"
	@echo "in: $(CURDIR)"
	@echo "here: $$(ls -A | xargs)"
	@echo "films: $${STYLESV_REAL_FILMS-unset}"
	@echo "1 passed in 0.01s"
	@exit $(STATUS)
"""


class Ci:
    """A committed checkout with the project's `.ci/run`, on a machine that lacks nothing; its `make test` tells where it is."""

    def __init__(self, root: Path, folder: Path):
        self.checkout = folder / "place" / "checkout"
        (self.checkout / ".ci").mkdir(parents=True)
        shutil.copy(root / ".ci" / "run", self.checkout / ".ci" / "run")
        (self.checkout / "Makefile").write_text(MAKEFILE)
        commit = "git init -q && git add -A && git -c user.name=a -c user.email=a@b.example commit -qm one"
        subprocess.run(commit, shell=True, cwd=self.checkout, check=True)
        (self.checkout / "not_committed").touch()
        commands = folder / "commands"
        commands.mkdir()
        for name in ("chromium", "slurmctld", "munged", "pdflatex", "kpsewhich"):
            (commands / name).write_text("#!/bin/sh\n")
            (commands / name).chmod(0o755)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("STYLESV_", "MAKE"))}
        self.environment = kept | {"PATH": f"{commands}:{os.environ['PATH']}", "TMPDIR": str(folder)}

    def run(self, *, status: int = 0) -> tuple[subprocess.CompletedProcess[str], dict[str, str]]:
        """The finished CI, and what was said, by its first words."""
        environment = self.environment | {"STATUS": str(status)}
        run = subprocess.run([self.checkout / ".ci" / "run"], env=environment, capture_output=True, text=True)
        return run, dict(line.split(": ", 1) for line in run.stdout.splitlines() if ": " in line)


@pytest.fixture
def ci(root, tmp_path):
    if shutil.which("git") is None:
        pytest.skip("git is not on PATH")
    return Ci(root, tmp_path)


def test_tests_run_on_a_copy_of_the_commit_with_nothing_beside_it(ci):
    run, said = ci.run()
    assert run.returncode == 0, run.stderr
    assert Path(said["in"]).parent != ci.checkout.parent
    assert said["beside"] == Path(said["in"]).name, "only the copy"
    assert said["here"].split() == [".ci", "Makefile"], "what was committed, nothing else"
    assert not Path(said["in"]).parent.exists(), "the copy is removed"
    assert run.stdout.splitlines()[-1] == "1 passed in 0.01s", "the runner's closing line is the last"


def test_films_beside_the_checkout_are_handed_on_and_their_absence_is_said(ci):
    films = ci.checkout.parent / "shared" / "data" / "real"
    _, said = ci.run()
    assert said["films of cameras"] == f"none at {films}; the tests that need them are skipped"
    assert said["films"] == "unset"
    films.mkdir(parents=True)
    _, said = ci.run()
    assert (said["films of cameras"], said["films"]) == (str(films), str(films))


def test_failing_tests_fail_ci(ci):
    run, said = ci.run(status=3)
    assert run.returncode == 2, "what make ends with when a command of it fails"
    assert not Path(said["in"]).parent.exists(), "the copy is removed"
