"""What an experiment keeps, and what its report is about."""


def scores_of(experiment, title):
    """All scores of an experiment under one protocol, run by run."""
    return [
        score(run.name, kimg, protocol.name)
        for run in experiment.runs
        for protocol in run.protocols
        if protocol.title == title
        for kimg in run.kimgs
    ]


def shown_runs(experiment):
    """Runs whose clips are shown: those that nothing else starts from."""
    parents = {run.parent.name for run in experiment.runs if run.parent}
    return [run for run in experiment.runs if run.name not in parents]


def report_contents(wildcards):
    return contents_of(experiment_of(wildcards))


def contents_of(experiment):
    """The title and files of an experiment's report, by what they are."""
    titles = dict.fromkeys(protocol.title for run in experiment.runs for protocol in run.protocols)
    runs = {
        run.name: {
            "recipe": f"results/runs/{run.name}/recipe.yaml",
            "choice": choice(run),
            "logs": [f"results/runs/{run.name}/{kimg}/log.jsonl" for kimg in run.kimgs if kimg],
        }
        for run in experiment.runs
    }
    return {
        "title": experiment.title,
        "shown": experiment.figures.snapshot,
        "scores": {title: scores_of(experiment, title) for title in titles},
        "samples": {run.name: {kimg: samples(run.name, kimg) for kimg in run.kimgs} for run in experiment.runs},
        "clips": {run.name: shown_clips(run, experiment) for run in shown_runs(experiment)},
        "runs": runs,
        "data": {run.data.name: f"results/data/{run.data.name}/index.json" for run in experiment.runs},
    }


def report_files(wildcards):
    return files_of(report_contents(wildcards))


def files_of(contents):
    """All files that a report is about."""
    runs = contents["runs"].values()
    found = [
        *(file for scores in contents["scores"].values() for file in scores),
        *(file for pictures in contents["samples"].values() for file in pictures.values()),
        *(file for clips in contents["clips"].values() for file in clips.values()),
        *(file for run in runs for file in (run["recipe"], run["choice"], *run["logs"])),
        *contents["data"].values(),
    ]
    return [ancient(path) for path in found]


def report_settings(wildcards):
    return canonical_json(report_contents(wildcards))


def report_root(wildcards, input):
    """The folder that the report's paths are relative to: a copy of what object storage holds, if it is used."""
    return str(input[0]).removesuffix(report_files(wildcards)[0]) or "."


def experiment_results(name):
    """All files of an experiment that are kept, so that a lost one comes back.

    They are its report, what that is about, and every snapshot, with the last state to go on from.
    """

    def results(_):
        if name in plan.waiting:
            stop(f"{name}: {plan.waiting[name]}")
        if config.get("videos") is not None and name not in plan.given_videos_used_by:
            users = ", ".join(sorted(plan.given_videos_used_by))
            stop(
                f"{name}: --config videos={config['videos']}: this experiment has its own videos; known to use it: {users}"
            )
        experiment = plan.experiments[name]
        kept = [f"results/report/{name}/index.html", f"results/tables/{name}", f"results/figures/{name}"]
        kept += files_of(contents_of(experiment))
        for run in experiment.runs:
            kept += [ancient(networks(run.name, kimg)) for kimg in run.kimgs]
            if run.name not in IMPORTED and run.kimgs[-1] in segments_to_run(snapshots_of(run.name), run.kimgs):
                kept.append(f"results/runs/{run.name}/{run.kimgs[-1]}/state.safetensors")
        return kept

    return results
