"""The plan's parts by the names that a job's wildcards hold; a name that no setting makes is an error that says so."""

import difflib
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from stylesv.config.detector import FeatureDetectorSettings
from stylesv.errors import ConfigError
from stylesv.records.look import Look
from stylesv.records.protocol import Protocol
from stylesv.workflow.planned import DataPlan, ExperimentPlan, Plan, RunPlan
from stylesv.workflow.reported import collection_of, look_of, look_of_data

T = TypeVar("T")
_MOST_NAMES = 24  # in a message


@dataclass(frozen=True)
class Named:
    """Each method raises ConfigError for a name that is not in the plan."""

    plan: Plan
    experiments_called: Callable[[], Collection[str]] = lambda: ()
    """Names of the experiments that the call is for."""

    def experiment(self, name: str) -> ExperimentPlan:
        if name in self.plan.waiting:
            raise ConfigError(f"{name}: {self.plan.waiting[name]}")
        return known("experiment", self.plan.experiments, name)

    def run(self, name: str) -> RunPlan:
        return known("run", self.plan.runs, name)

    def data(self, name: str) -> DataPlan:
        return known("data set", self.plan.data, name)

    def protocol(self, name: str) -> Protocol:
        """A protocol, or the part of one that a reference is measured under."""
        return known("protocol", self._protocols, name)

    def reference(self, protocol: str) -> str:
        """Name of what a protocol asks of real clips."""
        return known("protocol", self._references, protocol)

    @cached_property
    def _protocols(self) -> dict[str, Protocol]:
        return {**self.plan.protocols, **self.plan.references}

    @cached_property
    def _references(self) -> dict[str, str]:
        return {name: protocol.reference.id for name, protocol in self.plan.protocols.items()}

    def detector(self, name: str) -> FeatureDetectorSettings:
        """A detector as the protocols describe it; they must agree on its address and hash."""
        detectors = [protocol.settings.detector for protocol in self.plan.protocols.values()]
        found = {(each.url, each.sha256): each for each in detectors if each.name == name}
        if len(found) != 1:
            raise ConfigError(
                f"{name}: the protocols in use give {len(found)} addresses and hashes of it; one is needed"
            )
        return next(iter(found.values()))

    def chooser(self, run: str, chooser: str) -> RunPlan:
        """A run whose snapshots are the candidates of a choice, as an experiment that is called for scores them.

        Experiments whose protocols differ in what decides no choice share it, and would give the same one.
        """
        by_experiment = known("choice", self.plan.choosers, (run, chooser))
        called = [name for name in by_experiment if name in self.experiments_called()]
        return by_experiment[next(iter(called or by_experiment))]

    def collected(self, run: str, collection: str) -> RunPlan:
        """A run whose scores are collected."""
        return known("collection of scores", self._collections, (run, collection))

    @cached_property
    def _collections(self) -> dict[tuple[str, str], RunPlan]:
        runs = [run for experiment in self.plan.experiments.values() for run in experiment.runs]
        return {(run.name, collection_of(run)): run for run in runs}

    @cached_property
    def _looks(self) -> dict[tuple[str, str], Look]:
        """By run or data set, and key; experiments that show one alike share its clips."""
        found = {}
        for experiment in self.plan.experiments.values():
            for run in experiment.runs:
                for name, look in (
                    (run.name, look_of(run, experiment)),
                    (run.data.name, look_of_data(run.data, experiment)),
                ):
                    found[name, look.key] = look
        return found

    def look(self, shown: str, key: str) -> Look:
        """A way of showing a run or a data set."""
        return known("look", self._looks, (shown, key))


def known(kind: str, plans: Mapping[Any, T], name: Any) -> T:
    """The plan of that name.

    Raises:
        ConfigError: no setting makes one of that name; the message lists the known ones, or of many the nearest.
    """
    if name in plans:
        return plans[name]
    shown, *names = (" ".join(each) if isinstance(each, tuple) else str(each) for each in (name, *plans))
    near = names if len(names) <= _MOST_NAMES else difflib.get_close_matches(shown, names, n=5, cutoff=0)
    said = "known" if near is names else f"nearest of {len(names)}"
    raise ConfigError(
        f"{shown}: no such {kind} in the settings as they are now; {said}: {', '.join(near)} (a name that was made with "
        "--config needs the same --config again)"
    )
