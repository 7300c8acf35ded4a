"""Snapshots to clips that a person looks at."""


localrules:
    write_look,


rule write_look:
    """How the clips of a run are shown, for people and for draw_clips."""
    input:
        template=local(ancient(TEMPLATE)),
    output:
        paths.LOOK,
    params:
        text=text(questions.look),
    template_engine:
        "jinja2"


rule draw_clips:
    """Generated clips of a run's best or last snapshot beside real ones: a film, a strip of frames, slices through time."""
    input:
        look=ancient(paths.LOOK),
        choice=files(questions.shown_choice),
        networks=files(questions.shown_networks),
        index=files(questions.index_of_run),
        packed=files(questions.packed_clips_of_run),
    output:
        film=paths.FILM,
        strip=paths.STRIP,
        slices=paths.SLICES,
    log:
        "logs/draw_clips/{run}/{look}.log",
    benchmark:
        "benchmarks/draw_clips/{run}/{look}.tsv"
    conda:
        "../envs/evaluate.yaml"
    threads: plan.machine.cpu_threads
    resources:
        mem_mb=8000,
        runtime=60,
        cpu_threads=plan.machine.cpu_threads,
    params:
        scripts=SCRIPTS,
        data=subpath(input.index, parent=True),
    shell:
        r"""
        exec python {params.scripts:q}/draw_clips.py \
            --look {input.look:q} \
            --choice={input.choice:q} \
            --networks {input.networks[0]:q} \
            --data {params.data:q} \
            --film {output.film:q} \
            --strip {output.strip:q} \
            --slices {output.slices:q} \
            --cpu-threads {resources.cpu_threads} \
            >{log:q} 2>&1
        """


rule draw_nearest:
    """Generated clips of the snapshot that is shown, beside the real clips that are nearest to them."""
    input:
        choice=files(questions.shown_choice),
        networks=files(questions.shown_networks),
        scores=files(questions.shown_scores),
        index=files(questions.index_of_run),
        packed=files(questions.packed_clips_of_run),
    output:
        paths.NEAREST,
    log:
        "logs/draw_nearest/{run}/{look}/{protocol}.log",
    benchmark:
        "benchmarks/draw_nearest/{run}/{look}/{protocol}.tsv"
    conda:
        "../envs/evaluate.yaml"
    threads: plan.machine.cpu_threads
    resources:
        mem_mb=8000,
        runtime=60,
        cpu_threads=plan.machine.cpu_threads,
    params:
        scripts=SCRIPTS,
        data=subpath(input.index, parent=True),
    shell:
        r"""
        exec python {params.scripts:q}/draw_nearest.py \
            --choice={input.choice:q} \
            --networks {input.networks[0]:q} \
            --data {params.data:q} \
            --protocol {wildcards.protocol:q} \
            --out {output:q} \
            --cpu-threads {resources.cpu_threads} \
            >{log:q} 2>&1
        """
