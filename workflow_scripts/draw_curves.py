"""Draw the scores of one protocol over kimg, one line a run, with intervals."""

from pathlib import Path

import click

from stylesv.errors import run_command


@click.command(help=__doc__)
@click.argument("scores", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--png", required=True, type=click.Path(path_type=Path), help="PNG to write.")
@click.option("--pdf", required=True, type=click.Path(path_type=Path), help="PDF to write.")
def draw_curves(scores: tuple[Path, ...], png: Path, pdf: Path) -> None:
    from stylesv.report.figures import draw_score_curves
    from stylesv.report.tables import read_score_rows

    draw_score_curves(read_score_rows(scores), png=png, pdf=pdf)


if __name__ == "__main__":
    run_command(draw_curves)
