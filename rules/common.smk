"""The plan that the settings make, and how rules ask it. What they ask is in stylesv/workflow; nothing here decides."""

import os
import re
import sys
from functools import cache
from pathlib import Path

sys.path.insert(0, str(workflow.basedir))
# scripts find the package in any environment, also in conda's, where it is not installed
os.environ.update(PYTHONPATH=os.pathsep.join(filter(None, [str(workflow.basedir), os.environ.get("PYTHONPATH")])))

from snakemake.io import get_flag_value, is_flagged

from stylesv.errors import StyleSVError
from stylesv.workflow import paths
from stylesv.workflow.plan import load_plan
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


def jobs_are_forced():
    """Whether this call makes jobs run whose results exist: -f, -F, -R or --rerun-incomplete."""
    call = workflow.dag_settings  # not there yet while rules are read
    return bool(call.forceall or call.forcetargets or call.forcerun or call.force_incomplete)


if taken := [character for character in "{}:" if character in str(workflow.basedir)]:
    stop(
        f"{workflow.basedir}: the project's folder has {taken[0]} in its path, which Snakemake ({{, }}) or Python's search path "
        "(:) take for something else; move or rename it"
    )

try:
    plan = load_plan(Path(workflow.basedir) / "config", config)
except StyleSVError as error:
    stop(error)


def experiments_called():
    """Names of the experiments that this call is for; files among its targets are none."""
    return workflow.dag_settings.targets or ["demo"]


def pages_asked_for():
    """Reports of the experiments that this call was for, on this disk."""
    called = [name for name in experiments_called() if name in plan.experiments]
    pages = [Path(paths.PAGE.format(experiment=name)).absolute() for name in called]
    return [page for page in pages if page.exists()]


questions = Questions(
    plan,
    files_under,
    jobs_are_forced,
    in_object_storage,
    experiments_called,
    given_videos=config.get("videos"),
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
    sha256=r"[0-9a-f]{64}",
    key=r"[0-9a-f]{8}",
    experiment=r"[A-Za-z0-9_.-]+",


def answer(question):
    """A question of stylesv.workflow.questions as a function of wildcards, for params; a user's mistake is one line."""

    def answered(wildcards):
        wait_for_jobs_left_running()
        try:
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


def missing_targets():
    """What a call was to end with and is not there.

    When a job is forced (-R, --rerun-incomplete), Snakemake 9.27.1 leaves out jobs behind it whose inputs are ancient() and
    exist, wanted or not (docs/workflow.md 2.6).
    """
    dag = workflow.dag
    if dag.untilrules or dag.untilfiles or dag.omitrules or dag.omitfiles or dag.batch:
        return []
    wanted = [file for job in dag.targetjobs for file in (job.output or job.input)]
    # a state is gone as soon as nothing needs it; what lies in object storage is not looked at
    passing = [file for file in wanted if is_flagged(file, "temp") and file not in dag.targetfiles]
    return [
        file
        for file in wanted
        if file not in passing and not is_flagged(file, "storage_object") and not Path(file).exists()
    ]


def raw_videos(wildcards):
    """A user's own videos and fetched ones are read where they are, also where results lie in object storage."""
    return files(questions.raw_videos, on_this_disk=not plan.data[wildcards.data].rendered)(wildcards)


def experiment_results(name):
    """What a target such as demo makes. What is made of others is no reason to make it again, but a lost file is."""

    def answered(_):
        read, kept = answer(questions.experiment_results)(name)
        return [*read, *map(ancient, kept)]

    return answered
