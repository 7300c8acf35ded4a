"""What rules ask about training: what a run starts from, its segments and what they need, its logs."""

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import cached_property

from stylesv.config.model_checks import largest_cut
from stylesv.config.recipe import recipe_key
from stylesv.config.settings import CheckpointSettings
from stylesv.errors import ConfigError
from stylesv.records.recipe import recipe_yaml
from stylesv.workflow import paths
from stylesv.workflow.looks import Wildcards
from stylesv.workflow.named import Named
from stylesv.workflow.planned import Plan
from stylesv.workflow.reported import choice_of
from stylesv.workflow.segments import LOG, Snapshots, previous_snapshot, segments_to_run, states_done_with


class TrainingQuestions:
    """Answers about training, for `stylesv.workflow.questions.Questions`."""

    plan: Plan
    named: Named
    files_under: Callable[[str], Iterable[str]]
    jobs_are_forced: Callable[[], bool]
    in_object_storage: Callable[[], bool]
    _snapshots: dict[str, Snapshots]
    _segments: dict[str, frozenset[int]]

    def index_of_run(self, wildcards: Wildcards) -> str:
        """Index of the packed clips that a run trains on."""
        return paths.INDEX.format(data=self.named.run(wildcards.run).data.name)

    def index_of_classes(self, wildcards: Wildcards) -> str | None:
        """The same where its videos have classes, whose number decides the shape of networks; else none."""
        return self.index_of_run(wildcards) if self.named.run(wildcards.run).data.recipe.packing.labels else None

    # ---- training ----

    def recipe(self, wildcards: Wildcards) -> str:
        """Recipe of a run, as a file holds it."""
        return recipe_yaml(self.named.run(wildcards.run).recipe)

    def parent_choice(self, wildcards: Wildcards) -> str | None:
        """The choice among its parent's snapshots that a finetuning run starts from; none where that is the last one."""
        run = self.named.run(wildcards.run)
        return choice_of(run.parent) if run.parent and run.settings.parent_snapshot == "best" else None

    def parent_snapshots(self, wildcards: Wildcards) -> list[str]:
        """The snapshots that this choice is among."""
        parent = self.named.run(wildcards.run).parent
        if self.parent_choice(wildcards) is None:
            return []
        return [paths.NETWORKS.format(run=parent.name, kimg=kimg) for kimg in parent.kimgs]

    def last_of_parent(self, wildcards: Wildcards) -> str | None:
        """The parent's last snapshot where a finetuning run starts from that one."""
        run = self.named.run(wildcards.run)
        last = run.parent and run.settings.parent_snapshot == "last"
        return paths.NETWORKS.format(run=run.parent.name, kimg=run.parent.kimgs[-1]) if last else None

    def start_kimg(self, wildcards: Wildcards) -> int:
        """The snapshot that a segment starts from."""
        kimgs = self.plan.kimgs[self.named.run(wildcards.run).name]
        return previous_snapshot(self._snapshots_of(wildcards.run), kimgs, int(wildcards.kimg))

    def cpu_processes(self, wildcards: Wildcards) -> int:
        """Processes that train a run on a CPU."""
        machine = self.plan.machine
        return largest_cut(self.named.run(wildcards.run).settings, machine.cpu_processes, parts=machine.accumulation)

    def training_threads(self, wildcards: Wildcards) -> int:
        """Threads of all of them, without those that read ahead."""
        return self.cpu_processes(wildcards) * self.plan.machine.cpu_threads

    def training_memory_mb(self, wildcards: Wildcards) -> int:
        """Megabytes of all of them, amply."""
        return self.cpu_processes(wildcards) * 16000

    def start_state(self, wildcards: Wildcards) -> str | None:
        """The state a segment starts from; none for a whole snapshot that no lost one needs remade.

        Its state is gone, and Snakemake would make it again, and the segment, as soon as it makes the one before.
        """
        if int(wildcards.kimg) not in self._segments_of(wildcards.run) and not self.jobs_are_forced():
            return None
        return paths.STATE.format(run=wildcards.run, kimg=self.start_kimg(wildcards))

    def states_left_over(self, runs: Collection[str]) -> list[str]:
        """States of these runs on this disk that are done with, as things are now: a segment of a killed call has left them."""
        if self.in_object_storage():
            return []
        left = []
        for run in (run for run in self.plan.runs if run in runs and run not in self.imported):
            now = Snapshots.among(self.files_under(paths.RUN.format(run=run)))
            left += [paths.STATE.format(run=run, kimg=kimg) for kimg in states_done_with(now, self.plan.kimgs[run])]
        return left

    @cached_property
    def imported(self) -> Mapping[str, CheckpointSettings]:
        """Runs whose networks are a published checkpoint, and that checkpoint."""
        found = {name: run.settings.source for name, run in self.plan.runs.items()}
        return {name: source for name, source in found.items() if source is not None}

    def checkpoint(self, wildcards: Wildcards) -> str:
        """The checkpoint of an imported run: fetched by a rule, or a user's file."""
        source = self.imported[wildcards.run]
        return _checkpoint(source.sha256, source.pickle) if source.is_address else paths.Given(source.pickle)

    def checkpoint_source(self, wildcards: Wildcards) -> dict[str, str]:
        """Where a checkpoint is fetched from, and its SHA-256; empty if nobody says."""
        wanted = paths.CHECKPOINT.format(checkpoint=wildcards.checkpoint)
        for source in self.imported.values():
            if source.is_address and _checkpoint(source.sha256, source.pickle) == wanted:
                return {"url": source.pickle, "sha256": source.sha256 or ""}
        raise ConfigError(f"{wildcards.checkpoint}: no model's source has this hash and an address")

    def checkpoint_kept(self, wildcards: Wildcards) -> str:
        """The file that was fetched before anybody knew its hash."""
        return f"{_checkpoint(None, self.checkpoint_source(wildcards)['url'])}.part"

    def logs(self, wildcards: Wildcards) -> list[str]:
        """The training logs that a run has so far."""
        run = self.named.run(wildcards.run).name
        return [paths.LOG.format(run=run, kimg=kimg) for kimg in self._logged_kimgs(run)]

    def logged_runs(self, _: Wildcards) -> list[str]:
        """Folders of TensorBoard events of all runs that have a training log.

        Raises:
            ConfigError: none has.
        """
        found = [paths.EVENTS.format(run=run) for run in self.plan.runs if self._logged_kimgs(run)]
        if not found:
            raise ConfigError(
                "tensorboard: no run of the settings as they are now has a training log yet; give the --config of the run again"
            )
        return found

    def _snapshots_of(self, run: str) -> Snapshots:
        """The snapshots that a run had when it was first asked for."""
        if run not in self._snapshots:
            self._snapshots[run] = Snapshots.among(self.files_under(paths.RUN.format(run=run)))
        return self._snapshots[run]

    def _segments_of(self, run: str) -> frozenset[int]:
        """Ends of the segments that a run still needs."""
        if run not in self._segments:
            self._segments[run] = segments_to_run(self._snapshots_of(run), self.plan.kimgs[self.named.run(run).name])
        return self._segments[run]

    def _logged_kimgs(self, run: str) -> list[int]:
        """Snapshots whose training has left a log."""
        parts = (file.partition("/") for file in self.files_under(paths.RUN.format(run=run)))
        return sorted(int(folder) for folder, _, name in parts if name == LOG and folder.isdecimal())


def _checkpoint(sha256: str | None, address: str) -> str:
    """Where a checkpoint that is fetched will lie, or, without a hash, would."""
    return paths.CHECKPOINT.format(checkpoint=sha256 or f"unknown-{recipe_key({'address': address})}")
