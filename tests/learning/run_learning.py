"""Train every model until the stripes drift as they should, with several seeds. `make learn`.

Writes `results/learning/table.md`: speed (the world's is 1 px to the right), share of clips that move right between half and
twice as fast, and how visible the stripes are. The table of docs/learning.md is made by it.
"""

from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time

import click

from stylesv.threads import use_cpu_threads

OUT = Path(__file__).resolve().parents[2] / "results" / "learning" / "table.md"
HEAD = "| model | seed | steps | speed, px | moving right | contrast | processor seconds |\n|---|---|---|---|---|---|---|\n"


@click.command(help=__doc__.split("\n\n")[0])
@click.argument("names", nargs=-1)
@click.option("--out", type=click.Path(path_type=Path), default=OUT, help="the table")
@click.option("--seeds", type=int, default=3, show_default=True, help="number of seeds")
@click.option("--steps", type=int, default=400, show_default=True, help="steps on clips")
@click.option("--threads", type=int, default=1, show_default=True, help="threads on a CPU")
def main(names: tuple[str, ...], out: Path, seeds: int, steps: int, threads: int) -> None:
    use_cpu_threads(threads)
    from small_models import IMAGE_STEPS, MODELS, motion_of, pack_stripes, recipes, train

    unknown = [name for name in names if name not in MODELS]
    if unknown:
        raise click.UsageError(f"{unknown[0]}: no such model; there are: {', '.join(MODELS)}")
    rows = [f"| the world | | | {1:.2f} | 1.00 | 55 | |"]
    with TemporaryDirectory() as folder:
        packed, made = pack_stripes(Path(folder)), recipes(Path(folder))
        for seed in range(seeds):
            seeded = {name: recipe.model_copy(update={"seed": seed}) for name, recipe in made.items()}
            parent = train(seeded["image"], packed, IMAGE_STEPS)
            rows.append(_row("image", seed, IMAGE_STEPS, motion_of(parent.generator_ema), None))
            for name in names or MODELS:
                start = process_time()
                own = None if seeded[name].parent is None else parent
                state = train(seeded[name], packed, steps, parent=own)
                rows.append(_row(name, seed, steps, motion_of(state.generator_ema), process_time() - start))
                click.echo(rows[-1])
                out.parent.mkdir(parents=True, exist_ok=True)
                out.write_text(HEAD + "\n".join(rows) + "\n")
    click.echo(out)


def _row(name: str, seed: int, steps: int, motion, seconds: float | None) -> str:
    shown = "" if seconds is None else f"{seconds:.0f}"
    return f"| {name} | {seed} | {steps} | {motion.speed_px:.2f} | {motion.right_share:.2f} | {motion.contrast:.0f} | {shown} |"


if __name__ == "__main__":
    main()
