"""Raw videos to packed clips."""


rule render_videos:
    """Seeded driving scenes as H.264 files: the demo's raw videos."""
    output:
        directory("results/videos/{videos}"),
    log:
        "logs/render_videos/{videos}.log",
    benchmark:
        "benchmarks/render_videos/{videos}.tsv"
    conda:
        "../envs/data.yaml"
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        settings=render_settings,
    shell:
        r"""
        exec python {SCRIPTS:q}/render_videos.py \
            --settings {params.settings:q} \
            --out {output:q} \
            >{log:q} 2>&1
        """


rule pack_videos:
    """Videos decoded once, resized and cropped, as clips that can be read by offset."""
    input:
        videos=videos_of,
    output:
        clips="results/data/{data}/clips.zip",
        offsets="results/data/{data}/offsets.npy",
        index="results/data/{data}/index.json",
    log:
        "logs/pack_videos/{data}.log",
    benchmark:
        "benchmarks/pack_videos/{data}.tsv"
    conda:
        "../envs/data.yaml"
    threads: plan.machine.num_workers
    resources:
        mem_mb=4000,
        runtime=720,
    params:
        settings=packing_settings,
        out=subpath(output.index, parent=True),
    shell:
        r"""
        exec python {SCRIPTS:q}/pack_videos.py \
            --videos {input.videos:q} \
            --settings {params.settings:q} \
            --num-workers {threads} \
            --out {params.out:q} \
            >{log:q} 2>&1
        """
