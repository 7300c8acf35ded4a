"""Scores to tables, ours beside published numbers."""

from stylesv.config.settings import TABLES


localrules:
    write_table_plan,
    write_table,


rule write_table_plan:
    """What an experiment's tables are made of, and where it lies, for people and for write_table."""
    input:
        template=local(ancient(TEMPLATE)),
    output:
        paths.TABLE_PLAN,
    params:
        text=text(questions.table_plan),
    template_engine:
        "jinja2"


rule write_table:
    """One table of an experiment, for spreadsheets, Markdown, LaTeX and pages; what is not there yet is a dash."""
    input:
        plan=files(questions.table_plan_file),
        published=local(ancient(PUBLISHED)),
        files=files(questions.table_inputs),
    output:
        **paths.TABLE,
    log:
        "logs/write_table/{experiment}/{table}.log",
    conda:
        "../envs/paper.yaml"
    params:
        scripts=SCRIPTS,
        # the paths of what people read carry no key: another content is told by it
        key=answer(questions.table_key),
    shell:
        r"""
        exec python {params.scripts:q}/write_table.py \
            --plan {input.plan:q} \
            --table {wildcards.table} \
            --published {input.published:q} \
            --csv {output.csv:q} \
            --markdown {output.md:q} \
            --tex {output.tex:q} \
            --html {output.html:q} \
            >{log:q} 2>&1
        """
