"""Packed clips to snapshots: a recipe, an initialisation, and a chain of segments."""


localrules:
    write_recipe,
    choose_snapshot,
    export_tensorboard,
    tensorboard,
    fetch_checkpoint,


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
        r"""
        exec python {SCRIPTS:q}/write_recipe.py \
            --recipe {params.recipe:q} \
            --out {output:q} \
            >{log:q} 2>&1
        """


rule initialize_networks:
    """Snapshot 0: fresh networks, or those of the parent's best snapshot."""
    input:
        recipe=ancient("results/runs/{run}/recipe.yaml"),
        choice=parent_choice,
        candidates=parent_snapshots,
    output:
        networks="results/runs/{run}/0/networks.safetensors",
        state=temp("results/runs/{run}/0/state.safetensors"),
        samples="results/runs/{run}/0/samples.png",
    log:
        "logs/initialize_networks/{run}.log",
    benchmark:
        "benchmarks/initialize_networks/{run}.tsv"
    conda:
        "../envs/train.yaml"
    resources:
        mem_mb=4000,
        runtime=30,
    shell:
        r"""
        exec python {SCRIPTS:q}/initialize_networks.py \
            --recipe {input.recipe:q} \
            --parent-choice={input.choice:q} \
            --networks-out {output.networks:q} \
            --state-out {output.state:q} \
            --samples {output.samples:q} \
            >{log:q} 2>&1
        """


rule fetch_checkpoint:
    """A published checkpoint, kept only under its hash."""
    output:
        "results/checkpoints/{sha256}.pkl",
    log:
        "logs/fetch_checkpoint/{sha256}.log",
    wildcard_constraints:
        sha256="[0-9a-f]{64}",
    conda:
        "../envs/data.yaml"
    resources:
        mem_mb=1000,
        runtime=240,
    params:
        url=checkpoint_address,
    shell:
        r"""
        exec python {SCRIPTS:q}/fetch.py \
            --url {params.url:q} \
            --sha256 {wildcards.sha256} \
            --out {output:q} \
            >{log:q} 2>&1
        """


rule import_networks:
    """Snapshot 0 of a run whose model is a published checkpoint: its networks, read without running anything in it."""
    input:
        recipe=ancient("results/runs/{run}/recipe.yaml"),
        pickle=checkpoint_file,
    output:
        networks="results/runs/{run}/0/networks.safetensors",
        samples="results/runs/{run}/0/samples.png",
    log:
        "logs/import_networks/{run}.log",
    benchmark:
        "benchmarks/import_networks/{run}.tsv"
    wildcard_constraints:
        run="|".join(map(re.escape, IMPORTED)) or "(?!)",
    conda:
        "../envs/train.yaml"
    resources:
        mem_mb=8000,
        runtime=30,
    shell:
        r"""
        exec python {SCRIPTS:q}/import_checkpoint.py \
            --pickle {input.pickle:q} \
            --recipe {input.recipe:q} \
            --networks-out {output.networks:q} \
            --samples {output.samples:q} \
            >{log:q} 2>&1
        """


ruleorder: import_networks > initialize_networks


rule train_segment:
    """The state at one snapshot to the state at the next. Progress goes to the terminal, messages to the log."""
    input:
        recipe=ancient("results/runs/{run}/recipe.yaml"),
        data=clips_of,
        packed=packed_clips_of_run,
        state=start_state,
    output:
        networks="results/runs/{run}/{kimg}/networks.safetensors",
        state=temp("results/runs/{run}/{kimg}/state.safetensors"),
        log="results/runs/{run}/{kimg}/log.jsonl",
        samples="results/runs/{run}/{kimg}/samples.png",
    log:
        "logs/train_segment/{run}/{kimg}.log",
    benchmark:
        "benchmarks/train_segment/{run}/{kimg}.tsv"
    wildcard_constraints:
        kimg=r"[1-9][0-9]*",
    conda:
        "../envs/train.yaml"
    threads: plan.machine.cpu_threads
    resources:
        mem_mb=16000,
        runtime=1440,
        gpu=0,
        nodes=1,
        scratch="",
        start_kimg=start_kimg,
        cpu_threads=plan.machine.cpu_threads,
        workers=plan.machine.num_workers,
    params:
        data=subpath(input.data, parent=True),
        partial=subpath(output.networks, ancestor=2),
    shell:
        r"""
        exec bash {SCRIPTS:q}/launch.sh {resources.nodes} {resources.gpu} {SCRIPTS:q}/train_segment.py \
            --recipe {input.recipe:q} \
            --data {params.data:q} \
            --scratch={resources.scratch:q} \
            --state={input.state:q} \
            --networks-out {output.networks:q} \
            --state-out {output.state:q} \
            --log {output.log:q} \
            --samples {output.samples:q} \
            --messages {log:q} \
            --kimg {resources.start_kimg}:{wildcards.kimg} \
            --partial {params.partial:q}/partial/{wildcards.kimg} \
            --partial-every {plan.machine.partial_every} \
            --if-running wait \
            --tick-kimg {plan.machine.tick_kimg} \
            --accumulation {plan.machine.accumulation} \
            --cpu-threads {resources.cpu_threads} \
            --num-workers {resources.workers}
        """


rule export_tensorboard:
    """The logs that a run has so far as TensorBoard events; training is not started for them."""
    input:
        logs_of,
    output:
        directory("results/tensorboard/{run}"),
    log:
        "logs/export_tensorboard/{run}.log",
    conda:
        "../envs/logs.yaml"
    params:
        kimgs=exported_kimgs,
    shell:
        r"""
        exec python {SCRIPTS:q}/export_tensorboard.py --out {output:q} {input:q} >{log:q} 2>&1
        """


rule tensorboard:
    """All logs there are: `snakemake --cores 1 tensorboard`, then `tensorboard --logdir results/tensorboard`."""
    input:
        tensorboard_folders,


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
        r"""
        exec python {SCRIPTS:q}/choose_snapshot.py --out {output:q} {input:q} >{log:q} 2>&1
        """
