"""Which snapshot a person means: a file, a run's folder, or an experiment by its name."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from stylesv.errors import CheckpointError, ConfigError
from stylesv.records.choice import Choice, read_choice
from stylesv.records.packed_index import INDEX_FILE, read_packed_index
from stylesv.records.recipe import read_recipe
from stylesv.records.snapshot import read_snapshot_header
from stylesv.workflow import paths
from stylesv.workflow.plan import load_plan

SNAPSHOT = "networks.safetensors"
CHOICES = "best/*.json"
USUAL_FPS = 25.0
_WANTED = "give a networks.safetensors, the folder of a run in results/runs, or the name of an experiment"
PICKLES = (".pkl", ".pickle")


@dataclass(frozen=True)
class FrameRate:
    """Frames per second of what a snapshot was trained on, and how that is known."""

    fps: float
    why: str


@dataclass(frozen=True)
class FoundNetworks:
    """A snapshot's file, and why it is this one where that was to be found."""

    file: Path
    note: str | None = None


def find_networks(given: str | Path, config: Path | None = None, *, snapshot: str | None = None) -> FoundNetworks:
    """The file of the snapshot that is meant.

    `given`: a snapshot's file or folder, a run's folder (its best snapshot; the last where none was chosen), or, if `config`
    is the folder of settings, the name of an experiment, whose last run it is, below the folder that the program runs in.
    `snapshot`: which one of a run, best, last or its kimg.

    Raises:
        CheckpointError: there is none, or it is a pickle, which import_checkpoint.py makes a snapshot of.
        ConfigError: `snapshot` is none of these, or `given` is a snapshot itself.
    """
    path = Path(given)
    if snapshot is not None:
        _check_snapshot(path, snapshot)
    if path.suffix.lower() in PICKLES:
        raise CheckpointError(
            f"{path}: a published checkpoint is made a snapshot of first: python workflow_scripts/import_checkpoint.py "
            f"--pickle {path} --networks-out {path.with_suffix('.safetensors')}"
        )
    if path.is_file():
        if not _may_be_snapshot(path):
            raise CheckpointError(f"{path}: is no snapshot; {_WANTED}")
        return FoundNetworks(path)
    if (path / SNAPSHOT).is_file():
        return FoundNetworks(path / SNAPSHOT)
    if path.is_dir():
        return _of_run(path, snapshot)
    if config is not None and config.is_dir() and path.name == str(given):
        return _of_experiment(path.name, config, snapshot)
    raise _missing(path)


def snapshot_file(
    given: str | Path, config: Path, *, snapshot: str | None = None, tell: Callable[[str], object]
) -> Path:
    """As `find_networks`; says why it is this one where that was to be found."""
    found = find_networks(given, config, snapshot=snapshot)
    if found.note is not None:
        tell(found.note)
    return found.file


def chosen_snapshot(choice: Path) -> Path:
    """The snapshot that a choice's file names."""
    return choice.parent.parent / read_choice(choice).networks


def frame_rate(networks: Path, asked: float | None, *, tell: Callable[[str], object]) -> float:
    """Frames per second of films of a snapshot: as asked for, or those of its data, or the usual ones, which is said."""
    if asked is not None:
        return asked
    found = find_frame_rate(networks)
    if found is None:
        tell(f"{USUAL_FPS:g} frames per second: nobody knows those of the snapshot's data; --fps sets others")
        return USUAL_FPS
    tell(f"{found.fps:g} frames per second, {found.why}; --fps sets others")
    return found.fps


def find_frame_rate(networks: Path) -> FrameRate | None:
    """Frames per second of the data that a snapshot of a run was trained on; None: nobody knows.

    They are in the run's recipe, or, where clips were packed at each video's own rate, in the index of the packed clips.
    """
    recipe = networks.absolute().parent.parent / "recipe.yaml"
    if recipe.is_file():
        data = read_recipe(recipe).data
        if data.packing.fps is not None:
            return FrameRate(data.packing.fps, "as its clips were packed")
        for index in sorted((recipe.parents[2] / "data").glob(f"*-{data.key}/{INDEX_FILE}")):
            rates = [clip.fps for clip in read_packed_index(index).clips if clip.fps is not None]
            if rates:
                return FrameRate(median(rates), f"as most of its clips have ({index.parent.name})")
    packing = ((read_snapshot_header(networks).recipe or {}).get("data") or {}).get("packing") or {}
    return FrameRate(float(packing["fps"]), "as its clips were packed") if packing.get("fps") else None


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


def snapshots_of(run: Path) -> dict[int, Path]:
    """The snapshots in a run's folder by kimg, in their order; folders of other names are none of ours."""
    found = {
        int(path.parent.name): path for path in run.glob(f"*/{SNAPSHOT}") if re.fullmatch("[0-9]+", path.parent.name)
    }
    return dict(sorted(found.items()))


def _may_be_snapshot(path: Path) -> bool:
    """Whether a file begins as tensor files do: with the size of a header, and that is JSON; or was cut to nothing."""
    with open(path, "rb") as file:
        begin = file.read(9)
    return not begin or begin[8:] == b"{"


def _missing(path: Path) -> CheckpointError:
    return CheckpointError(f"{path}: no such snapshot; {_WANTED}")


def _check_snapshot(path: Path, snapshot: str) -> None:
    if snapshot not in ("best", "last") and not (snapshot.isascii() and snapshot.isdecimal()):
        raise ConfigError(f"--snapshot {snapshot}: best, last or a snapshot's kimg is expected")
    if path.is_file() or (path / SNAPSHOT).is_file():
        raise ConfigError(
            f"--snapshot {snapshot}: {path} is a snapshot itself; give its run's folder, or leave --snapshot"
        )


def _of_experiment(name: str, config: Path, snapshot: str | None) -> FoundNetworks:
    experiment = load_plan(config).experiments.get(name)
    if experiment is None or not experiment.runs:
        if not (config / "experiments" / f"{name}.yaml").is_file():
            raise _missing(Path(name))
        raise CheckpointError(
            f"{name}: the experiment's file alone does not say what it runs (videos=PATH, say); give the folder of its run, "
            f"one of those in {Path(paths.RUN.format(run=name)).parent}"
        )
    run = Path(paths.RUN.format(run=experiment.runs[-1].name))
    if not is_run_folder(run):
        raise CheckpointError(f"{name}: its run {run} is not there; train it: snakemake --cores all {name}")
    found = _of_run(run, snapshot)
    shown = experiment.figures.snapshot
    if snapshot is None and shown == "last" and found.file != _of_run(run, shown).file:
        return FoundNetworks(found.file, f"{found.note}; the report shows the last one (--snapshot last)")
    return found


def _of_run(run: Path, snapshot: str | None) -> FoundNetworks:
    kimgs = list(snapshots_of(run))
    if not kimgs:
        raise _missing(run)
    if snapshot not in (None, "best", "last"):
        if int(snapshot) not in kimgs:
            raise CheckpointError(f"{run}: has no snapshot {snapshot}; it has {', '.join(map(str, kimgs))}")
        return FoundNetworks(run / str(int(snapshot)) / SNAPSHOT)
    choices = [read_choice(path) for path in sorted(run.glob(CHOICES))] if snapshot != "last" else []
    if choices:
        choice = max(choices, key=lambda choice: (choice.of_kimgs[-1], len(choice.of_kimgs)))  # of the longest training
        return FoundNetworks(run / choice.networks, f"{run / choice.networks}: the best of its run: {_why(choice)}")
    if snapshot == "best":
        raise CheckpointError(f"{run}: none of its snapshots was chosen by a score yet; give --snapshot last")
    last = run / str(kimgs[-1]) / SNAPSHOT
    why = "" if snapshot == "last" else ", for none was chosen by a score"
    return FoundNetworks(last, f"{last}: the last of its run{why}")


def _why(choice: Choice) -> str:
    return f"{choice.metric} {choice.value:.4g}, {choice.protocol.rpartition('-')[0] or choice.protocol}"
