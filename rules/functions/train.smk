"""What a run starts from: parents, states and checkpoints."""


def recipe_text(wildcards):
    return canonical_json(run_of(wildcards).recipe)


def clips_of(wildcards):
    return ancient(f"results/data/{run_of(wildcards).data.name}/index.json")


def parent_snapshots(wildcards):
    """What the initialisation of a finetuning run chooses from: its parent's snapshots, and the choice."""
    parent = run_of(wildcards).parent
    if parent is None:
        return []
    return [ancient(choice(parent)), *(ancient(networks(parent.name, kimg)) for kimg in parent.kimgs)]


def parent_choice(wildcards, input):
    return f"--parent-choice {input.parent[0]}" if input.parent else ""


def start_kimg(wildcards):
    return previous_snapshot(snapshots_of(wildcards.run), plan.kimgs[wildcards.run], int(wildcards.kimg))


@cache
def segments_of(run):
    """Ends of the segments that a run still needs."""
    return segments_to_run(snapshots_of(run), plan.kimgs[run])


def start_state(wildcards):
    """The state a segment starts from; none for a snapshot that exists and that no lost one needs remade."""
    if int(wildcards.kimg) not in segments_of(wildcards.run):
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
