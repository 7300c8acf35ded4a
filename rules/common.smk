"""The plan that the settings make, and how rules ask it. What they ask is in stylesv/workflow; nothing here decides."""

import os
import re
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path

sys.path.insert(0, str(PROJECT))
# scripts find the package in any environment, also in conda's, where it is not installed
os.environ.update(PYTHONPATH=os.pathsep.join(filter(None, [str(PROJECT), os.environ.get("PYTHONPATH")])))

from snakemake.io import IOFile, get_flag_value, is_flagged

import stylesv
from stylesv.errors import StyleSVError
from stylesv.records.speed import read_speeds
from stylesv.workflow import paths
from stylesv.workflow.call import called_experiments, refuse_ignored
from stylesv.workflow.called_settings import called_settings
from stylesv.workflow.places import require_folders, require_writable
from stylesv.workflow.plan import load_plan
from stylesv.workflow.job_graph import PlannedJob
from stylesv.workflow.questions import Questions

if MODULE and (other := Path(stylesv.__file__).parents[1].resolve()) != PROJECT.resolve():
    stop(
        f"module {MODULE}: is of {PROJECT}, but another module of this workflow is of {other}; take one version for both"
    )


class Keyed(str):
    """A text that the key in an output's name stands for, or that decides no result, as a path of the project.

    Snakemake compares the representation of params to find jobs to run again, and this one never changes: a file that exists
    is right, and a job that is run again for nothing keeps jobs behind it from being planned (docs/workflow.md 2.6).
    """

    def __repr__(self):
        return "a text that is no reason to run again"


def keyed(value):
    """Such a text as a param: Snakemake makes an ordinary text of one that is not the answer of a function."""
    return lambda wildcards: Keyed(value)


SCRIPTS = keyed(PROJECT / "workflow_scripts")
CAPTIONS = keyed(PROJECT / "rules" / "captions")
TEMPLATE = str(PROJECT / "rules" / "settings.template")


def placed(path):
    """A path of ours below the prefix that a `module` statement gives, for params; Snakemake does so for inputs and outputs."""
    return HERE.path_modifier.replace_prefix(path)


def files_under(folder):
    """Files in the folders of a folder of results, relative to it: on disk, or in object storage where it is."""
    folder = placed(folder)
    stored = HERE.path_modifier.apply_default_storage(folder)
    if not is_flagged(stored, "storage_object"):
        return [str(path.relative_to(folder)) for path in Path(folder).glob("*/*")]
    place = get_flag_value(stored, "storage_object")
    return [item.key.removeprefix(f"{place.key}/") for item in place.get_subkeys()] if place.bucket_exists() else []


def in_object_storage():
    """Whether results lie in object storage."""
    return is_flagged(HERE.path_modifier.apply_default_storage(placed(paths.DATA)), "storage_object")


def lies_at(file):
    """Where a file of ours lies."""
    return Path(placed(file))


def unrecorded(file):
    """Where a file is, if Snakemake does not know by which params it was made; results may have been copied without .snakemake."""
    return None if workflow.persistence.metadata(IOFile(placed(file))) else lies_at(file)


def jobs_are_forced():
    """Whether this call makes jobs run whose results exist: -f, -F, -R or --rerun-incomplete."""
    call = workflow.dag_settings  # not there yet while rules are read
    return bool(call.forceall or call.forcetargets or call.forcerun or call.force_incomplete)


if taken := [character for character in "{}:" if character in str(PROJECT)]:
    stop(
        f"{PROJECT}: the project's folder has {taken[0]} in its path, which Snakemake ({{, }}) or Python's search path "
        "(:) take for something else; move or rename it"
    )

PUBLISHED = str(PROJECT / "config" / "published.csv")
SPEEDS = str(PROJECT / "config" / "speeds.csv")
BENCHMARKS = keyed(placed("benchmarks"))

try:
    require_folders(placed)
    called = called_settings(
        config,
        typed=None if MODULE else workflow.config_settings.config,
        files=workflow.configfiles,
        of_module=MODULE,
        shared=config is workflow.modifier_stack[0].globals["config"],
    )
    options = called.options
    plan = load_plan(PROJECT / "config", called)
except StyleSVError as error:
    stop(error)

DEFAULT_TARGET = called.default_target


def require_free_names(experiments):
    """A target for each experiment is a rule of that name, which no other rule may have."""
    taken = {rule.name for rule in workflow.rules}
    for name in experiments:
        if HERE.modify_rulename(name) in taken or name.startswith(("table_", "figure_")):
            stop(f"config/experiments/{name}.yaml: a rule of the workflow has this name; rename the file")


def require_known(experiment):
    """What a call without a target makes has to be there."""
    try:
        questions.require_experiment(experiment)
    except StyleSVError as error:
        stop(error)


@cache
def own_names():
    """Our rules by the names that they have in the workflow, which a `module` statement may have given another beginning."""
    return {HERE.modify_rulename(name): name for name in HERE.rule_proxies._rules}


def targets():
    """What this call asks for: names of our rules, files; in a module our rules alone."""
    asked = workflow.dag_settings.targets or [workflow.default_target]
    return [own_names().get(target, target) for target in asked if not MODULE or target in own_names()]


def experiments_called():
    """Names of the experiments that this call is for; files among its targets are none."""
    return called_experiments(targets(), options)


def jobs_of(experiment):
    """The jobs that make an experiment's report, each with the places of those that make its inputs."""
    dag, ours = workflow.dag, own_names()
    reports = (
        job
        for job in dag.jobs
        if (ours.get(job.rule.name), job.wildcards.get("experiment")) == ("write_report", experiment)
    )
    found, waiting = {}, list(reports)
    while waiting:
        if (job := waiting.pop()) not in found:
            found[job] = len(found)
            waiting += dag.dependencies[job]
    return [
        PlannedJob(
            ours.get(job.rule.name, job.rule.name),
            job.wildcards.get("run"),
            job.wildcards.get("kimg"),
            tuple(map(found.__getitem__, dag.dependencies[job])),
        )
        for job in found
    ]


def made_for_people():
    """Reports, tables, figures and films that this call was for, on this disk, each with what it is."""
    made = [("report", paths.PAGE.format(experiment=name)) for name in targets() if name in plan.experiments]
    tables = (name.removeprefix("table_") for name in targets() if name.startswith("table_"))
    made += [("table", paths.TABLE["md"].format(experiment=options.experiment, table=table)) for table in tables]
    figures = (name.removeprefix("figure_") for name in targets() if name.startswith("figure_"))
    made += [("figure", paths.FIGURE.format(experiment=options.experiment, figure=figure)) for figure in figures]
    made += [("films", film) for film in questions.films_of_call()] if "films" in targets() else []
    made += [("crate", paths.CRATE.format(experiment=options.experiment))] * ("crate" in targets())
    return [(what, Path(file).absolute()) for what, file in made if Path(file).exists()]


questions = Questions(
    plan,
    files_under,
    jobs_are_forced,
    in_object_storage,
    lies_at,
    unrecorded,
    experiments_called,
    given_videos=called.videos,
    captions=PROJECT / "rules" / "captions",
    jobs_of=jobs_of,
    options=options,
    published=Path(PUBLISHED).read_text,
    speeds=lambda: read_speeds(Path(SPEEDS)),
)


wildcard_constraints:
    run=r"[^/]+",
    data=r"[^/]+",
    source=r"[^/]+",
    part=r"part_[0-9]{3}",
    group=r"[0-9]{3}of[0-9]{3}",
    videos=r"[^/]+",
    shard=r"[0-9]{4}of[0-9]{4}",
    kimg=r"[0-9]+",
    protocol=r"[^/]+",
    detector=r"[^/]+",
    chooser=r"[^/]+",
    collection=r"[0-9a-f]{8}",
    look=r"[0-9a-f]{8}",
    films=r"[0-9a-f]{8}",
    shown=r"(?:runs|data)/[^/]+",
    figure=r"[a-z_]+",
    checkpoint=r"[0-9a-f]{64}|unknown-[0-9a-f]{8}",
    key=r"[0-9a-f]{8}",
    table=r"[A-Za-z0-9_.-]+",
    what=r"[A-Za-z0-9_.-]+",
    experiment=r"[A-Za-z0-9_.-]+",


@cache
def refuse_ignored_options():
    """A Snakemake inside a job has other targets than the call, whose options it is given all the same."""
    if workflow.is_main_process:
        refuse_ignored(targets(), options, default=DEFAULT_TARGET)
        if workflow.executor_plugin is not None and not workflow.dryrun:  # none: --summary, --report, --dag
            require_writable(placed)


def answer(question):
    """A question of stylesv.workflow.questions as a function of wildcards, for params; a user's mistake is one line."""

    def answered(wildcards):
        wait_for_jobs_left_running()
        try:
            refuse_ignored_options()
            return question(wildcards)
        except StyleSVError as error:
            stop(error)

    return answered


class KeyedFacts(dict):
    """Several of such texts, by name."""

    __repr__ = Keyed.__repr__


def facts(question):
    """A question whose answer is several of them."""
    return lambda wildcards: KeyedFacts(answer(question)(wildcards))


def text(question):
    """A question whose answer is such a text."""
    return lambda wildcards: Keyed(answer(question)(wildcards))


def place(question):
    """Such a text that is a path of ours."""
    return lambda wildcards: Keyed(placed(answer(question)(wildcards)))


def on_this_disk(path):
    """A path of ours that is never in object storage. Snakemake puts no prefix before what is `local`."""
    return local(placed(path))


def files(question, on_this_disk=False):
    """Likewise for inputs. They are ancient(): names carry keys, so times say nothing (profiles/default/config.yaml).

    A user's own files (`paths.Given`) are where the user says: on this disk, and below no prefix.
    """

    def answered(wildcards):
        found = answer(question)(wildcards)
        if found is None or found == []:
            return []
        if isinstance(found, paths.Given):
            return local(ancient(str(found)))
        if on_this_disk:
            return local(ancient(placed(found) if isinstance(found, str) else list(map(placed, found))))
        return ancient(found)

    return answered


# names of data sets that several jobs pack, and of others
PACKED_IN_SHARDS = "|".join(map(re.escape, questions.in_shards)) or "(?!)"
PACKED_BY_ONE = rf"(?!(?:{PACKED_IN_SHARDS})/)[^/]+"


def is_there(file):
    """Whether a file is on disk, or in object storage where it lies there."""
    return (get_flag_value(file, "storage_object") if is_flagged(file, "storage_object") else Path(file)).exists()


def missing_targets():
    """What a call was to end with and is not there.

    When a job is forced (-R, --rerun-incomplete), Snakemake 9.27.1 leaves out jobs behind it whose inputs are ancient() and
    exist, wanted or not (docs/workflow.md 2.6).
    """
    dag = workflow.dag
    if dag.untilrules or dag.untilfiles or dag.omitrules or dag.omitfiles or dag.batch:
        return []
    wanted = [file for job in dag.targetjobs for file in (job.output or job.input)]
    # a state is gone as soon as nothing needs it
    passing = [file for file in wanted if is_flagged(file, "temp") and file not in dag.targetfiles]
    return [file for file in wanted if file not in passing and not is_there(file)]


def remove_states_left_over():
    """Delete temporary states of this call's runs that Snakemake would have, had it lived to see their segments' ends."""
    runs = {job.wildcards.run for job in workflow.dag.jobs if "run" in job.wildcards.keys()}
    for state in map(lies_at, questions.states_left_over(runs)):
        if str(state) not in workflow.dag.targetfiles:
            with suppress(OSError):
                state.unlink()


def raw_videos(wildcards):
    """A user's own videos and fetched ones are read where they are, also where results lie in object storage."""
    return files(questions.raw_videos, on_this_disk=not plan.data[wildcards.data].rendered)(wildcards)


def table_results(table):
    """What a target such as table_main makes."""
    return lambda _: answer(questions.table_of_call)(table)


def figure_results(figure):
    """What a target such as figure_slices makes."""
    return lambda _: answer(questions.figure_of_call)(figure)


def experiment_results(name):
    """What a target such as demo makes. What is made of others is no reason to make it again, but a lost file is."""

    def answered(_):
        read, kept = answer(questions.experiment_results)(name)
        return [*read, *map(ancient, kept)]

    return answered
