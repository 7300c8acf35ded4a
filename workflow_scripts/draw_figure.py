"""Draw one figure of an experiment as PNG and PDF."""

from pathlib import Path

import click

from stylesv.command_line import keep_key, keeps_key
from stylesv.errors import run_command


@click.command(help=__doc__)
@click.option("--plan", required=True, type=click.Path(path_type=Path), help="What it is drawn from, YAML.")
@click.option("--figure", required=True, help="Name of the figure, such as curves.")
@click.option("--png", required=True, type=click.Path(path_type=Path), help="PNG to write.")
@click.option("--pdf", required=True, type=click.Path(path_type=Path), help="PDF to write.")
@keeps_key
def draw_figure(plan: Path, figure: str, png: Path, pdf: Path, key: str | None, key_out: Path | None) -> None:
    from stylesv.report.figures.drawing import draw_figure as draw

    draw(figure, plan, png=png, pdf=pdf)
    keep_key(key, key_out)


if __name__ == "__main__":
    run_command(draw_figure)
