"""An experiment as an RO-Crate (https://www.researchobject.org/ro-crate): a zip that says what is in it, in JSON-LD.

It holds the report with its tables and figures, what that was made of (recipes, choices, scores, data sheets and ledgers),
and the workflow with its settings. Networks and clips are not in it; their hashes are, in the report's provenance.
"""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from stylesv.errors import DataError, StyleSVError
from stylesv.files import file_sha256, partial_file, project_of
from stylesv.records.experiment import Experiment, read_experiment

if TYPE_CHECKING:
    from rocrate.rocrate import ROCrate

WORKFLOW = "Snakefile"
WORKFLOW_FOLDERS = ("rules", "config")
PLACES = {"workflow": "the workflow and its settings", "results": "what the report was made of", "report": "the report"}


@dataclass(frozen=True)
class CrateSource:
    """What a crate is made of: an experiment's record, the folder of its report, and the checkout of the workflow."""

    experiment: Path
    report: Path
    project: Path


def write_crate(out: Path, source: CrateSource) -> int:
    """Write the crate; how many files are in it.

    Raises:
        StyleSVError: the library is not installed.
        ConfigError: the experiment's record cannot be read.
        DataError: a file is missing.
    """
    try:
        from rocrate.rocrate import ROCrate
    except ImportError as error:
        raise StyleSVError(f"the library of RO-Crates is not installed ({error}); pip install -e '.[crate]'") from error
    experiment = read_experiment(source.experiment)
    crate = ROCrate()
    crate.name = experiment.title
    crate.description = _description(experiment)
    crate.keywords = ["video generation", "StyleSV", "reproduction"]
    files = [*_workflow_files(source.project), *_result_files(source, experiment), *_report_files(source.report)]
    for path, place in files:
        _add(crate, path, place)
    crate.mainEntity = crate.add_workflow(
        str(source.project / WORKFLOW),
        f"workflow/{WORKFLOW}",
        main=True,
        lang="snakemake",
        properties={"name": "StyleSV"},
    )
    out.parent.mkdir(parents=True, exist_ok=True)
    with partial_file(out) as partial:
        named = partial.with_suffix(".zip")  # the library adds it
        try:
            crate.write_zip(str(named))
            shutil.move(named, partial)
        finally:
            named.unlink(missing_ok=True)
    return len(files) + 1


def _description(experiment: Experiment) -> str:
    runs = ", ".join(run.name for run in experiment.runs)
    return f"Report, tables, figures, recipes and provenance of the runs {runs}. Open report/index.html."


def _add(crate: "ROCrate", path: Path, place: str) -> None:
    if not path.is_file():
        raise DataError(f"{path}: is not there, but belongs into the crate; delete the report to make it again")
    kind = {"sha256": file_sha256(path), "description": PLACES.get(place.partition("/")[0], PLACES["results"])}
    crate.add_file(str(path), place, record_size=True, properties={"name": place, **kind})


def _workflow_files(project: Path) -> Iterator[tuple[Path, str]]:
    for folder in WORKFLOW_FOLDERS:
        for path in sorted((project / folder).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                yield path, f"workflow/{path.relative_to(project).as_posix()}"


def _result_files(source: CrateSource, experiment: Experiment) -> Iterator[tuple[Path, str]]:
    """What people can read of what the report was made of; films and pictures are in the report."""
    root = project_of(source.experiment)
    yield source.experiment, f"results/experiments/{source.experiment.name}"
    for file in experiment.files:
        if file.endswith((".yaml", ".json", ".jsonl", ".csv")):
            yield root / file, file


def _report_files(report: Path) -> Iterator[tuple[Path, str]]:
    for path in sorted(report.rglob("*")):
        if path.is_file() and not path.name.startswith("."):
            yield path, f"report/{path.relative_to(report).as_posix()}"
