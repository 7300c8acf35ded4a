"""Snapshots to scores, each with its protocol."""


def run_reference(wildcards):
    return ancient(f"results/data/{run_of(wildcards).data.name}/reference/{wildcards.protocol}.safetensors")


def scored_run(wildcards):
    """What a score says it is of."""
    run = run_of(wildcards)
    facts = {"run": run.name, "dataset": run.data.name, "model": run.model, "seed": run.seed}
    return canonical_json({**facts, "kimg": int(wildcards.kimg)})


rule measure_reference:
    """Features of the real clips under a protocol, made once for all snapshots."""
    input:
        data=ancient("results/data/{data}/index.json"),
    output:
        "results/data/{data}/reference/{protocol}.safetensors",
    log:
        "logs/measure_reference/{data}/{protocol}.log",
    benchmark:
        "benchmarks/measure_reference/{data}/{protocol}.tsv"
    conda:
        "../envs/evaluate.yaml"
    threads: plan.machine.cpu_threads
    resources:
        mem_mb=8000,
        runtime=240,
        cpu_threads=plan.machine.cpu_threads,
    params:
        data=subpath(input.data, parent=True),
        protocol=protocol_settings,
    shell:
        "exec python {SCRIPTS}/measure_reference.py --data {params.data} --protocol {params.protocol:q}"
        " --out {output} --cpu-threads {resources.cpu_threads} > {log} 2>&1"


rule score_snapshot:
    """Generated clips of one snapshot against the reference: one score with its whole protocol."""
    input:
        networks=ancient("results/runs/{run}/{kimg}/networks.safetensors"),
        reference=run_reference,
    output:
        "results/runs/{run}/{kimg}/scores/{protocol}.json",
    log:
        "logs/score_snapshot/{run}/{kimg}/{protocol}.log",
    benchmark:
        "benchmarks/score_snapshot/{run}/{kimg}/{protocol}.tsv"
    conda:
        "../envs/evaluate.yaml"
    threads: plan.machine.cpu_threads
    resources:
        mem_mb=8000,
        runtime=240,
        cpu_threads=plan.machine.cpu_threads,
    params:
        protocol=protocol_settings,
        scored=scored_run,
    shell:
        "exec python {SCRIPTS}/score_snapshot.py --networks {input.networks} --reference {input.reference}"
        " --protocol {params.protocol:q} --scored {params.scored:q}"
        " --out {output} --cpu-threads {resources.cpu_threads} > {log} 2>&1"
