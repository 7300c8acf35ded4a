"""The plan that the settings make, and the questions rules ask it. Nothing here computes a result."""

import os
import re
import shlex
import sys
from functools import cache
from pathlib import Path

sys.path.insert(0, str(workflow.basedir))
# scripts find the package in any environment, also in conda's, where it is not installed
os.environ.update(PYTHONPATH=os.pathsep.join(filter(None, [str(workflow.basedir), os.environ.get("PYTHONPATH")])))

from snakemake.io import get_flag_value, is_flagged

from stylesv.config.chain import Snapshots, previous_snapshot, segments_to_run
from stylesv.config.plan import load_plan
from stylesv.config.recipe import recipe_key
from stylesv.errors import StyleSVError
from stylesv.files import canonical_json


def stop(message):
    """End Snakemake with our one line and exit status 2, without its traceback."""
    print(f"error: {message}", file=sys.stderr, flush=True)
    sys.exit(2)


if taken := [character for character in "{}:" if character in str(workflow.basedir)]:
    stop(
        f"{workflow.basedir}: the project's folder has {taken[0]} in its path, which Snakemake ({{, }}) or Python's search path "
        "(:) take for something else; move or rename it"
    )

try:
    plan = load_plan(Path(workflow.basedir) / "config", config)
except StyleSVError as error:
    stop(error)

SCRIPTS = Path(workflow.basedir) / "workflow_scripts"


wildcard_constraints:
    run=r"[^/]+",
    data=r"[^/]+",
    videos=r"[^/]+",
    kimg=r"[0-9]+",
    protocol=r"[^/]+",
    detector=r"[^/]+",
    chooser=r"[^/]+",
    look=r"[0-9a-f]{8}",
    experiment=r"[A-Za-z0-9_.-]+",


def known(kind, plans, name):
    """The plan of that name; a name that no setting makes is an error that says so."""
    if name not in plans:
        stop(f"{name}: no such {kind} in the settings as they are now; known: {', '.join(plans)}")
    return plans[name]


def missing_targets():
    """What a call was to end with and is not there.

    When a job is forced (-R, --rerun-incomplete), Snakemake 9.27.1 leaves out jobs behind it whose inputs are ancient() and
    exist, wanted or not (docs/workflow.md).
    """
    dag = workflow.dag
    if dag.untilrules or dag.untilfiles or dag.omitrules or dag.omitfiles or dag.batch:
        return []
    wanted = [file for job in dag.targetjobs for file in (job.output or job.input)]
    return [file for file in wanted if not is_flagged(file, "storage_object") and not Path(file).exists()]


def experiment_of(wildcards):
    if wildcards.experiment in plan.waiting:
        stop(f"{wildcards.experiment}: {plan.waiting[wildcards.experiment]}")
    return known("experiment", plan.experiments, wildcards.experiment)


def run_of(wildcards):
    return known("run", plan.runs, wildcards.run)


def data_of(wildcards):
    return known("data set", plan.data, wildcards.data)


def packed_clips(data):
    """What stands beside a data set's index.json: named as inputs, so that object storage brings them, too."""
    return [ancient(f"results/data/{data}/{name}") for name in ("clips.zip", "offsets.npy")]


def packed_clips_of_run(wildcards):
    return packed_clips(run_of(wildcards).data.name)


def packed_clips_of_data(wildcards):
    return packed_clips(wildcards.data)


def protocol_of(wildcards):
    """The protocol of a score, or the part of one that a reference is measured under."""
    return known("protocol", {**plan.protocols, **plan.references}, wildcards.protocol)


def protocol_settings(wildcards):
    protocol = protocol_of(wildcards)
    settings = protocol.settings.model_dump(mode="json")
    return canonical_json({"name": protocol.title, "key": protocol.key, "settings": settings})


def files_under(folder):
    """Files in a folder of results and in its folders, relative to it: on disk, or in object storage where it is."""
    stored = workflow.modifier.path_modifier.apply_default_storage(folder)
    if not is_flagged(stored, "storage_object"):
        return [str(path.relative_to(folder)) for path in Path(folder).glob("*/*")]
    place = get_flag_value(stored, "storage_object")
    return [item.key.removeprefix(f"{place.key}/") for item in place.get_subkeys()] if place.bucket_exists() else []


@cache
def snapshots_of(run):
    """The snapshots that a run has when the DAG is decided."""
    wait_for_jobs_left_running()
    return Snapshots.among(files_under(f"results/runs/{run}"))


def networks(run, kimg):
    return f"results/runs/{run}/{kimg}/networks.safetensors"


def score(run, kimg, protocol):
    return f"results/runs/{run}/{kimg}/scores/{protocol}.json"


def samples(run, kimg):
    """A picture of a few clips of a snapshot."""
    return f"results/runs/{run}/{kimg}/samples.png"


def choice(run):
    """The file that says which snapshot is best."""
    return f"results/runs/{run.name}/best/{run.chooser}.json"
