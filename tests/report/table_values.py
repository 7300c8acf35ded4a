"""An experiment's plan of tables and its scores, made by hand."""

from pathlib import Path

from report_values import score

from stylesv.records.choice import Choice, write_choice
from stylesv.records.protocol import UsedProtocol
from stylesv.records.published import papers_metric
from stylesv.records.score import write_run_scores
from stylesv.records.table_plan import (
    PlannedStage,
    TabledData,
    TabledProtocol,
    TabledRun,
    TablePlan,
    long_video_numbers,
    table_plan_yaml,
)

KIMGS = (0, 20, 40)


def tabled_protocol(protocol: UsedProtocol, **changes: bool) -> TabledProtocol:
    """A protocol as plans of tables name it."""
    settings = protocol.settings
    found = {"last": False, "long_video": long_video_numbers(settings), "published_as": papers_metric(settings)}
    return TabledProtocol(id=protocol.id, name=protocol.name, label=settings.metric_label, **(found | changes))


def planned_stage(
    name: str, *, protocol: str = "", model: str = "A", resolution: int = 256, jobs: int = 1, kimg: int = 0, kimgs=()
) -> PlannedStage:
    """Jobs of one rule for `sky`."""
    where = {"dataset": "sky", "model": model, "name": protocol, "resolution": resolution}
    files = (f"{name}/{model}-{protocol}*/{'{kimg}' if kimgs else '*'}.tsv",)
    return PlannedStage(stage=name, **where, jobs=jobs, kimg=kimg, kimgs=kimgs, benchmarks=files)


class Tabled:
    """Runs of several models on data set `sky`, with scores in files below a folder."""

    def __init__(
        self, folder: Path, protocols: list[UsedProtocol], models: tuple[str, ...], *, last: tuple[str, ...] = ()
    ):
        self.folder, self.used, self.models = folder, protocols, models
        self.protocols = [tabled_protocol(protocol, last=protocol.name in last) for protocol in protocols]
        self.runs: list[TabledRun] = []
        self.stages: list[PlannedStage] = []

    def add(self, model: str, seed: int, values: dict[str, float] | None, *, best: int = 20, **changes) -> None:
        """A run; `values`: its chosen snapshot's score by name of protocol (others are twice as bad); None: it is not there."""
        name = f"sky-{model}-s{seed}-0123abcd"
        where = f"results/runs/{name}"
        run = TabledRun(
            name=name,
            dataset="sky",
            data="sky-00000000",
            model=model,
            seed=seed,
            tabled=model in self.models,
            kimgs=KIMGS,
            protocols=tuple(protocol.id for protocol in self.used),
            choice=f"{where}/best/c.json",
            scores=f"{where}/scores/s.json",
        )
        self.runs.append(run)
        if values is None:
            return
        scored = {"run": name, "dataset": "sky-00000000", "model": model, "seed": seed}
        scores = []
        for used, tabled in zip(self.used, self.protocols, strict=True):
            for kimg in KIMGS[-1:] if tabled.last else KIMGS:
                value = values[used.name] * (1 if kimg == best or tabled.last else 2)
                scores.append(score(kimg, value, run=name, protocol=used, scored=scored | {"kimg": kimg}, **changes))
        write_run_scores(self.folder / run.scores, scores)
        choice = Choice(
            **{"run": name, "kimg": best, "networks": f"{best}/networks.safetensors", "metric": "FVD16", "value": 1.0},
            **{"protocol": self.used[0].id, "of_kimgs": KIMGS, "moving_kimgs": None, "reason": "the lowest of all"},
        )
        write_choice(self.folder / run.choice, choice)

    @property
    def plan(self) -> TablePlan:
        """The plan of its tables."""
        data = {
            "name": "sky-00000000",
            "dataset": "sky",
            "resolution": 256,
            "sheet": "results/data/sky-00000000/sheet.json",
        }
        return TablePlan(
            experiment="tried",
            title="Tried",
            models=self.models,
            protocols=tuple(self.protocols),
            runs=tuple(self.runs),
            data=(TabledData(**data),),
            stages=tuple(self.stages),
            speeds=(),
        )

    def write_plan(self) -> Path:
        """The plan as the workflow writes it."""
        path = self.folder / "results" / "experiments" / "tables" / "tried-00000000.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(table_plan_yaml(self.plan))
        return path
