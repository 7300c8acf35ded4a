"""The run that an experiment's name stands for, trained or not."""

from pathlib import Path

from stylesv.workflow.plan import load_plan
from stylesv.workflow.planned import RunPlan


def planned_run(name: str, config: Path) -> RunPlan | None:
    """The last run of an experiment; None where it is the name of none, or a path.

    Raises:
        ConfigError: the settings cannot be read.
    """
    if Path(name).exists() or Path(name).name != name or not config.is_dir():
        return None
    experiment = load_plan(config).experiments.get(name)
    return experiment.runs[-1] if experiment is not None and experiment.runs else None
