"""Which clips an experiment shows, and how."""


def figure_settings_of(run, experiment):
    """What decides the clips shown of a run, beside its snapshots."""
    figures = experiment.figures.model_dump(mode="json", exclude={"snapshot"})
    shown = {"chooser": run.chooser} if experiment.figures.snapshot == "best" else {"kimg": run.kimgs[-1]}
    return {**figures, **shown, "fps": run.data.settings.display_fps}


# the clips of a run are shared by experiments that show it alike: {look} is the key of how
looks = {
    (run.name, recipe_key(settings)): settings
    for experiment in plan.experiments.values()
    for run in experiment.runs
    for settings in [figure_settings_of(run, experiment)]
}


def shown_clips(run, experiment):
    """Film, strip and slices of the snapshot of a run that an experiment shows."""
    folder = f"results/runs/{run.name}/clips/{recipe_key(figure_settings_of(run, experiment))}"
    return {"film": f"{folder}/clips.mp4", "strip": f"{folder}/strip.png", "slices": f"{folder}/slices.png"}


def look_of(wildcards):
    return known("way of showing clips", looks, (wildcards.run, wildcards.look))


def figure_settings(wildcards):
    return canonical_json(look_of(wildcards))


def shown_choice(wildcards):
    """The choice of the snapshot to show; nothing where it is the last one."""
    chooser = look_of(wildcards).get("chooser")
    return ancient(f"results/runs/{wildcards.run}/best/{chooser}.json") if chooser else []


def shown_networks(wildcards):
    """The snapshots that the one to show is among."""
    look = look_of(wildcards)
    kimgs = (
        known("choice", plan.choosers, (wildcards.run, look["chooser"])).kimgs if "chooser" in look else [look["kimg"]]
    )
    return [ancient(networks(wildcards.run, kimg)) for kimg in kimgs]
