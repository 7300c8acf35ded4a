"""The plan that the settings make, and how rules ask it. What they ask is in stylesv/workflow; nothing here decides."""

import os
import re
import sys
from functools import cache
from pathlib import Path

sys.path.insert(0, str(workflow.basedir))
# scripts find the package in any environment, also in conda's, where it is not installed
os.environ.update(PYTHONPATH=os.pathsep.join(filter(None, [str(workflow.basedir), os.environ.get("PYTHONPATH")])))

from snakemake.io import IOFile, get_flag_value, is_flagged

from stylesv.errors import StyleSVError
from stylesv.records.speed import read_speeds
from stylesv.workflow import paths
from stylesv.workflow.call import call_options, called_experiments, refuse_ignored
from stylesv.workflow.places import require_folders, require_writable
from stylesv.workflow.plan import load_plan
from stylesv.workflow.job_graph import PlannedJob
from stylesv.workflow.questions import Questions


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


SCRIPTS = keyed(Path(workflow.basedir) / "workflow_scripts")
CAPTIONS = keyed(Path(workflow.basedir) / "rules" / "captions")
TEMPLATE = str(Path(workflow.basedir) / "rules" / "settings.template")


def stop(message):
    """End Snakemake with our one line and exit status 2, without its traceback."""
    print(f"error: {message}", file=sys.stderr, flush=True)
    sys.exit(2)


def files_under(folder):
    """Files in the folders of a folder of results, relative to it: on disk, or in object storage where it is."""
    stored = workflow.modifier.path_modifier.apply_default_storage(folder)
    if not is_flagged(stored, "storage_object"):
        return [str(path.relative_to(folder)) for path in Path(folder).glob("*/*")]
    place = get_flag_value(stored, "storage_object")
    return [item.key.removeprefix(f"{place.key}/") for item in place.get_subkeys()] if place.bucket_exists() else []


def in_object_storage():
    """Whether results lie in object storage."""
    return is_flagged(workflow.modifier.path_modifier.apply_default_storage(paths.DATA), "storage_object")


def is_recorded(file):
    """Whether Snakemake knows by which params a file was made; results may have been copied without .snakemake."""
    return workflow.persistence.metadata(IOFile(file)) is not None


def jobs_are_forced():
    """Whether this call makes jobs run whose results exist: -f, -F, -R or --rerun-incomplete."""
    call = workflow.dag_settings  # not there yet while rules are read
    return bool(call.forceall or call.forcetargets or call.forcerun or call.force_incomplete)


if taken := [character for character in "{}:" if character in str(workflow.basedir)]:
    stop(
        f"{workflow.basedir}: the project's folder has {taken[0]} in its path, which Snakemake ({{, }}) or Python's search path "
        "(:) take for something else; move or rename it"
    )

PUBLISHED = str(Path(workflow.basedir) / "config" / "published.csv")
SPEEDS = str(Path(workflow.basedir) / "config" / "speeds.csv")

try:
    require_folders()
    options = call_options(config)
    plan = load_plan(Path(workflow.basedir) / "config", config)
except StyleSVError as error:
    stop(error)


def require_free_names(experiments):
    """A target for each experiment is a rule of that name, which no other rule may have."""
    taken = {rule.name for rule in workflow.rules}
    for name in experiments:
        if name in taken or name.startswith(("table_", "figure_")):
            stop(f"config/experiments/{name}.yaml: a rule of the workflow has this name; rename the file")


def targets():
    """What this call asks for: names of rules, files."""
    return workflow.dag_settings.targets or ["demo"]


def experiments_called():
    """Names of the experiments that this call is for; files among its targets are none."""
    return called_experiments(targets(), options)


def jobs_of(experiment):
    """The jobs that make an experiment's report, each with the places of those that make its inputs."""
    dag = workflow.dag
    reports = (
        job for job in dag.jobs if (job.rule.name, job.wildcards.get("experiment")) == ("write_report", experiment)
    )
    found, waiting = {}, list(reports)
    while waiting:
        if (job := waiting.pop()) not in found:
            found[job] = len(found)
            waiting += dag.dependencies[job]
    return [
        PlannedJob(
            job.rule.name,
            job.wildcards.get("run"),
            job.wildcards.get("kimg"),
            tuple(map(found.__getitem__, dag.dependencies[job])),
        )
        for job in found
    ]


def made_for_people():
    """Reports, tables and figures that this call was for, on this disk, each with what it is."""
    made = [("report", paths.PAGE.format(experiment=name)) for name in targets() if name in plan.experiments]
    tables = (name.removeprefix("table_") for name in targets() if name.startswith("table_"))
    made += [("table", paths.TABLE["md"].format(experiment=options.experiment, table=table)) for table in tables]
    figures = (name.removeprefix("figure_") for name in targets() if name.startswith("figure_"))
    made += [("figure", paths.FIGURE.format(experiment=options.experiment, figure=figure)) for figure in figures]
    made += [("crate", paths.CRATE.format(experiment=options.experiment))] * ("crate" in targets())
    return [(what, Path(file).absolute()) for what, file in made if Path(file).exists()]


questions = Questions(
    plan,
    files_under,
    jobs_are_forced,
    in_object_storage,
    is_recorded,
    experiments_called,
    given_videos=config.get("videos"),
    captions=Path(workflow.basedir) / "rules" / "captions",
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
    shown=r"(?:runs|data)/[^/]+",
    figure=r"[a-z_]+",
    sha256=r"[0-9a-f]{64}",
    key=r"[0-9a-f]{8}",
    table=r"[A-Za-z0-9_.-]+",
    what=r"[A-Za-z0-9_.-]+",
    experiment=r"[A-Za-z0-9_.-]+",


@cache
def refuse_ignored_options():
    """A Snakemake inside a job has other targets than the call, whose options it is given all the same."""
    if workflow.is_main_process:
        refuse_ignored(targets(), options)
        if not workflow.dryrun:
            require_writable()


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


def files(question, on_this_disk=False):
    """Likewise for inputs. They are ancient(): names carry keys, so times say nothing (profiles/default/config.yaml)."""

    def answered(wildcards):
        found = answer(question)(wildcards)
        found = [] if found is None else ancient(found)
        return local(found) if on_this_disk and found else found

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
