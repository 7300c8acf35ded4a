"""StyleSV from raw videos to tables and figures: the table of contents. Targets are the files in config/experiments/."""

from snakemake.utils import min_version

min_version("9.27")


include: "rules/project.smk"
include: "rules/common.smk"
include: "rules/cluster.smk"
include: "rules/sources.smk"
include: "rules/data.smk"
include: "rules/train.smk"
include: "rules/evaluate.smk"
include: "rules/generate.smk"
include: "rules/tables.smk"
include: "rules/paper.smk"


require_free_names([*plan.experiments, *plan.waiting])
require_known(DEFAULT_TARGET)

for name in [*plan.experiments, *plan.waiting]:

    rule:
        name:
            name
        default_target: name == DEFAULT_TARGET and not HAS_DEFAULT_TARGET
        input:
            experiment_results(name),


for name in TABLES:

    rule:
        name:
            f"table_{name}"
        input:
            table_results(name),


for name in DRAWN_FROM:

    rule:
        name:
            f"figure_{name}"
        input:
            figure_results(name),


onsuccess:
    if missing := missing_targets():
        stop(
            f"{missing[0]}: is not there, although all planned jobs are done: Snakemake planned too few; call again"
        )
    if not workflow.storage_settings.notemp:
        remove_states_left_over()
    for what, file in made_for_people():
        print(f"{what}: {file}", file=sys.stderr, flush=True)
