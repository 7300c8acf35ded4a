"""Scores to tables, ours beside published numbers."""

from stylesv.config.settings import TABLES


rule write_table_plan:
    """What an experiment's tables are made of, and where it lies, for people and for write_table."""
    input:
        template=local(ancient(TEMPLATE)),
    output:
        paths.TABLE_PLAN,
    log:
        "logs/write_table_plan/{experiment}/{key}.log",
    params:
        text=text(questions.table_plan),
    template_engine:
        "jinja2"


rule write_table:
    """One table of an experiment, for spreadsheets, Markdown, LaTeX and pages; what is not there yet is a dash."""
    input:
        plan=files(questions.table_plan_file),
        published=local(ancient(PUBLISHED)),
        speeds=local(ancient(SPEEDS)),
        files=files(questions.table_inputs),
    output:
        csv=paths.TABLE["csv"],
        md=paths.TABLE["md"],
        tex=paths.TABLE["tex"],
        html=report(paths.TABLE["html"], caption="captions/table.rst", category="Tables", labels={"table": "{table}"}),
    log:
        "logs/write_table/{experiment}/{table}.log",
    localrule: True
    conda:
        "../envs/paper.yaml"
    params:
        scripts=SCRIPTS,
        benchmarks=BENCHMARKS,
        # the paths of what people read carry no key: another content is told by it
        key=answer(questions.table_key),
    shell:
        r"""
        exec python {params.scripts:q}/write_table.py \
            --plan {input.plan:q} \
            --table {wildcards.table} \
            --published {input.published:q} \
            --speeds {input.speeds:q} \
            --benchmarks {params.benchmarks:q} \
            --csv {output.csv:q} \
            --markdown {output.md:q} \
            --tex {output.tex:q} \
            --html {output.html:q} \
            >{log:q} 2>&1
        """


rule measure_speed:
    """A few training steps of a model that config/speeds.csv does not know, to plan its cost with."""
    input:
        recipe=ancient(paths.RECIPE),
    output:
        paths.SPEED,
    log:
        "logs/measure_speed/{run}.log",
    benchmark:
        "benchmarks/measure_speed/{run}.tsv"
    conda:
        "../envs/train.yaml"
    threads: plan.machine.cpu_threads
    resources:
        mem_mb=16000,
        runtime=60,
        gpu=0,
        cpu_threads=plan.machine.cpu_threads,
    params:
        scripts=SCRIPTS,
        model=text(questions.model_of_run),
    shell:
        r"""
        exec python {params.scripts:q}/measure_speed.py \
            --recipe {input.recipe:q} \
            --run {wildcards.run:q} \
            --model {params.model:q} \
            --out {output:q} \
            --cpu-threads {resources.cpu_threads} \
            >{log:q} 2>&1
        """


rule paper_cost:
    """What the experiment that the call names costs, on the terminal: jobs, hours, GPU-hours, days, disk, and why."""
    input:
        plan=files(questions.table_plan_of_call),
        measured=files(questions.speeds_of_call),
    log:
        "logs/paper_cost.log",
    localrule: True
    conda:
        "../envs/paper.yaml"
    params:
        scripts=SCRIPTS,
        speeds=keyed(SPEEDS),
        benchmarks=BENCHMARKS,
    shell:
        r"""
        exec python {params.scripts:q}/print_cost.py \
            --plan {input.plan:q} \
            --speeds {params.speeds:q} \
            --benchmarks {params.benchmarks:q} \
            2>&1 | tee {log:q}
        """
