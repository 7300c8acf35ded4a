"""What the rule that writes tables asks: what they are made of, and which of it is there."""

from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath
from types import SimpleNamespace
from typing import Any

from stylesv.config.recipe import recipe_key
from stylesv.errors import ConfigError
from stylesv.records.published import SHOWN_IN
from stylesv.records.speed import Speed
from stylesv.records.table_plan import TablePlan, table_plan_yaml
from stylesv.workflow import paths
from stylesv.workflow.again import again
from stylesv.workflow.call import CallOptions
from stylesv.workflow.named import Named, known
from stylesv.workflow.tabled import table_files, table_names, tabled

Wildcards = Any
"""A job's wildcards as attributes: experiment, table, run."""


class TableQuestions:
    """Answers about tables, for `stylesv.workflow.questions.Questions`."""

    named: Named
    options: CallOptions
    published: Callable[[], str]
    speeds: Callable[[], tuple[Speed, ...]]
    unrecorded: Callable[[str], Path | None]
    files_under: Callable[[str], Iterable[str]]
    reported_files: Callable[[Wildcards], list[str]]
    _tables: dict[str, TablePlan]
    _num_shards: Callable[[str], int]

    def table_plan(self, wildcards: Wildcards) -> str:
        """What an experiment's tables are made of, as a file holds it."""
        return table_plan_yaml(self._tabled(wildcards.experiment))

    def table_plan_file(self, wildcards: Wildcards) -> str:
        """The file that says so."""
        return self._plan_file(wildcards.experiment)

    def table_inputs(self, wildcards: Wildcards) -> list[str]:
        """The files that a table reads; with `unfinished=dash` those that exist.

        Raises:
            ConfigError: the experiment has no table of this name.
        """
        named = self.named.experiment(wildcards.experiment)
        known(f"table of {named.name}", dict.fromkeys(table_names(named)), wildcards.table)
        files = self._files(wildcards)
        return files if self.options.unfinished == "make" else self._existing(files)

    def table_key(self, wildcards: Wildcards) -> str:
        """8 hex digits that stand for what a table shows: what it is made of, what is missing, and the speeds that a cost is
        planned with, or the published numbers beside ours; scores of one protocol stand alone.
        """
        asked = self._tabled(wildcards.experiment)
        missing = sorted(set(self._files(wildcards)) - set(self.table_inputs(wildcards)))
        of_cost = {"stages", "speeds"}
        shown: dict[str, Any] = {
            "plan": asked.model_dump(mode="json", exclude=set() if wildcards.table == "cost" else of_cost),
            "missing": missing,
        }
        if wildcards.table == "cost":
            shown["speeds"] = [speed.model_dump(mode="json") for speed in self.speeds()]
        elif wildcards.table in SHOWN_IN:
            shown["published"] = self.published()
        return recipe_key(shown)

    def table_again(self, wildcards: Wildcards) -> list[str]:
        """What makes a table of another call be made again."""
        file = paths.TABLE_KEY.format(experiment=wildcards.experiment, table=wildcards.table)
        return again(wildcards.experiment, f"table_{wildcards.table}", file, self.table_key(wildcards), self.unrecorded)

    def table_plan_of_call(self, _: Wildcards) -> str:
        """The plan of the tables of the experiment that the call names."""
        return self._plan_file(self._name_of_call())

    def speeds_of_call(self, _: Wildcards) -> list[str]:
        """The measured speeds that the cost of the experiment that the call names is planned with."""
        return list(self._tabled(self._name_of_call()).speeds)

    def _name_of_call(self) -> str:
        return self.named.experiment(self.options.experiment).name

    def model_of_run(self, wildcards: Wildcards) -> str:
        """The model of a run."""
        return self.named.run(wildcards.run).model

    def table_of_call(self, table: str) -> list[str]:
        """The files of a table of the experiment that the call names.

        Raises:
            ConfigError: it has no such table.
        """
        experiment = self.named.experiment(self.options.experiment)
        if table not in experiment.tables:
            raise ConfigError(
                f"table_{table}: experiment {experiment.name} has no such table; it has {', '.join(experiment.tables)} "
                f"(tables: in config/experiments/{experiment.name}.yaml); another one: --config experiment=NAME"
            )
        wildcards = SimpleNamespace(experiment=experiment.name, table=table)
        return [*table_files(experiment.name, table), *self.table_again(wildcards)]

    def _plan_file(self, name: str) -> str:
        key = recipe_key(self._tabled(name).model_dump(mode="json"))
        return paths.TABLE_PLAN.format(experiment=name, key=key)

    def _files(self, wildcards: Wildcards) -> list[str]:
        """What a table reads when all of it is there; the cost is of everything that the experiment makes."""
        asked = self._tabled(wildcards.experiment)
        if wildcards.table != "cost":
            return asked.files
        return list(dict.fromkeys([*asked.files, *asked.speeds, *self.reported_files(wildcards)]))

    def _tabled(self, name: str) -> TablePlan:
        if name not in self._tables:
            self._tables[name] = tabled(self.named.experiment(name), self.speeds(), self._num_shards)
        return self._tables[name]

    def _existing(self, files: Iterable[str]) -> list[str]:
        """Those that exist, on disk or in object storage."""
        by_folder: dict[str, list[str]] = {}
        for file in files:
            by_folder.setdefault(str(PurePosixPath(file).parents[1]), []).append(file)
        return [
            file
            for folder, wanted in by_folder.items()
            for found in (set(self.files_under(folder)),)
            for file in wanted
            if str(PurePosixPath(file).relative_to(folder)) in found
        ]
