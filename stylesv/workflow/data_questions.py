"""What the rules ask of the plan about raw videos: which files they are, and where they are fetched from.

The questions of `stylesv.workflow.questions` that are about data; as there, nothing is computed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from stylesv.config.sources import ClipListSettings
from stylesv.errors import ConfigError
from stylesv.records.recipe import recipe_yaml
from stylesv.workflow import paths
from stylesv.workflow.fetched import group_names, part_names
from stylesv.workflow.named import known
from stylesv.workflow.planned import DataPlan, Plan

Wildcards = Any


@dataclass(frozen=True)
class DataQuestions:
    """Answers from a plan."""

    plan: Plan

    def raw_videos(self, wildcards: Wildcards) -> str | list[str]:
        """Raw videos of a data set: made by rules, or a user's own.

        Raises:
            ConfigError: their path has braces, which Snakemake takes for wildcards.
        """
        data = self._data(wildcards)
        if data.settings.source.clip_list is not None:
            return self._of_groups(data, paths.CUT_CLIPS, data=data.name)
        if "{" in data.videos or "}" in data.videos:
            raise ConfigError(
                f"{data.videos}: Snakemake takes braces in a path for wildcards; rename the folder, or give a link to it"
            )
        return data.videos if data.rendered or data.fetched else paths.Given(data.videos)

    def rendered_videos(self, wildcards: Wildcards) -> dict[str, int]:
        """Settings of the scenes in a folder of rendered videos."""
        for data in self.plan.data.values():
            if data.rendered and data.videos == paths.VIDEOS.format(videos=wildcards.videos):
                return data.settings.source.rendered.model_dump()
        raise ConfigError(f"{paths.VIDEOS.format(videos=wildcards.videos)}: no data set renders these videos")

    def data_recipe(self, wildcards: Wildcards) -> str:
        """Recipe of a data set, as a file holds it."""
        return recipe_yaml(self._data(wildcards).recipe)

    # ---- archives ----

    def archive_part(self, wildcards: Wildcards) -> dict[str, str]:
        """Address of a part of an archive, its SHA-256 (empty if nobody says), and an option if it is all of it."""
        settings = self._fetched(wildcards).settings.source.archive
        part = dict(zip(part_names(settings), settings.parts, strict=True))[wildcards.part]
        return {
            "address": part.address,
            "sha256": part.sha256 or "",
            "zip": "--zip" if len(settings.parts) == 1 else "",
        }

    def archive_parts(self, wildcards: Wildcards) -> list[str]:
        """The parts of an archive, in their order."""
        settings = self._fetched(wildcards).settings.source.archive
        return [paths.ARCHIVE_PART.format(source=wildcards.source, part=part) for part in part_names(settings)]

    # ---- tables of clips ----

    def clip_table(self, wildcards: Wildcards) -> dict[str, str]:
        """Where a table of clips is fetched from or lies, and its SHA-256; empty if nobody says."""
        settings = self._fetched(wildcards).settings.source.clip_list
        return {"address": settings.table, "sha256": settings.sha256 or ""}

    def films(self, wildcards: Wildcards) -> dict[str, str]:
        """How the films of a table are fetched."""
        settings = self._fetched(wildcards).settings.source.clip_list
        return {
            "films": settings.films,
            "film_format": settings.film_format,
            "partition": settings.partition or "",
        }

    def film_groups(self, wildcards: Wildcards) -> list[str]:
        """What has become of the films of a data set, group by group."""
        data = self._data(wildcards)
        return self._of_groups(data, paths.FILM_GROUP, source=data.fetched)

    def clip_table_of_data(self, wildcards: Wildcards) -> str:
        """The table of clips of a data set."""
        return paths.CLIP_TABLE.format(source=self._data(wildcards).fetched)

    def film_folder(self, wildcards: Wildcards) -> str:
        """Folder of the films of a data set."""
        return paths.FILM_FOLDER.format(source=self._data(wildcards).fetched)

    def cut_ledgers(self, wildcards: Wildcards) -> list[str]:
        """What has become of the rows of a table, group by group; none for other data sets."""
        data = self._data(wildcards)
        return self._of_groups(data, paths.CUT_LEDGER, data=data.name) if data.settings.source.clip_list else []

    @property
    def repairable(self) -> dict[str, DataPlan]:
        """Data sets of films that are fetched, by the name of their settings; of several of one name the last."""
        return {data.dataset: data for data in self.plan.data.values() if data.settings.source.clip_list}

    def groups_to_repair(self, name: str) -> Callable[[Wildcards], list[str]]:
        """What has become of the films of the data set of that name, group by group."""
        data = self.repairable[name]
        return lambda _: self._of_groups(data, paths.FILM_GROUP, source=data.fetched)

    def films_to_repair(self, name: str) -> Callable[[Wildcards], dict[str, str]]:
        """How its films are fetched."""
        settings = self.repairable[name].settings.source.clip_list
        return lambda _: {"films": settings.films, "film_format": settings.film_format}

    def folder_to_repair(self, name: str) -> Callable[[Wildcards], str]:
        """Where they lie."""
        folder = paths.FILM_FOLDER.format(source=self.repairable[name].fetched)
        return lambda _: folder

    # ---- shots, missing clips ----

    def shots(self, wildcards: Wildcards) -> str | None:
        """The shots of a data set's videos; none where a video is one shot."""
        data = self._data(wildcards)
        return paths.SHOTS.format(data=data.name) if data.recipe.shots else None

    def max_missing(self, wildcards: Wildcards) -> str:
        """Largest share of the clips asked for that may be missing, a number."""
        return str(self._data(wildcards).settings.max_missing)

    def fetched_records(self, wildcards: Wildcards) -> list[str]:
        """What was fetched for a data set, as files say it: parts of an archive, or films."""
        data = self._data(wildcards)
        if data.settings.source.clip_list is not None:
            return [paths.FILMS.format(data=data.name)]
        if data.settings.source.archive is None:
            return []
        names = part_names(data.settings.source.archive)
        return [paths.ARCHIVE_PART_RECORD.format(source=data.fetched, part=part) for part in names]

    # ---- what the answers are made of ----

    def _data(self, wildcards: Wildcards) -> DataPlan:
        return known("data set", self.plan.data, wildcards.data)

    def _fetched(self, wildcards: Wildcards) -> DataPlan:
        """A data set that what is fetched is for."""
        return known(
            "source", {data.fetched: data for data in self.plan.data.values() if data.fetched}, wildcards.source
        )

    def _of_groups(self, plan: DataPlan, pattern: str, **names: str | None) -> list[str]:
        settings: ClipListSettings | None = plan.settings.source.clip_list
        return [pattern.format(group=group, **names) for group in group_names(settings)] if settings else []
