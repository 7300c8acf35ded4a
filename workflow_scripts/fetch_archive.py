"""Fetch a part of an archive, or take it from this disk; its hash is verified, or recorded where nobody knows one."""

from pathlib import Path

import click

from stylesv.command_line import Sha256
from stylesv.errors import run_command


@click.command(help=__doc__)
@click.option("--address", required=True, help="Address (http, https), or a file; with * or ? several, to be joined.")
@click.option("--sha256", type=Sha256(), help="SHA-256 that the file must have; without it, the file's is recorded.")
@click.option("--zip", "is_zip", is_flag=True, help="The file is no part but a whole zip, which is looked into.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="File to write.")
@click.option("--record", required=True, type=click.Path(path_type=Path), help="What was fetched, JSON.")
def fetch_archive(address: str, sha256: str | None, is_zip: bool, out: Path, record: Path) -> None:
    from stylesv.fetching.archive import fetch_part, require_zip
    from stylesv.records.ledger import FetchedFile, write_fetched

    check = {"check": require_zip} if is_zip else {}
    found = fetch_part(address, out, sha256=sha256, **check)
    if not found.verified:
        click.echo(
            f"{out}: SHA-256 {found.sha256}; it stands in the record. As sha256 in the settings it is verified when the file "
            "is fetched, and gives the data set another name: write it in before anything is trained, since under that name "
            "all is fetched, packed and trained anew"
        )
    values = {"sha256": found.sha256, "num_bytes": found.num_bytes, "verified": found.verified}
    write_fetched(record, FetchedFile(address=address, **values))


if __name__ == "__main__":
    run_command(fetch_archive)
