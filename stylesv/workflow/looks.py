"""What the rules that draw clips ask: how a run is shown, and which of its snapshots."""

from typing import Any

from stylesv.records.look import look_yaml
from stylesv.workflow import paths
from stylesv.workflow.call import EXPLORE, CallOptions
from stylesv.workflow.named import Named
from stylesv.workflow.planned import ExperimentPlan, RunPlan
from stylesv.workflow.reported import choice_of

Wildcards = Any
"""A job's wildcards as attributes: run, kimg, data, protocol, ..."""


class LookQuestions:
    """Answers about looks, for `stylesv.workflow.questions.Questions`."""

    named: Named
    options: CallOptions

    def look(self, wildcards: Wildcards) -> str:
        """A look, as a file holds it."""
        _, _, name = wildcards.shown.partition("/")
        return look_yaml(self.named.look(name, wildcards.look))

    def look_file(self, wildcards: Wildcards) -> str:
        """Its file, of a run."""
        return paths.LOOK.format(shown=f"runs/{wildcards.run}", look=wildcards.look)

    def look_file_of_data(self, wildcards: Wildcards) -> str:
        """The same of a data set."""
        return paths.LOOK.format(shown=f"data/{wildcards.data}", look=wildcards.look)

    def shown_choice(self, wildcards: Wildcards) -> str | None:
        """The choice of the snapshot that a look shows; none where it is the last one."""
        look = self.named.look(wildcards.run, wildcards.look)
        return paths.CHOICE.format(run=wildcards.run, chooser=look.among) if self._shows_best(wildcards) else None

    def shown_networks(self, wildcards: Wildcards) -> list[str]:
        """The snapshots that the one to show is among."""
        return [paths.NETWORKS.format(run=wildcards.run, kimg=kimg) for kimg in self._shown_kimgs(wildcards)]

    def shown_scores(self, wildcards: Wildcards) -> list[str]:
        """Their scores under a protocol."""
        names = {"run": wildcards.run, "protocol": wildcards.protocol}
        return [paths.SCORE.format(**names, kimg=kimg) for kimg in self._shown_kimgs(wildcards)]

    def explored_choice(self, _: Wildcards) -> str | None:
        """The choice of the snapshot that is explored, of the last run of the experiment that the call names; none where the
        experiment shows the last one.
        """
        experiment, run = self._explored()
        return choice_of(run) if experiment.figures.snapshot == "best" else None

    def explored_networks(self, _: Wildcards) -> list[str]:
        """The snapshots that it is among."""
        experiment, run = self._explored()
        kimgs = run.kimgs if experiment.figures.snapshot == "best" else run.kimgs[-1:]
        return [paths.NETWORKS.format(run=run.name, kimg=kimg) for kimg in kimgs]

    def _explored(self) -> tuple[ExperimentPlan, RunPlan]:
        experiment = self.named.experiment(self.options.experiment_of(EXPLORE))
        return experiment, experiment.runs[-1]

    def _shown_kimgs(self, wildcards: Wildcards) -> list[int]:
        look = self.named.look(wildcards.run, wildcards.look)
        if not self._shows_best(wildcards):
            return [int(look.among)]
        return list(self.named.chooser(wildcards.run, look.among).kimgs)

    def _shows_best(self, wildcards: Wildcards) -> bool:
        """Whether a look shows what a choice names; else it names a snapshot itself."""
        return not self.named.look(wildcards.run, wildcards.look).among.isdecimal()
