"""Fetch a table of clips, or take it from this disk, and read it through to see that it is one."""

from pathlib import Path

import click

from stylesv.command_line import Sha256
from stylesv.errors import run_command


@click.command(help=__doc__)
@click.option("--address", required=True, help="Address (http, https), or a file.")
@click.option("--sha256", type=Sha256(), help="SHA-256 that the table must have; without it, it is taken as it is.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="CSV to write.")
def fetch_clip_table(address: str, sha256: str | None, out: Path) -> None:
    from stylesv.data.clip_table import read_clip_table
    from stylesv.fetching.archive import fetch_part

    found = fetch_part(address, out, sha256=sha256, check=read_clip_table)
    rows = read_clip_table(out)
    click.echo(f"{out}: {len(rows)} clips of {len({row.video_id for row in rows})} films, SHA-256 {found.sha256}")


if __name__ == "__main__":
    run_command(fetch_clip_table)
