"""The package's floors (docs/architecture.md 2.1): a module imports only from floors below its own."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

FLOORS = {
    "errors": 0,
    "files": 1, "film_forms": 1, "progress": 1, "seeding": 1, "slurm": 1, "threads": 1,
    "distributed": 2, "fetching": 2, "command_line": 2,
    "config": 2, "ops": 2, "media": 2,
    "records": 3,
    "data": 4, "networks": 4, "checkpoint": 4, "metrics": 4, "report": 4,
    "training": 5, "generation": 5,
    "scoring": 6, "workflow": 6,
    "api": 7, "explore": 7,
}  # fmt: skip
PACKAGE = Path(__file__).resolve().parent.parent / "stylesv"
MODULES = sorted(PACKAGE.rglob("*.py"))


def imports_of(path: Path) -> set[str]:
    """Dotted names that a module imports, also inside functions."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def part_of(dotted: str) -> str | None:
    """`stylesv.data.packing` -> `data`."""
    parts = dotted.split(".")
    return parts[1] if parts[0] == "stylesv" and len(parts) > 1 else None


def violations(path: Path, package: Path) -> list[str]:
    own = path.relative_to(package).parts[0].removesuffix(".py")
    if own == "__init__":
        return []
    found = []
    for name in sorted(imports_of(path)):
        other = part_of(name)
        if other in FLOORS and other != own and FLOORS[other] >= FLOORS[own]:
            found.append(f"{own} (floor {FLOORS[own]}) imports {name} (floor {FLOORS[other]})")
        if name.split(".")[0] == "snakemake":
            found.append(f"{own} imports {name}: the package never imports Snakemake")
        if name.split(".")[0] == "torch" and own in ("config", "records", "workflow"):
            found.append(f"{own} imports {name}: settings and records are read without torch")
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_module_imports_only_from_floors_below(path):
    assert path.relative_to(PACKAGE).parts[0].removesuffix(".py") in {*FLOORS, "__init__"}, "a part without a floor"
    assert violations(path, PACKAGE) == []


def test_an_import_from_the_same_floor_or_above_is_found(tmp_path):
    module = tmp_path / "data" / "bad.py"
    module.parent.mkdir()
    module.write_text(
        "import snakemake\nfrom stylesv.networks import generator\n\ndef f():\n    import stylesv.training\n"
    )
    assert len(violations(module, tmp_path)) == 4


# What the modules of short jobs do without: torch takes seconds to load, the others tenths, and there are many such jobs.
LIGHT = {
    "stylesv.data.world.rendering": "torch pandas scipy pydantic",
    "stylesv.data.packing": "torch pandas scipy",
    "stylesv.report.figures.drawing": "torch pandas scipy av",
    "stylesv.scoring.floor_of_reference": "stylesv.networks stylesv.metrics.detector scipy av cv2",
    "stylesv.generation.shown_clips": "stylesv.networks scipy",
}


@pytest.mark.parametrize("module", LIGHT)
def test_short_jobs_load_no_more_than_they_need(module):
    told = f"import sys, {module}; print([name for name in {LIGHT[module].split()} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
