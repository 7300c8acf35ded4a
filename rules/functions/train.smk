"""What a run starts from: parents, states and checkpoints."""


def recipe_text(wildcards):
    return canonical_json(run_of(wildcards).recipe)


def clips_of(wildcards):
    return ancient(f"results/data/{run_of(wildcards).data.name}/index.json")


def parent_choice(wildcards):
    """The choice among its parent's snapshots that a finetuning run starts from; nothing for others."""
    parent = run_of(wildcards).parent
    return ancient(choice(parent)) if parent else []


def parent_snapshots(wildcards):
    """The snapshots that the choice is among."""
    parent = run_of(wildcards).parent
    return [ancient(networks(parent.name, kimg)) for kimg in parent.kimgs] if parent else []


def start_kimg(wildcards):
    return previous_snapshot(snapshots_of(wildcards.run), plan.kimgs[wildcards.run], int(wildcards.kimg))


@cache
def segments_of(run):
    """Ends of the segments that a run still needs."""
    return segments_to_run(snapshots_of(run), plan.kimgs[run])


def something_is_forced():
    """Whether the call makes jobs run whose results exist: -f, -F, -R or --rerun-incomplete."""
    settings = workflow.dag_settings
    return settings.forceall or settings.forcetargets or settings.forcerun or settings.force_incomplete


def start_state(wildcards):
    """The state a segment starts from; none for a whole snapshot that no lost one needs remade.

    Its state is gone, and Snakemake would make it again, and the segment, as soon as it makes the one before.
    """
    if int(wildcards.kimg) not in segments_of(wildcards.run) and not something_is_forced():
        return []
    return ancient(f"results/runs/{wildcards.run}/{start_kimg(wildcards)}/state.safetensors")


def candidates(wildcards):
    run = known("choice", plan.choosers, (wildcards.run, wildcards.chooser))
    return [ancient(score(run.name, kimg, run.protocols[0].name)) for kimg in run.kimgs]


IMPORTED = {name: run.settings.source for name, run in plan.runs.items() if run.settings.source is not None}


def checkpoint_file(wildcards):
    source = IMPORTED[wildcards.run]
    return ancient(f"results/checkpoints/{source.sha256}.pkl" if source.is_address else source.pickle)


def checkpoint_address(wildcards):
    found = [s.pickle for s in IMPORTED.values() if s.sha256 == wildcards.sha256 and s.is_address]
    return found[0] if found else stop(f"{wildcards.sha256}: no model's source has this hash and an address")


def logged_kimgs(run):
    """Snapshots whose training has left a log."""
    found = (re.fullmatch(r"(\d+)/log\.jsonl", name) for name in files_under(f"results/runs/{run}"))
    return sorted(int(match[1]) for match in found if match)


def logs_of(wildcards):
    run = run_of(wildcards).name
    return [ancient(f"results/runs/{run}/{kimg}/log.jsonl") for kimg in logged_kimgs(run)]


def exported_kimgs(wildcards):
    return logged_kimgs(wildcards.run)


def tensorboard_folders(_):
    folders = [f"results/tensorboard/{run}" for run in plan.runs if logged_kimgs(run)]
    return folders or stop("tensorboard: no run of the settings as they are now has a training log yet")
