"""The plan that the settings make, and the questions rules ask it. Nothing here computes a result."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(workflow.basedir))
# scripts find the package in any environment, also in conda's, where it is not installed
os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(workflow.basedir), os.environ.get("PYTHONPATH")]))

from stylesv.config.chain import previous_snapshot, segments_to_run
from stylesv.config.plan import load_plan
from stylesv.config.recipe import recipe_key
from stylesv.errors import StyleSVError
from stylesv.files import canonical_json


def stop(message):
    """End Snakemake with our one line and exit status 2, without its traceback."""
    print(f"error: {message}", file=sys.stderr, flush=True)
    os._exit(2)


try:
    plan = load_plan(Path(workflow.basedir) / "config", config)
except StyleSVError as error:
    stop(error)

SCRIPTS = Path(workflow.basedir) / "workflow_scripts"


wildcard_constraints:
    run=r"[^/]+",
    data=r"[^/]+",
    videos=r"[^/]+",
    kimg=r"\d+",
    protocol=r"[^/]+",
    chooser=r"[^/]+",
    look=r"[0-9a-f]{8}",
    experiment=r"[A-Za-z0-9_.-]+",


def known(kind, plans, name):
    """The plan of that name; a name that no setting makes is an error that says so."""
    if name not in plans:
        stop(f"{name}: no such {kind} in the settings as they are now; known: {', '.join(plans)}")
    return plans[name]


def experiment_of(wildcards):
    if wildcards.experiment in plan.waiting:
        stop(f"{wildcards.experiment}: {plan.waiting[wildcards.experiment]}")
    return known("experiment", plan.experiments, wildcards.experiment)


def run_of(wildcards):
    return known("run", plan.runs, wildcards.run)


def data_of(wildcards):
    return known("data set", plan.data, wildcards.data)


def protocol_settings(wildcards):
    protocol = known("protocol", plan.protocols, wildcards.protocol)
    settings = protocol.settings.model_dump(mode="json")
    return canonical_json({"name": protocol.title, "key": protocol.key, "settings": settings})


def networks(run, kimg):
    return f"results/runs/{run}/{kimg}/networks.safetensors"


def score(run, kimg, protocol):
    return f"results/runs/{run}/{kimg}/scores/{protocol}.json"


def choice(run):
    """The file that says which snapshot is best."""
    return f"results/runs/{run.name}/best/{run.chooser}.json"
