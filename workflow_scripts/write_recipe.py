"""Write a run's recipe as YAML."""

from pathlib import Path

import click

from stylesv.config.recipe import parse_json, recipe_yaml
from stylesv.errors import run_command
from stylesv.files import write_text


@click.command(help=__doc__)
@click.option("--recipe", required=True, help="The recipe as JSON.")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="recipe.yaml to write.")
def write_recipe(recipe: str, out: Path) -> None:
    write_text(out, recipe_yaml(parse_json("--recipe", recipe)))


if __name__ == "__main__":
    run_command(write_recipe)
