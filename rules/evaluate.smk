"""Snapshots to scores, each with its protocol."""


# nodes of a cluster often have no way out
localrules:
    fetch_detector,


rule fetch_detector:
    """The file of the papers' detector, checked by hash; a file put there by hand is as good."""
    output:
        "results/detectors/{detector}",
    log:
        "logs/fetch_detector/{detector}.log",
    conda:
        "../envs/evaluate.yaml"
    resources:
        mem_mb=1000,
        runtime=120,
    params:
        options=fetch_options,
    shell:
        r"""
        exec python {SCRIPTS:q}/fetch.py {params.options} --out {output:q} >{log:q} 2>&1
        """


rule measure_reference:
    """Features of the real clips under a protocol, made once for all snapshots."""
    input:
        data=ancient("results/data/{data}/index.json"),
        packed=packed_clips_of_data,
        detector=detector_of,
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
        scratch="",
        one_at_a_time=1,
    params:
        data=subpath(input.data, parent=True),
        protocol=protocol_settings,
        parts="results/data/{data}/reference/.{protocol}.parts",
    shell:
        r"""
        exec python {SCRIPTS:q}/measure_reference.py \
            --data {params.data:q} \
            --protocol {params.protocol:q} \
            --detector={input.detector:q} \
            --parts {params.parts:q} \
            --out {output:q} \
            --scratch={resources.scratch:q} \
            --cpu-threads {resources.cpu_threads} \
            >{log:q} 2>&1
        """


rule score_snapshot:
    """Generated clips of one snapshot against the reference: one score with its whole protocol."""
    input:
        networks=ancient("results/runs/{run}/{kimg}/networks.safetensors"),
        reference=run_reference,
        detector=detector_of,
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
        one_at_a_time=1,
    params:
        protocol=protocol_settings,
        scored=scored_run,
        parts="results/runs/{run}/{kimg}/scores/.{protocol}.parts",
    shell:
        r"""
        exec python {SCRIPTS:q}/score_snapshot.py \
            --networks {input.networks:q} \
            --reference {input.reference:q} \
            --protocol {params.protocol:q} \
            --scored {params.scored:q} \
            --detector={input.detector:q} \
            --parts {params.parts:q} \
            --out {output:q} \
            --cpu-threads {resources.cpu_threads} \
            >{log:q} 2>&1
        """
