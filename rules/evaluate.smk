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
        f"exec python {SCRIPTS}/fetch.py" " {params.options} --out {output} > {log} 2>&1"


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
        detector=detector_option,
        parts="results/data/{data}/reference/.{protocol}.parts",
    shell:
        f"exec python {SCRIPTS}/measure_reference.py"
        " --data {params.data} --protocol {params.protocol:q}"
        " {params.detector} --parts {params.parts}"
        ' --out {output} --scratch "{resources.scratch}" --cpu-threads {resources.cpu_threads} > {log} 2>&1'


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
        detector=detector_option,
        parts="results/runs/{run}/{kimg}/scores/.{protocol}.parts",
    shell:
        f"exec python {SCRIPTS}/score_snapshot.py"
        " --networks {input.networks} --reference {input.reference}"
        " --protocol {params.protocol:q} --scored {params.scored:q} {params.detector} --parts {params.parts}"
        " --out {output} --cpu-threads {resources.cpu_threads} > {log} 2>&1"
