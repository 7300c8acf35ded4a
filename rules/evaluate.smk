"""Snapshots to scores, each with its protocol."""


# nodes of a cluster often have no way out
rule fetch_detector:
    """The file of the papers' detector, checked by hash; a file put there by hand is as good."""
    output:
        paths.DETECTOR,
    log:
        "logs/fetch_detector/{detector}.log",
    localrule: True
    conda:
        "../envs/evaluate.yaml"
    resources:
        mem_mb=1000,
        runtime=120,
    params:
        scripts=SCRIPTS,
        url=text(questions.detector_address),
        sha256=text(questions.detector_hash),
    shell:
        r"""
        exec python {params.scripts:q}/fetch.py \
            --url={params.url:q} \
            --sha256={params.sha256:q} \
            --out {output:q} \
            >{log:q} 2>&1
        """


rule write_protocol:
    """A way of scoring, for people and for the jobs that score."""
    input:
        template=local(ancient(TEMPLATE)),
    output:
        paths.PROTOCOL,
    log:
        "logs/write_protocol/{protocol}.log",
    params:
        text=text(questions.protocol),
    template_engine:
        "jinja2"


rule measure_reference:
    """Features of the real clips under a protocol, made once for all snapshots."""
    input:
        index=ancient(paths.INDEX),
        packed=files(questions.packed_clips),
        protocol=ancient(paths.PROTOCOL),
        detector=files(questions.detector),
    output:
        paths.REFERENCE,
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
        scripts=SCRIPTS,
        data=subpath(input.index, parent=True),
        shards=placed(paths.REFERENCE_SHARDS),
    shell:
        r"""
        exec python {params.scripts:q}/measure_reference.py \
            --data {params.data:q} \
            --protocol {input.protocol:q} \
            --detector={input.detector:q} \
            --shards {params.shards:q} \
            --out {output:q} \
            --scratch={resources.scratch:q} \
            --cpu-threads {resources.cpu_threads} \
            >{log:q} 2>&1
        """


rule measure_floor:
    """What a perfect generator would score under a protocol, measured once for all snapshots of a data set."""
    input:
        reference=files(questions.reference_of_data),
        protocol=ancient(paths.PROTOCOL),
    output:
        paths.FLOOR,
    log:
        "logs/measure_floor/{data}/{protocol}.log",
    benchmark:
        "benchmarks/measure_floor/{data}/{protocol}.tsv"
    conda:
        "../envs/evaluate.yaml"
    threads: plan.machine.cpu_threads
    resources:
        mem_mb=4000,
        runtime=60,
        cpu_threads=plan.machine.cpu_threads,
    params:
        scripts=SCRIPTS,
    shell:
        r"""
        exec python {params.scripts:q}/measure_floor.py \
            --reference {input.reference:q} \
            --protocol {input.protocol:q} \
            --out {output:q} \
            --cpu-threads {resources.cpu_threads} \
            >{log:q} 2>&1
        """


rule score_snapshot:
    """Generated clips of one snapshot against the reference: one score with its whole protocol."""
    input:
        networks=ancient(paths.NETWORKS),
        reference=files(questions.reference),
        floor=files(questions.floor),
        protocol=ancient(paths.PROTOCOL),
        detector=files(questions.detector),
    output:
        paths.SCORE,
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
        scripts=SCRIPTS,
        run=facts(questions.scored),
        shards=placed(paths.SCORE_SHARDS),
    shell:
        r"""
        exec python {params.scripts:q}/score_snapshot.py \
            --networks {input.networks:q} \
            --reference {input.reference:q} \
            --floor={input.floor:q} \
            --protocol {input.protocol:q} \
            --detector={input.detector:q} \
            --run {wildcards.run:q} \
            --dataset {params.run[dataset]:q} \
            --model {params.run[model]:q} \
            --seed {params.run[seed]} \
            --kimg {wildcards.kimg} \
            --shards {params.shards:q} \
            --out {output:q} \
            --cpu-threads {resources.cpu_threads} \
            >{log:q} 2>&1
        """


rule choose_snapshot:
    """The snapshot with the best score among a run's."""
    input:
        files(questions.candidates),
    output:
        paths.CHOICE,
    log:
        "logs/choose_snapshot/{run}/{chooser}.log",
    localrule: True
    conda:
        "../envs/evaluate.yaml"
    params:
        scripts=SCRIPTS,
        asked=facts(questions.choice),
        run=subpath(input[0], ancestor=3),
    shell:
        r"""
        exec python {params.scripts:q}/choose_snapshot.py \
            --run {params.run:q} \
            --protocol {params.asked[protocols]:q} \
            --kimgs {params.asked[kimgs]} \
            --out {output:q} \
            >{log:q} 2>&1
        """


rule collect_scores:
    """The scores of a run's snapshots in one file, so that a table reads one a run."""
    input:
        files(questions.collected_scores),
    output:
        paths.SCORES,
    log:
        "logs/collect_scores/{run}/{collection}.log",
    localrule: True
    conda:
        "../envs/evaluate.yaml"
    params:
        scripts=SCRIPTS,
        asked=facts(questions.collection),
        run=subpath(input[0], ancestor=3),
    shell:
        r"""
        exec python {params.scripts:q}/collect_scores.py \
            --run {params.run:q} \
            --protocols {params.asked[protocols]:q} \
            --kimgs {params.asked[kimgs]} \
            --last={params.asked[last]:q} \
            --out {output:q} \
            >{log:q} 2>&1
        """
