"""Which clips an experiment shows, and how."""


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
