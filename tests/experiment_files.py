"""Files of an experiment, of the kinds that the workflow's jobs hand to figures and report."""

from pathlib import Path

from recipe_values import imported_recipe, trained_recipe
from report_values import clips, log_line, score, used
from shown_clips_values import shown_clips

from stylesv.config.figures import DRAWN_FROM
from stylesv.media.animation import write_animation
from stylesv.records.choice import Choice, write_choice
from stylesv.records.experiment import (
    Experiment,
    ReportedClips,
    ReportedData,
    ReportedDecomposition,
    ReportedFigure,
    ReportedRun,
    ReportedSnapshot,
    ReportedTable,
    experiment_yaml,
)
from stylesv.records.log_line import log_text
from stylesv.records.recipe import recipe_yaml
from stylesv.records.rule_graph import rule_graph_yaml
from stylesv.records.score import write_run_scores
from stylesv.records.shown_clips import write_shown_clips
from stylesv.report.clip_grids import draw_clip_strips, draw_samples, write_clip_film
from stylesv.report.figures.drawing import draw_figure
from stylesv.report.page.content import ReportFiles
from stylesv.report.page.html import write_report
from stylesv.workflow.job_graph import PlannedJob, graph_of

ROOT = Path(__file__).resolve().parents[1]
INTERVAL = {"low": 40.0, "high": 43.0, "level": 0.95, "resamples": 100}
TRAINED = trained_recipe(parent="sky-image-s0-00", training={"num_frames": 3, "batch_size": 8})
SCRATCH = trained_recipe(training={"num_frames": 1, "batch_size": 8})
IMPORTED = imported_recipe()
LOG = log_text([log_line(4.0, loss_generator=1.25, loss_discriminator=0.5, r1_penalty=None)])
COLOURS = ("#0072B2", "#D55E00", "#009E73")
GRAPH = graph_of(
    [
        PlannedJob("write_report", None, None, (1, 3)),
        PlannedJob("train_segment", "sky-D-s0-00", "8", (2, 3)),
        PlannedJob("train_segment", "sky-D-s0-00", "4", (3,)),
        PlannedJob("pack_videos", None, None, (4,)),
        PlannedJob("render_videos", None, None, ()),
    ],
    {},
)


class ExperimentFiles:
    """A folder with `results/experiments/tried-00000000.yaml`, and what that names."""

    def __init__(self, folder: Path, index: Path):
        self.folder, self.index = folder, str(index)
        self.runs: list[ReportedRun] = []
        self.figures: tuple[str, ...] = ()
        self.colours = COLOURS
        self.tables: tuple[ReportedTable, ...] = ()

    def file(self, name: str, text: str = "") -> str:
        """A text file, by its name in the folder."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return name

    def films(self, folder: str, frames: int = 12) -> dict[str, str]:
        """A film and its animation."""
        panel = clips(2, frames, 32)
        write_clip_film(self.folder / folder / "clips.mp4", {"clips": panel}, columns=2, fps=10, min_frame_px=32)
        write_animation(self.folder / folder / "clips.webp", panel[0], fps=10)
        return {"film": f"{folder}/clips.mp4", "animation": f"{folder}/clips.webp"}

    def add_run(
        self,
        run: str,
        values: dict[int, float],
        recipe,
        *,
        seed: int = 0,
        model: str = "D",
        protocol=None,
        interval=INTERVAL,
        logs=(),
        warnings=None,
        beside=None,
        shown: dict | None = None,
    ) -> None:
        """A run with scores by kimg, and logs of the snapshots after the first."""
        folder = self.folder / run
        scores = []
        for kimg, value in values.items():
            scored = {"run": run, "dataset": "sky-00", "model": model, "seed": seed, "kimg": kimg}
            kind = {"protocol": protocol or used(), "interval": interval, "few_clips": True}
            kind |= beside or {}
            kind["warnings"] = (warnings or {}).get(kimg, [])
            scores.append(score(kimg, value, run=run, scored=scored, **kind))
            draw_samples(folder / str(kimg) / "samples.png", clips(2, 2))
        write_run_scores(folder / "scores.json", scores)
        best = min(values, key=values.get)
        choice = Choice(
            **{"run": run, "kimg": best, "networks": f"{best}/networks.safetensors", "metric": "rFVD16"},
            **{"value": values[best], "protocol": "rfvd_16f-0123abcd", "of_kimgs": tuple(values)},
            **{"moving_kimgs": None, "reason": "the lowest rFVD16 of all snapshots"},
        )
        write_choice(folder / "best.json", choice)
        write_shown_clips(folder / "shown.safetensors", shown_clips(run, kimg=best, **(shown or {})))
        draw_clip_strips(folder / "nearest.png", {"real": clips(2)}, num_frames=2, num_clips=2)
        log_of = dict(zip(list(values)[1:], logs, strict=True))
        snapshots = [
            ReportedSnapshot(
                kimg=kimg,
                samples=f"{run}/{kimg}/samples.png",
                log=self.file(f"{run}/{kimg}/log.jsonl", log_of[kimg]) if kimg in log_of else None,
            )
            for kimg in values
        ]
        films = self.films(run)
        self.runs.append(
            ReportedRun(
                **{"name": run, "dataset": "sky", "model": model, "seed": seed},
                networks=f"{run}/{max(values)}/networks.safetensors",
                recipe=self.file(f"{run}/recipe.yaml", recipe_yaml(recipe)),
                choice=f"{run}/best.json",
                scores=f"{run}/scores.json",
                snapshots=tuple(snapshots),
                clips=ReportedClips(shown=f"{run}/shown.safetensors", **films),
                decomposition=ReportedDecomposition(**films),
                nearest=f"{run}/nearest.png",
            )
        )

    def record(self) -> Path:
        """Write the record of the experiment."""
        write_shown_clips(self.folder / "sky-00" / "shown.safetensors", shown_clips("sky-00", kimg=None, seed=9))
        real = ReportedClips(shown="sky-00/shown.safetensors", **self.films("sky-00"))
        figures = [
            ReportedFigure(name=name, png=f"results/figures/tried/{name}.png", pdf=f"results/figures/tried/{name}.pdf")
            for name in self.figures
        ]
        experiment = Experiment(
            **{"title": "T", "shown": "best", "runs": tuple(self.runs), "figures": tuple(figures)},
            tables=self.tables,
            data=(ReportedData(name="sky-00", dataset="sky", clips=real, index=self.index),),
            style={"colours": self.colours},
        )
        return self.folder / self.file("results/experiments/tried-00000000.yaml", experiment_yaml(experiment))

    def draw(self, *names: str) -> Path:
        """Draw figures, all if none is named; the folder of their files."""
        self.figures = names or tuple(DRAWN_FROM)
        record, folder = self.record(), self.folder / "results" / "figures" / "tried"
        for name in self.figures:
            draw_figure(name, record, png=folder / f"{name}.png", pdf=folder / f"{name}.pdf")
        return folder

    def page(self) -> Path:
        """Write the page."""
        page = self.folder / "results" / "report" / "tried" / "index.html"
        graph = self.folder / self.file("graph.yaml", rule_graph_yaml(GRAPH))
        captions = ROOT / "rules" / "captions"
        files = ReportFiles(self.record(), graph, captions, ROOT, self.folder / "benchmarks")
        write_report(page, files)
        return page
