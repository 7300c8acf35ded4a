"""What raw videos are made of: archives, tables of clips and films, fetched; clips cut out of films; films cut into shots."""


# nodes of a cluster often have no way out, so what fetches runs where Snakemake runs;
# what is fetched stays on this disk, also where results lie in object storage
rule fetch_archive:
    """A zip, or a part of one; it goes on where it broke off."""
    output:
        part=on_this_disk(paths.ARCHIVE_PART),
        record=on_this_disk(paths.ARCHIVE_PART_RECORD),
    log:
        "logs/fetch_archive/{source}/{part}.log",
    localrule: True
    conda:
        "../envs/data.yaml"
    resources:
        mem_mb=1000,
        runtime=2880,
    params:
        scripts=SCRIPTS,
        part=facts(questions.archive_part),
    shell:
        r"""
        exec python {params.scripts:q}/fetch_archive.py \
            --address {params.part[address]:q} \
            --sha256={params.part[sha256]:q} \
            {params.part[zip]} \
            --out {output.part:q} \
            --record {output.record:q} \
            >{log:q} 2>&1
        """


rule join_archive:
    """The parts of an archive as one zip."""
    input:
        files(questions.archive_parts, on_this_disk=True),
    output:
        on_this_disk(paths.ARCHIVE),
    log:
        "logs/join_archive/{source}.log",
    localrule: True
    conda:
        "../envs/data.yaml"
    resources:
        mem_mb=1000,
        runtime=720,
    params:
        scripts=SCRIPTS,
    shell:
        r"""
        exec python {params.scripts:q}/join_archive.py \
            --out {output:q} \
            {input:q} \
            >{log:q} 2>&1
        """


rule fetch_clip_table:
    """A table of clips, read through to see that it is one."""
    output:
        on_this_disk(paths.CLIP_TABLE),
    log:
        "logs/fetch_clip_table/{source}.log",
    localrule: True
    conda:
        "../envs/data.yaml"
    resources:
        mem_mb=1000,
        runtime=60,
    params:
        scripts=SCRIPTS,
        table=facts(questions.clip_table),
    shell:
        r"""
        exec python {params.scripts:q}/fetch_clip_table.py \
            --address {params.table[address]:q} \
            --sha256={params.table[sha256]:q} \
            --out {output:q} \
            >{log:q} 2>&1
        """


rule fetch_films:
    """A group of a table's films; films that are there already are not fetched again, whatever became of the job."""
    input:
        table=ancient(on_this_disk(paths.CLIP_TABLE)),
    output:
        on_this_disk(paths.FILM_GROUP),
    log:
        "logs/fetch_films/{source}/{group}.log",
    localrule: True
    conda:
        "../envs/data.yaml"
    resources:
        mem_mb=2000,
        runtime=1440,
    params:
        scripts=SCRIPTS,
        films=facts(questions.films),
        folder=placed(paths.FILM_FOLDER),
    shell:
        r"""
        exec python {params.scripts:q}/fetch_films.py \
            --table {input.table:q} \
            --films {params.films[films]:q} \
            --film-format {params.films[film_format]:q} \
            --partition={params.films[partition]:q} \
            --group {wildcards.group} \
            --folder {params.folder:q} \
            --out {output:q} \
            >{log:q} 2>&1
        """


for name in questions.repairable:

    rule:
        name:
            f"repair_{name}"
        input:
            files(questions.groups_to_repair(name), on_this_disk=True),
        log:
            f"logs/repair_{name}.log",
        localrule: True
        conda:
            "../envs/data.yaml"
        params:
            scripts=SCRIPTS,
            films=facts(questions.films_to_repair(name)),
            folder=place(questions.folder_to_repair(name)),
        shell:
            r"""
            exec python {params.scripts:q}/repair_films.py \
                --films {params.films[films]:q} \
                --film-format {params.films[film_format]:q} \
                --folder {params.folder:q} \
                {input:q} \
                2>&1 | tee {log:q}
            """


rule gather_films:
    """What became of all films, as it was when this data set was made; too many missing clips stop here."""
    input:
        table=files(questions.clip_table_of_data, on_this_disk=True),
        groups=files(questions.film_groups, on_this_disk=True),
        recipe=ancient(paths.DATA_RECIPE),
    output:
        on_this_disk(paths.FILMS),
    log:
        "logs/gather_films/{data}.log",
    localrule: True
    conda:
        "../envs/data.yaml"
    params:
        scripts=SCRIPTS,
        max_missing=text(questions.max_missing),
    shell:
        r"""
        exec python {params.scripts:q}/gather_films.py \
            --table {input.table:q} \
            --recipe {input.recipe:q} \
            --max-missing {params.max_missing} \
            --out {output:q} \
            {input.groups:q} \
            >{log:q} 2>&1
        """


rule cut_clips:
    """The clips of a group of films as frames, at the data set's resolution and quality."""
    input:
        table=files(questions.clip_table_of_data, on_this_disk=True),
        films=ancient(on_this_disk(paths.FILMS)),
        recipe=ancient(paths.DATA_RECIPE),
    output:
        clips=on_this_disk(paths.CUT_CLIPS),
        ledger=on_this_disk(paths.CUT_LEDGER),
    log:
        "logs/cut_clips/{data}/{group}.log",
    benchmark:
        "benchmarks/cut_clips/{data}/{group}.tsv"
    conda:
        "../envs/data.yaml"
    resources:
        mem_mb=2000,
        runtime=720,
    params:
        scripts=SCRIPTS,
        folder=place(questions.film_folder),
    shell:
        r"""
        exec python {params.scripts:q}/cut_clips.py \
            --table {input.table:q} \
            --films {input.films:q} \
            --folder {params.folder:q} \
            --recipe {input.recipe:q} \
            --group {wildcards.group} \
            --out {output.clips:q} \
            --ledger {output.ledger:q} \
            >{log:q} 2>&1
        """


rule split_shots:
    """Where shots begin and end in videos whose film boundaries are not stored."""
    input:
        videos=raw_videos,
        recipe=ancient(paths.DATA_RECIPE),
    output:
        paths.SHOTS,
    log:
        "logs/split_shots/{data}.log",
    benchmark:
        "benchmarks/split_shots/{data}.tsv"
    conda:
        "../envs/evaluate.yaml"
    threads: plan.machine.cpu_threads
    resources:
        mem_mb=8000,
        runtime=2880,
        cpu_threads=plan.machine.cpu_threads,
    params:
        scripts=SCRIPTS,
        keep=placed(paths.SHOT_SCORES),
    shell:
        r"""
        exec python {params.scripts:q}/split_shots.py \
            --videos {input.videos:q} \
            --recipe {input.recipe:q} \
            --keep {params.keep:q} \
            --cpu-threads {resources.cpu_threads} \
            --out {output:q} \
            >{log:q} 2>&1
        """
