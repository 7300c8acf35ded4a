"""What the rules that draw figures and write the report ask."""

from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from stylesv.config.recipe import recipe_key
from stylesv.errors import ConfigError
from stylesv.records.experiment import Experiment, experiment_yaml
from stylesv.records.rule_graph import rule_graph_yaml
from stylesv.workflow import paths
from stylesv.workflow.again import again
from stylesv.workflow.call import CallOptions
from stylesv.workflow.job_graph import PlannedJob, graph_of
from stylesv.workflow.named import Named, known

Wildcards = Any
"""A job's wildcards as attributes."""


class ReportQuestions:
    """Answers about figures and reports, for `stylesv.workflow.questions.Questions`."""

    named: Named
    captions: Path
    place: Callable[[str], Path]
    unrecorded: Callable[[str], Path | None]
    jobs_of: Callable[[str], Sequence[PlannedJob]]
    options: CallOptions
    table_key: Callable[[Wildcards], str]
    table_again: Callable[[Wildcards], list[str]]
    experiment_file: Callable[[Wildcards], str]
    _reported: Callable[[str], Experiment]

    def figure_files(self, wildcards: Wildcards) -> list[str]:
        """What a figure is drawn from."""
        return self._with_figure(wildcards).files_of(wildcards.figure)

    def figure_key(self, wildcards: Wildcards) -> str:
        """8 hex digits that stand for what a figure shows and for its colours: names of files carry keys."""
        return _key(self._with_figure(wildcards).part_of(wildcards.figure))

    def figure_again(self, wildcards: Wildcards) -> list[str]:
        """What makes a figure of another call be drawn again."""
        file = paths.FIGURE_KEY.format(experiment=wildcards.experiment, figure=wildcards.figure)
        return again(
            wildcards.experiment, f"figure_{wildcards.figure}", file, self.figure_key(wildcards), self.unrecorded
        )

    def figure_plan_file(self, wildcards: Wildcards) -> str:
        """The file that says what a figure is drawn from; figures of the same files share it."""
        return paths.FIGURE_PLAN.format(experiment=wildcards.experiment, key=self.figure_key(wildcards))

    def figure_plan(self, wildcards: Wildcards) -> str:
        """Its content."""
        experiment = self._reported(wildcards.experiment)
        parts = {_key(part): part for figure in experiment.figures for part in (experiment.part_of(figure.name),)}
        return experiment_yaml(known("plan of figures", parts, wildcards.key))

    def caption(self, wildcards: Wildcards) -> str:
        """What stands below a figure."""
        return self._caption(wildcards.figure)

    def figures(self, wildcards: Wildcards) -> list[str]:
        """All figures of an experiment."""
        return self._figures_of(wildcards.experiment)

    def tables(self, wildcards: Wildcards) -> list[str]:
        """All tables of an experiment."""
        return self._tables_of(wildcards.experiment)

    def figure_of_call(self, figure: str) -> list[str]:
        """The files of a figure of the experiment that the call names.

        Raises:
            ConfigError: it has no such figure.
        """
        name = self.named.experiment(self.options.experiment).name
        for each in self._reported(name).figures:
            if each.name == figure:
                again = self.figure_again(SimpleNamespace(experiment=name, figure=figure))
                return [each.png, each.pdf, *again]
        raise self._no_figure(figure, name)

    def crate_of_call(self, _: Wildcards) -> str:
        """The crate of the experiment that the call names."""
        return paths.CRATE.format(experiment=self.named.experiment(self.options.experiment).name)

    def reported_files(self, wildcards: Wildcards) -> list[str]:
        """Every file that an experiment's report reads, besides figures."""
        return self._reported(wildcards.experiment).files

    def page_key(self, wildcards: Wildcards) -> str:
        """8 hex digits that stand for all that an experiment's page shows."""
        found = self._reported(wildcards.experiment)
        captions = {figure.name: self._caption(figure.name) for figure in found.figures}
        tables = [
            self.table_key(SimpleNamespace(experiment=wildcards.experiment, table=table.name)) for table in found.tables
        ]
        return recipe_key({"experiment": found.model_dump(mode="json"), "captions": captions, "tables": tables})

    def page_again(self, wildcards: Wildcards) -> list[str]:
        """What makes a page of another call be written again.

        Its record is a target, but no reason for Snakemake where an earlier call of these settings left it (docs/workflow.md
        2.6).
        """
        file = paths.PAGE_KEY.format(experiment=wildcards.experiment)
        known = self.place(self.experiment_file(wildcards)).exists()
        place = self.place if known else self.unrecorded
        return again(wildcards.experiment, "page", file, self.page_key(wildcards), place)

    def all_again(self, name: str) -> list[str]:
        """What makes all that is of another call be made again."""
        found = self._reported(name)
        tables = (SimpleNamespace(experiment=name, table=table.name) for table in found.tables)
        figures = (SimpleNamespace(experiment=name, figure=figure.name) for figure in found.figures)
        return [
            *(file for wildcards in tables for file in self.table_again(wildcards)),
            *(file for wildcards in figures for file in self.figure_again(wildcards)),
            *self.page_again(SimpleNamespace(experiment=name)),
        ]

    def rule_graph_file(self, wildcards: Wildcards) -> str:
        """The file of an experiment's rules; its key is that of the files which they make."""
        key = recipe_key({"files": sorted(self._reported(wildcards.experiment).files)})
        return paths.RULE_GRAPH.format(experiment=wildcards.experiment, key=key)

    def rule_graph(self, wildcards: Wildcards) -> str:
        """The rules whose jobs make an experiment, and which feeds which, as a file holds it."""
        return rule_graph_yaml(graph_of(self.jobs_of(wildcards.experiment), self.named.plan.kimgs))

    def _with_figure(self, wildcards: Wildcards) -> Experiment:
        found = self._reported(wildcards.experiment)
        if wildcards.figure not in [figure.name for figure in found.figures]:
            raise self._no_figure(wildcards.figure, wildcards.experiment)
        return found

    def _no_figure(self, figure: str, experiment: str) -> ConfigError:
        names = ", ".join(each.name for each in self._reported(experiment).figures)
        return ConfigError(
            f"figure_{figure}: experiment {experiment} has no such figure; it has {names} "
            f"(figures.drawn in config/experiments/{experiment}.yaml says which)"
        )

    def _tables_of(self, name: str) -> list[str]:
        return [file for each in self._reported(name).tables for file in (each.csv, each.md, each.tex, each.html)]

    def _figures_of(self, name: str) -> list[str]:
        return [file for figure in self._reported(name).figures for file in (figure.png, figure.pdf)]

    def _page_files(self, name: str) -> list[str]:
        """The page, what is beside it, and the record that it is written from.

        Snakemake 9.27.1 passes over jobs behind one that runs for its params (docs/workflow.md 2.6), as the page is behind
        its figures; the record, whose name has the key of all that the page shows, brings it back when that is another.
        """
        patterns = (paths.PAGE, paths.PAGE_FILMS, paths.PAGE_FIGURES, paths.PAGE_TABLES, paths.PROVENANCE)
        of_page = [pattern.format(experiment=name) for pattern in patterns]
        return [*of_page, self.experiment_file(SimpleNamespace(experiment=name))]

    def _caption(self, figure: str) -> str:
        file = self.captions / f"{figure}.rst"
        try:
            return " ".join(file.read_text(encoding="utf-8").split())
        except OSError as error:
            raise ConfigError(f"{file}: the caption of a figure cannot be read ({error.strerror})") from error


def _key(experiment: Experiment) -> str:
    return recipe_key(experiment.model_dump(mode="json"))
