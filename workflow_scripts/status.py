"""Where every run stands: kimg, speed, time left, last losses, best score so far, and what runs on Slurm."""

from pathlib import Path

import click

from stylesv.errors import ConfigError, run_command


@click.command(help=__doc__)
@click.option(
    "--root",
    default=".",
    show_default=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder that holds results/ and config/.",
)
@click.option("--experiment", "experiments", multiple=True, help="List its runs that have not begun, too.")
def status(root: Path, experiments: tuple[str, ...]) -> None:
    from stylesv.workflow.plan import load_plan
    from stylesv.workflow.status import (
        begun_runs,
        called_kimgs,
        explain_jobs,
        format_statuses,
        run_statuses,
        slurm_jobs,
    )

    jobs = slurm_jobs(root)
    config = root / "config"
    planned = load_plan(config).experiments if config.is_dir() else {}
    for name in experiments:
        if name not in planned:
            raise ConfigError(f"--experiment {name}: no such experiment; known: {', '.join(planned)}")
    kimgs = called_kimgs(root)
    kimgs |= {run.name: run.kimgs[-1] for experiment in planned.values() for run in experiment.runs}
    also = {run.name for name in experiments for run in planned[name].runs}
    if found := run_statuses(root, kimgs, jobs, also=also):
        click.echo(format_statuses(found))
    else:
        click.echo(f"{root.absolute()}: no runs here; give --root, the folder that holds results/")
    begun = begun_runs(root) | also
    left = {name: sum(run.name not in begun for run in experiment.runs) for name, experiment in planned.items()}
    if told := ", ".join(f"{count} of {name}" for name, count in left.items() if count):
        click.echo(f"not begun: {told} (--experiment lists them)")
    if jobs is not None:
        click.echo(explain_jobs(jobs))


if __name__ == "__main__":
    run_command(status)
