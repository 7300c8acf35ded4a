"""StyleSV from raw videos to tables and figures: the table of contents. Targets are the files in config/experiments/."""

from snakemake.utils import min_version

min_version("9.27")


include: "rules/common.smk"
include: "rules/cluster.smk"
include: "rules/functions/data.smk"
include: "rules/functions/train.smk"
include: "rules/functions/evaluate.smk"
include: "rules/functions/generate.smk"
include: "rules/functions/paper.smk"
include: "rules/data.smk"
include: "rules/train.smk"
include: "rules/evaluate.smk"
include: "rules/generate.smk"
include: "rules/paper.smk"


default_target: "demo"
