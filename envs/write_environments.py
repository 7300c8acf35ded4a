"""Write requirements.lock and envs/*.yaml from pyproject.toml and the packages installed beside this Python.

`make lock` runs it in a fresh environment. torch's own CUDA packages are not pinned: which ones there are depends on the
build of torch (CPU or CUDA), and torch pins them itself.
"""

import re
import tomllib
from importlib.metadata import Distribution, distribution, distributions
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parent.parent
NOT_PINNED = re.compile(r"^(nvidia-.*|cuda-.*|stylesv|pip)$")


def normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def pin(package: Distribution) -> str:
    return f"{normalized(package.name)}=={package.version.split('+')[0]}"


def lock_text() -> str:
    """All installed packages, pinned."""
    pins = sorted({pin(package) for package in distributions() if not NOT_PINNED.match(normalized(package.name))})
    head = "# written by `make lock` from pyproject.toml; do not edit\n"
    return head + "\n".join(pins) + "\n"


def closure(names: list[str]) -> list[str]:
    """The packages and all they need, by name."""
    found: set[str] = set()
    todo = [normalized(name) for name in names]
    while todo:
        name = todo.pop()
        if name in found or NOT_PINNED.match(name):
            continue
        found.add(name)
        for text in distribution(name).requires or []:
            need = Requirement(text)
            if need.marker is None or need.marker.evaluate({"extra": ""}):
                todo.append(normalized(need.name))
    return sorted(found)


def environment_text(names: list[str], pins: dict[str, str]) -> str:
    """A conda environment file whose Python packages come from pip, pinned inline (`-r file` does not work there)."""
    lines = [
        "# written by `make lock` from pyproject.toml; do not edit",
        "channels:",
        "  - conda-forge",
        "dependencies:",
    ]
    lines += ["  - python=3.11", "  - pip"]
    if "ninja" in names:
        lines += ["  - cxx-compiler"]
    lines += ["  - pip:", *(f"      - {pins[name]}" for name in closure(names))]
    return "\n".join(lines) + "\n"


def environments(lock: str) -> dict[Path, str]:
    """Every generated environment file and its text."""
    pins = {line.split("==")[0]: line for line in lock.splitlines() if not line.startswith("#")}
    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["stylesv"]["environments"]
    return {ROOT / "envs" / f"{kind}.yaml": environment_text(names, pins) for kind, names in wanted.items()}


def main() -> None:
    lock = lock_text()
    (ROOT / "requirements.lock").write_text(lock)
    for path, text in environments(lock).items():
        path.write_text(text)


if __name__ == "__main__":
    main()
