"""Snapshots to clips that a person looks at."""


rule draw_clips:
    """Generated clips of a run's best or last snapshot beside real ones: a film, a strip of frames, slices through time."""
    input:
        choice=shown_choice,
        networks=shown_networks,
        data=clips_of,
        packed=packed_clips_of_run,
    output:
        film="results/runs/{run}/clips/{look}/clips.mp4",
        strip="results/runs/{run}/clips/{look}/strip.png",
        slices="results/runs/{run}/clips/{look}/slices.png",
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
        data=subpath(input.data, parent=True),
        settings=figure_settings,
    shell:
        r"""
        exec python {SCRIPTS:q}/draw_clips.py \
            --choice={input.choice:q} \
            --networks {input.networks[0]:q} \
            --data {params.data:q} \
            --settings {params.settings:q} \
            --film {output.film:q} \
            --strip {output.strip:q} \
            --slices {output.slices:q} \
            --cpu-threads {resources.cpu_threads} \
            >{log:q} 2>&1
        """
