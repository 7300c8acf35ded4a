"""Raw videos to packed clips."""


rule render_videos:
    """Seeded driving scenes as H.264 files: the demo's raw videos."""
    output:
        directory(paths.VIDEOS),
    log:
        "logs/render_videos/{videos}.log",
    benchmark:
        "benchmarks/render_videos/{videos}.tsv"
    # where this is the only data set all waits for it, so nothing that needs a core less is begun before
    priority: 2
    conda:
        "../envs/data.yaml"
    threads: plan.machine.num_workers
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        scripts=SCRIPTS,
        scenes=facts(questions.rendered_videos),
    shell:
        r"""
        exec python {params.scripts:q}/render_videos.py \
            --num-videos {params.scenes[num_videos]} \
            --seed {params.scenes[seed]} \
            --num-workers {threads} \
            --out {output:q} \
            >{log:q} 2>&1
        """


rule write_data_recipe:
    """Every value that decides a data set's packed clips, for people and for pack_videos."""
    input:
        template=local(ancient(TEMPLATE)),
    output:
        paths.DATA_RECIPE,
    log:
        "logs/write_data_recipe/{data}.log",
    params:
        text=text(questions.data_recipe),
    template_engine:
        "jinja2"


rule pack_videos:
    """Videos decoded once, resized and cropped, as clips that can be read by offset; by one job."""
    input:
        videos=raw_videos,
        recipe=ancient(paths.DATA_RECIPE),
        shots=files(questions.shots),
        ledgers=files(questions.cut_ledgers, on_this_disk=True),
    output:
        clips=paths.CLIPS,
        offsets=paths.OFFSETS,
        index=paths.INDEX,
    log:
        "logs/pack_videos/{data}.log",
    benchmark:
        "benchmarks/pack_videos/{data}.tsv"
    wildcard_constraints:
        data=PACKED_BY_ONE,
    conda:
        "../envs/data.yaml"
    threads: plan.machine.num_workers
    resources:
        mem_mb=4000,
        runtime=720,
    params:
        scripts=SCRIPTS,
        out=subpath(output.index, parent=True),
        max_missing=text(questions.max_missing),
    shell:
        r"""
        exec python {params.scripts:q}/pack_videos.py \
            --recipe {input.recipe:q} \
            --shots={input.shots:q} \
            --max-missing {params.max_missing} \
            --num-workers {threads} \
            --out {params.out:q} \
            --overwrite \
            --videos {input.videos:q} \
            >{log:q} 2>&1
        """


rule pack_shard:
    """A share of the videos of a data set, likewise."""
    input:
        videos=raw_videos,
        recipe=ancient(paths.DATA_RECIPE),
        shots=files(questions.shots),
        ledgers=files(questions.cut_ledgers, on_this_disk=True),
    output:
        clips=paths.SHARD_CLIPS,
        offsets=paths.SHARD_OFFSETS,
        index=paths.SHARD_INDEX,
    log:
        "logs/pack_shard/{data}/{shard}.log",
    benchmark:
        "benchmarks/pack_shard/{data}/{shard}.tsv"
    conda:
        "../envs/data.yaml"
    threads: plan.machine.num_workers
    resources:
        mem_mb=4000,
        runtime=720,
    params:
        scripts=SCRIPTS,
        out=subpath(output.index, parent=True),
    shell:
        r"""
        exec python {params.scripts:q}/pack_shard.py \
            --recipe {input.recipe:q} \
            --shots={input.shots:q} \
            --shard {wildcards.shard} \
            --num-workers {threads} \
            --out {params.out:q} \
            --videos {input.videos:q} \
            >{log:q} 2>&1
        """


rule index_shards:
    """One index over all shards of a data set, whose clips stay where they are."""
    input:
        files(questions.shards),
    output:
        shards=paths.SHARD_LIST,
        index=paths.INDEX,
    log:
        "logs/index_shards/{data}.log",
    benchmark:
        "benchmarks/index_shards/{data}.tsv"
    wildcard_constraints:
        data=PACKED_IN_SHARDS,
    conda:
        "../envs/data.yaml"
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        scripts=SCRIPTS,
        out=subpath(output.index, parent=True),
        num_shards=text(questions.num_shards),
        max_missing=text(questions.max_missing),
    shell:
        r"""
        exec python {params.scripts:q}/index_shards.py \
            --num-shards {params.num_shards} \
            --max-missing {params.max_missing} \
            --out {params.out:q} \
            >{log:q} 2>&1
        """


rule write_data_sheet:
    """What a person should know of a data set: numbers, what is missing and why, frames of many clips."""
    input:
        index=ancient(paths.INDEX),
        packed=files(questions.packed_clips),
        recipe=ancient(paths.DATA_RECIPE),
        fetched=files(questions.fetched_records, on_this_disk=True),
    output:
        ledger=paths.LEDGER,
        sheet=paths.SHEET,
        contact_sheet=paths.CONTACT_SHEET,
        lengths=paths.LENGTHS,
    log:
        "logs/write_data_sheet/{data}.log",
    localrule: True
    conda:
        "../envs/paper.yaml"
    params:
        scripts=SCRIPTS,
        data=subpath(input.index, parent=True),
    shell:
        r"""
        exec python {params.scripts:q}/write_data_sheet.py \
            --data {params.data:q} \
            --recipe {input.recipe:q} \
            --ledger {output.ledger:q} \
            --sheet {output.sheet:q} \
            --contact-sheet {output.contact_sheet:q} \
            --lengths {output.lengths:q} \
            {input.fetched:q} \
            >{log:q} 2>&1
        """
