"""Packed clips to snapshots: a recipe, an initialisation, and a chain of segments."""


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


def parent_choice(wildcards):
    parent = run_of(wildcards).parent
    return "" if parent is None else f"--parent-choice {choice(parent)}"


def run_dir(wildcards):
    return Path("results/runs") / wildcards.run


def start_kimg(wildcards):
    return previous_snapshot(run_dir(wildcards), plan.kimgs[wildcards.run], int(wildcards.kimg))


def start_state(wildcards):
    """The state a segment starts from; none for a snapshot that exists and that no lost one needs remade."""
    if int(wildcards.kimg) not in segments_to_run(run_dir(wildcards), plan.kimgs[wildcards.run]):
        return []
    return ancient(f"results/runs/{wildcards.run}/{start_kimg(wildcards)}/state.safetensors")


def candidates(wildcards):
    run = known("choice", plan.choosers, (wildcards.run, wildcards.chooser))
    return [ancient(score(run.name, kimg, run.protocols[0].name)) for kimg in run.kimgs]


localrules:
    write_recipe,
    choose_snapshot,


rule write_recipe:
    """Every value that decides a run's content, for people and for train_segment."""
    output:
        "results/runs/{run}/recipe.yaml",
    log:
        "logs/write_recipe/{run}.log",
    conda:
        "../envs/data.yaml"
    params:
        recipe=recipe_text,
    shell:
        "exec python {SCRIPTS}/write_recipe.py --recipe {params.recipe:q} --out {output} > {log} 2>&1"


rule initialize_networks:
    """Snapshot 0: fresh networks, or those of the parent's best snapshot."""
    input:
        recipe=ancient("results/runs/{run}/recipe.yaml"),
        parent=parent_snapshots,
    output:
        networks="results/runs/{run}/0/networks.safetensors",
        state=temp("results/runs/{run}/0/state.safetensors"),
    log:
        "logs/initialize_networks/{run}.log",
    conda:
        "../envs/train.yaml"
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        parent=parent_choice,
    shell:
        "exec python {SCRIPTS}/initialize_networks.py --recipe {input.recipe} {params.parent}"
        " --networks-out {output.networks} --state-out {output.state} > {log} 2>&1"


rule train_segment:
    """The state at one snapshot to the state at the next. Progress goes to the terminal, messages to the log."""
    input:
        recipe=ancient("results/runs/{run}/recipe.yaml"),
        data=clips_of,
        state=start_state,
    output:
        networks="results/runs/{run}/{kimg}/networks.safetensors",
        state=temp("results/runs/{run}/{kimg}/state.safetensors"),
        log="results/runs/{run}/{kimg}/log.jsonl",
    log:
        "logs/train_segment/{run}/{kimg}.log",
    benchmark:
        "benchmarks/train_segment/{run}/{kimg}.tsv"
    wildcard_constraints:
        kimg=r"[1-9]\d*",
    conda:
        "../envs/train.yaml"
    threads: plan.machine.cpu_threads
    resources:
        mem_mb=16000,
        runtime=1440,
        start_kimg=start_kimg,
        cpu_threads=plan.machine.cpu_threads,
        workers=plan.machine.num_workers,
    params:
        data=subpath(input.data, parent=True),
    shell:
        "exec python {SCRIPTS}/train_segment.py --recipe {input.recipe} --data {params.data} --state {input.state}"
        " --networks-out {output.networks} --state-out {output.state} --log {output.log} --messages {log}"
        " --kimg {resources.start_kimg}:{wildcards.kimg} --cpu-threads {resources.cpu_threads}"
        " --num-workers {resources.workers} --tick-kimg {plan.machine.tick_kimg}"


rule choose_snapshot:
    """The snapshot with the lowest score among a run's."""
    input:
        candidates,
    output:
        "results/runs/{run}/best/{chooser}.json",
    log:
        "logs/choose_snapshot/{run}/{chooser}.log",
    conda:
        "../envs/evaluate.yaml"
    shell:
        "exec python {SCRIPTS}/choose_snapshot.py --out {output} {input} > {log} 2>&1"
