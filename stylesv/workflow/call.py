"""What a call of Snakemake says beside settings: for which experiment it is, and what to do with what is missing.

`--config experiment=NAME` is what a call without a target makes, and what targets such as `table_main` and `films` are for; an
experiment's own target, or a file in results/, says itself what it is for.
"""

from collections.abc import Collection, Mapping
from typing import Any, Literal

from stylesv.config.base import Settings
from stylesv.config.settings import Name
from stylesv.config.validation import validate
from stylesv.config.yaml_files import Layer
from stylesv.errors import ConfigError

DEFAULT_EXPERIMENT = "demo"
"""What a call that names no target makes, and what is explored by one that names no experiment."""
EXPLORE = "explore"
OF_AN_EXPERIMENT = ("table_", "figure_", "paper_cost", "crate", "films", EXPLORE)
"""Beginnings of the names of targets that are for the experiment that a call names."""
OF_UNFINISHED = ("table_", "results/tables/")
"""Beginnings of targets that can show what is there and a dash for the rest."""


class CallOptions(Settings):
    """Keys of `--config` that are no settings."""

    experiment: Name = "paper"
    """The experiment that table_..., figure_... and films are for, and, if named, explore and a call without a target."""
    unfinished: Literal["make", "dash"] = "make"
    """What a table does about runs that are not finished: make them, or show a dash for each."""

    @property
    def default_target(self) -> str:
        """The experiment that a call without a target makes, and that is explored: the one that it names, or the demo."""
        return self.experiment if "experiment" in self.model_fields_set else DEFAULT_EXPERIMENT

    def experiment_of(self, target: str) -> str:
        """The experiment that a target is for."""
        if target == EXPLORE:
            return self.default_target
        return self.experiment if target.startswith(OF_AN_EXPERIMENT) else target


def call_options(overrides: Mapping[str, Any]) -> CallOptions:
    """Those among the keys of `--config`.

    Raises:
        ConfigError: one has a value that is not allowed.
    """
    given = {key: overrides[key] for key in CallOptions.model_fields if key in overrides}
    return validate(CallOptions, Layer.from_values(given, "--config"))


def called_experiments(targets: Collection[str], options: CallOptions) -> list[str]:
    """Names of the experiments that a call with these targets is for; files among them are none."""
    return [options.experiment_of(target) for target in targets]


def refuse_ignored(targets: Collection[str], options: CallOptions, *, default: str) -> None:
    """An option that a target of the call would not use is a mistake; `default` is what a call without a target makes.

    Raises:
        ConfigError: there is one.
    """
    used_by = {"experiment": OF_AN_EXPERIMENT, "unfinished": OF_UNFINISHED}
    for name in options.model_fields_set:
        for target in targets:
            if not target.startswith(used_by[name]) and (name, target) != ("experiment", default):
                known = ", ".join(f"{beginning}..." for beginning in used_by[name])
                raise ConfigError(
                    f"--config {name}={getattr(options, name)}: {target} does not use it; targets that do: {known}"
                )
