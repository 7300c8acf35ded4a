"""Packed clips to snapshots: a recipe, an initialisation, and a chain of segments."""


rule write_recipe:
    """Every value that decides a run's content, for people and for train_segment."""
    input:
        template=local(ancient(TEMPLATE)),
    output:
        paths.RECIPE,
    log:
        "logs/write_recipe/{run}.log",
    priority: 1  # as train_segment, which waits for it
    params:
        text=text(questions.recipe),
    template_engine:
        "jinja2"


rule initialize_networks:
    """Snapshot 0: fresh networks, or those of the parent's best or last snapshot."""
    input:
        recipe=ancient(paths.RECIPE),
        data=files(questions.index_of_classes),
        choice=files(questions.parent_choice),
        candidates=files(questions.parent_snapshots),
        last=files(questions.last_of_parent),
    output:
        networks=paths.INITIAL_NETWORKS,
        state=temp(paths.INITIAL_STATE),
        samples=paths.INITIAL_SAMPLES,
    log:
        "logs/initialize_networks/{run}.log",
    benchmark:
        "benchmarks/initialize_networks/{run}.tsv"
    priority: 1  # likewise
    conda:
        "../envs/train.yaml"
    threads: plan.machine.cpu_threads
    resources:
        mem_mb=4000,
        runtime=30,
        cpu_threads=plan.machine.cpu_threads,
    params:
        scripts=SCRIPTS,
    shell:
        r"""
        exec python {params.scripts:q}/initialize_networks.py \
            --recipe {input.recipe:q} \
            --data={input.data:q} \
            --parent-choice={input.choice:q} \
            --parent-networks={input.last:q} \
            --networks-out {output.networks:q} \
            --state-out {output.state:q} \
            --samples {output.samples:q} \
            --cpu-threads {resources.cpu_threads} \
            >{log:q} 2>&1
        """


# nodes of a cluster often have no way out
rule fetch_checkpoint:
    """A published checkpoint, kept only under its hash."""
    output:
        paths.CHECKPOINT,
    log:
        "logs/fetch_checkpoint/{checkpoint}.log",
    localrule: True
    conda:
        "../envs/data.yaml"
    resources:
        mem_mb=1000,
        runtime=240,
    params:
        scripts=SCRIPTS,
        source=facts(questions.checkpoint_source),
        kept=place(questions.checkpoint_kept),
    shell:
        r"""
        exec python {params.scripts:q}/fetch.py \
            --url {params.source[url]:q} \
            --sha256={params.source[sha256]:q} \
            --setting model.source.sha256 \
            --kept {params.kept:q} \
            --out {output:q} \
            >{log:q} 2>&1
        """


rule import_networks:
    """Snapshot 0 of a run whose model is a published checkpoint: its networks, read without running anything in it."""
    input:
        recipe=ancient(paths.RECIPE),
        pickle=files(questions.checkpoint),
    output:
        networks=paths.INITIAL_NETWORKS,
        samples=paths.INITIAL_SAMPLES,
    log:
        "logs/import_networks/{run}.log",
    benchmark:
        "benchmarks/import_networks/{run}.tsv"
    wildcard_constraints:
        run="|".join(map(re.escape, questions.imported)) or "(?!)",
    conda:
        "../envs/train.yaml"
    threads: plan.machine.cpu_threads
    resources:
        mem_mb=8000,
        runtime=30,
        cpu_threads=plan.machine.cpu_threads,
    params:
        scripts=SCRIPTS,
    shell:
        r"""
        exec python {params.scripts:q}/import_checkpoint.py \
            --pickle {input.pickle:q} \
            --recipe {input.recipe:q} \
            --networks-out {output.networks:q} \
            --overwrite \
            --samples {output.samples:q} \
            --cpu-threads {resources.cpu_threads} \
            >{log:q} 2>&1
        """


ruleorder: import_networks > initialize_networks


rule train_segment:
    """The state at one snapshot to the state at the next."""
    input:
        recipe=ancient(paths.RECIPE),
        index=files(questions.index_of_run),
        packed=files(questions.packed_clips_of_run),
        state=files(questions.start_state),
    output:
        networks=paths.NETWORKS,
        state=temp(paths.STATE),
        log=paths.LOG,
        samples=paths.SAMPLES,
    log:
        "logs/train_segment/{run}/{kimg}.log",
    benchmark:
        "benchmarks/train_segment/{run}/{kimg}.tsv"
    wildcard_constraints:
        kimg=r"[1-9][0-9]*",
    # the longest way to the end leads through training, so it never waits for a score
    priority: 1
    conda:
        "../envs/train.yaml"
    threads: answer(questions.training_threads)
    resources:
        mem_mb=answer(questions.training_memory_mb),
        runtime=1440,
        gpu=0,
        nodes=1,
        scratch="",
        start_kimg=answer(questions.start_kimg),
        cpu_threads=plan.machine.cpu_threads,
        cpu_processes=answer(questions.cpu_processes),
        workers=plan.machine.num_workers,
    params:
        scripts=SCRIPTS,
        partial_every=keyed(plan.machine.partial_every),
        tick_kimg=keyed(plan.machine.tick_kimg),
        accumulation=keyed(plan.machine.accumulation),
        data=subpath(input.index, parent=True),
        run=subpath(output.networks, ancestor=2),
    shell:
        r"""
        exec bash {params.scripts:q}/launch.sh {resources.nodes} {resources.gpu} {params.scripts:q}/train_segment.py \
            --recipe {input.recipe:q} \
            --data {params.data:q} \
            --scratch={resources.scratch:q} \
            --state={input.state:q} \
            --networks-out {output.networks:q} \
            --state-out {output.state:q} \
            --log {output.log:q} \
            --samples {output.samples:q} \
            --kimg {resources.start_kimg}:{wildcards.kimg} \
            --partial {params.run:q}/partial/{wildcards.kimg} \
            --partial-every {params.partial_every} \
            --if-running wait \
            --tick-kimg {params.tick_kimg} \
            --accumulation {params.accumulation} \
            --cpu-threads {resources.cpu_threads} \
            --cpu-processes {resources.cpu_processes} \
            --num-workers {resources.workers} \
            >{log:q} 2>&1
        """


rule export_tensorboard:
    """The logs that a run has so far as TensorBoard events; training is not started for them."""
    input:
        files(questions.logs),
    output:
        directory(paths.EVENTS),
    log:
        "logs/export_tensorboard/{run}.log",
    localrule: True
    conda:
        "../envs/logs.yaml"
    params:
        scripts=SCRIPTS,
        logs=answer(questions.logs),
    shell:
        r"""
        exec python {params.scripts:q}/export_tensorboard.py --out {output:q} {input:q} >{log:q} 2>&1
        """


rule tensorboard:
    """All logs there are: `snakemake --cores 1 tensorboard`, then `tensorboard --logdir results/tensorboard`."""
    input:
        answer(questions.logged_runs),
    localrule: True


rule status:
    """Where every run stands. While another Snakemake works here: python workflow_scripts/status.py."""
    log:
        "logs/status.log",
    localrule: True
    conda:
        "../envs/paper.yaml"
    params:
        scripts=SCRIPTS,
        root=keyed(placed(".")),
    shell:
        "exec python {params.scripts:q}/status.py --root {params.root:q} 2>&1 | tee {log:q}"
