"""Scores and clips to figures and the report."""

from stylesv.config.figures import DRAWN_FROM


rule write_experiment:
    """What an experiment's report is about, and where it lies, for people and for the jobs that draw and write it."""
    input:
        template=local(ancient(TEMPLATE)),
    output:
        paths.EXPERIMENT,
    log:
        "logs/write_experiment/{experiment}/{key}.log",
    params:
        text=text(questions.experiment),
    template_engine:
        "jinja2"


rule write_rule_graph:
    """The rules that make an experiment, and which feeds which."""
    input:
        template=local(ancient(TEMPLATE)),
    output:
        paths.RULE_GRAPH,
    log:
        "logs/write_rule_graph/{experiment}/{key}.log",
    params:
        text=text(questions.rule_graph),
    template_engine:
        "jinja2"


rule write_figure_plan:
    """What figures are drawn from, and where it lies; what else is in an experiment is no reason to draw them again."""
    input:
        template=local(ancient(TEMPLATE)),
    output:
        paths.FIGURE_PLAN,
    log:
        "logs/write_figure_plan/{experiment}/{key}.log",
    params:
        text=text(questions.figure_plan),
    template_engine:
        "jinja2"


rule note_another:
    """A table, figure or page of another call lies where this one's belongs, and Snakemake does not know: it is made again.

    What people read has a plain path. Where it was copied without .snakemake, no params of its job are known to compare.
    """
    input:
        template=local(ancient(TEMPLATE)),
    output:
        temp(paths.AGAIN),
    log:
        "logs/note_another/{experiment}/{what}-{key}.log",
    params:
        text=keyed("made: again"),
    template_engine:
        "jinja2"


rule draw_figure:
    """One figure of an experiment, from small files: no network is loaded and no video read."""
    input:
        plan=files(questions.figure_plan_file),
        files=files(questions.figure_files),
        again=files(questions.figure_again),
    output:
        key=paths.FIGURE_KEY,
        png=report(paths.FIGURE, caption="captions/figure.rst", category="Figures", labels={"figure": "{figure}"}),
        pdf=paths.FIGURE_PDF,
    log:
        "logs/draw_figure/{experiment}/{figure}.log",
    localrule: True
    conda:
        "../envs/paper.yaml"
    params:
        scripts=SCRIPTS,
        caption=text(questions.caption),
        # the paths of what people read carry no key: another content is told by it
        key=answer(questions.figure_key),
    shell:
        r"""
        exec python {params.scripts:q}/draw_figure.py \
            --plan {input.plan:q} \
            --figure {wildcards.figure} \
            --png {output.png:q} \
            --pdf {output.pdf:q} \
            --key {params.key} \
            --key-out {output.key:q} \
            >{log:q} 2>&1
        """


rule write_report:
    """A folder with a page on everything that an experiment found, and all that it shows; readable without a network.

    One job, so that what people read is always of one and the same state of the results.
    """
    input:
        experiment=files(questions.experiment_file),
        rule_graph=files(questions.rule_graph_file),
        files=files(questions.reported_files),
        figures=files(questions.figures),
        tables=files(questions.tables),
        again=files(questions.page_again),
    output:
        key=paths.PAGE_KEY,
        page=paths.PAGE,
        films=directory(paths.PAGE_FILMS),
        figures=directory(paths.PAGE_FIGURES),
        tables=directory(paths.PAGE_TABLES),
        provenance=paths.PROVENANCE,
    log:
        "logs/write_report/{experiment}.log",
    localrule: True
    conda:
        "../envs/paper.yaml"
    params:
        scripts=SCRIPTS,
        captions=CAPTIONS,
        benchmarks=BENCHMARKS,
        project=keyed(PROJECT),
        key=answer(questions.page_key),
    shell:
        r"""
        exec python {params.scripts:q}/write_report.py \
            --experiment {input.experiment:q} \
            --rule-graph {input.rule_graph:q} \
            --captions {params.captions:q} \
            --project {params.project:q} \
            --benchmarks {params.benchmarks:q} \
            --page {output.page:q} \
            --key {params.key} \
            --key-out {output.key:q} \
            >{log:q} 2>&1
        """


rule write_crate:
    """An experiment's report, what it was made of, and the workflow in one zip that says what is in it (RO-Crate)."""
    input:
        experiment=files(questions.experiment_file),
        files=files(questions.reported_files),
        page=[
            paths.PAGE,
            paths.PAGE_FILMS,
            paths.PAGE_FIGURES,
            paths.PAGE_TABLES,
            paths.PROVENANCE,
        ],
    output:
        paths.CRATE,
    log:
        "logs/write_crate/{experiment}.log",
    localrule: True
    conda:
        "../envs/crate.yaml"
    params:
        scripts=SCRIPTS,
        project=keyed(PROJECT),
        key=answer(questions.page_key),
    shell:
        r"""
        exec python {params.scripts:q}/write_crate.py \
            --experiment {input.experiment:q} \
            --page {input.page[0]:q} \
            --project {params.project:q} \
            --out {output:q} \
            >{log:q} 2>&1
        """


rule crate:
    """The crate of the experiment that the call names: `snakemake --cores 1 crate --config experiment=NAME`."""
    input:
        answer(questions.crate_of_call),
    localrule: True
