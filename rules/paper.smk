"""Scores and clips to tables, figures and the report."""


localrules:
    write_report,


rule write_report:
    """Tables, figures and one page with everything an experiment found, readable without a network.

    One job, so that what people read is always of one and the same state of the results.
    """
    input:
        report_files,
    output:
        page="results/report/{experiment}/index.html",
        tables=directory("results/tables/{experiment}"),
        figures=directory("results/figures/{experiment}"),
    log:
        "logs/write_report/{experiment}.log",
    conda:
        "../envs/paper.yaml"
    params:
        settings=report_settings,
        root=report_root,
    shell:
        r"""
        exec python {SCRIPTS:q}/write_report.py \
            --settings {params.settings:q} \
            --root {params.root:q} \
            --page {output.page:q} \
            --tables {output.tables:q} \
            --figures {output.figures:q} \
            >{log:q} 2>&1
        """
