"""A page to play with a generator, in a browser on this machine: seeds, content and motion apart, truncation, time and speed."""

from pathlib import Path

import click

from stylesv.command_line import CPU_THREADS, NETWORKS, SNAPSHOT, OptionalPath
from stylesv.errors import run_command
from stylesv.threads import use_cpu_threads

CONFIG = Path(__file__).resolve().parent.parent / "config"


@click.command(help=__doc__)
@NETWORKS
@SNAPSHOT
@click.option(
    "--choice", type=OptionalPath(), help="The file that says which snapshot of a run is best: that one is shown first."
)
@click.option(
    "--host", default="127.0.0.1", show_default=True, help="Address to listen at; 0.0.0.0 lets other machines in."
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    help="Port to listen at; 0 is any free one.  [default: the first free one from 8765 on]",
)
@click.option("--browser/--no-browser", default=True, show_default=True, help="Open the page in a browser.")
@CPU_THREADS
def explore(
    networks: Path,
    snapshot: str | None,
    choice: Path | None,
    host: str,
    port: int | None,
    browser: bool,
    cpu_threads: int,
) -> None:
    use_cpu_threads(cpu_threads)
    from stylesv.explore.server import serve
    from stylesv.workflow.given_networks import chosen_snapshot, snapshot_file

    given = networks if choice is None else chosen_snapshot(choice)
    file = snapshot_file(given, CONFIG, snapshot=snapshot, tell=click.echo)
    serve(file, host=host, port=port, open_browser=browser, tell=click.echo)


if __name__ == "__main__":
    run_command(explore)
