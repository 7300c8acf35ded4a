"""Fetch a file (a detector, a published checkpoint), and keep it only under the hash it must have."""

from pathlib import Path

import click

from stylesv.errors import run_command


@click.command(help=__doc__)
@click.option("--url", default=None, help="Address; leave it out to check a file put there by hand.")
@click.option("--sha256", default=None, help="SHA-256 that the file must have; without it, the file's is only named.")
@click.option(
    "--setting", default="protocol.detector.sha256", help="The setting that the hash belongs to, for messages."
)
@click.option(
    "--kept", type=click.Path(path_type=Path), help="What a call without a hash has left; taken if it has this one."
)
@click.option("--out", required=True, type=click.Path(path_type=Path), help="File to write.")
def fetch(url: str | None, sha256: str | None, setting: str, kept: Path | None, out: Path) -> None:
    from stylesv.fetching.file import fetch_file

    found = fetch_file(url or None, out, sha256=sha256 or None, setting=setting, kept=kept)
    click.echo(f"{out}: SHA-256 {found}")


if __name__ == "__main__":
    run_command(fetch)
