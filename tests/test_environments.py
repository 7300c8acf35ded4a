"""The lock file and the conda environments say the same, and hold what the code imports."""

import ast
import re
import shutil
import subprocess
import sys
from importlib.metadata import packages_distributions, version
from pathlib import Path

import pytest

KINDS = sorted(path.stem for path in (Path(__file__).resolve().parent.parent / "envs").glob("*.yaml"))


def pins(text: str) -> dict[str, str]:
    return dict(re.findall(r"^[\s-]*([a-z0-9-]+)==([^\s;]+)$", text, re.M))


@pytest.mark.parametrize("kind", KINDS)
def test_an_environment_pins_what_the_lock_pins(root, kind):
    lock = pins((root / "requirements.lock").read_text())
    environment = pins((root / "envs" / f"{kind}.yaml").read_text())
    assert environment and environment.items() <= lock.items()


def test_the_lock_names_the_versions_that_are_installed(root):
    for name, pinned in pins((root / "requirements.lock").read_text()).items():
        assert version(name).split("+")[0] == pinned, name


PRETENDED = """#!/bin/sh
echo "$*" >>{calls}
case "$*" in
  "-m venv "*) mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;
  *+cpu*) exit {status} ;;
esac
"""


@pytest.mark.parametrize(
    ("gpu", "status", "words"),
    [
        ("", 0, "no GPU is found here"),
        ("", 1, "offers no torch {torch}+cpu: the usual build is taken"),
        ("1", 0, None),
    ],
)
def test_an_install_says_how_much_it_downloads_and_takes_the_cpu_build_where_there_is_no_gpu(
    root, tmp_path, gpu, status, words
):
    for name in ("Makefile", "requirements.lock", "pyproject.toml"):
        shutil.copy(root / name, tmp_path)
    calls, python = tmp_path / "calls", tmp_path / "python"
    python.write_text(PRETENDED.format(calls=calls, status=status))
    python.chmod(0o755)
    done = subprocess.run(
        ["make", "install", f"PYTHON={python}", f"GPU={gpu}"], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    torch = pins((root / "requirements.lock").read_text())["torch"]
    said, made = done.stdout, calls.read_text().splitlines()
    assert said.index("to download: ") < said.index("-m venv"), "before anything is fetched"
    assert re.search(r"\d+ MB .* on the disk", said)
    asked = [call for call in made if f"torch=={torch}+cpu" in call]
    assert len(asked) == (0 if gpu else 1)
    assert made.index(next(call for call in made if "requirements.lock" in call)) > (
        made.index(asked[0]) if asked else 0
    )
    assert words is None or words.format(torch=torch) in said


def scripts_by_environment(root) -> dict[str, set[str]]:
    """Which scripts run in which conda environment, as the rules say."""
    found: dict[str, set[str]] = {}
    for rules in sorted((root / "rules").glob("*.smk")):
        for rule in re.split(r"^rule ", rules.read_text(), flags=re.M)[1:]:
            kinds, scripts = re.findall(r"envs/(\w+)\.yaml", rule), re.findall(r"\{params\.scripts:q\}/(\w+)\.py", rule)
            for script in scripts:
                found.setdefault(kinds[0], set()).add(script)
    return found


def imported_packages(root, script: str) -> set[str]:
    """Top-level packages that a script imports, directly or through our own modules."""
    todo, seen, packages = [root / "workflow_scripts" / f"{script}.py"], set(), set()
    while todo:
        path = todo.pop()
        if path in seen:
            continue
        seen.add(path)
        tree = ast.parse(path.read_text())
        # a script imports inside its function; in a module what stands there is needed by some callers only
        for node in ast.walk(tree) if path.parent.name == "workflow_scripts" else tree.body:
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
            for name in names:
                if name.split(".")[0] != "stylesv":
                    packages.add(name.split(".")[0])
                    continue
                parts = name.split(".")
                for end in range(1, len(parts) + 1):
                    base = root.joinpath(*parts[:end])
                    todo += [path for path in (base.with_suffix(".py"), base / "__init__.py") if path.is_file()]
    return packages - set(sys.stdlib_module_names)


@pytest.mark.parametrize("kind", KINDS)
def test_an_environment_holds_what_its_scripts_import(root, kind):
    pinned = pins((root / "envs" / f"{kind}.yaml").read_text())
    providers = packages_distributions()
    scripts = scripts_by_environment(root)[kind]
    assert scripts
    for script in scripts:
        for package in imported_packages(root, script):
            names = {re.sub(r"[-_.]+", "-", name).lower() for name in providers.get(package, [package])}
            assert names & pinned.keys(), f"{script}.py imports {package}, which envs/{kind}.yaml lacks"
