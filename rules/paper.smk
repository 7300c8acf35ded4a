"""Scores and clips to figures and the report."""


localrules:
    write_experiment,
    write_report,


rule write_experiment:
    """What an experiment's report is about, and where it lies, for people and for write_report."""
    input:
        template=local(ancient(TEMPLATE)),
    output:
        paths.EXPERIMENT,
    params:
        text=text(questions.experiment),
    template_engine:
        "jinja2"


rule write_report:
    """Figures and one page with everything an experiment found, readable without a network.

    One job, so that what people read is always of one and the same state of the results.
    """
    input:
        experiment=files(questions.experiment_file),
        files=files(questions.reported_files),
    output:
        page=paths.PAGE,
        figures=directory(paths.FIGURES),
    log:
        "logs/write_report/{experiment}.log",
    conda:
        "../envs/paper.yaml"
    params:
        scripts=SCRIPTS,
        # the paths of what people read carry no key: another content is told by it
        key=answer(questions.experiment_key),
    shell:
        r"""
        exec python {params.scripts:q}/write_report.py \
            --experiment {input.experiment:q} \
            --page {output.page:q} \
            --figures {output.figures:q} \
            >{log:q} 2>&1
        """
