"""Snapshots to clips that a person looks at."""


def best_networks(wildcards):
    run = run_of(wildcards)
    return [ancient(networks(run.name, kimg)) for kimg in run.kimgs]


def best_choice(wildcards):
    return ancient(choice(experiment_run(wildcards)))


def experiment_run(wildcards):
    """The run as this experiment runs it (another may run it longer)."""
    runs = {run.name: run for run in experiment_of(wildcards).runs}
    return known(f"run of {wildcards.experiment}", runs, wildcards.run)


def figure_settings(wildcards):
    figures = experiment_of(wildcards).figures.model_dump(mode="json")
    return canonical_json({**figures, "fps": run_of(wildcards).data.settings.display_fps})


rule draw_clips:
    """Generated clips of the best snapshot beside real ones: a film, and a strip of frames, slices through time."""
    input:
        choice=best_choice,
        networks=best_networks,
        data=clips_of,
    output:
        film="results/figures/{experiment}/{run}/clips.mp4",
        strip="results/figures/{experiment}/{run}/strip.png",
        slices="results/figures/{experiment}/{run}/slices.png",
    log:
        "logs/draw_clips/{experiment}/{run}.log",
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
        choice=best_choice,
    shell:
        "exec python {SCRIPTS}/draw_clips.py --choice {input.choice} --data {params.data}"
        " --settings {params.settings:q} --film {output.film} --strip {output.strip} --slices {output.slices}"
        " --cpu-threads {resources.cpu_threads} > {log} 2>&1"
