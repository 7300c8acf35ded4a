"""Snapshots to clips that a person looks at."""


def figure_settings_of(run, experiment):
    """What decides the clips shown of a run, beside its snapshots."""
    return {
        **experiment.figures.model_dump(mode="json"),
        "fps": run.data.settings.display_fps,
        "chooser": run.chooser,
    }


# the clips of a run are shared by experiments that show it alike: {look} is the key of how
looks = {
    (run.name, recipe_key(settings)): settings
    for experiment in plan.experiments.values()
    for run in experiment.runs
    for settings in [figure_settings_of(run, experiment)]
}


def clips_of_best(run, experiment):
    """Film, strip and slices of a run's best snapshot, as an experiment shows them."""
    folder = f"results/runs/{run.name}/clips/{recipe_key(figure_settings_of(run, experiment))}"
    return {"film": f"{folder}/clips.mp4", "strip": f"{folder}/strip.png", "slices": f"{folder}/slices.png"}


def look_of(wildcards):
    return known("way of showing clips", looks, (wildcards.run, wildcards.look))


def figure_settings(wildcards):
    return canonical_json(look_of(wildcards))


def best_choice(wildcards):
    return ancient(f"results/runs/{wildcards.run}/best/{look_of(wildcards)['chooser']}.json")


def best_networks(wildcards):
    run = known("choice", plan.choosers, (wildcards.run, look_of(wildcards)["chooser"]))
    return [ancient(networks(run.name, kimg)) for kimg in run.kimgs]


rule draw_clips:
    """Generated clips of the best snapshot beside real ones: a film, a strip of frames, slices through time."""
    input:
        choice=best_choice,
        networks=best_networks,
        data=clips_of,
    output:
        film="results/runs/{run}/clips/{look}/clips.mp4",
        strip="results/runs/{run}/clips/{look}/strip.png",
        slices="results/runs/{run}/clips/{look}/slices.png",
    log:
        "logs/draw_clips/{run}/{look}.log",
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
        "exec python {SCRIPTS}/draw_clips.py --choice {input.choice} --data {params.data}"
        " --settings {params.settings:q} --film {output.film} --strip {output.strip} --slices {output.slices}"
        " --cpu-threads {resources.cpu_threads} > {log} 2>&1"
