"""Which snapshot a person means: a file, a run's folder, or an experiment by its name."""

from dataclasses import dataclass
from pathlib import Path

from stylesv.errors import CheckpointError
from stylesv.records.choice import Choice, read_choice
from stylesv.workflow import paths
from stylesv.workflow.plan import load_plan

SNAPSHOT = "networks.safetensors"
CHOICES = "best/*.json"
PICKLES = (".pkl", ".pickle")


@dataclass(frozen=True)
class FoundNetworks:
    """A snapshot's file, and why it is this one where that was to be found."""

    file: Path
    note: str | None = None


def find_networks(given: str | Path, config: Path | None = None) -> FoundNetworks:
    """The file of the snapshot that is meant.

    `given`: a snapshot's file or folder, a run's folder (its best snapshot; the last where none was chosen), or, if `config`
    is the folder of settings, the name of an experiment, whose last run it is, below the folder that the program runs in.

    Raises:
        CheckpointError: there is none, or it is a pickle, which import_checkpoint.py makes a snapshot of.
    """
    path = Path(given)
    if path.suffix.lower() in PICKLES:
        raise CheckpointError(
            f"{path}: a published checkpoint is made a snapshot of first: python workflow_scripts/import_checkpoint.py "
            f"--pickle {path} --networks-out {path.with_suffix('.safetensors')}"
        )
    if path.is_file():
        return FoundNetworks(path)
    if (path / SNAPSHOT).is_file():
        return FoundNetworks(path / SNAPSHOT)
    if path.is_dir():
        return _of_run(path)
    if config is not None and config.is_dir() and path.name == str(given):
        return _of_experiment(path.name, config)
    raise _missing(path)


def find_scored(given: Path, config: Path | None = None) -> FoundNetworks | None:
    """Likewise for what is to be scored; None where it is anything else, such as videos.

    Raises:
        CheckpointError: as above.
    """
    named = config is not None and not given.exists() and (config / "experiments" / f"{given}.yaml").is_file()
    meant = given.suffix.lower() in PICKLES or (given / SNAPSHOT).is_file() or is_run_folder(given)
    return find_networks(given, config) if named or meant else None


def is_run_folder(path: Path) -> bool:
    """Whether a folder is that of a run."""
    return (path / "recipe.yaml").is_file() and any(path.glob(f"[0-9]*/{SNAPSHOT}"))


def _missing(path: Path) -> CheckpointError:
    return CheckpointError(
        f"{path}: no such snapshot; give a networks.safetensors, the folder of a run in results/runs, or the name of an "
        "experiment"
    )


def _of_experiment(name: str, config: Path) -> FoundNetworks:
    experiment = load_plan(config).experiments.get(name)
    if experiment is None or not experiment.runs:
        raise _missing(Path(name))
    run = Path(paths.RUN.format(run=experiment.runs[-1].name))
    if not is_run_folder(run):
        raise CheckpointError(f"{name}: its run {run} is not there; train it: snakemake --cores all {name}")
    return _of_run(run)


def _of_run(run: Path) -> FoundNetworks:
    choices = [read_choice(path) for path in sorted(run.glob(CHOICES))]
    if choices:
        choice = max(choices, key=lambda choice: (choice.of_kimgs[-1], len(choice.of_kimgs)))  # of the longest training
        return FoundNetworks(run / choice.networks, f"{run / choice.networks}: the best of its run: {_why(choice)}")
    kimgs = sorted(int(path.parent.name) for path in run.glob(f"[0-9]*/{SNAPSHOT}") if path.parent.name.isdigit())
    if not kimgs:
        raise _missing(run)
    last = run / str(kimgs[-1]) / SNAPSHOT
    return FoundNetworks(last, f"{last}: the last of its run, for none was chosen by a score")


def _why(choice: Choice) -> str:
    return f"{choice.metric} {choice.value:.4g}, {choice.protocol.rpartition('-')[0] or choice.protocol}"
